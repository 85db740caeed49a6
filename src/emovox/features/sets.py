"""Named sets of features: what is computed, with which settings, in which order."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace
from typing import TypedDict

import numpy as np

from emovox.errors import ParameterError, suggest
from emovox.features.config import FeatureConfig
from emovox.features.frames import (
    compute_chroma,
    compute_log_mel,
    compute_mel,
    compute_mfcc,
    compute_rms,
    compute_zcr,
)
from emovox.features.pitch import compute_pitch
from emovox.features.spectrum import compute_spectrum, validate_samples
from emovox.features.statistics import (
    PITCH_NAMES,
    compute_pitch_statistics,
    compute_statistics,
    list_statistics,
)
from emovox.types import FloatArray

_CODE_VERSION = 1  # goes up whenever a value changes, so that stored features are made anew

_GROUPS = ("zcr", "chroma", "mfcc", "rms", "mel", "logmel", "voicing")
_NOTEBOOK_GROUPS = ("zcr", "chroma", "mfcc", "rms", "mel")
_FRAME_GROUPS = ("zcr", "chroma", "mfcc", "rms", "logmel")


@dataclass(frozen=True, slots=True)
class FeatureSet:
    """A named list of features of a recording.

    Attributes
    ----------
    name : str
        As `get_feature_set` knows it.
    description : str
        One line for people.
    config : FeatureConfig
        Every number the features depend on.
    groups : tuple of str
        Frame features in order, out of ``zcr, chroma, mfcc, rms, mel, logmel, voicing``; the last
        needs ``pitch``.
    statistics : tuple of str
        What is computed of each frame feature over a recording; see `list_statistics`.
    pitch : bool
        Whether statistics of pitch and voicing follow.
    """

    name: str
    description: str
    config: FeatureConfig
    groups: tuple[str, ...]
    statistics: tuple[str, ...] = ("mean",)
    pitch: bool = False

    def __post_init__(self) -> None:
        for kind, given, known in (
            ("group", self.groups, _GROUPS if self.pitch else _GROUPS[:-1]),
            ("statistic", self.statistics, list_statistics()),
        ):
            for name in given:
                if name not in known:
                    raise ParameterError(f"no {kind} {name!r} here. {suggest(name, known)}")

    @property
    def frame_names(self) -> tuple[str, ...]:
        """Names of the frame features, one for each column of `compute_frames`."""
        config = self.config
        sizes = {"chroma": config.n_chroma, "mfcc": config.n_mfcc}
        digits = {"mel": (config.n_mels, 3), "logmel": (config.n_mels, 2)}
        names: list[str] = []
        for group in self.groups:
            if group in sizes:
                names += [f"{group}_{i:02d}" for i in range(sizes[group])]
            elif group in digits:
                size, width = digits[group]
                names += [f"{group}_{i:0{width}d}" for i in range(size)]
            else:
                names.append(group)
        return (*names, "pitch") if self.pitch else tuple(names)

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the features of a recording; means alone bear the frame feature's name."""
        if self.statistics == ("mean",) and not self.pitch:
            return self.frame_names
        names = self.frame_names[:-1] if self.pitch else self.frame_names
        summary = [f"{name}_{statistic}" for statistic in self.statistics for name in names]
        return (*summary, *PITCH_NAMES) if self.pitch else tuple(summary)

    @property
    def n_features(self) -> int:
        """Number of features of a recording."""
        return len(self.names)

    @property
    def key(self) -> str:
        """Everything the values depend on, as one line of JSON."""
        content = {
            "code": _CODE_VERSION,
            "config": asdict(self.config),
            "groups": self.groups,
            "pitch": self.pitch,
            "statistics": self.statistics,
        }
        return json.dumps(content, sort_keys=True, separators=(",", ":"))

    def cut(self, samples: FloatArray) -> FloatArray:
        """Return the part of a recording the set looks at: after the offset, for the duration.

        The offset gives way where less than one window would remain after it: such a short
        recording is used from its start.

        Parameters
        ----------
        samples : ndarray of float32, shape (n_samples,)
            At ``config.sampling_rate``.
        """
        config = self.config
        start = round(config.offset_s * config.sampling_rate)
        if len(samples) - start < config.n_fft:
            start = 0
        if config.duration_s is None:
            return samples[start:]
        return samples[start : start + round(config.duration_s * config.sampling_rate)]

    def compute(self, samples: FloatArray, sampling_rate: int) -> FloatArray:
        """Compute the features of a recording, or of a part of it made by `cut`.

        Parameters
        ----------
        samples : ndarray of float32, shape (n_samples,)
            All of it is used: `cut` comes before (and an alteration between the two).
        sampling_rate : int
            Must be ``config.sampling_rate``.

        Returns
        -------
        ndarray of float32, shape (n_features,)
            Finite, also for silence and for a single sample.

        Raises
        ------
        ParameterError
            If the sampling rate is another one, or samples are not a vector of floats.
        EmptyAudioError
            If there are no samples.
        AudioError
            If a sample is NaN or infinite.
        """
        table = self.compute_frames(samples, sampling_rate)
        if not self.pitch:
            return compute_statistics(table, self.statistics)
        hop_s = self.config.hop_length / self.config.sampling_rate
        general = compute_statistics(table[:, :-1], self.statistics)
        return np.concatenate((general, compute_pitch_statistics(table[:, -1], hop_s)))

    def compute_frames(self, samples: FloatArray, sampling_rate: int) -> FloatArray:
        """Compute the frame features of a recording; parameters and errors as in `compute`.

        Returns
        -------
        ndarray of float32, shape (n_frames, n_frame_features)
            Columns in the order of ``frame_names``; pitch, where there, in Hz (0: unvoiced).
        """
        config = self.config
        if sampling_rate != config.sampling_rate:
            raise ParameterError(
                f"samples are at {sampling_rate} Hz; the feature set {self.name!r} needs "
                f"{config.sampling_rate} Hz.",
                hint=f"Read them with read_audio(..., sampling_rate={config.sampling_rate}).",
            )
        samples = validate_samples(samples)
        if config.remove_offset:
            samples = samples - samples.mean()
        return np.concatenate(_compute_columns(samples, config, self.groups, self.pitch), axis=1)


class _Framing(TypedDict):
    n_fft: int
    hop_length: int
    center: bool


def _compute_columns(
    samples: FloatArray, config: FeatureConfig, groups: tuple[str, ...], pitch: bool
) -> list[FloatArray]:
    """Compute the groups in order; what several of them need is computed once."""
    rate = config.sampling_rate
    framing: _Framing = {
        "n_fft": config.n_fft,
        "hop_length": config.hop_length,
        "center": config.center,
    }
    spectrum = compute_spectrum(samples, **framing, pad_mode=config.pad_mode)
    power = np.square(spectrum)
    mel = compute_mel(
        power, sampling_rate=rate, n_mels=config.n_mels, f_min=config.f_min, f_max=config.f_max
    )
    columns = {"mel": mel}
    if "logmel" in groups or "mfcc" in groups:
        columns["logmel"] = compute_log_mel(mel, top_db=config.top_db)
    if "mfcc" in groups:
        columns["mfcc"] = compute_mfcc(columns["logmel"], n_mfcc=config.n_mfcc)
    if "zcr" in groups:
        columns["zcr"] = compute_zcr(samples, **framing)
    if "rms" in groups:
        columns["rms"] = compute_rms(samples, **framing, pad_mode=config.pad_mode)
    if "chroma" in groups:
        columns["chroma"] = compute_chroma(
            spectrum,
            sampling_rate=rate,
            n_chroma=config.n_chroma,
            tuning=config.tuning,
            floor=config.chroma_floor,
        )
    if pitch:
        found = compute_pitch(
            power, sampling_rate=rate, f_min=config.pitch_min_hz, f_max=config.pitch_max_hz
        )
        columns |= {"pitch": found[:, :1], "voicing": found[:, 1:]}
    return [columns[group] for group in (*groups, *(("pitch",) if pitch else ()))]


def _make_sets() -> tuple[FeatureSet, ...]:
    # 16 kHz is the lowest rate among the corpora: what lies above 8 kHz would name the corpus.
    # The floor lies 100 dB below what 24 bits can hold: it keeps what a resampler leaves of digital
    # silence, 1e-34, from being blown up to 1.
    whole = FeatureConfig(sampling_rate=16000, offset_s=0.0, duration_s=None, chroma_floor=1e-10)
    compact = replace(whole, n_fft=1024, hop_length=256, n_mels=40)
    return (
        FeatureSet(
            "notebook",
            "The reference notebook's 162 means: 2.5 s after the first 0.6 s, at 22,050 Hz",
            FeatureConfig(),
            _NOTEBOOK_GROUPS,
        ),
        FeatureSet(
            "notebook-16k",
            "The same 162 means of the whole recording at 16 kHz; exported models compute these",
            whole,
            _NOTEBOOK_GROUPS,
        ),
        FeatureSet(
            "full",
            "Mean, deviation, percentiles and deltas of 75 frame features, pitch and voicing",
            replace(compact, remove_offset=True),
            (*_FRAME_GROUPS, "voicing"),
            ("mean", "deviation", "p10", "p50", "p90", "delta_mean", "delta_deviation"),
            pitch=True,
        ),
        FeatureSet(
            "frames",
            "74 frame features every 16 ms at 16 kHz, for networks that read sequences",
            compact,
            _FRAME_GROUPS,
        ),
    )


def list_feature_sets() -> tuple[str, ...]:
    """Return the names of all feature sets."""
    return tuple(feature_set.name for feature_set in _make_sets())


def get_feature_set(name: str) -> FeatureSet:
    """Return a feature set by name.

    Raises
    ------
    ParameterError
        If there is none of this name; the message lists the names.
    """
    for feature_set in _make_sets():
        if feature_set.name == name:
            return feature_set
    raise ParameterError(f"no feature set {name!r}. {suggest(name, list_feature_sets())}")
