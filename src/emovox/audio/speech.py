"""Is there a voice in it? How much of a recording moves the way speech does."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from emovox.audio.resample import resample
from emovox.types import FloatArray

_RATE = 16_000
_FRAME = 640  # 40 ms: two periods of the lowest voices
_HOP = 256  # 16 ms
_CHUNK = 1024  # frames looked at together, which bounds the memory: 16 s, some 6 MB

# Third-octaves, wider at the bottom, where a narrower band would hold too few bins to be steady.
_BAND_EDGES_HZ = (
    *(100, 200, 300, 400, 520, 660, 830, 1050, 1300),
    *(1600, 2000, 2500, 3100, 3900, 5000, 6500),
)
_AUDIBLE_DB = 30.0  # a frame counts if it is within this of the loudest twentieth
_LOUDEST = 0.05
_BAND_RANGE_DB = 40.0  # bands further below the strongest one say nothing
_TINY = 1e-14

# The neighbourhood of a frame: 17 frames, 0.27 s, about a syllable and a half.
_REACH = 8
_MIN_NEIGHBOURS = 5  # a click is heard in at most three frames
_MIN_MOVEMENT_DB = 1.9  # steady noise of any colour has 0.9 to 1.4, speech 3 to 7

_FINE_BINS = slice(4, 200)  # 100 to 5000 Hz
_FINE_SMOOTHING = 6  # bins to either side
_FINE_RANGE = 1e-3
_FINE_LAG = 3  # frames that do not overlap
_FROZEN = 0.93  # correlation of the fine structure
_PEAK = 3  # bins to either side of a peak: the width of a tone under the window
_NARROW = 0.9  # share of the power in one peak
_MAX_TONAL = 0.5  # share of a neighbourhood that may be frozen, or narrow


def measure_speech(samples: FloatArray, sampling_rate: int) -> float:
    """Return how much of what can be heard moves the way speech does.

    A frame is speech-like if, within the quarter second around it,

    - the shape of the spectrum changes, as it does from sound to sound in speech, voiced or
      whispered: not in noise, hum, bursts and clicks, however their level changes;
    - its fine structure does not stand still, as in the notes of music and in beeps;
    - the power is not in a single peak, as in tones, whistles and sirens.

    Level and offset do not matter. Not told from speech: singing, an instrument with much
    vibrato, the calls of animals. For finding where in a recording somebody speaks, this is
    too coarse.

    Parameters
    ----------
    samples : ndarray of float32, shape (n_samples,)
        Mono signal.
    sampling_rate : int
        In Hz; 16,000 is fastest, others are resampled.

    Returns
    -------
    float
        Share of the audible frames that are speech-like, 0 to 1; 0 if none is audible.
    """
    samples = resample(samples, sampling_rate, _RATE)
    if len(samples) < _FRAME:
        samples = np.pad(samples, (0, _FRAME - len(samples)))
    bands, peak_share, likeness = _analyze(samples)
    level = bands.sum(axis=1)
    n_loud = max(1, int(_LOUDEST * len(level)))
    loud = np.partition(level, -n_loud)[-n_loud]
    audible = level > loud * 10 ** (-_AUDIBLE_DB / 10)
    if not audible.any():
        return 0.0
    frozen = audible & (likeness > _FROZEN)
    narrow = audible & (peak_share > _NARROW)
    # Tones are left out of the movement: between two beeps lies no speech.
    candidate = audible & ~frozen & ~narrow
    n_near = np.maximum(_sum_near(audible), 1)
    speech = (
        candidate
        & (_sum_near(candidate) >= _MIN_NEIGHBOURS)
        & (_measure_movement(bands, candidate) > _MIN_MOVEMENT_DB)
        & (_sum_near(frozen) <= _MAX_TONAL * n_near)
        & (_sum_near(narrow) <= _MAX_TONAL * n_near)
    )
    return float(speech.sum() / audible.sum())


def _analyze(samples: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return power by band (n_frames, n_bands), share of the peak, likeness, both (n_frames,)."""
    frames = np.lib.stride_tricks.sliding_window_view(samples, _FRAME)[::_HOP]
    parts, fine = [], np.zeros((0, 0), dtype=np.float32)
    window, weights = _make_window(), _make_weights()
    for start in range(0, len(frames), _CHUNK):
        spectrum = np.fft.rfft(frames[start : start + _CHUNK] * window)
        power = (spectrum.real**2 + spectrum.imag**2).astype(np.float32, copy=False)
        before = fine[-_FINE_LAG:] if start else fine
        fine = _compute_fine_structure(power)
        parts.append((power @ weights, _measure_peak(power), _correlate(before, fine)))
    bands, peak_share, backward = (np.concatenate(part) for part in zip(*parts, strict=True))
    # A note's first frames are like those after it, its last ones like those before.
    likeness = backward.copy()
    np.maximum(likeness[:-_FINE_LAG], backward[_FINE_LAG:], out=likeness[:-_FINE_LAG])
    return bands, peak_share, likeness


def _compute_fine_structure(power: FloatArray) -> FloatArray:
    """Return what harmonics and tones draw into the spectrum: log about local mean, unit norm.

    The mean removes formants, tilt and the colour of a noise; shape (n_frames, n_bins).
    """
    part = power[:, _FINE_BINS]
    log = np.log(part + (_FINE_RANGE * part.max(axis=1, keepdims=True) + _TINY))
    width = 2 * _FINE_SMOOTHING + 1
    total = np.cumsum(np.pad(log, ((0, 0), (1, 0))), axis=1)
    fine = log[:, _FINE_SMOOTHING:-_FINE_SMOOTHING]
    fine = fine - (total[:, width:] - total[:, :-width]) / width
    norm = np.sqrt(np.einsum("ij,ij->i", fine, fine))
    scaled: FloatArray = fine / (norm[:, None] + np.float32(_TINY))
    return scaled


def _correlate(before: FloatArray, fine: FloatArray) -> FloatArray:
    """Return how like each frame is to the one ``_FINE_LAG`` before; 0 where there is none."""
    joined = np.concatenate((before.reshape(len(before), fine.shape[1]), fine))
    likeness = np.zeros(len(fine), dtype=np.float32)
    found = np.einsum("ij,ij->i", joined[_FINE_LAG:], joined[:-_FINE_LAG])
    likeness[len(fine) - len(found) :] = found
    return likeness


def _measure_peak(power: FloatArray) -> FloatArray:
    """Return the share of each frame's power that is in its strongest peak.

    High frequencies count more, 6 dB an octave: near a microphone with much bass the fundamental
    of a high voice alone holds 99 % of the power.
    """
    part = power[:, _FINE_BINS] * _make_emphasis()
    first = np.clip(part.argmax(axis=1) - _PEAK, 0, part.shape[1] - 2 * _PEAK - 1)
    peak = np.take_along_axis(part, first[:, None] + np.arange(2 * _PEAK + 1), axis=1)
    share: FloatArray = peak.sum(axis=1) / (part.sum(axis=1) + np.float32(_TINY))
    return share


def _measure_movement(bands: FloatArray, counted: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Return by how many dB the shape of the spectrum varies around each frame."""
    # Three frames together: chance alone moves a band of noise less then.
    decibel = 10 * np.log10(_sum_near(bands * counted[:, None], 1) + _TINY)
    shape = np.maximum(decibel, decibel.max(axis=1, keepdims=True) - _BAND_RANGE_DB)
    shape -= shape.mean(axis=1, keepdims=True)
    shape[~counted] = 0
    count = np.maximum(_sum_near(counted), 1)[:, None]
    variance = _sum_near(shape**2) / count - (_sum_near(shape) / count) ** 2
    deviation: NDArray[np.float64] = np.sqrt(np.maximum(variance, 0).mean(axis=1))
    return deviation


def _sum_near(values: NDArray[np.generic], reach: int = _REACH) -> NDArray[np.float64]:
    """Return the sum over each frame and ``reach`` frames to either side, fewer at the ends."""
    start = np.zeros((1, *values.shape[1:]))
    total = np.concatenate((start, np.cumsum(values, axis=0, dtype=np.float64)))
    place = np.arange(len(values))
    after, before = np.minimum(place + reach + 1, len(values)), np.maximum(place - reach, 0)
    near: NDArray[np.float64] = total[after] - total[before]
    return near


@lru_cache(maxsize=1)
def _make_window() -> FloatArray:
    place = np.arange(_FRAME) / _FRAME
    return (0.5 - 0.5 * np.cos(2 * np.pi * place)).astype(np.float32)


@lru_cache(maxsize=1)
def _make_emphasis() -> FloatArray:
    frequency = np.arange(_FRAME // 2 + 1, dtype=np.float32)[_FINE_BINS]
    return frequency**2


@lru_cache(maxsize=1)
def _make_weights() -> FloatArray:
    """Return the weights that average a power spectrum over the bands, (n_bins, n_bands)."""
    frequency = np.fft.rfftfreq(_FRAME, 1 / _RATE)[:, None]
    low, high = _BAND_EDGES_HZ[:-1], _BAND_EDGES_HZ[1:]
    weights = (frequency >= low) & (frequency < high)
    averaged: FloatArray = (weights / weights.sum(axis=0)).astype(np.float32)
    return averaged
