"""Predictions of one pass over all clips, by processes, in bounded memory.

Clips are judged in tasks: a few clips or, where voices are to be known, all clips of a speaker.
"""

from __future__ import annotations

import functools
import multiprocessing
from collections import deque
from collections.abc import Generator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import closing
from dataclasses import dataclass
from typing import Any, TypeAlias

from emovox.audio import AudioSource, read_audio
from emovox.errors import AudioError, ManifestError, WorkerError
from emovox.features.extraction import start_worker
from emovox.recognizer import COLUMNS, Failure, Recognizer, Voice, make_flat_row
from emovox.study.evaluation.conditions import Pass
from emovox.types import Clip, Decision, Progress

Task: TypeAlias = tuple[tuple[int, Clip], ...]
Row: TypeAlias = dict[str, Any]

PREDICTION_COLUMNS: tuple[str, ...] = ("clip", *COLUMNS)
"""Of a table of predictions; ``clip`` is the row of the manifest, from 0."""

_NUMBERS = ("duration_s", "confidence", *(name for name in COLUMNS if name.startswith("p_")))
_CLIPS_PER_TASK = 32
_TASKS_AHEAD = 3


@dataclass(frozen=True, slots=True)
class Judge:
    """What a worker needs to know besides the clips.

    Attributes
    ----------
    model : str or None
        Name or path; None: the default one.
    one : Pass
        What is done to clips, and which are heard before.
    seed : int
        Of all that is drawn.
    """

    model: str | None
    one: Pass
    seed: int

    def judge(self, task: Task) -> list[Row]:
        """Return a row of predictions for each clip of a task."""
        recognizer = load_recognizer(self.model)
        if self.one.acquaintance is None:
            return [self._judge_clip(recognizer, index, clip) for index, clip in task]
        clips = [clip for _, clip in task]
        voices = [self._hear(recognizer, clip) for clip in clips]
        rows = []
        for own, (index, clip) in enumerate(task):
            chosen = self.one.acquaintance.choose(clips, own, self.seed)
            heard = [voice for i in chosen if (voice := voices[i]) is not None]
            known = recognizer
            if heard:
                known = recognizer.with_voice(functools.reduce(Voice.merge, heard))
            rows.append(self._judge_clip(known, index, clip))
        return rows

    def _hear(self, recognizer: Recognizer, clip: Clip) -> Voice | None:
        try:
            return recognizer.estimate_voice([self._read(recognizer, clip)])
        except AudioError:
            return None  # told where it is judged

    def _judge_clip(self, recognizer: Recognizer, index: int, clip: Clip) -> Row:
        outcome: Decision | Failure
        try:
            outcome = recognizer.recognize(self._read(recognizer, clip))
        except AudioError as error:
            outcome = Failure(clip.path, error)
        row = make_flat_row(outcome)
        # Columns keep their type where a clip could not be read.
        blank = dict.fromkeys(_NUMBERS, float("nan")) | {"accepted": False}
        filled = {name: blank.get(name, "") if row[name] is None else row[name] for name in row}
        return {"clip": index, **filled, "path": clip.path}

    def _read(self, recognizer: Recognizer, clip: Clip) -> AudioSource:
        """Return the recording as the condition leaves it."""
        alteration = self.one.condition.draw(clip, self.seed)
        if alteration is None:
            return clip.path
        rate = recognizer.metadata.sampling_rate
        samples = read_audio(clip.path, sampling_rate=rate).samples
        return alteration.apply(samples, rate), rate


@functools.lru_cache(maxsize=1)
def load_recognizer(model: str | None) -> Recognizer:
    """Return the recognizer of a model; a process loads it once."""
    return Recognizer(model)


def predict_pass(
    judge: Judge, clips: Sequence[Clip], *, n_jobs: int = 1, progress: Progress | None = None
) -> dict[str, list[Any]]:
    """Return the predictions of one pass, as columns, a row a clip, in the order of the clips.

    Parameters
    ----------
    judge : Judge
        The model, and what is done.
    clips : sequence of Clip
        The manifest.
    n_jobs : int, default=1
        Processes; 1 works in this one.
    progress : callable, optional
        Called with (done, total).

    Raises
    ------
    ManifestError
        If voices are to be known and a clip has no speaker.
    WorkerError
        If a worker process died.
    """
    rows: list[Row] = []
    tasks = _split(clips, by_speaker=judge.one.acquaintance is not None)
    with closing(_map(judge, tasks, n_jobs)) as results:
        for result in results:
            rows += result
            if progress is not None:
                progress(len(rows), len(clips))
    rows.sort(key=lambda row: int(row["clip"]))
    return {name: [row[name] for row in rows] for name in PREDICTION_COLUMNS}


def _split(clips: Sequence[Clip], *, by_speaker: bool) -> list[Task]:
    numbered = list(enumerate(clips))
    if not by_speaker:
        starts = range(0, len(numbered), _CLIPS_PER_TASK)
        return [tuple(numbered[start : start + _CLIPS_PER_TASK]) for start in starts]
    speakers: dict[str, list[tuple[int, Clip]]] = {}
    for index, clip in numbered:
        if not clip.speaker_id:
            raise ManifestError(
                f"{clip.path} has no speaker_id, so nobody knows which other clips are of its "
                "voice.",
                hint="Fill the column speaker_id, or evaluate without adaptation.",
            )
        speakers.setdefault(clip.speaker_id, []).append((index, clip))
    return [tuple(own) for own in speakers.values()]


def _map(judge: Judge, tasks: Sequence[Task], n_jobs: int) -> Generator[list[Row], None, None]:
    if n_jobs == 1:
        yield from map(judge.judge, tasks)
        return
    # Spawned processes share no locks, threads or random state with this one, on any system.
    context = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(n_jobs, mp_context=context, initializer=start_worker)
    waiting: deque[Future[list[Row]]] = deque()
    try:
        for task in tasks:
            waiting.append(pool.submit(judge.judge, task))
            if len(waiting) >= _TASKS_AHEAD * n_jobs:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    except BrokenProcessPool as error:
        raise WorkerError(
            "a worker process died, killed or out of memory.",
            hint="Run the same command again, with fewer jobs: finished passes are kept.",
        ) from error
    finally:
        pool.shutdown(cancel_futures=True)
