"""Results, figures and a report of an evaluation."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from emovox.files import write_text
from emovox.metrics import compute_confusion
from emovox.study.evaluation.conditions import CLEAN, Pass
from emovox.study.evaluation.run import Outcome
from emovox.study.evaluation.score import (
    compare_passes,
    score_calibration,
    score_corpora,
    score_groups,
)
from emovox.study.evaluation.summary import format_evaluation
from emovox.types import IntArray

RESULTS_NAME = "results.json"
REPORT_NAME = "report.md"
FIGURES_NAME = "figures"


def score_outcome(outcome: Outcome, passes: Sequence[Pass]) -> dict[str, Any]:
    """Return all figures of an evaluation; what ``results.json`` holds.

    Parameters
    ----------
    outcome : Outcome
        The predictions.
    passes : sequence of Pass
        All that were made, the plain one first.

    Returns
    -------
    dict
        ``model``, ``n_clips``, ``n_unlabelled``, ``n_failed``; ``corpora``, ``groups``,
        ``adaptation``, ``robustness``: lists of rows; ``calibration``; ``confusion``: counts,
        truth by prediction.
    """
    plain = outcome.judged[passes[0].name]
    known = [one for one in passes if one.acquaintance is not None]
    conditions = [one for one in passes if one.condition != CLEAN]
    return {
        "model": outcome.metadata.name,
        "seal": outcome.metadata.seal,
        "n_clips": len(plain),
        "n_speakers": plain.n_speakers,
        "n_unlabelled": outcome.n_unlabelled,
        "n_failed": len(outcome.failed),
        "corpora": score_corpora(plain),
        "groups": score_groups(plain, outcome.clips),
        "calibration": score_calibration(plain, outcome.metadata.calibration.threshold),
        "confusion": _count(plain.truth, plain.prediction).tolist(),
        "adaptation": _compare_if([passes[0], *known], outcome, by_corpus=True),
        "robustness": _compare_if([passes[0], *conditions], outcome, by_corpus=False),
    }


def _compare_if(passes: Sequence[Pass], outcome: Outcome, *, by_corpus: bool) -> list[Any]:
    if len(passes) < 2:
        return []
    return compare_passes(passes, outcome.judged, by_corpus=by_corpus)


def _count(truth: IntArray, prediction: IntArray) -> IntArray:
    return compute_confusion(truth, prediction).astype(np.int64)


def write_evaluation(results: Mapping[str, Any], folder: Path) -> Path:
    """Write ``results.json``, ``figures/`` and ``report.md``.

    Returns
    -------
    Path
        ``report.md``.

    Raises
    ------
    MissingExtraError
        If matplotlib is not installed.
    """
    write_text(folder / RESULTS_NAME, json.dumps(results, indent=1, allow_nan=False) + "\n")
    _draw_figures(results, folder / FIGURES_NAME)
    write_text(folder / REPORT_NAME, format_evaluation(results))
    return folder / REPORT_NAME


def _draw_figures(results: Mapping[str, Any], folder: Path) -> None:
    # Matplotlib takes a second to import: only where something is drawn.
    from emovox.study.evaluation import plot_curves, plot_dots  # noqa: PLC0415
    from emovox.study.plot_style import save_figure  # noqa: PLC0415
    from emovox.study.plots import draw_confusions  # noqa: PLC0415

    model, calibration = results["model"], results["calibration"]
    drawn = {
        "reliability": plot_curves.draw_reliability(
            f"{model}: does it know how sure it is?", calibration["reliability"]
        ),
        "risk-coverage": plot_curves.draw_risk_coverage(
            f"{model}: fewer decisions, fewer wrong ones", calibration
        ),
        "confusion": draw_confusions(
            f"{model}: what is taken for what",
            {"% of each row, counts below": np.array(results["confusion"], dtype=np.int64)},
        ),
    }
    if results["groups"]:
        drawn["groups"] = plot_dots.draw_groups(f"{model}: for whom it works", results["groups"])
    if results["adaptation"]:
        drawn["adaptation"] = plot_dots.draw_adaptation(
            f"{model}: with a voice it knows", results["adaptation"]
        )
    if results["robustness"]:
        drawn["robustness"] = plot_dots.draw_robustness(
            f"{model}: outside the studio", results["robustness"]
        )
    for name, figure in drawn.items():
        save_figure(figure, folder / name)
