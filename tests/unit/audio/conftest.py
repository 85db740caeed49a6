"""Synthetic signals, encoded in memory."""

from __future__ import annotations

import io
from collections.abc import Callable

import numpy as np
import pytest
import soundfile

from emovox.types import FloatArray

Encode = Callable[..., bytes]


def _make_tone(duration_s: float = 2.0, sampling_rate: int = 16000) -> FloatArray:
    time_s = np.arange(round(duration_s * sampling_rate)) / sampling_rate
    swell = 0.5 + 0.4 * np.sin(2 * np.pi * 1.5 * time_s)
    tone = np.sin(2 * np.pi * 220 * time_s) + 0.5 * np.sin(2 * np.pi * 660 * time_s)
    return (0.4 * swell * tone).astype(np.float32)


def _encode(
    samples: FloatArray, sampling_rate: int, file_format: str = "WAV", subtype: str | None = None
) -> bytes:
    stream = io.BytesIO()
    soundfile.write(stream, samples, sampling_rate, format=file_format, subtype=subtype)
    return stream.getvalue()


@pytest.fixture
def make_tone() -> Callable[..., FloatArray]:
    return _make_tone


@pytest.fixture
def tone() -> FloatArray:
    """Two seconds at 16 kHz, peak about 0.5."""
    return _make_tone()


@pytest.fixture
def encode() -> Encode:
    return _encode
