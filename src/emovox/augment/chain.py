"""Several alterations, one after the other, as one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from emovox.augment.drawn import Drawn
from emovox.errors import ParameterError
from emovox.types import Alteration, FloatArray


@dataclass(frozen=True, slots=True)
class Chain(Drawn):
    """Alterations applied in order, each to what the one before gave.

    Attributes
    ----------
    alterations : tuple of Alteration
        At least one.
    """

    name: ClassVar[str] = "chain"
    alterations: tuple[Alteration, ...]

    def __post_init__(self) -> None:
        if not self.alterations:
            raise ParameterError("a chain of no alterations; give at least one.")

    def describe(self) -> dict[str, Any]:
        """Return name, version and the description of each part."""
        parts = [dict(alteration.describe()) for alteration in self.alterations]
        return {"name": self.name, "version": self.version, "alterations": parts}

    def _alter(self, samples: FloatArray, sampling_rate: int) -> FloatArray:
        for alteration in self.alterations:
            samples = alteration.apply(samples, sampling_rate)
        return samples
