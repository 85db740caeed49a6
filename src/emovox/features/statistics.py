"""Statistics of frame features over a recording."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from emovox.types import FloatArray

PITCH_REFERENCE_HZ = 55.0
"""Pitch statistics are in semitones above this."""

PITCH_NAMES = (
    "pitch_mean",
    "pitch_deviation",
    "pitch_p10",
    "pitch_p50",
    "pitch_p90",
    "pitch_delta_mean",
    "pitch_delta_deviation",
    "voiced_share",
    "voiced_runs_per_s",
    "voiced_run_mean_s",
)


def compute_deltas(frames: FloatArray) -> FloatArray:
    """Compute the slope of each feature over five frames (least squares).

    The first and last frame are repeated beyond the ends. One frame has slope zero.

    Parameters
    ----------
    frames : ndarray of float32, shape (n_frames, n_features)

    Returns
    -------
    ndarray of float32, shape (n_frames, n_features)
        Change per frame.
    """
    padded = np.concatenate((frames[:1], frames[:1], frames, frames[-1:], frames[-1:]))
    near = padded[3:-1] - padded[1:-3]
    far = padded[4:] - padded[:-4]
    return ((near + 2 * far) / 10).astype(np.float32)


def _percentile(percent: int) -> Callable[[FloatArray], NDArray[np.floating]]:
    return lambda frames: np.percentile(frames, percent, axis=0)


_STATISTICS: dict[str, Callable[[FloatArray], NDArray[np.floating]]] = {
    "mean": lambda frames: frames.mean(axis=0, dtype=np.float64),
    "deviation": lambda frames: frames.std(axis=0, dtype=np.float64),
    "p10": _percentile(10),
    "p50": _percentile(50),
    "p90": _percentile(90),
    "delta_mean": lambda frames: compute_deltas(frames).mean(axis=0, dtype=np.float64),
    "delta_deviation": lambda frames: compute_deltas(frames).std(axis=0, dtype=np.float64),
}


def list_statistics() -> tuple[str, ...]:
    """Return the names of the statistics known."""
    return tuple(_STATISTICS)


def compute_statistics(frames: FloatArray, statistics: tuple[str, ...]) -> FloatArray:
    """Summarize frames, statistic by statistic.

    Parameters
    ----------
    frames : ndarray of float32, shape (n_frames, n_features)
    statistics : tuple of str
        From `list_statistics`.

    Returns
    -------
    ndarray of float32, shape (len(statistics) * n_features,)
        All features' first statistic, then all features' second one.
    """
    return np.concatenate([_STATISTICS[name](frames) for name in statistics]).astype(np.float32)


def compute_pitch_statistics(frequency: FloatArray, hop_s: float) -> FloatArray:
    """Summarize pitch over the voiced frames, and voicing over all.

    Parameters
    ----------
    frequency : ndarray of float32, shape (n_frames,)
        In Hz, 0 where unvoiced.
    hop_s : float
        Seconds from frame to frame.

    Returns
    -------
    ndarray of float32, shape (10,)
        In the order of ``PITCH_NAMES``: pitch in semitones above 55 Hz, its slope in semitones
        per frame between voiced neighbours. All zero where nothing is voiced.
    """
    voiced = frequency > 0
    if not voiced.any():
        return np.zeros(len(PITCH_NAMES), dtype=np.float32)
    pitch = np.zeros(len(frequency))
    pitch[voiced] = 12 * np.log2(frequency[voiced] / PITCH_REFERENCE_HZ)
    steps = np.diff(pitch)[voiced[1:] & voiced[:-1]] if voiced.sum() > 1 else np.zeros(0)
    steps = steps if len(steps) else np.zeros(1)
    starts = int(voiced[0]) + int(np.count_nonzero(voiced[1:] & ~voiced[:-1]))
    heard = pitch[voiced]
    values = (
        heard.mean(),
        heard.std(),
        *np.percentile(heard, (10, 50, 90)),
        steps.mean(),
        steps.std(),
        voiced.mean(),
        starts / (len(voiced) * hop_s),
        voiced.sum() * hop_s / starts,
    )
    return np.array(values, dtype=np.float32)
