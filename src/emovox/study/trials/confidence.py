"""Figures of confidences: errors, refusals and curves, by corpus and knowledge of the voice."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np

from emovox.metrics import (
    Interval,
    ResamplingOptions,
    compute_ece,
    compute_reliability,
    compute_risk_coverage,
    estimate_ece,
    estimate_interval,
)
from emovox.study.trials.calibration import Calibrated, choose_voices
from emovox.study.trials.scores import UNKNOWN_VOICE, list_once

Row = dict[str, Any]

TOLD_VOICES = (UNKNOWN_VOICE, "10", "all")
"""Of each knowledge of the voice that trials predict under, those that are told."""

_DRAWS = ResamplingOptions(n_draws=2000)
_N_POINTS = 300
"""Of a curve, at most."""


def _list_parts(calibrated: Calibrated) -> list[tuple[str, str, Calibrated]]:
    """Return the rows of each knowledge of the voice that is told, and each corpus."""
    parts = []
    for voice in choose_voices(calibrated.predictions, TOLD_VOICES):
        own = calibrated.of_voice(voice)
        corpora = own.predictions.columns["corpus"]
        parts += [(voice, str(c), own.take(corpora == c)) for c in list_once(corpora)]
    return parts


def _speakers(calibrated: Calibrated) -> list[str]:
    return [str(speaker) for speaker in calibrated.predictions.columns["speaker_id"]]


def score_ece(calibrated: Calibrated) -> list[Row]:
    """Return the calibration error with its interval, and how much surer than right it is."""
    rows = []
    for voice, corpus, own in _list_parts(calibrated):
        truth = own.predictions.truth
        found = estimate_ece(truth, own.probabilities, _speakers(own), _DRAWS)
        right = own.probabilities.argmax(axis=1) == truth
        surplus = float((own.probabilities.max(axis=1) - right).mean())
        rows.append({"voice": voice, "corpus": corpus, **_bounds("ece", found), "surplus": surplus})
    return rows


def score_way(name: str, calibrated: Calibrated) -> list[Row]:
    """Return the calibration error of every corpus under one way to calibrate."""
    eces: dict[str, dict[str, float]] = {}
    for voice, corpus, own in _list_parts(calibrated):
        error = compute_ece(own.predictions.truth, own.probabilities)
        eces.setdefault(voice, {})[corpus] = error
    return [{"way": name, "voice": voice, "ece": found} for voice, found in eces.items()]


def score_elsewhere(calibrated: Calibrated) -> list[Row]:
    """Return the error where a protocol denies more than a voice: a corpus, sentences."""
    rows = []
    for protocol in list_once(calibrated.predictions.protocol):
        own = calibrated.take(calibrated.predictions.protocol == protocol)
        rows += [{"protocol": protocol, **row} for row in score_ece(own)]
    return rows


def score_refusal(calibrated: Calibrated) -> list[Row]:
    """Return what the threshold accepts, and how much of that is wrong, with interval."""
    rows = []
    for voice, corpus, own in _list_parts(calibrated):
        accepted = own.take(own.accepted)
        row: Row = {
            "voice": voice,
            "corpus": corpus,
            "coverage": float(own.accepted.mean()),
            "threshold": float(own.threshold.mean()),
            "risk_of_all": float((own.predictions.prediction != own.predictions.truth).mean()),
            **dict.fromkeys(("risk", "risk_low", "risk_high")),
        }
        if len(accepted.threshold):
            found = estimate_interval(
                accepted.predictions.truth,
                accepted.predictions.prediction,
                _speakers(accepted),
                dataclasses.replace(_DRAWS, metric="accuracy"),
            )
            wrong = Interval(
                1 - found.value, 1 - found.high, 1 - found.low, found.level, found.n_speakers
            )
            row |= _bounds("risk", wrong)
        rows.append(row)
    return rows


def list_panels(calibrated: Calibrated) -> list[Row]:
    """Return the bins of reliability, for ``draw_reliability``."""
    panels = []
    for voice, corpus, own in _list_parts(calibrated):
        bins = compute_reliability(own.predictions.truth, own.probabilities)
        columns = zip(bins.n_clips, bins.confidence, bins.accuracy, strict=True)
        rows = [
            {"n_clips": int(n), "confidence": float(c), "accuracy": float(a)}
            for n, c, a in columns
            if n
        ]
        ece = compute_ece(own.predictions.truth, own.probabilities)
        panels.append({"voice": voice, "corpus": corpus, "ece": ece, "bins": rows})
    return panels


def list_curves(calibrated: Calibrated) -> list[Row]:
    """Return points of the curves of risk over coverage, for ``draw_refusal``."""
    curves = []
    for voice, corpus, own in _list_parts(calibrated):
        curve = compute_risk_coverage(own.predictions.truth, own.probabilities)
        shown = np.linspace(0, len(curve.risk) - 1, _N_POINTS).round().astype(np.int64)
        shown = np.unique(shown)
        curves.append(
            {
                "voice": voice,
                "corpus": corpus,
                "coverage": curve.coverage[shown].round(5).tolist(),
                "risk": curve.risk[shown].round(5).tolist(),
            }
        )
    return curves


def _bounds(name: str, found: Interval) -> Row:
    return {name: found.value, f"{name}_low": found.low, f"{name}_high": found.high}
