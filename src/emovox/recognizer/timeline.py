"""Long recordings: which emotion when. A stream that is read from a file."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from emovox.audio import AudioSource, read_blocks
from emovox.recognizer.segments import Segment
from emovox.recognizer.stream import Stream

if TYPE_CHECKING:
    from emovox.recognizer.recognizer import Recognizer

_BLOCK_S = 30.0


def find_segments(
    recognizer: Recognizer, source: AudioSource, *, window_s: float = 3.0, hop_s: float = 1.0
) -> Iterator[Segment]:
    """Yield the segments of a recording of any length, in their order, without gaps.

    The recording is read block by block as segments are asked for. Windows and hops are those
    of :class:`Stream`, whose segments these are.

    Parameters
    ----------
    recognizer : Recognizer
        May be bound to a voice.
    source : path, bytes, binary file object, or (samples, sampling_rate)
        What :func:`emovox.audio.read_blocks` takes.
    window_s : float, default=3.0
        How much of the recording one decision hears, in seconds.
    hop_s : float, default=1.0
        Every so many seconds there is a decision; at most ``window_s``.

    Raises
    ------
    AudioError
        If it cannot be decoded; damage shows when the reading comes to it.
    ParameterError
        If ``0 < hop_s <= window_s`` does not hold.
    """
    rate = recognizer.metadata.sampling_rate
    stream = Stream(recognizer, sampling_rate=rate, window_s=window_s, hop_s=hop_s)
    return _run(stream, source, rate)


def _run(stream: Stream, source: AudioSource, rate: int) -> Iterator[Segment]:
    for _, samples in read_blocks(source, sampling_rate=rate, block_s=_BLOCK_S):
        yield from stream.push(samples)
    yield from stream.finish()
