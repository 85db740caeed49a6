"""Clips of known speakers, without labels: each speaker is a voice of its own."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence

from emovox.recognizer.parallel import map_in_order
from emovox.recognizer.recognizer import Failure, Recognizer
from emovox.types import Clip, Decision, Progress


def adapt_to_speakers(
    recognizer: Recognizer,
    clips: Sequence[Clip],
    *,
    n_jobs: int = 1,
    progress: Progress | None = None,
) -> dict[str, Recognizer]:
    """Listen to all clips once and return a recognizer for each speaker.

    Clips that cannot be read are passed over here.

    Parameters
    ----------
    recognizer : Recognizer
        Of a model that can adapt.
    clips : sequence of Clip
        ``path`` and ``speaker_id`` count. Where the latter is empty nothing is known of the
        voice: such clips stay with ``recognizer`` as it is.
    n_jobs : int, default=1
        Threads.
    progress : callable, optional
        Called with (done, total) clips.

    Returns
    -------
    dict of str to Recognizer
        One for each ``speaker_id`` that occurs. They share one model in memory.

    Raises
    ------
    ParameterError
        If the model cannot adapt.
    """
    paths: dict[str, list[str]] = {}
    for clip in clips:
        paths.setdefault(clip.speaker_id, []).append(clip.path)
    adapted: dict[str, Recognizer] = {}
    if "" in paths:
        adapted[""] = recognizer
    done = itertools.count(1 + len(paths.pop("", ())))

    def tell(path: str) -> str:
        if progress is not None:
            progress(next(done), len(clips))
        return path

    for speaker_id, own in paths.items():
        voice = recognizer.estimate_voice(map(tell, own), skip_unreadable=True, n_jobs=n_jobs)
        adapted[speaker_id] = recognizer.with_voice(voice)
    return adapted


def recognize_speakers(
    recognizers: Mapping[str, Recognizer], clips: Iterable[Clip], *, n_jobs: int = 1
) -> Iterator[Decision | Failure]:
    """Yield a decision for each clip, or why there is none, in their order.

    Parameters
    ----------
    recognizers : mapping of str to Recognizer
        One for each ``speaker_id``, as :func:`adapt_to_speakers` returns.
    clips : iterable of Clip
        Read when their decisions are asked for, as by :meth:`Recognizer.recognize_many`.
    n_jobs : int, default=1
        Threads.
    """

    def recognize(clip: Clip) -> Decision | Failure:
        return next(recognizers[clip.speaker_id].recognize_many([clip.path]))

    return map_in_order(recognize, clips, n_jobs)
