"""Faster and higher, or slower and lower: as a tape that runs at another speed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from emovox.audio import resample
from emovox.augment.drawn import (
    Drawn,
    Range,
    draw_ratio,
    fit_length,
    validate_between,
    validate_range,
)
from emovox.types import FloatArray

_LIMITS = (0.1, 10.0)


@dataclass(frozen=True, slots=True)
class DrawnSpeed(Drawn):
    """The recording played faster or slower; pitch and formants go with it.

    The length becomes ``max(1, round(n_samples / rate))``.

    Attributes
    ----------
    rate : float
        Above 1 is faster and higher.
    """

    name: ClassVar[str] = "speed"
    rate: float

    def __post_init__(self) -> None:
        validate_between("rate", self.rate, *_LIMITS)

    def _alter(self, samples: FloatArray, sampling_rate: int) -> FloatArray:
        played = resample(samples, sampling_rate * self.rate, sampling_rate)
        return fit_length(played, max(1, round(len(samples) / self.rate)))


@dataclass(frozen=True, slots=True)
class Speed:
    """Draw a speed; x and 1/x are equally likely.

    Attributes
    ----------
    rate : tuple of float, default=(0.9, 1.1)
        Lowest and highest.
    """

    name: ClassVar[str] = "speed"
    rate: Range = (0.9, 1.1)

    def __post_init__(self) -> None:
        validate_range("rate", self.rate, *_LIMITS)

    def draw(self, rng: np.random.Generator) -> DrawnSpeed:
        """Draw the speed."""
        return DrawnSpeed(rate=draw_ratio(rng, self.rate))
