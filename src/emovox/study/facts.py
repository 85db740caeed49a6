"""Facts of a recording: what it is, how loud, and what the gate says of it."""

from __future__ import annotations

import math
import os

import numpy as np

from emovox.audio import (
    GateOptions,
    inspect_recording,
    measure_speech,
    probe_audio,
    read_audio,
    remove_offset,
)
from emovox.types import FloatArray

_QUIETEST = 1e-10


def describe_recording(path: str | os.PathLike[str]) -> list[tuple[str, str]]:
    """Return facts of a recording, as names and values ready to be read.

    Parameters
    ----------
    path : path-like
        A recording.

    Returns
    -------
    list of (str, str)
        File, format, duration, rate, channels, peak, RMS level, offset, clipped samples, share of
        speech, verdict of the gate.

    Raises
    ------
    AudioError
        If it cannot be decoded.
    """
    info = probe_audio(path)
    recording = read_audio(path, sampling_rate=None)
    samples = recording.samples
    report = inspect_recording(recording)
    clipped = float(np.mean(np.abs(samples) >= GateOptions().clip_level))
    centred = remove_offset(samples)
    speech = measure_speech(samples, recording.sampling_rate)
    verdict = "; ".join(f"{problem.code}: {problem.message}" for problem in report.problems)
    channels = "1, mono" if info.n_channels == 1 else f"{info.n_channels}, mixed down"
    return [
        ("file", os.fspath(path)),
        ("format", f"{info.format}, {info.subtype}"),
        ("duration", f"{recording.duration_s:.3f} s"),
        ("rate", f"{recording.sampling_rate:,} Hz"),
        ("channels", channels),
        ("peak", f"{to_decibels(float(np.abs(samples).max(initial=0.0)))} dBFS"),
        ("level", f"{to_decibels(_compute_rms(centred))} dBFS (RMS, offset removed)"),
        ("offset", f"{float(samples.mean(dtype=np.float64)):+.4f} of full scale"),
        ("clipped", f"{100 * clipped:.2f} % of the samples"),
        ("speech", f"{100 * speech:.0f} % of what can be heard"),
        ("gate", verdict or "accepted"),
    ]


def to_decibels(amplitude: float) -> str:
    """Return an amplitude in dB of full scale, such as ``-3.1``."""
    return f"{20 * math.log10(max(amplitude, _QUIETEST)):.1f}"


def _compute_rms(samples: FloatArray) -> float:
    return float(np.sqrt(np.mean(np.square(samples, dtype=np.float64)))) if samples.size else 0.0
