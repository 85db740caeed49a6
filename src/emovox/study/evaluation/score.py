"""Figures from stored predictions and the manifest: no model is loaded, no recording is heard.

Intervals are 95 % and resample speakers: the recordings of one person are one vote.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from emovox.emotions import EMOTIONS
from emovox.metrics import (
    ResamplingOptions,
    apply_threshold,
    compare_paired,
    compute_aurc,
    compute_ece,
    compute_macro_f1,
    compute_recalls,
    compute_reliability,
    compute_risk_coverage,
    compute_uar,
    estimate_interval,
    fit_threshold,
)
from emovox.study.evaluation.conditions import Pass
from emovox.study.evaluation.judged import ALL, GROUPINGS, UNKNOWN, Judged
from emovox.training import fit_temperature
from emovox.types import Clip

Row = dict[str, Any]

ERROR_RATES = (0.05, 0.1, 0.15, 0.2, 0.25, 0.3)
"""For which the coverage is tabled."""

_NO_CHANGE: Row = {
    "agreement": 1.0,
    **dict.fromkeys(("change", "change_low", "change_high", "p_value")),
}


def score_judged(judged: Judged) -> Row:
    """Return all metrics of some clips; intervals where there are two speakers or more."""
    truth, prediction = judged.truth, judged.prediction
    recalls = compute_recalls(truth, prediction)
    accepted = judged.take(judged.accepted)
    right = accepted.truth == accepted.prediction
    return {
        "n_clips": len(judged),
        "n_speakers": judged.n_speakers,
        **_score_with_interval("uar", judged),
        **_score_with_interval("accuracy", judged),
        "macro_f1": compute_macro_f1(truth, prediction),
        "ece": compute_ece(truth, judged.probabilities),
        "aurc": compute_aurc(truth, judged.probabilities),
        "coverage": float(judged.accepted.mean()),
        "accuracy_accepted": float(right.mean()) if len(right) else None,
        "recalls": {e: float(r) for e, r in zip(EMOTIONS, recalls, strict=True) if r == r},
    }


def score_corpora(judged: Judged) -> list[Row]:
    """Return the metrics of all clips, then of each corpus.

    ``uar_own`` is the UAR where the model may only say what the corpus has.
    """
    rows = []
    for corpus in _list_corpora(judged):
        part = judged.of_corpus(corpus)
        own = part.restrict()
        row = {"corpus": corpus, **score_judged(part)}
        rows.append(row | {"uar_own": compute_uar(own.truth, own.prediction)})
    return rows


def score_groups(judged: Judged, clips: Sequence[Clip]) -> list[Row]:
    """Return the metrics of groups of people, corpus by corpus and over all.

    A grouping is left out where fewer than two of its groups have more than one speaker.
    """
    rows: list[Row] = []
    for corpus in _list_corpora(judged):
        part = judged.of_corpus(corpus)
        for grouping, get_group in GROUPINGS.items():
            groups = np.array([get_group(clips[i]) for i in part.clip])
            found: list[Row] = [
                {"corpus": corpus, "grouping": grouping, "group": name}
                | score_judged(part.take(groups == name))
                for name in _sort_groups(groups)
                if name != UNKNOWN
            ]
            # One person stands for nobody else.
            if sum(row["n_speakers"] > 1 for row in found) > 1:
                rows += found
    return rows


def score_calibration(judged: Judged, threshold: float) -> Row:
    """Return how far confidences may be believed, and what refusing brings.

    Parameters
    ----------
    judged : Judged
        Clips under no special condition.
    threshold : float
        Of the model.
    """
    truth, probabilities = judged.truth, judged.probabilities
    curve = compute_risk_coverage(truth, probabilities)
    # A thousand points draw any curve.
    shown = np.unique(np.linspace(0, len(curve.risk) - 1, 1000).round().astype(np.int64))
    own = apply_threshold(truth, probabilities, threshold)
    points = [(r, fit_threshold(truth, probabilities, error_rate=r)) for r in ERROR_RATES]
    return {
        "ece": compute_ece(truth, probabilities),
        "aurc": compute_aurc(truth, probabilities),
        # Times the model's own temperature. A diagnosis: fitting belongs to dev speakers.
        "best_rescale": fit_temperature(probabilities, truth),
        "reliability": [
            {"corpus": corpus, "ece": ece, "bins": bins}
            for corpus, ece, bins in _list_reliability(judged)
        ],
        "operating_point": _describe_point(own),
        "error_rates": [{"error_rate": rate, **_describe_point(p)} for rate, p in points],
        "risk_coverage": {
            "threshold": curve.threshold[shown].tolist(),
            "coverage": curve.coverage[shown].tolist(),
            "risk": curve.risk[shown].tolist(),
        },
    }


def compare_passes(
    passes: Sequence[Pass], judged: Mapping[str, Judged], *, by_corpus: bool
) -> list[Row]:
    """Return the metrics of each pass, and its difference to the first one on the same clips.

    Parameters
    ----------
    passes : sequence of Pass
        The first is what the others are compared with.
    judged : mapping of str to Judged
        Name of a pass -> its predictions.
    by_corpus : bool
        Also corpus by corpus.

    Returns
    -------
    list of dict
        ``agreement`` is the share of clips that get the same emotion as in the first pass.
    """
    plain = judged[passes[0].name]
    rows = []
    for corpus in _list_corpora(plain) if by_corpus else (ALL,):
        before = plain.of_corpus(corpus)
        for one in passes:
            after = judged[one.name].of_corpus(corpus)
            rows.append(
                {
                    "pass": one.name,
                    "title": one.title,
                    "condition": one.condition.title,
                    "family": one.condition.family,
                    "corpus": corpus,
                    **score_judged(after),
                    **(_compare(before, after) if one != passes[0] else _NO_CHANGE),
                }
            )
    return rows


def _compare(before: Judged, after: Judged) -> Row:
    uar = (compute_uar(one.truth, one.prediction) for one in (after, before))
    row: Row = {
        **_NO_CHANGE,
        "agreement": float((before.prediction == after.prediction).mean()),
        "change": next(uar) - next(uar),
    }
    if _allows_interval(before):
        options = ResamplingOptions(metric="uar", n_draws=2000)
        found = compare_paired(
            before.truth, after.prediction, before.prediction, before.speaker.tolist(), options
        )
        row["change_low"], row["change_high"] = found.difference.low, found.difference.high
        row["p_value"] = found.p_value
    return row


def _score_with_interval(metric: str, judged: Judged) -> Row:
    row: Row = dict.fromkeys((metric, f"{metric}_low", f"{metric}_high"))
    if _allows_interval(judged):
        options = ResamplingOptions(metric=metric, n_draws=2000)
        found = estimate_interval(judged.truth, judged.prediction, judged.speaker.tolist(), options)
        values = (found.value, found.low, found.high)
        return dict(zip(row, values, strict=True))
    right = judged.truth == judged.prediction
    uar = compute_uar(judged.truth, judged.prediction)
    return row | {metric: uar if metric == "uar" else float(right.mean())}


def _list_corpora(judged: Judged) -> list[str]:
    """Return all together first, then each; the only one where there is one."""
    corpora: list[str] = np.unique(judged.corpus).tolist()
    return [ALL, *corpora] if len(corpora) > 1 else corpora


def _allows_interval(judged: Judged) -> bool:
    # One speaker alone, or clips whose speaker nobody knows, allow no interval.
    return len(np.unique(judged.speaker)) > 1 and "" not in judged.speaker


def _list_reliability(judged: Judged) -> Iterator[tuple[str, float, list[Row]]]:
    for corpus in _list_corpora(judged):
        part = judged.of_corpus(corpus)
        bins = compute_reliability(part.truth, part.probabilities)
        rows = [
            {"n_clips": int(n), "confidence": float(c), "accuracy": float(a)}
            for n, c, a in zip(bins.n_clips, bins.confidence, bins.accuracy, strict=True)
            if n
        ]
        yield corpus, compute_ece(part.truth, part.probabilities), rows


def _describe_point(point: Any) -> Row:
    risk = None if point.risk != point.risk else point.risk
    return {"threshold": point.threshold, "coverage": point.coverage, "risk": risk}


def _sort_groups(groups: Any) -> list[str]:
    """Return the groups by name, the young before the old."""
    names: list[str] = np.unique(groups).tolist()
    return sorted(names, key=lambda name: (not name.startswith("under"), name))
