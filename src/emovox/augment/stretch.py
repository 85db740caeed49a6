"""Faster or slower at the same pitch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from emovox.augment.drawn import Drawn, Range, draw_ratio, validate_between, validate_range
from emovox.augment.vocoder import stretch_time
from emovox.types import FloatArray

_LIMITS = (0.1, 10.0)


@dataclass(frozen=True, slots=True)
class DrawnStretch(Drawn):
    """The recording at another pace, pitch and formants kept, by phase vocoder.

    The length becomes ``max(1, round(n_samples / rate))``.

    Attributes
    ----------
    rate : float
        Above 1 is faster and shorter.
    """

    name: ClassVar[str] = "stretch"
    rate: float

    def __post_init__(self) -> None:
        validate_between("rate", self.rate, *_LIMITS)

    def _alter(self, samples: FloatArray, sampling_rate: int) -> FloatArray:  # noqa: ARG002
        return stretch_time(samples, self.rate)


@dataclass(frozen=True, slots=True)
class Stretch:
    """Draw a pace; x and 1/x are equally likely.

    Attributes
    ----------
    rate : tuple of float, default=(0.8, 1.25)
        Lowest and highest.
    """

    name: ClassVar[str] = "stretch"
    rate: Range = (0.8, 1.25)

    def __post_init__(self) -> None:
        validate_range("rate", self.rate, *_LIMITS)

    def draw(self, rng: np.random.Generator) -> DrawnStretch:
        """Draw the pace."""
        return DrawnStretch(rate=draw_ratio(rng, self.rate))
