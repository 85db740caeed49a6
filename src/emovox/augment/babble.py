"""A room full of voices, at a stated signal-to-noise ratio."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from emovox.augment.drawn import (
    Drawn,
    Range,
    add_noise,
    draw_seed,
    draw_uniform,
    validate_between,
    validate_range,
    validate_seed,
)
from emovox.errors import ParameterError
from emovox.types import FloatArray

_LIMITS_DB = (-40.0, 120.0)
_MAX_VOICES = 50
# First three formants of eight vowels in Hz, rounded from Peterson and Barney 1952 (men).
_VOWELS = np.array(
    [
        (270, 2290, 3010),
        (390, 1990, 2550),
        (530, 1840, 2480),
        (660, 1720, 2410),
        (730, 1090, 2440),
        (570, 840, 2410),
        (300, 870, 2240),
        (490, 1350, 1690),
    ],
    dtype=np.float64,
)
_BANDWIDTHS_HZ = np.array([80.0, 110.0, 160.0])


@dataclass(frozen=True, slots=True)
class DrawnBabble(Drawn):
    """Synthetic voices that talk at once; their power stands in a known ratio to the recording's.

    Syllables of random pitch, vowel and length, one after the other with pauses: no words, no
    emotion, and nobody's voice. The ratio is that of `add_noise`.

    Attributes
    ----------
    snr_db : float
        10 log10 of signal power over the power of all voices together.
    n_voices : int
        From 1 to 50. From about 4 on no single voice stands out.
    seed : int
        Of the voices.
    """

    name: ClassVar[str] = "babble"
    snr_db: float
    n_voices: int
    seed: int

    def __post_init__(self) -> None:
        validate_between("snr_db", self.snr_db, *_LIMITS_DB)
        _validate_voices(self.n_voices)
        validate_seed(self.seed)

    def _alter(self, samples: FloatArray, sampling_rate: int) -> FloatArray:
        rng = np.random.default_rng(self.seed)
        babble = np.zeros(len(samples), dtype=np.float32)
        for voice in rng.spawn(self.n_voices):
            _add_voice(babble, sampling_rate, voice)
        return add_noise(samples, babble, self.snr_db)


@dataclass(frozen=True, slots=True)
class Babble:
    """Draw babble at a stated signal-to-noise ratio.

    Attributes
    ----------
    snr_db : tuple of float, default=(5.0, 25.0)
        Lowest and highest ratio, in dB.
    n_voices : int, default=6
        See ``DrawnBabble``.
    """

    name: ClassVar[str] = "babble"
    snr_db: Range = (5.0, 25.0)
    n_voices: int = 6

    def __post_init__(self) -> None:
        validate_range("snr_db", self.snr_db, *_LIMITS_DB)
        _validate_voices(self.n_voices)

    def draw(self, rng: np.random.Generator) -> DrawnBabble:
        """Draw the ratio and the seed of the voices."""
        return DrawnBabble(
            snr_db=draw_uniform(rng, self.snr_db), n_voices=self.n_voices, seed=draw_seed(rng)
        )


def _validate_voices(n_voices: int) -> None:
    if not (isinstance(n_voices, int) and 1 <= n_voices <= _MAX_VOICES):
        raise ParameterError(f"n_voices is {n_voices!r}; it must be from 1 to {_MAX_VOICES}.")


def _add_voice(babble: FloatArray, sampling_rate: int, rng: np.random.Generator) -> None:
    """Add one voice that talks all the time, in place."""
    pitch_hz = np.exp(rng.uniform(np.log(90.0), np.log(250.0)))
    # Higher voices come from shorter throats: formants of women lie about a sixth higher.
    stretch = 1.0 + 0.17 * (pitch_hz > 160.0) + rng.uniform(-0.04, 0.04)
    loudness = rng.uniform(0.5, 1.0)
    # It was talking before the recording began.
    start = -int(rng.integers(round(0.5 * sampling_rate) + 1))
    while start < len(babble):
        n_samples = max(2, round(rng.uniform(0.12, 0.28) * sampling_rate))
        if rng.random() < 0.85:  # else a pause
            contour = pitch_hz * np.exp(rng.normal(0.0, 0.12)) * rng.uniform(0.85, 1.15)
            formants = stretch * _VOWELS[rng.integers(len(_VOWELS))]
            syllable = loudness * _make_syllable(n_samples, sampling_rate, contour, formants, rng)
            first, last = max(start, 0), min(start + n_samples, len(babble))
            if last > first:
                babble[first:last] += syllable[first - start : last - start].astype(np.float32)
        start += round(0.9 * n_samples)


def _make_syllable(
    n_samples: int,
    sampling_rate: int,
    pitch_hz: float,
    formants_hz: np.ndarray,
    rng: np.random.Generator,
) -> np.ndarray:
    """Return pulses and breath through three resonances, fading in and out, of variance 1."""
    cycles = np.arange(n_samples + 1) * (pitch_hz / sampling_rate)
    source = np.diff(np.floor(cycles)) + 0.03 * rng.standard_normal(n_samples)
    n_fft = 1 << (n_samples - 1).bit_length()
    frequency = np.fft.rfftfreq(n_fft, 1.0 / sampling_rate)[:, None]
    # Second-order resonances in parallel at falling strength; the slope is that of the glottis.
    resonance = 1.0 / np.hypot(frequency - formants_hz, _BANDWIDTHS_HZ / 2.0)
    response = (resonance * _BANDWIDTHS_HZ * (1.0, 0.5, 0.25)).sum(axis=1)
    response *= 1.0 / np.hypot(1.0, frequency[:, 0] / 700.0)
    response[0] = 0.0
    sound = np.fft.irfft(np.fft.rfft(source, n_fft) * response, n_fft)[:n_samples]
    sound *= np.hanning(n_samples + 2)[1:-1] ** 0.5
    deviation = float(np.sqrt(np.mean(sound**2)))
    return sound / deviation if deviation else sound
