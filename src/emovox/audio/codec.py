"""What lossy coding does to a recording: encoded and decoded in memory."""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np
import soundfile

from emovox.audio.resample import resample
from emovox.errors import ParameterError, suggest
from emovox.types import FloatArray

_MP3_DELAY = 1105
"""Samples that LAME's encoder (576) and any decoder (529) put before the recording."""


@dataclass(frozen=True, slots=True)
class _Codec:
    """How libsndfile calls it, and what it can do."""

    format: str
    subtype: str
    rates: tuple[int, ...]
    settings: Mapping[str, Any]

    def find_range(self, rate: int) -> tuple[float, float]:
        """Return the lowest and highest bit rate, in kbit/s, that its quality 1 and 0 mean."""
        if self.format == "OGG":
            return 6.0, 256.0
        return (32.0, 320.0) if rate >= 32_000 else (8.0, 160.0 if rate >= 16_000 else 64.0)


_CODECS = MappingProxyType(
    {
        "mp3": _Codec(
            "MP3",
            "MPEG_LAYER_III",
            (8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000),
            {"bitrate_mode": "CONSTANT"},
        ),
        "opus": _Codec("OGG", "OPUS", (8000, 12000, 16000, 24000, 48000), {}),
    }
)

CODECS: tuple[str, ...] = tuple(_CODECS)
"""What `transcode` knows."""


def transcode(
    samples: FloatArray, sampling_rate: int, *, codec: str, bit_rate_kbps: float
) -> FloatArray:
    """Return what a codec leaves of a recording.

    Length and place are kept: the delay that coding brings is taken away. A rate the codec does
    not know is resampled to the next one above it, and back.

    Parameters
    ----------
    samples : ndarray of float32, shape (n_samples,)
        Mono signal.
    sampling_rate : int
        Of ``samples``, in Hz.
    codec : {"mp3", "opus"}
        MP3 as LAME writes it, at constant bit rate; Opus in an Ogg container.
    bit_rate_kbps : float > 0
        In kbit/s. MP3 takes the nearest of its steps; what a codec cannot do becomes the nearest
        it can. Opus spends about 1 kbit/s more on the container.

    Returns
    -------
    ndarray of float32, shape (n_samples,)

    Raises
    ------
    ParameterError
        If the codec is unknown or the bit rate not above 0.
    """
    if codec not in _CODECS:
        raise ParameterError(f"no codec {codec!r}.", hint=suggest(codec, _CODECS))
    if not bit_rate_kbps > 0:
        raise ParameterError(f"the bit rate must be above 0 kbit/s, not {bit_rate_kbps!r}.")
    # Opus makes 1e-34 of silence.
    if not samples.any():
        return np.zeros_like(samples)
    kind = _CODECS[codec]
    rate = next((r for r in kind.rates if r >= sampling_rate), kind.rates[-1])
    given = resample(samples, sampling_rate, rate)
    decoded = _pass_through(given, rate, kind, bit_rate_kbps)
    if codec == "mp3" and len(decoded) != len(given):
        # At low rates the first frame is too small for the note that tells decoders the delay.
        decoded = decoded[_MP3_DELAY:]
    back = resample(decoded, rate, sampling_rate)
    kept = np.zeros_like(samples)
    kept[: len(back)] = back[: len(samples)]
    return kept


def _pass_through(
    samples: FloatArray, rate: int, codec: _Codec, bit_rate_kbps: float
) -> FloatArray:
    low, high = codec.find_range(rate)
    # libsndfile refuses MP3 at a level of exactly 1.
    level = min(max((high - bit_rate_kbps) / (high - low), 0.0), 0.999)
    buffer = io.BytesIO()
    soundfile.write(
        buffer,
        samples,
        rate,
        format=codec.format,
        subtype=codec.subtype,
        compression_level=level,
        **codec.settings,
    )
    buffer.seek(0)
    decoded: FloatArray = soundfile.read(buffer, dtype="float32")[0]
    return decoded
