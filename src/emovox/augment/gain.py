"""Louder or quieter."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from emovox.augment.drawn import Drawn, Range, draw_uniform, validate_between, validate_range
from emovox.types import FloatArray

_LIMITS_DB = (-80.0, 80.0)


@dataclass(frozen=True, slots=True)
class DrawnGain(Drawn):
    """Every sample times ``10 ** (gain_db / 20)``. Same length.

    Attributes
    ----------
    gain_db : float
        Positive is louder.
    """

    name: ClassVar[str] = "gain"
    gain_db: float

    def __post_init__(self) -> None:
        validate_between("gain_db", self.gain_db, *_LIMITS_DB)

    def _alter(self, samples: FloatArray, sampling_rate: int) -> FloatArray:  # noqa: ARG002
        return samples * np.float32(10.0 ** (self.gain_db / 20.0))


@dataclass(frozen=True, slots=True)
class Gain:
    """Draw a change of level.

    Attributes
    ----------
    gain_db : tuple of float, default=(-6.0, 6.0)
        Lowest and highest, in dB.
    """

    name: ClassVar[str] = "gain"
    gain_db: Range = (-6.0, 6.0)

    def __post_init__(self) -> None:
        validate_range("gain_db", self.gain_db, *_LIMITS_DB)

    def draw(self, rng: np.random.Generator) -> DrawnGain:
        """Draw the gain."""
        return DrawnGain(gain_db=draw_uniform(rng, self.gain_db))
