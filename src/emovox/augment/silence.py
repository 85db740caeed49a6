"""Silence before and after."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from emovox.augment.drawn import Drawn, Range, draw_uniform, validate_between, validate_range
from emovox.types import FloatArray

_LIMITS_S = (0.0, 60.0)


@dataclass(frozen=True, slots=True)
class DrawnSilence(Drawn):
    """Zeros before and after the recording, which becomes longer.

    Attributes
    ----------
    before_s, after_s : float
        In seconds, rounded to whole samples.
    """

    name: ClassVar[str] = "silence"
    before_s: float
    after_s: float

    def __post_init__(self) -> None:
        validate_between("before_s", self.before_s, *_LIMITS_S)
        validate_between("after_s", self.after_s, *_LIMITS_S)

    def _alter(self, samples: FloatArray, sampling_rate: int) -> FloatArray:
        return np.pad(
            samples, (round(self.before_s * sampling_rate), round(self.after_s * sampling_rate))
        )


@dataclass(frozen=True, slots=True)
class Silence:
    """Draw silence before and after.

    Attributes
    ----------
    before_s, after_s : tuple of float, default=(0.0, 0.5)
        Shortest and longest, in seconds.
    """

    name: ClassVar[str] = "silence"
    before_s: Range = (0.0, 0.5)
    after_s: Range = (0.0, 0.5)

    def __post_init__(self) -> None:
        validate_range("before_s", self.before_s, *_LIMITS_S)
        validate_range("after_s", self.after_s, *_LIMITS_S)

    def draw(self, rng: np.random.Generator) -> DrawnSilence:
        """Draw both lengths."""
        return DrawnSilence(
            before_s=draw_uniform(rng, self.before_s), after_s=draw_uniform(rng, self.after_s)
        )
