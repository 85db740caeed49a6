"""Only a part of the recording."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from emovox.augment.drawn import Drawn, Range, draw_uniform, validate_between, validate_range
from emovox.types import FloatArray

_LIMITS_S = (0.01, 600.0)


@dataclass(frozen=True, slots=True)
class DrawnCut(Drawn):
    """A part of the recording; one that is shorter than that stays whole.

    Attributes
    ----------
    duration_s : float
        How much is left, in seconds.
    place : float
        Where it lies, from 0 (the beginning) over 0.5 (the middle) to 1 (the end).
    """

    name: ClassVar[str] = "cut"
    duration_s: float
    place: float

    def __post_init__(self) -> None:
        validate_between("duration_s", self.duration_s, *_LIMITS_S)
        validate_between("place", self.place, 0.0, 1.0)

    def _alter(self, samples: FloatArray, sampling_rate: int) -> FloatArray:
        n_left = min(max(1, round(self.duration_s * sampling_rate)), len(samples))
        start = round(self.place * (len(samples) - n_left))
        return samples[start : start + n_left].copy()


@dataclass(frozen=True, slots=True)
class Cut:
    """Draw a part.

    Attributes
    ----------
    duration_s : tuple of float, default=(1.0, 3.0)
        Shortest and longest, in seconds.
    place : tuple of float, default=(0.0, 1.0)
        Earliest and latest, as in ``DrawnCut``.
    """

    name: ClassVar[str] = "cut"
    duration_s: Range = (1.0, 3.0)
    place: Range = (0.0, 1.0)

    def __post_init__(self) -> None:
        validate_range("duration_s", self.duration_s, *_LIMITS_S)
        validate_range("place", self.place, 0.0, 1.0)

    def draw(self, rng: np.random.Generator) -> DrawnCut:
        """Draw length and place."""
        return DrawnCut(
            duration_s=draw_uniform(rng, self.duration_s), place=draw_uniform(rng, self.place)
        )
