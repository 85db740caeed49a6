"""Feature by feature: whose variance it is, how it separates emotions, what it repeats."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from emovox.metrics import COMPONENTS, ShareIntervals, analyze_one_way
from emovox.metrics.classification import Float64Array
from emovox.study.statistics.probe import Table
from emovox.study.statistics.sample import (
    Sample,
    StatisticsOptions,
    compute_skewness,
    find_group,
    find_statistic,
    to_number,
)
from emovox.types import IntArray

Row = dict[str, Any]

FACTORS = ("corpus", "sex", "speaker", "sentence", "emotion")
"""What a clip is labelled with."""

_PERSONAL, _EMOTION = COMPONENTS.index("personal"), COMPONENTS.index("emotion")
_WITHIN = [COMPONENTS.index(name) for name in ("sentence", "emotion", "personal", "rest")]
"""What is left where a speaker's mean is taken out."""

FIELDS: Mapping[str, str] = {
    "rank": "1 is the feature with the largest share of emotion",
    "feature": "its name",
    "group": "what it is computed from, such as mfcc",
    "statistic": "what is computed of its frames, such as mean",
    **{name: f"share of the variance that belongs to {name}" for name in FACTORS},
    "personal": "share that is emotion as each speaker shows it in their own way",
    "rest": "share of what is left; the seven shares add up to 1",
    "emotion_low": "lower end of the 95 % interval of the share of emotion, over speakers",
    "emotion_high": "upper end",
    "speaker_low": "lower end of that of speaker",
    "speaker_high": "upper end",
    "corpus_low": "lower end of that of corpus: for these corpora with other speakers",
    "corpus_high": "upper end",
    "emotion_within": "share of emotion in what is left without corpus, sex and speaker",
    **{
        f"{name}_alone": f"epsilon squared of {name} alone, with all tied to it" for name in FACTORS
    },
    "f_emotion": "Fisher's F of emotion alone",
    "fisher": "variance between emotions over variance within them",
    "fisher_normalized": "the same with each speaker's mean and deviation taken out",
    "skewness": "0 is symmetric; above 2 a few large values rule the variance",
    "like": "a feature of better rank that it repeats; empty where there is none",
    "correlation": "with that feature",
    "shortcut": "what explains more than emotion, and much: corpus, sex, speaker, sentence",
}
"""A column of ``statistics.csv`` -> what is in it."""


def describe_features(
    sample: Sample, intervals: ShareIntervals, options: StatisticsOptions
) -> tuple[list[Row], Table]:
    """Describe every feature.

    Parameters
    ----------
    sample : Sample
        Clips and features.
    intervals : ShareIntervals
        Their components of variance.
    options : StatisticsOptions
        What is redundant, what a shortcut.

    Returns
    -------
    list of dict
        A row a feature with the fields of `FIELDS`, in the order of rank.
    ndarray of float64, shape (n_features, n_features)
        Correlations, in the order of the feature set; 0 where a feature is constant.
    """
    shares = intervals.shares
    order = rank_features(shares)
    correlation = correlate(sample.values)
    like = find_leaders(correlation, order, options.redundant)
    alone = {
        name: analyze_one_way(sample.values, getattr(sample.design, name)).epsilon2
        if 1 < len(np.unique(getattr(sample.design, name))) < len(sample.clips)
        else np.full(len(sample.names), np.nan)
        for name in FACTORS
    }
    after = analyze_one_way(sample.normalized, sample.design.emotion).epsilon2
    f_emotion = analyze_one_way(sample.values, sample.design.emotion).f
    skewed = compute_skewness(sample.values)
    rows = []
    for rank, column in enumerate(order, start=1):
        name = sample.names[column]
        leader = int(like[column])
        numbers = {
            **{one: shares[k, column] for k, one in enumerate(COMPONENTS)},
            **_get_bounds(intervals, int(column)),
            "emotion_within": shares[_EMOTION, column] / (shares[_WITHIN, column].sum() or np.nan),
            **{f"{one}_alone": alone[one][column] for one in FACTORS},
            "f_emotion": f_emotion[column],
            "fisher": _compute_fisher(alone["emotion"][column]),
            "fisher_normalized": _compute_fisher(after[column]),
            "skewness": skewed[column],
            "correlation": correlation[column, leader],
        }
        row: Row = {
            "rank": rank,
            "feature": name,
            "group": find_group(name),
            "statistic": find_statistic(name, sample.feature_set),
            "like": "" if leader == column else sample.names[leader],
            "shortcut": find_shortcut(shares[:, column], options.shortcut),
            **{key: to_number(value) for key, value in numbers.items()},
        }
        rows.append({field: row[field] for field in FIELDS})
    return rows, correlation


def _get_bounds(intervals: ShareIntervals, column: int) -> dict[str, float]:
    return {
        f"{name}_{end}": bound[COMPONENTS.index(name), column]
        for name in ("emotion", "speaker", "corpus")
        for end, bound in (("low", intervals.low), ("high", intervals.high))
    }


def _compute_fisher(epsilon2: float) -> float:
    """Return the variance between classes over that within them, from their share."""
    share = max(0.0, epsilon2)
    return share / (1 - share) if share < 1 else np.nan


def rank_features(shares: Float64Array) -> IntArray:
    """Return the columns by the share of emotion, the largest first; constant ones last."""
    return np.argsort(-np.nan_to_num(shares[_EMOTION], nan=-1.0), kind="stable").astype(np.int64)


def correlate(values: Table) -> Table:
    """Return Pearson's correlations of the columns; those of a constant are 0."""
    centred = values - values.mean(axis=0)
    length = np.sqrt((centred**2).sum(axis=0))
    constant = length <= 1e-12 * np.sqrt(len(values)) * np.abs(values).max(axis=0)
    unit = np.divide(centred, length, out=np.zeros_like(centred), where=~constant)
    matrix: Table = np.clip(unit.T @ unit, -1, 1)
    return matrix


def find_leaders(correlation: Table, order: IntArray, threshold: float) -> IntArray:
    """Return for each feature the one that speaks for it: the best of rank that is so alike.

    Features are taken by rank; each not yet spoken for leads those not yet spoken for whose
    correlation with it is ``threshold`` or more, of whatever sign.
    """
    leaders = np.full(len(order), -1, dtype=np.int64)
    for column in order:
        if leaders[column] < 0:
            alike = (np.abs(correlation[column]) >= threshold) & (leaders < 0)
            leaders[alike] = column
            leaders[column] = column
    return leaders


def order_without_repeats(correlation: Table, order: IntArray, threshold: float) -> IntArray:
    """Return the columns by rank, those that repeat a better one behind all others."""
    leaders = find_leaders(correlation, order, threshold)
    leads = leaders[order] == order
    return np.concatenate((order[leads], order[~leads]))


def find_shortcut(shares: Float64Array, least: float) -> str:
    """Return what explains more of a feature than emotion, and at least this share, or ''."""
    rivals = ("corpus", "sex", "speaker", "sentence")
    own = {name: float(shares[COMPONENTS.index(name)]) for name in rivals}
    largest = max(own, key=lambda name: np.nan_to_num(own[name]))
    found = own[largest] >= least and own[largest] > shares[_EMOTION]
    return largest if found else ""


def describe_redundancy(correlation: Table, rows: Sequence[Row], threshold: float) -> Row:
    """Return how many features there are in truth.

    Returns
    -------
    dict
        ``n_features``; ``n_effective``: (sum of eigenvalues)^2 / sum of their squares, the
        participation ratio (Bretherton et al.: The effective number of spatial degrees of
        freedom, J. Climate 12, 1999); ``n_95``: principal components that hold 95 % of the
        variance; ``n_clusters``: features left where one speaks for all that are alike;
        ``threshold``: how alike; ``eigenvalues``.
    """
    changing = correlation.diagonal() > 0
    eigenvalues = np.linalg.eigvalsh(correlation[np.ix_(changing, changing)])[::-1]
    eigenvalues = np.maximum(eigenvalues, 0)
    held = np.cumsum(eigenvalues) / eigenvalues.sum()
    return {
        "n_features": len(rows),
        "n_constant": int((~changing).sum()),
        "n_effective": to_number(eigenvalues.sum() ** 2 / (eigenvalues**2).sum()),
        "n_95": int(np.searchsorted(held, 0.95 - 1e-12) + 1),
        "n_clusters": sum(not row["like"] for row in rows),
        "threshold": threshold,
        "eigenvalues": [to_number(value) for value in eigenvalues[:50]],
    }


def average_groups(rows: Sequence[Row], field: str) -> list[Row]:
    """Return the mean shares of the features that agree in a field, in order of appearance.

    Parameters
    ----------
    rows : sequence of dict
        From `describe_features`.
    field : str
        ``group`` or ``statistic``.
    """
    groups = dict.fromkeys(row[field] for row in rows)
    averages = []
    for group in groups:
        own = [row for row in rows if row[field] == group and row["rest"] is not None]
        if own:
            means = {name: float(np.mean([row[name] for row in own])) for name in COMPONENTS}
            averages.append(
                {
                    field: group,
                    "n_features": len(own),
                    **{name: to_number(value) for name, value in means.items()},
                }
            )
    return averages
