"""All statistics of a feature set on a manifest: what ``statistics.json`` holds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from emovox.features import FeatureSet
from emovox.metrics import COMPONENTS, estimate_shares
from emovox.study.statistics.describe import (
    average_groups,
    describe_features,
    describe_redundancy,
)
from emovox.study.statistics.probe import Table
from emovox.study.statistics.reading import Readings
from emovox.study.statistics.sample import Sample, StatisticsOptions, make_sample, to_number
from emovox.types import Clip


@dataclass(frozen=True, slots=True, eq=False)
class FeatureStatistics:
    """Statistics of features.

    Attributes
    ----------
    results : dict
        What ``statistics.json`` holds: ``features`` (name of the set), ``n_clips``,
        ``n_speakers``, ``n_unlabelled``, ``n_failed``, ``options``; ``corpora``, ``rows`` (a
        feature each, by rank), ``groups``, ``statistics``, ``labels``, ``by_corpus``,
        ``guesses``, ``parts``, ``selections``, ``voices``: lists of rows; ``mean``,
        ``redundancy``, ``normalization``, ``logs``: rows.
    correlation : ndarray of float64, shape (n_features, n_features)
        In the order of the feature set.
    names : tuple of str
        Of the features, in that order.
    """

    results: dict[str, Any]
    correlation: Table
    names: tuple[str, ...]


def measure_statistics(
    clips: Sequence[Clip],
    values: ArrayLike,
    feature_set: FeatureSet,
    options: StatisticsOptions | None = None,
) -> FeatureStatistics:
    """Compute the statistics of features; seconds for 18,000 clips of 162 features.

    Parameters
    ----------
    clips : sequence of Clip
        Those without emotion or speaker are left out.
    values : array_like of float, shape (n_clips, n_features)
        Features of the clips; NaN where one could not be read.
    feature_set : FeatureSet
        What was computed.
    options : StatisticsOptions, optional
        Folds, thresholds, seed.

    Raises
    ------
    ManifestError
        If fewer than 2 speakers or 2 emotions are left.
    ParameterError
        If a speaker has two corpora or two sexes.
    """
    options = options or StatisticsOptions()
    sample = make_sample(clips, np.asarray(values), feature_set, options)
    intervals = estimate_shares(sample.values, sample.design, level=options.level)
    rows, correlation = describe_features(sample, intervals, options)
    readings = Readings(sample, options)
    results = {
        "features": feature_set.name,
        "description": feature_set.description,
        "n_clips": len(sample.clips),
        "n_speakers": len(set(sample.speakers)),
        "n_emotions": len(np.unique(sample.emotion)),
        "n_unlabelled": sample.n_unlabelled,
        "n_failed": sample.n_failed,
        "options": asdict(options),
        "corpora": _describe_corpora(sample),
        "mean": {
            name: to_number(float(np.nanmean(intervals.shares[row])))
            for row, name in enumerate(COMPONENTS)
        },
        "groups": average_groups(rows, "group"),
        "statistics": average_groups(rows, "statistic"),
        "redundancy": describe_redundancy(correlation, rows, options.redundant),
        "labels": readings.read_labels(),
        "by_corpus": readings.read_corpora(),
        "guesses": readings.guess_from_labels(),
        "normalization": readings.compare_normalized(),
        "logs": readings.compare_logs(),
        "parts": readings.compare_parts(),
        "selections": readings.try_selections(),
        "voices": readings.vary_voices(),
        "rows": rows,
    }
    return FeatureStatistics(results, correlation, sample.names)


def _describe_corpora(sample: Sample) -> list[dict[str, Any]]:
    corpora = dict.fromkeys(clip.corpus for clip in sample.clips)
    rows = []
    for corpus in corpora:
        own = [clip for clip in sample.clips if clip.corpus == corpus]
        counts = {
            f"n_{plural}": len({getattr(clip, field) for clip in own})
            for plural, field in (("speakers", "speaker_id"), ("sexes", "sex"),
                                  ("sentences", "sentence"), ("emotions", "emotion"))
        }  # fmt: skip
        rows.append({"corpus": corpus, "n_clips": len(own), **counts})
    return rows
