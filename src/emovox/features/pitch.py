"""Fundamental frequency and voicing, from the autocorrelation of each frame."""

from __future__ import annotations

import numpy as np

from emovox.errors import ParameterError
from emovox.features.bases import hann_correlation
from emovox.types import FloatArray

_VOICED = 0.45  # least autocorrelation at the period (Boersma 1993, table 1)
_OCTAVE_COST = 0.01  # favours the shorter of two equally good periods (the same)
_QUIET_DB = 50.0  # frames so far below the loudest one carry no voice


def compute_pitch(
    power: FloatArray, *, sampling_rate: int, f_min: float = 60.0, f_max: float = 500.0
) -> FloatArray:
    """Find the fundamental frequency of each frame.

    The autocorrelation is the inverse transform of the power spectrum, divided by that of the
    window. Its best peak between the two frequencies is the period, and its height the
    voicing. A second pass looks only near the pitches found most often, which removes most
    octave errors. Level does not matter. It decides frame by frame: for intonation contours
    of noisy speech a tracker with a path cost is better.

    Parameters
    ----------
    power : ndarray of float32, shape (n_frames, 1 + n_fft // 2)
        The square of `compute_spectrum`, under a Hann window.
    sampling_rate : int
        In Hz.
    f_min, f_max : float
        Range looked at, in Hz. Two periods of ``f_min`` must fit into the window.

    Returns
    -------
    ndarray of float32, shape (n_frames, 2)
        Fundamental frequency in Hz, 0 where unvoiced; voicing from 0 to 1.

    Raises
    ------
    ParameterError
        If the window is too short for ``f_min``.

    References
    ----------
    P. Boersma, Accurate short-term analysis of the fundamental frequency and the
    harmonics-to-noise ratio of a sampled sound, IFA Proceedings 17, 1993.
    C. De Looze, D. Hirst, Detecting changes in key and range for the automatic modelling and
    coding of intonation, Speech Prosody 2008 (the second pass).
    """
    n_fft = 2 * (power.shape[1] - 1)
    if 2 * sampling_rate > f_min * n_fft:
        raise ParameterError(
            f"a window of {n_fft} samples at {sampling_rate} Hz is too short for a pitch of "
            f"{f_min:g} Hz; f_min must be at least {2 * sampling_rate / n_fft:g} Hz."
        )
    correlation = _autocorrelate(power, sampling_rate, f_min)
    energy = power.sum(axis=1)
    audible = energy > energy.max() * 10 ** (-_QUIET_DB / 10)
    frequency, voicing = _find_peaks(correlation, sampling_rate, f_min, f_max)
    voiced = audible & (voicing > _VOICED)
    if voiced.any():
        low, high = np.percentile(frequency[voiced], (25, 75))
        frequency, voicing = _find_peaks(
            correlation, sampling_rate, max(f_min, 0.7 * low), min(f_max, 1.6 * high)
        )
        voiced = audible & (voicing > _VOICED)
    frequency = np.where(voiced, frequency, 0)
    return np.stack((frequency, np.where(audible, voicing, 0)), axis=1).astype(np.float32)


def _autocorrelate(power: FloatArray, sampling_rate: int, f_min: float) -> FloatArray:
    """Return the autocorrelation at lags 0 .. n_fft // 2, 1 at lag 0 (0 in silence)."""
    n_fft = 2 * (power.shape[1] - 1)
    taper = hann_correlation(n_fft)
    power = power.copy()
    # Below the lowest pitch lie offset and hum; the first two bins are the offset's own.
    power[:, : max(2, int(0.75 * f_min * n_fft / sampling_rate))] = 0
    correlation = np.fft.irfft(power, axis=1)[:, : n_fft // 2 + 1]
    # Not exactly zero: rounding must not make a voice of silence.
    energy = np.maximum(correlation[:, :1], np.finfo(np.float32).tiny)
    normalized: FloatArray = (correlation / energy / taper).astype(np.float32)
    return normalized


def _find_peaks(
    correlation: FloatArray, sampling_rate: int, f_min: float, f_max: float
) -> tuple[FloatArray, FloatArray]:
    """Return frequency (Hz) and height of the best peak of each frame; height 0 where none."""
    first = max(1, int(sampling_rate / f_max))
    last = min(correlation.shape[1] - 2, int(np.ceil(sampling_rate / f_min)))
    before, here, after = (correlation[:, first + d : last + 1 + d] for d in (-1, 0, 1))
    cost = _OCTAVE_COST * np.log2(np.arange(first, last + 1) / first)
    scores = np.where((here >= before) & (here > after), here - cost, -np.inf)
    best = scores.argmax(axis=1)[:, None]
    found = np.take_along_axis(scores, best, axis=1) > -np.inf
    left, top, right = (np.take_along_axis(part, best, axis=1) for part in (before, here, after))
    # The vertex of the parabola through three points lies at most half a lag away.
    bend = np.where(found, left - 2 * top + right, -1)
    shift = np.where(found, 0.5 * (left - right) / bend, 0)
    height = np.where(found, np.clip(top - 0.25 * (left - right) * shift, 0, 1), 0)
    frequency = sampling_rate / (first + best + shift)
    return frequency[:, 0].astype(np.float32), height[:, 0].astype(np.float32)
