"""Higher or lower at the same pace."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from emovox.augment.drawn import Drawn, Range, draw_uniform, validate_between, validate_range
from emovox.augment.vocoder import shift_pitch
from emovox.types import FloatArray

_LIMITS = (-24.0, 24.0)


@dataclass(frozen=True, slots=True)
class DrawnPitch(Drawn):
    """The recording at another pitch, by phase vocoder and resampling. Same length.

    Formants move with the pitch, so a large shift sounds like another, smaller or larger, person.

    Attributes
    ----------
    semitones : float
        Positive is higher; 12 are an octave.
    """

    name: ClassVar[str] = "pitch"
    semitones: float

    def __post_init__(self) -> None:
        validate_between("semitones", self.semitones, *_LIMITS)

    def _alter(self, samples: FloatArray, sampling_rate: int) -> FloatArray:
        return shift_pitch(samples, sampling_rate, self.semitones)


@dataclass(frozen=True, slots=True)
class Pitch:
    """Draw a shift of the pitch.

    Attributes
    ----------
    semitones : tuple of float, default=(-2.0, 2.0)
        Lowest and highest.
    """

    name: ClassVar[str] = "pitch"
    semitones: Range = (-2.0, 2.0)

    def __post_init__(self) -> None:
        validate_range("semitones", self.semitones, *_LIMITS)

    def draw(self, rng: np.random.Generator) -> DrawnPitch:
        """Draw the shift."""
        return DrawnPitch(semitones=draw_uniform(rng, self.semitones))
