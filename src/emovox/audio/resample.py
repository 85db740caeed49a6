"""Change of sampling rate, whole signals and streams, by soxr at high quality."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator

import numpy as np
import soxr

from emovox.errors import ParameterError
from emovox.types import FloatArray


class StreamResampler:
    """Resample a signal that arrives in pieces.

    The pieces that come out, joined, equal ``resample`` of the whole signal bit for bit.

    Parameters
    ----------
    source_rate, target_rate : float
        In Hz, > 0.

    Raises
    ------
    ParameterError
        If a rate is not a finite number above 0.
    """

    def __init__(self, source_rate: float, target_rate: float) -> None:
        _validate_rates(source_rate, target_rate)
        self._stream = (
            None if source_rate == target_rate else soxr.ResampleStream(source_rate, target_rate, 1)
        )

    def push(self, samples: FloatArray, *, last: bool = False) -> FloatArray:
        """Return what can be said of the output so far; the last piece brings the rest.

        Parameters
        ----------
        samples : ndarray of float32, shape (n_samples,)
            The next piece; may be empty.
        last : bool, default=False
            Whether this is the end. Nothing can be pushed after it.

        Returns
        -------
        ndarray of float32, shape (n_samples_out,)
        """
        if self._stream is None:
            return samples
        out: FloatArray = self._stream.resample_chunk(np.ascontiguousarray(samples), last=last)
        return out


def resample(samples: FloatArray, source_rate: float, target_rate: float) -> FloatArray:
    """Return the signal at another sampling rate.

    Parameters
    ----------
    samples : ndarray of float32, shape (n_samples,)
        Mono signal.
    source_rate, target_rate : float
        In Hz, > 0. Only their ratio matters.

    Returns
    -------
    ndarray of float32, shape (n_samples_out,)
        n_samples * target_rate / source_rate samples, rounded; ``samples`` itself if the rates
        are equal.

    Raises
    ------
    ParameterError
        If a rate is not a finite number above 0, or ``samples`` is not one-dimensional.
    """
    _validate_rates(source_rate, target_rate)
    if samples.ndim != 1:
        raise ParameterError(f"samples must have shape (n_samples,), not {samples.shape}.")
    if source_rate == target_rate:
        return samples
    out: FloatArray = soxr.resample(
        np.ascontiguousarray(samples, dtype=np.float32), source_rate, target_rate
    )
    return out


def resample_pieces(
    pieces: Iterable[FloatArray], source_rate: float, target_rate: float
) -> Iterator[FloatArray]:
    """Resample a signal that arrives in pieces, to its end."""
    pieces = iter(pieces)
    before = next(pieces, None)
    if before is None:
        return
    following = next(pieces, None)
    if following is None:
        # Nearly every clip is one piece, for which this is a fifth faster.
        yield resample(before, source_rate, target_rate)
        return
    stream = StreamResampler(source_rate, target_rate)
    while following is not None:
        yield stream.push(before)
        before, following = following, next(pieces, None)
    yield stream.push(before, last=True)


def _validate_rates(source_rate: float, target_rate: float) -> None:
    for rate in (source_rate, target_rate):
        if not (math.isfinite(rate) and rate > 0):
            raise ParameterError(f"a sampling rate must be a number of Hz above 0, not {rate!r}.")
