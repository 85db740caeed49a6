"""Encoded with loss, and decoded again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from emovox.audio import CODECS, transcode
from emovox.augment.drawn import Drawn, Range, draw_ratio, validate_between, validate_range
from emovox.errors import ParameterError, suggest
from emovox.types import FloatArray

_LIMITS_KBPS = (6.0, 320.0)


@dataclass(frozen=True, slots=True)
class DrawnCodec(Drawn):
    """What a codec leaves of the recording; see ``emovox.audio.transcode``. Same length.

    Attributes
    ----------
    codec : str
        ``mp3`` or ``opus``.
    bit_rate_kbps : float
        In kbit/s.
    """

    name: ClassVar[str] = "codec"
    codec: str
    bit_rate_kbps: float

    def __post_init__(self) -> None:
        _validate_codec(self.codec)
        validate_between("bit_rate_kbps", self.bit_rate_kbps, *_LIMITS_KBPS)

    def _alter(self, samples: FloatArray, sampling_rate: int) -> FloatArray:
        return transcode(samples, sampling_rate, codec=self.codec, bit_rate_kbps=self.bit_rate_kbps)


@dataclass(frozen=True, slots=True)
class Codec:
    """Draw the bit rate of a codec; twice and half as much are equally likely.

    Attributes
    ----------
    codec : str, default="opus"
        What messengers and calls use; ``mp3`` is the other.
    bit_rate_kbps : tuple of float, default=(8.0, 64.0)
        Lowest and highest, in kbit/s.
    """

    name: ClassVar[str] = "codec"
    codec: str = "opus"
    bit_rate_kbps: Range = (8.0, 64.0)

    def __post_init__(self) -> None:
        _validate_codec(self.codec)
        validate_range("bit_rate_kbps", self.bit_rate_kbps, *_LIMITS_KBPS)

    def draw(self, rng: np.random.Generator) -> DrawnCodec:
        """Draw the bit rate."""
        return DrawnCodec(codec=self.codec, bit_rate_kbps=draw_ratio(rng, self.bit_rate_kbps))


def _validate_codec(codec: str) -> None:
    if codec not in CODECS:
        raise ParameterError(f"no codec {codec!r}.", hint=suggest(str(codec), CODECS))
