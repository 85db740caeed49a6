"""Fingerprints: what stays of a recording that was coded, altered or cut, and of no other one.

A fingerprint is the strength of the harmonics over time, on a logarithmic axis of frequency and
without the spectral envelope. Level, microphone and codec hardly change it; another pitch moves
it along one axis, another pace stretches the other. Two takes of one sentence differ in both,
here a little and there a little: that is how `compare_fingerprints` tells them from copies.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from emovox.audio import read_audio
from emovox.features.spectrum import compute_spectrum, validate_samples
from emovox.types import FloatArray

Fingerprint: TypeAlias = NDArray[np.int8]
"""Shape (n_frames, N_BANDS), in half decibels."""

FINGERPRINT_RATE = 8000
"""Sampling rate that a fingerprint is computed at, in Hz."""

N_BANDS = 120
"""Bands of half a semitone, from 120 Hz to 3.8 kHz."""

_N_FFT = (
    1024  # 128 ms: single harmonics are seen, and what a phase vocoder smears is smeared anyway
)
_HOP = 160  # 20 ms
_LOWEST_HZ = 120.0
_BANDS_PER_OCTAVE = 24
_ENVELOPE = 12  # bands on each side over which the spectral envelope is the mean
_SPEECH_DB = 30.0  # frames before the first and after the last as near to the loudest are left out
_RANGE_DB = 45.0
_STEPS_PER_DB = 2
_SHORTEST, _LONGEST = 20, 600  # frames

_REACH_BANDS = 8  # pitch is searched within +- 4 semitones
_OVERLAP = 0.6  # of the shorter fingerprint
_RATES = tuple(1.02**step for step in range(-13, 14))  # pace is searched within +- 29 %
_FINE_RATES = (0.99, 0.995, 1.005, 1.01)
_PART, _PART_REACH, _PART_BANDS = 16, 6, 4  # frames, frames, bands


@dataclass(frozen=True, slots=True)
class Likeness:
    """How alike two fingerprints are.

    Attributes
    ----------
    correlation : float
        At the pace, pitch and place where they agree best; 1 for equal ones.
    wobble : float
        How far parts of a third of a second lie from where the whole agrees best: root mean
        square, in frames (20 ms) and bands (half a semitone) together. Copies hardly wobble,
        takes do.
    n_parts : int
        Parts compared.
    rate : float
        Pace of the second against the first; above 1 is slower.
    """

    correlation: float
    wobble: float
    n_parts: int
    rate: float

    @property
    def score(self) -> float:
        """One number: correlation less half the wobble."""
        return self.correlation - 0.5 * self.wobble


def compute_fingerprint(samples: FloatArray) -> Fingerprint:
    """Compute the fingerprint of a recording.

    Parameters
    ----------
    samples : ndarray of float32, shape (n_samples,)
        Mono, at ``FINGERPRINT_RATE``. Of a long recording the first 12 s of sound are taken.

    Returns
    -------
    ndarray of int8, shape (n_frames, N_BANDS)
        Without the quiet at both ends. No frames where less than 0.4 s of sound is left: so
        little tells nothing apart.
    """
    samples = validate_samples(samples)
    magnitudes = compute_spectrum(samples, n_fft=_N_FFT, hop_length=_HOP)
    power = np.square(magnitudes)
    energy = power[:, 2:].sum(axis=1)
    loud = np.flatnonzero(energy > energy.max() * 10 ** (-_SPEECH_DB / 10))
    if not len(loud) or loud[-1] - loud[0] + 1 < _SHORTEST:
        return np.zeros((0, N_BANDS), dtype=np.int8)
    power = power[loud[0] : loud[-1] + 1][:_LONGEST]
    level = 10 * np.log10(np.maximum(power @ _build_bands(), np.finfo(np.float32).tiny))
    level = np.maximum(level, level.max() - _RANGE_DB)
    relief = level - _smooth(level)
    steps: Fingerprint = np.rint(np.clip(_STEPS_PER_DB * relief, -127, 127)).astype(np.int8)
    return steps


@lru_cache(maxsize=1)
def _build_bands() -> FloatArray:
    """Return triangular bands on a logarithmic axis, shape (1 + n_fft // 2, N_BANDS)."""
    step_hz = FINGERPRINT_RATE / _N_FFT
    edges = _LOWEST_HZ * 2 ** (np.arange(N_BANDS + 2) / _BANDS_PER_OCTAVE)
    bins = np.arange(1 + _N_FFT // 2)[:, None] * step_hz
    centre = edges[1:-1]
    # Where bands are narrower than a bin, they reach to the neighbouring bins.
    low = np.minimum(edges[:-2], centre - step_hz)
    high = np.maximum(edges[2:], centre + step_hz)
    weights = np.maximum(
        0, np.minimum((bins - low) / (centre - low), (high - bins) / (high - centre))
    )
    bands: FloatArray = (weights / weights.sum(axis=0)).astype(np.float32)
    return bands


def _smooth(level: FloatArray) -> FloatArray:
    """Return the mean over the neighbouring bands of each band."""
    sums = np.cumsum(level, axis=1, dtype=np.float64)
    sums = np.concatenate((np.zeros((len(level), 1)), sums), axis=1)
    band = np.arange(N_BANDS)
    first = np.maximum(band - _ENVELOPE, 0)
    last = np.minimum(band + _ENVELOPE + 1, N_BANDS)
    mean: FloatArray = ((sums[:, last] - sums[:, first]) / (last - first)).astype(np.float32)
    return mean


def compare_fingerprints(
    one: Fingerprint,
    other: Fingerprint,
    *,
    rates: tuple[float, ...] = _RATES,
    fine: tuple[float, ...] = _FINE_RATES,
    parts: bool = True,
) -> Likeness:
    """Say how alike two fingerprints are, at any pace, pitch and place.

    Parameters
    ----------
    one, other : ndarray of int8, shape (n_frames, N_BANDS)
        From `compute_fingerprint`.
    rates : tuple of float
        What the second is stretched by, to try first; default: 0.77 to 1.29 in steps of 2 %.
    fine : tuple of float
        Factors of the best of them to try next.
    parts : bool
        Whether to measure the wobble; infinite where not.

    Returns
    -------
    Likeness
        With a correlation of 0 if one of them has no frames.
    """
    if not (len(one) and len(other)):
        return Likeness(0.0, float("inf"), 0, 1.0)
    first, second = one.astype(np.float32), other.astype(np.float32)
    found = [(*_align(first, stretch_frames(second, rate)), rate) for rate in rates]
    best = max(found)
    for factor in fine:
        rate = best[3] * factor
        found.append((*_align(first, stretch_frames(second, rate)), rate))
    correlation, shift, lag, rate = max(found)
    if not parts:
        return Likeness(correlation, float("inf"), 0, 1 / rate)
    wobble, n_parts = _measure_wobble(first, stretch_frames(second, rate), shift, lag)
    return Likeness(correlation, wobble, n_parts, 1 / rate)


def stretch_frames(frames: FloatArray, rate: float) -> FloatArray:
    """Return frames interpolated to ``rate`` times as many."""
    if rate == 1:
        return frames
    place = np.linspace(0, len(frames) - 1, max(2, round(len(frames) * rate)))
    before = np.minimum(place.astype(np.int64), len(frames) - 2)
    share = (place - before).astype(np.float32)[:, None]
    stretched: FloatArray = frames[before] * (1 - share) + frames[before + 1] * share
    return stretched


def _correlate(one: FloatArray, other: FloatArray) -> FloatArray:
    """Return the cyclic correlation over bands (axis 0) and frames (axis 1), padded enough."""
    shape = (
        2 * N_BANDS,  # no shift that is looked at wraps around
        1 << int(np.ceil(np.log2(len(one) + len(other)))),
    )
    product = np.fft.rfft2(one.T, shape) * np.conj(np.fft.rfft2(other.T, shape))
    correlated: FloatArray = np.fft.irfft2(product, shape).astype(np.float32, copy=False)
    return correlated


def _align(one: FloatArray, other: FloatArray) -> tuple[float, int, int]:
    """Return the best correlation, and at what shift (bands) and lag (frames) it is."""
    lags = np.arange(-(len(other) - 1), len(one))
    start, end = np.maximum(lags, 0), np.minimum(len(one), lags + len(other))
    enough = end - start >= _OVERLAP * min(len(one), len(other))
    lags, start, end = lags[enough], start[enough], end[enough]
    energy = np.concatenate(([0.0], np.cumsum(np.square(one).sum(axis=1, dtype=np.float64))))
    energy2 = np.concatenate(([0.0], np.cumsum(np.square(other).sum(axis=1, dtype=np.float64))))
    shared = (energy[end] - energy[start]) * (energy2[end - lags] - energy2[start - lags])
    # The floor keeps the quiet end of one and the other from looking alike by chance.
    scale = np.sqrt(shared) + 1e-3 * np.sqrt(energy[-1] * energy2[-1]) + 1e-9
    correlated = _correlate(one, other)
    shifts = np.arange(-_REACH_BANDS, _REACH_BANDS + 1)
    lost = N_BANDS / (N_BANDS - np.abs(shifts))  # bands that a shift moves out of sight
    scores = correlated[shifts][:, lags % correlated.shape[1]] / scale * lost[:, None]
    row, column = np.unravel_index(int(scores.argmax()), scores.shape)
    # What a shift moved out of sight is reckoned as like the rest: a little over 1 may come out.
    return min(float(scores[row, column]), 1.0), int(shifts[row]), int(lags[column])


def _measure_wobble(one: FloatArray, other: FloatArray, shift: int, lag: int) -> tuple[float, int]:
    """Return the wobble of aligned fingerprints, and the number of parts it was measured on."""
    start, start2 = max(lag, 0), max(-lag, 0)
    n_frames = min(len(one) - start, len(other) - start2)
    one, other = one[start : start + n_frames], other[start2 : start2 + n_frames]
    places, weights = [], []
    for first in range(0, max(1, n_frames - _PART + 1), _PART // 2):
        part = one[first : first + _PART]
        low, high = max(0, first - _PART_REACH), min(n_frames, first + _PART + _PART_REACH)
        frame, band, agreement = _place_part(part, other[low:high], first - low, shift)
        places.append((frame, band))
        # What agrees nowhere, such as the noise of a pause, says nothing of where it belongs.
        weights.append(float(np.square(part).sum()) * agreement**4)
    weight = np.array(weights) / max(sum(weights), 1e-9)
    offsets = np.array(places)
    offsets -= weight @ offsets
    return float(np.sqrt(weight @ np.square(offsets).sum(axis=1))), len(places)


def _place_part(
    part: FloatArray, other: FloatArray, expected: int, shift: int
) -> tuple[float, float, float]:
    """Return by how many frames and bands a part lies off in ``other``, and how well it agrees."""
    lags = np.arange(-_PART_REACH, _PART_REACH + 1)
    bands = np.arange(-_PART_BANDS, _PART_BANDS + 1)
    correlated = _correlate(part, other)
    start = expected + lags
    inside = (start >= 0) & (start + len(part) <= len(other))
    sums = np.concatenate(([0.0], np.cumsum(np.square(other).sum(axis=1, dtype=np.float64))))
    energy = sums[np.clip(start + len(part), 0, len(other))] - sums[np.clip(start, 0, len(other))]
    own = float(np.square(part).sum())
    # The floor keeps rounding from looking like agreement where there is nothing to hear.
    scale = np.sqrt(np.maximum(energy, 0.01 * own) * own) + 1e-3
    scores = correlated[bands + shift][:, -start % correlated.shape[1]] / scale
    scores[:, ~inside] = -1.0
    row, column = np.unravel_index(int(scores.argmax()), scores.shape)
    frame = _refine(scores[row], int(column)) - _PART_REACH
    band = _refine(scores[:, column], int(row)) - _PART_BANDS
    return frame, band, min(max(float(scores[row, column]), 0.0), 1.0)


def _refine(values: NDArray[np.floating[Any]], peak: int) -> float:
    """Return where the parabola through a peak and its neighbours has its top."""
    if not 0 < peak < len(values) - 1:
        return float(peak)
    left, top, right = (float(value) for value in values[peak - 1 : peak + 2])
    if min(left, right) <= -1.0:  # nothing is there to compare with
        return float(peak)
    bend = left - 2 * top + right
    return peak + 0.5 * (left - right) / bend if bend else float(peak)


def read_fingerprint(path: str) -> Fingerprint:
    """Read a recording and compute its fingerprint.

    Raises
    ------
    AudioError
        If it cannot be read.
    """
    return compute_fingerprint(read_audio(path, sampling_rate=FINGERPRINT_RATE).samples)
