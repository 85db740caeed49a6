"""The clips and features that statistics are computed from, put in order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from emovox.emotions import encode_emotions
from emovox.errors import ManifestError, ParameterError
from emovox.features import FeatureSet, list_statistics
from emovox.metrics import Design
from emovox.protocols import TEST, get_protocol
from emovox.study.statistics.probe import Table, normalize_speakers
from emovox.types import Clip, FloatArray, IntArray

OTHER = "other"
"""The statistic of a feature that is none of `list_statistics`."""


@dataclass(frozen=True, slots=True)
class StatisticsOptions:
    """How statistics are computed.

    Attributes
    ----------
    level : float
        Of intervals.
    n_folds : int
        Folds of speakers of the linear classifier; fewer where there are fewer speakers.
    redundant : float
        Two features whose correlation is as large as this, of whatever sign, say the same.
    shortcut : float
        A corpus or speaker that explains this share of a feature, and more than emotion does, is
        warned of.
    seed : int
        Of folds and intervals.
    """

    level: float = 0.95
    n_folds: int = 10
    redundant: float = 0.9
    shortcut: float = 0.1
    seed: int = 0

    def __post_init__(self) -> None:
        for name in ("level", "redundant", "shortcut"):
            if not 0 < getattr(self, name) < 1:
                raise ParameterError(f"{name} is {getattr(self, name)}; it must be in (0, 1).")
        if self.n_folds < 2 or self.seed < 0:
            raise ParameterError("n_folds must be at least 2, and seed 0 or more.")


@dataclass(frozen=True, slots=True, eq=False)
class Sample:
    """Clips that have an emotion, a speaker and features.

    Attributes
    ----------
    clips : tuple of Clip
        As many as there are rows.
    feature_set : FeatureSet
        What was computed.
    values, normalized : ndarray of float64, shape (n, n_features)
        Features; the same with each speaker's mean and deviation taken out.
    design : Design
        Who says what how.
    emotion : ndarray of int64, shape (n,)
        Indices into ``EMOTIONS``.
    speakers : tuple of str
        Of the clips.
    folds, mixed : ndarray of int64, shape (n,)
        Folds that keep speakers together, and folds of clips by chance.
    n_unlabelled, n_failed : int
        Clips that were left out: without emotion or speaker; without features.
    """

    clips: tuple[Clip, ...]
    feature_set: FeatureSet
    values: Table
    normalized: Table
    design: Design
    emotion: IntArray
    speakers: tuple[str, ...]
    folds: IntArray
    mixed: IntArray
    n_unlabelled: int
    n_failed: int

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the features."""
        return self.feature_set.names


def make_sample(
    clips: Sequence[Clip], values: FloatArray, feature_set: FeatureSet, options: StatisticsOptions
) -> Sample:
    """Put clips and their features in order.

    Parameters
    ----------
    clips : sequence of Clip
        All of a manifest.
    values : ndarray of float32, shape (n_clips, n_features)
        NaN where a clip could not be read.
    feature_set : FeatureSet
        What was computed.
    options : StatisticsOptions
        Folds and seed.

    Raises
    ------
    ManifestError
        If fewer than 2 speakers or 2 emotions are left.
    ParameterError
        If a speaker has two corpora or two sexes.
    """
    labelled = np.array([bool(clip.emotion and clip.speaker_id) for clip in clips], dtype=bool)
    whole = np.isfinite(values).all(axis=1)
    kept = tuple(clip for clip, keep in zip(clips, labelled & whole, strict=True) if keep)
    for name in ("speaker_id", "emotion"):
        n_levels = len({getattr(clip, name) for clip in kept})
        if n_levels < 2:
            raise ManifestError(
                f"{len(kept)} clips have features, a speaker and an emotion, and among them is "
                f"{n_levels} {name}; at least 2 are needed.",
                hint="Fill the columns speaker_id and emotion of the manifest.",
            )
    table = values[labelled & whole].astype(np.float64)
    design = make_design(kept)
    rng = np.random.default_rng(options.seed)
    return Sample(
        clips=kept,
        feature_set=feature_set,
        values=table,
        normalized=normalize_speakers(table, design.speaker),
        design=design,
        emotion=encode_emotions([clip.emotion for clip in kept]),
        speakers=tuple(clip.speaker_id for clip in kept),
        folds=deal_folds(kept, options),
        mixed=rng.permutation(len(kept)) % options.n_folds,
        n_unlabelled=int((~labelled).sum()),
        n_failed=int((labelled & ~whole).sum()),
    )


def make_design(clips: Sequence[Clip]) -> Design:
    """Return who says what how, as numbers."""
    return Design.of(
        {
            "corpus": [clip.corpus for clip in clips],
            "sex": [clip.sex for clip in clips],
            "speaker": [clip.speaker_id for clip in clips],
            "sentence": [clip.sentence for clip in clips],
            "emotion": [clip.emotion for clip in clips],
        }
    )


def deal_folds(clips: Sequence[Clip], options: StatisticsOptions) -> IntArray:
    """Return the fold that tests each clip: those of the protocol ``speaker``."""
    n_folds = min(options.n_folds, len({clip.speaker_id for clip in clips}))
    protocol = get_protocol("speaker", n_folds=n_folds)
    folds = np.zeros(len(clips), dtype=np.int64)
    for number, fold in enumerate(protocol.folds(clips, seed=options.seed)):
        folds[fold.splits[:, 0] == TEST] = number
    return folds


def find_group(name: str) -> str:
    """Return the kind of a feature: the first word of its name, such as ``mfcc``."""
    kind = name.split("_")[0]
    return {"voiced": "voicing"}.get(kind, kind)


def find_statistic(name: str, feature_set: FeatureSet) -> str:
    """Return which statistic of its frames a feature is, such as ``delta_mean``."""
    if name in feature_set.frame_names:
        return feature_set.statistics[0]
    known = sorted(list_statistics(), key=len, reverse=True)
    return next((kind for kind in known if name.endswith(f"_{kind}")), OTHER)


def to_number(value: float | np.floating | np.integer) -> float | int | None:
    """Return what JSON takes: six significant digits; None for NaN and infinity."""
    if isinstance(value, np.integer | int):
        return int(value)
    return float(f"{value:.6g}") if np.isfinite(value) else None


def compute_skewness(values: Table) -> NDArray[np.float64]:
    """Return the third standardized moment of each column; 0 where it is constant."""
    centred = values - values.mean(axis=0)
    deviation = centred.std(axis=0)
    third = (centred**3).mean(axis=0)
    skewness: NDArray[np.float64] = np.zeros_like(third)
    np.divide(third, deviation**3, out=skewness, where=deviation > 0)
    return skewness
