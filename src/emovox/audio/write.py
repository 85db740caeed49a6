"""Recordings to files."""

from __future__ import annotations

import os
import struct
from pathlib import Path
from typing import Literal

import numpy as np
import soundfile

from emovox.errors import AudioError, ParameterError, suggest
from emovox.files import replacing
from emovox.types import FloatArray

Encoding = Literal["int16", "float32"]
_SUFFIXES = (".wav", ".flac")
_ENCODINGS = ("int16", "float32")


def write_audio(
    path: str | os.PathLike[str],
    samples: FloatArray,
    sampling_rate: int,
    *,
    encoding: Encoding = "int16",
) -> None:
    """Write a mono recording as wav or flac, whole or not at all.

    The same samples give the same bytes: no date is written. As int16, samples are scaled by
    32768, rounded and clipped, so that what was read from a 16-bit file is written as it was.

    Parameters
    ----------
    path : path-like
        Ending in ``.wav`` or ``.flac``. Missing folders are made.
    samples : ndarray of float32, shape (n_samples,)
        Full scale is 1.
    sampling_rate : int
        In Hz.
    encoding : {"int16", "float32"}, default="int16"
        FLAC knows int16 only.

    Raises
    ------
    ParameterError
        If the suffix, the encoding, the rate or the shape is not allowed.
    AudioError
        If a sample is not a finite number.
    """
    suffix = Path(path).suffix.lower()
    samples = np.asarray(samples)
    _validate(suffix, samples, sampling_rate, encoding)
    if not np.isfinite(samples).all():
        raise AudioError(f"cannot write {os.fspath(path)}: a sample is NaN or infinite.")
    if encoding == "int16":
        data = np.clip(np.rint(samples * 32768.0), -32768, 32767).astype("<i2")
    else:
        data = samples.astype("<f4")
    with replacing(path) as temporary:
        if suffix == ".flac":
            soundfile.write(temporary, data, sampling_rate, format="FLAC", subtype="PCM_16")
        else:
            # Not by soundfile: it writes the time of day into float files.
            temporary.write_bytes(_make_wav_header(data, sampling_rate) + data.tobytes())


def _validate(suffix: str, samples: FloatArray, sampling_rate: int, encoding: str) -> None:
    if suffix not in _SUFFIXES:
        raise ParameterError(f"cannot write {suffix!r} files.", hint=suggest(suffix, _SUFFIXES))
    if encoding not in _ENCODINGS:
        raise ParameterError(f"unknown encoding {encoding!r}.", hint=suggest(encoding, _ENCODINGS))
    if suffix == ".flac" and encoding != "int16":
        raise ParameterError("FLAC holds int16 only.", hint="Write float32 as .wav.")
    if samples.ndim != 1:
        raise ParameterError(f"samples must have shape (n_samples,), not {samples.shape}.")
    if samples.dtype.kind != "f":
        raise ParameterError(f"samples must be floating point, not {samples.dtype}.")
    if not 1 <= sampling_rate <= 655_350 or sampling_rate != int(sampling_rate):
        raise ParameterError(
            f"the sampling rate must be a whole number of Hz up to 655,350, not {sampling_rate!r}."
        )
    if samples.size * 4 >= 2**32 - 100:
        raise ParameterError(f"{samples.size:,} samples are too many for one file (4 GiB).")


def _make_wav_header(data: np.ndarray, sampling_rate: int) -> bytes:
    width = data.itemsize
    tag, extra = (1, b"") if data.dtype.kind == "i" else (3, struct.pack("<H", 0))
    form = struct.pack("<HHIIHH", tag, 1, sampling_rate, sampling_rate * width, width, 8 * width)
    chunks = b"fmt " + struct.pack("<I", len(form + extra)) + form + extra
    if tag == 3:
        # Required for all but plain integers.
        chunks += b"fact" + struct.pack("<II", 4, len(data))
    chunks += b"data" + struct.pack("<I", data.nbytes)
    return b"RIFF" + struct.pack("<I", 4 + len(chunks) + data.nbytes) + b"WAVE" + chunks
