"""Earlier or later."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from emovox.augment.drawn import Drawn, Range, draw_uniform, validate_between, validate_range
from emovox.types import FloatArray

_LIMITS_S = (-60.0, 60.0)


@dataclass(frozen=True, slots=True)
class DrawnShift(Drawn):
    """The recording moved in time. Same length; what leaves at one end is lost.

    Attributes
    ----------
    offset_s : float
        Positive is later. Rounded to whole samples.
    wrap : bool
        Let what leaves at one end come in at the other, as the notebook's ``roll`` does, instead
        of silence.
    """

    name: ClassVar[str] = "shift"
    offset_s: float
    wrap: bool = False

    def __post_init__(self) -> None:
        validate_between("offset_s", self.offset_s, *_LIMITS_S)

    def _alter(self, samples: FloatArray, sampling_rate: int) -> FloatArray:
        offset = round(self.offset_s * sampling_rate)
        if self.wrap:
            return np.roll(samples, offset)
        moved = np.zeros_like(samples)
        if offset >= 0:
            moved[offset:] = samples[: max(len(samples) - offset, 0)]
        else:
            moved[:offset] = samples[-offset:]
        return moved


@dataclass(frozen=True, slots=True)
class Shift:
    """Draw a move in time.

    Attributes
    ----------
    offset_s : tuple of float, default=(-0.2, 0.2)
        Lowest and highest, in seconds. The notebook's (defined there, never used) is
        (-0.2268, 0.2268), 5000 samples at 22,050 Hz, with ``wrap``.
    wrap : bool, default=False
        See ``DrawnShift``.
    """

    name: ClassVar[str] = "shift"
    offset_s: Range = (-0.2, 0.2)
    wrap: bool = False

    def __post_init__(self) -> None:
        validate_range("offset_s", self.offset_s, *_LIMITS_S)

    def draw(self, rng: np.random.Generator) -> DrawnShift:
        """Draw the offset."""
        return DrawnShift(offset_s=draw_uniform(rng, self.offset_s), wrap=self.wrap)
