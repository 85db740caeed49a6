"""White noise at a stated signal-to-noise ratio."""

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
    draw_white_noise,
    validate_between,
    validate_range,
    validate_seed,
)
from emovox.types import FloatArray

_LIMITS_DB = (-40.0, 120.0)


@dataclass(frozen=True, slots=True)
class DrawnNoise(Drawn):
    """White noise whose power stands in a known ratio to the recording's; see `add_noise`.

    Attributes
    ----------
    snr_db : float
        10 log10 of signal power over noise power.
    seed : int
        Of the noise.
    """

    name: ClassVar[str] = "noise"
    snr_db: float
    seed: int

    def __post_init__(self) -> None:
        validate_between("snr_db", self.snr_db, *_LIMITS_DB)
        validate_seed(self.seed)

    def _alter(self, samples: FloatArray, sampling_rate: int) -> FloatArray:  # noqa: ARG002
        return add_noise(samples, draw_white_noise(self.seed, len(samples)), self.snr_db)


@dataclass(frozen=True, slots=True)
class Noise:
    """Draw white noise at a stated signal-to-noise ratio.

    Attributes
    ----------
    snr_db : tuple of float, default=(5.0, 30.0)
        Lowest and highest ratio, in dB.
    """

    name: ClassVar[str] = "noise"
    snr_db: Range = (5.0, 30.0)

    def __post_init__(self) -> None:
        validate_range("snr_db", self.snr_db, *_LIMITS_DB)

    def draw(self, rng: np.random.Generator) -> DrawnNoise:
        """Draw the ratio and the seed of the noise."""
        return DrawnNoise(snr_db=draw_uniform(rng, self.snr_db), seed=draw_seed(rng))
