"""The gate: is this recording fit to be judged, and if not, why."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from emovox.audio.speech import measure_speech
from emovox.errors import ParameterError
from emovox.types import FloatArray, Recording

_FRAME_S = 0.03
_FLOOR_DB = -200.0


@dataclass(frozen=True, slots=True)
class GateOptions:
    """What the gate lets through.

    Attributes
    ----------
    min_duration_s : float
        Shortest recording, in seconds.
    min_level_db : float
        The loudest 30 ms must reach this level, in dB below full scale (RMS, offset removed).
    min_speech_share : float
        Least share of the audible frames that must move as speech does (``measure_speech``),
        0 to 1. Noise, hum, tones and clicks have 0 to 0.05; none of 18,269 clips of seven corpora
        is below 0.1, and none of 753 of them with white noise of their own power added is below
        0.18. 0 lets everything through.
    clip_level : float
        From this level on a sample counts as clipped; full scale is 1. A little below, because
        resampling and lossy coding round the corners.
    max_clipped_share : float
        Largest share of clipped samples, 0 to 1. A little clipping is common (a fifth of SAVEE has
        over 0.1 %) and does little harm: states of a frozen Whisper encoder and a linear head,
        200 clips of 15 unheard speakers of CREMA-D, recognized 65 % (UAR) unclipped, 62 % with 2 %
        of the samples clipped, 58 % with 10 %, 49 % with 20 %.
    """

    min_duration_s: float = 0.2
    min_level_db: float = -70.0
    min_speech_share: float = 0.1
    clip_level: float = 0.98
    max_clipped_share: float = 0.1

    def __post_init__(self) -> None:
        if self.min_duration_s < 0:
            raise ParameterError(f"min_duration_s must be 0 or more, not {self.min_duration_s}.")
        if not 0 < self.clip_level <= 1:
            raise ParameterError(f"clip_level must be in (0, 1], not {self.clip_level}.")
        for name in ("min_speech_share", "max_clipped_share"):
            if not 0 <= getattr(self, name) <= 1:
                raise ParameterError(f"{name} must be in [0, 1], not {getattr(self, name)}.")


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong with a recording.

    Attributes
    ----------
    code : str
        ``too_short``, ``silent``, ``no_speech`` or ``clipped``.
    message : str
        For a person: what was found, what would be right.
    """

    code: str
    message: str


@dataclass(frozen=True, slots=True)
class GateReport:
    """What the gate found.

    Attributes
    ----------
    problems : tuple of Problem
        The gravest first; empty if there are none.
    """

    problems: tuple[Problem, ...] = ()

    @property
    def reason(self) -> str:
        """Code of the gravest problem, or empty."""
        return self.problems[0].code if self.problems else ""


DEFAULT_GATE = GateOptions()


def inspect_recording(recording: Recording, options: GateOptions = DEFAULT_GATE) -> GateReport:
    """Look for what makes a recording unfit to be judged.

    It raises nothing and changes nothing; the caller decides. What cannot be decoded at all
    (empty, not audio, truncated, NaN) has been refused by ``read_audio`` before.

    Parameters
    ----------
    recording : Recording
        As read, at any rate; before its offset is removed, or clipping may not be seen.
    options : GateOptions
        The limits.

    Returns
    -------
    GateReport
    """
    problems = []
    if recording.duration_s < options.min_duration_s:
        problems.append(
            Problem(
                "too_short",
                f"{recording.name} is {recording.duration_s:.3f} s long; at least "
                f"{options.min_duration_s:g} s are needed.",
            )
        )
    level_db = _measure_level(recording.samples, recording.sampling_rate)
    if level_db < options.min_level_db:
        problems.append(
            Problem(
                "silent",
                f"{recording.name} is silent: its loudest moment reaches {level_db:.0f} dB, "
                f"a voice at least {options.min_level_db:g} dB.",
            )
        )
    # Of what is too short or silent nothing more can be said.
    if not problems:
        speech = measure_speech(recording.samples, recording.sampling_rate)
        if speech < options.min_speech_share:
            problems.append(
                Problem(
                    "no_speech",
                    f"{recording.name} holds no speech: {speech:.0%} of what can be heard moves "
                    f"the way speech does, at least {options.min_speech_share:.0%} should.",
                )
            )
    share = _measure_clipping(recording.samples, options.clip_level)
    if share > options.max_clipped_share:
        problems.append(
            Problem(
                "clipped",
                f"{recording.name} is clipped: {share:.1%} of its samples are at full scale, at "
                f"most {options.max_clipped_share:.1%} may be. Record it at a lower level.",
            )
        )
    return GateReport(tuple(problems))


def remove_offset(samples: FloatArray) -> FloatArray:
    """Return the samples without their mean.

    Some sound cards add a constant; three of the four speakers of SAVEE have one of 0.03 to 0.04,
    which tells them apart.

    Parameters
    ----------
    samples : ndarray of float32, shape (n_samples,)

    Returns
    -------
    ndarray of float32, shape (n_samples,)
    """
    if not samples.size:
        return samples
    return samples - np.float32(samples.mean(dtype=np.float64))


def _measure_level(samples: FloatArray, sampling_rate: int) -> float:
    """Return the RMS of the loudest frame, in dB of full scale, the mean removed."""
    if not samples.size:
        return _FLOOR_DB
    n_frame = min(max(1, round(_FRAME_S * sampling_rate)), len(samples))
    centred = remove_offset(samples)
    frames = centred[: len(samples) // n_frame * n_frame].reshape(-1, n_frame)
    power = float(np.einsum("ij,ij->i", frames, frames).max()) / n_frame
    return 10 * math.log10(max(power, 10 ** (_FLOOR_DB / 10)))


def _measure_clipping(samples: FloatArray, level: float) -> float:
    return float(np.count_nonzero(np.abs(samples) >= level)) / max(1, len(samples))
