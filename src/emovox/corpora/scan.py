"""What a file is, without decoding it: bytes hashed, header read; silence looked into.

A recording is decoded only where its bytes look like silence (one value all along, or hardly any
bytes a second), or where its levels are asked for.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

import numpy as np

from emovox.audio import AudioInfo, inspect_recording, probe_audio, read_audio
from emovox.errors import AudioError, EmptyAudioError, TooLargeError
from emovox.files import hash_file
from emovox.types import FloatArray, Progress

LFS_POINTER = b"version https://git-lfs.github.com/spec/"

# What a packed file of silence takes at most: headers, and bytes a second. Opus, say, gives a
# voice 1500 to 4000 bytes a second, and silence 240.
_SILENT_BYTES = MappingProxyType(
    {
        "OPUS": (1500, 400),
        "VORBIS": (5000, 200),
        "MPEG_LAYER_III": (500, 1300),
    }
)
_OTHER_SILENT_BYTES = (10_000, 300)
_PIECE_BYTES = 4096
_PLAIN_FORMATS = ("WAV", "WAVEX", "AIFF", "AU", "CAF", "W64", "RF64", "RAW")


@dataclass(frozen=True, slots=True)
class Levels:
    """Measured on the samples as stored, mixed down; full scale is 1.

    Attributes
    ----------
    peak, rms : float
        Largest magnitude; root of the mean square, offset removed.
    offset : float
        Mean.
    clipped_share : float
        Share of samples at full scale, 0 to 1.
    n_full_scale : int
        Number of samples at full scale.
    zero_ends : float
        Share of exact zeros before the first and after the last other sample, 0 to 1.
    """

    peak: float
    rms: float
    offset: float
    clipped_share: float
    n_full_scale: int
    zero_ends: float


@dataclass(frozen=True, slots=True)
class Scan:
    """What was found in one file.

    Attributes
    ----------
    sha256 : str
        Of its bytes; empty if it could not be read.
    info : AudioInfo or None
        None where it is no recording.
    problem, message : str
        Code and explanation of why it cannot be used; empty if it can.
    levels : Levels or None
        Where they were asked for.
    """

    sha256: str
    info: AudioInfo | None = None
    problem: str = ""
    message: str = ""
    levels: Levels | None = None


def scan_files(
    paths: Sequence[Path],
    *,
    measure: bool = False,
    n_jobs: int | None = None,
    progress: Progress | None = None,
) -> list[Scan]:
    """Scan files in parallel; results in the order of ``paths``.

    Threads do, because hashing, reading and decoding all release the interpreter.
    """
    n_threads = n_jobs or min(8, os.cpu_count() or 1)
    scans = []
    with ThreadPoolExecutor(n_threads) as pool:
        results: Iterable[Scan] = pool.map(lambda path: scan_file(path, measure=measure), paths)
        for done, scan in enumerate(results, start=1):
            scans.append(scan)
            if progress is not None:
                progress(done, len(paths))
    return scans


def scan_file(path: Path, *, measure: bool = False) -> Scan:
    """Scan one file; whatever is wrong with it is told, not raised."""
    try:
        with path.open("rb") as stream:
            pointer = stream.read(len(LFS_POINTER)) == LFS_POINTER
        sha256 = hash_file(path)
    except OSError as error:
        return Scan("", problem="unreadable", message=f"cannot be read: {error.strerror}")
    if pointer:
        return Scan(
            sha256,
            problem="lfs-pointer",
            message='is a Git LFS pointer, not the recording: run "git lfs pull" in the clone',
        )
    try:
        info = probe_audio(path)
        if not info.n_samples:
            return Scan(sha256, problem=EmptyAudioError.code, message="holds no samples")
        if not (measure or _looks_silent(path, info)):
            return Scan(sha256, info)
        recording = read_audio(path, sampling_rate=None)
    except TooLargeError:
        # Its levels stay unknown; that is no fault of an hour-long recording.
        return Scan(sha256, info)
    except AudioError as error:
        return Scan(sha256, problem=error.code, message=error.message)
    levels = measure_levels(recording.samples) if measure else None
    if "silent" in (problem.code for problem in inspect_recording(recording).problems):
        found = "holds only zeros" if not recording.samples.any() else "is silent"
        return Scan(sha256, info, "silent", found, levels)
    return Scan(sha256, info, levels=levels)


def _looks_silent(path: Path, info: AudioInfo) -> bool:
    n_bytes = path.stat().st_size
    if info.format not in _PLAIN_FORMATS:
        n_headers, rate = _SILENT_BYTES.get(info.subtype, _OTHER_SILENT_BYTES)
        return n_bytes < n_headers + rate * info.duration_s
    with path.open("rb") as stream:
        for quarter in (1, 2, 3):
            stream.seek(n_bytes * quarter // 4)
            if len(set(stream.read(_PIECE_BYTES))) > 1:
                return False
    return True


def measure_levels(samples: FloatArray) -> Levels:
    """Measure peak, level, offset, clipping and zeros at the ends; samples (n_samples,)."""
    magnitudes = np.abs(samples)
    sounding = np.flatnonzero(samples)
    n_inside = int(sounding[-1] - sounding[0] + 1) if sounding.size else 0
    # The largest positive sample of 16 bits is one step below 1.
    n_full_scale = int(np.count_nonzero(magnitudes >= 1 - 2**-15))
    offset = float(np.mean(samples, dtype=np.float64))
    return Levels(
        peak=float(magnitudes.max()),
        rms=float(np.std(samples, dtype=np.float64)),
        offset=offset,
        clipped_share=n_full_scale / len(samples),
        n_full_scale=n_full_scale,
        zero_ends=1 - n_inside / len(samples),
    )
