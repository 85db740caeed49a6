"""A live voice: samples are pushed as they come, segments come out as they end."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from emovox.audio import StreamResampler, read_audio
from emovox.errors import ParameterError
from emovox.recognizer.segments import Segment, SegmentMerger
from emovox.types import Decision, FloatArray

if TYPE_CHECKING:
    from emovox.recognizer.recognizer import Recognizer


class Stream:
    """Says which emotion a voice carries while it speaks.

    Every ``hop_s`` of the recording is decided by the window of ``window_s`` around its middle;
    at both ends, where that would reach beyond the recording, by the first and the last full
    window. Neighbours that say the same are one segment. However the samples are cut into
    pieces, the segments are the same. Memory holds a window, a hop and the piece pushed.

    Parameters
    ----------
    recognizer : Recognizer
        May be bound to a voice.
    sampling_rate : int, default=16000
        Of what is pushed, in Hz.
    window_s : float, default=3.0
        Long enough to hear an emotion, short enough to follow its change.
    hop_s : float, default=1.0
        At most ``window_s``. How finely segments are cut; a decision is made each hop.

    Raises
    ------
    ParameterError
        If ``0 < hop_s <= window_s`` does not hold.

    Examples
    --------
    >>> stream = Stream(recognizer, sampling_rate=48000)  # doctest: +SKIP
    >>> for piece in microphone:  # doctest: +SKIP
    ...     for segment in stream.push(piece):
    ...         print(segment.start_s, segment.end_s, segment.emotion)
    """

    def __init__(
        self,
        recognizer: Recognizer,
        *,
        sampling_rate: int = 16000,
        window_s: float = 3.0,
        hop_s: float = 1.0,
    ) -> None:
        self._recognizer = recognizer
        self._source_rate = sampling_rate
        self._rate = recognizer.metadata.sampling_rate
        if not (math.isfinite(window_s) and 1 <= hop_s * self._rate <= window_s * self._rate):
            raise ParameterError(
                f"hop_s must be above 0 and at most window_s, not {hop_s!r} with a window of "
                f"{window_s!r} s."
            )
        self._n_window = round(window_s * self._rate)
        self._n_hop = round(hop_s * self._rate)
        self._resampler = StreamResampler(sampling_rate, self._rate)
        self._merger = SegmentMerger()
        self._held: FloatArray = np.zeros(0, dtype=np.float32)
        self._held_from = 0  # the place of its first sample in the recording
        self._next = 0  # the next sample to be decided
        self._decided: tuple[int, Decision] | None = None  # the last window's place, what it said
        self._ended = False

    @property
    def current(self) -> Segment | None:
        """The segment that may still grow; None before the first decision and after the end."""
        return None if self._ended else self._merger.open

    def push(self, samples: NDArray[Any]) -> list[Segment]:
        """Take the next samples and return the segments that ended.

        Parameters
        ----------
        samples : ndarray, shape (n_samples,) or (n_samples, n_channels)
            Floating point in [-1, 1], or integers, whose full range is meant; may be empty.

        Raises
        ------
        AudioError
            If they hold NaN or infinite values.
        ParameterError
            If the stream has ended, or they are not of such a shape.
        """
        if self._ended:
            raise ParameterError("this stream has ended; a new recording needs a new Stream.")
        if not np.size(samples):
            return []
        piece = read_audio(
            (samples, self._source_rate), sampling_rate=None, max_duration_s=math.inf
        ).samples
        return self._take(self._resampler.push(piece), last=False)

    def finish(self) -> list[Segment]:
        """End the recording and return the segments that are left, none if there were no samples.

        Raises
        ------
        ParameterError
            If the stream has ended before.
        """
        if self._ended:
            raise ParameterError("this stream has ended before.")
        rest = self._resampler.push(np.zeros(0, dtype=np.float32), last=True)
        segments = self._take(rest, last=True)
        if self._merger.open is not None:
            segments.append(self._merger.open)
        self._ended = True
        return segments

    def _take(self, samples: FloatArray, *, last: bool) -> list[Segment]:
        self._held = np.concatenate((self._held, samples))
        end = self._held_from + len(self._held)
        segments = []
        while self._next < end:
            start = max(0, self._next - (self._n_window - self._n_hop) // 2)
            if start + self._n_window > end:
                if not last:
                    break
                start = max(0, end - self._n_window)
            self._next = min(self._next + self._n_hop, end)
            ended = self._merger.add(self._next / self._rate, self._decide(start))
            if ended is not None:
                segments.append(ended)
        self._forget()
        return segments

    def _decide(self, start: int) -> Decision:
        # At both ends several hops have the same window.
        if self._decided is None or self._decided[0] != start:
            first = start - self._held_from
            window = self._held[first : first + self._n_window]
            self._decided = start, self._recognizer.recognize((window, self._rate))
        return self._decided[1]

    def _forget(self) -> None:
        """Drop what no window needs any more, wherever the recording will end."""
        keep = max(self._held_from, self._next - self._n_window)
        self._held = self._held[keep - self._held_from :].copy()
        self._held_from = keep
