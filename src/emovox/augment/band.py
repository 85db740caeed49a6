"""Only a band of frequencies: a telephone, a poor microphone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from emovox.augment.drawn import Drawn, Range, draw_uniform, validate_between, validate_range
from emovox.errors import ParameterError
from emovox.types import FloatArray

_LOW_LIMITS_HZ = (0.0, 2000.0)
_HIGH_LIMITS_HZ = (500.0, 100_000.0)
# A slope of a sixth of an octave on either side of each edge rings for a few periods only.
_SLOPE_OCTAVES = 1.0 / 6.0


@dataclass(frozen=True, slots=True)
class DrawnBand(Drawn):
    """What lies between two frequencies, without shift in time. Same length.

    ``(300, 3400)`` is the band of a telephone, which samples at 8 kHz.

    Attributes
    ----------
    low_hz, high_hz : float
        Where half the power is left; ``low_hz`` below ``high_hz``. 0 and anything from half the
        sampling rate on cut nothing.
    """

    name: ClassVar[str] = "band"
    low_hz: float
    high_hz: float

    def __post_init__(self) -> None:
        validate_between("low_hz", self.low_hz, *_LOW_LIMITS_HZ)
        validate_between("high_hz", self.high_hz, *_HIGH_LIMITS_HZ)
        if self.low_hz >= self.high_hz:
            raise ParameterError(f"low_hz {self.low_hz:g} must lie below high_hz {self.high_hz:g}.")

    def _alter(self, samples: FloatArray, sampling_rate: int) -> FloatArray:
        # Room for the ringing of the edges, which must not come in at the other end.
        n_fft = 1 << (len(samples) + round(0.05 * sampling_rate)).bit_length()
        frequency = np.fft.rfftfreq(n_fft, 1.0 / sampling_rate)
        gain = np.ones_like(frequency)
        if self.low_hz:
            gain *= _make_slope(frequency, self.low_hz)
        if self.high_hz < sampling_rate / 2:
            gain *= np.sqrt(1.0 - _make_slope(frequency, self.high_hz) ** 2)
        band = np.fft.irfft(np.fft.rfft(samples, n_fft) * gain, n_fft)
        return band[: len(samples)].astype(np.float32)


@dataclass(frozen=True, slots=True)
class Band:
    """Draw the edges of a band.

    Attributes
    ----------
    low_hz : tuple of float, default=(50.0, 400.0)
        Of the lower edge, in Hz.
    high_hz : tuple of float, default=(3000.0, 7000.0)
        Of the upper edge.
    """

    name: ClassVar[str] = "band"
    low_hz: Range = (50.0, 400.0)
    high_hz: Range = (3000.0, 7000.0)

    def __post_init__(self) -> None:
        validate_range("low_hz", self.low_hz, *_LOW_LIMITS_HZ)
        validate_range("high_hz", self.high_hz, *_HIGH_LIMITS_HZ)
        DrawnBand(self.low_hz[1], self.high_hz[0])

    def draw(self, rng: np.random.Generator) -> DrawnBand:
        """Draw both edges."""
        return DrawnBand(
            low_hz=draw_uniform(rng, self.low_hz), high_hz=draw_uniform(rng, self.high_hz)
        )


def _make_slope(frequency: np.ndarray, edge_hz: float) -> np.ndarray:
    """Return an amplitude that rises from 0 to 1 about an edge, with half the power there."""
    octaves = np.log2(np.maximum(frequency, 1e-9) / edge_hz)
    angle = np.clip(octaves / _SLOPE_OCTAVES, -1.0, 1.0)
    slope: np.ndarray = np.sin(np.pi / 4.0 * (1.0 + angle))
    return slope
