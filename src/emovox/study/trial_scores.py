"""Figures of the recognizer's trials, from their predictions by clip alone."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from emovox.emotions import EMOTIONS, encode_emotions
from emovox.errors import ManifestError
from emovox.files import write_text
from emovox.metrics import compute_ece, compute_uar, estimate_interval
from emovox.models import compute_probabilities
from emovox.study.tables import read_table, write_table
from emovox.study.trials import PREDICTIONS_NAME
from emovox.study.words import format_table
from emovox.training.calibration import fit_temperature
from emovox.types import FloatArray, IntArray

_KEPT = ("trial", "held_out", "voice", "corpus", "clip", "speaker_id", "emotion")
"""Columns that figures need; what else is known of a clip stands in its manifest."""


@dataclass(frozen=True, slots=True, eq=False)
class TrialPredictions:
    """Predictions of several trials, one row a clip, trial and knowledge of the voice.

    Attributes
    ----------
    columns : dict of str to ndarray
        As ``predictions.parquet`` has them.
    truth : ndarray of int64, shape (n,)
    logits : ndarray of float32, shape (n, 8)
        -inf for the emotions that the clip's corpus lacks, where they are left out: published
        protocols are scored among the emotions of their corpus.
    """

    columns: dict[str, NDArray[Any]]
    truth: IntArray
    logits: FloatArray

    def take(self, rows: NDArray[Any]) -> TrialPredictions:
        """Return some rows, by index or mask."""
        columns = {name: values[rows] for name, values in self.columns.items()}
        return TrialPredictions(columns, self.truth[rows], self.logits[rows])

    @property
    def prediction(self) -> IntArray:
        """The most probable emotion, shape (n,)."""
        most: IntArray = self.logits.argmax(axis=1)
        return most


@dataclass(frozen=True, slots=True, kw_only=True)
class ProtocolScore:
    """A figure of a published protocol.

    Attributes
    ----------
    protocol, corpus, voice : str
    uar : float
        Mean over folds, each the mean over its trainings.
    low, high : float
        95 % interval by resampling speakers, of the pooled predictions' UAR.
    pooled : float
        That UAR itself.
    spread : float or None
        Standard deviation over folds; None of a single one.
    n_folds, n_trainings, n_speakers, n_clips : int
    """

    protocol: str
    corpus: str
    voice: str
    uar: float
    low: float
    high: float
    pooled: float
    spread: float | None
    n_folds: int
    n_trainings: int
    n_speakers: int
    n_clips: int


def read_trial_predictions(folders: Iterable[Path], *, among_all: bool = False) -> TrialPredictions:
    """Read the predictions of all finished trials.

    Parameters
    ----------
    folders : iterable of Path
        Of the trials; those without predictions are passed over.
    among_all : bool, default=False
        Whether a clip may be taken for an emotion that its corpus lacks.

    Raises
    ------
    ManifestError
        If none has any.
    """
    tables = [
        read_table(folder / PREDICTIONS_NAME)
        for folder in folders
        if (folder / PREDICTIONS_NAME).exists()
    ]
    if not tables:
        raise ManifestError("no trial has predictions.", hint="Run some trials first.")
    columns = {name: np.concatenate([np.asarray(t[name]) for t in tables]) for name in tables[0]}
    truth = encode_emotions([str(emotion) for emotion in columns["emotion"]])
    logits = np.stack([columns.pop(f"logit_{e}") for e in EMOTIONS], axis=1).astype(np.float32)
    for corpus in () if among_all else np.unique(columns["corpus"]):
        there = columns["corpus"] == corpus
        lacking = ~np.isin(np.arange(len(EMOTIONS)), truth[there])
        logits[np.ix_(there, lacking)] = -np.inf
    return TrialPredictions(columns, truth, logits)


def score_protocols(predictions: TrialPredictions) -> list[ProtocolScore]:
    """Return the figure of each protocol under each knowledge of the voice."""
    protocol = np.array([name.partition(":")[0] for name in predictions.columns["held_out"]])
    scores = []
    for name in _in_order(protocol):
        for voice in _in_order(predictions.columns["voice"]):
            chosen = (protocol == name) & (predictions.columns["voice"] == voice)
            scores.append(_score(name, voice, predictions.take(chosen)))
    return scores


def _score(protocol: str, voice: str, rows: TrialPredictions) -> ProtocolScore:
    folds = []
    for fold in np.unique(rows.columns["held_out"]):
        own = rows.take(rows.columns["held_out"] == fold)
        folds.append(np.mean([compute_uar(t.truth, t.prediction) for t in _split(own)]))
    speakers = [str(s) for s in rows.columns["speaker_id"]]
    interval = estimate_interval(rows.truth, rows.prediction, speakers)
    return ProtocolScore(
        protocol=protocol,
        corpus=str(rows.columns["corpus"][0]),
        voice=voice,
        uar=float(np.mean(folds)),
        low=interval.low,
        high=interval.high,
        pooled=interval.value,
        spread=float(np.std(folds, ddof=1)) if len(folds) > 1 else None,
        n_folds=len(folds),
        n_trainings=len(np.unique(rows.columns["trial"])),
        n_speakers=len(set(speakers)),
        n_clips=len(np.unique(rows.columns["clip"])),
    )


def _split(rows: TrialPredictions) -> Iterator[TrialPredictions]:
    for trial in np.unique(rows.columns["trial"]):
        yield rows.take(rows.columns["trial"] == trial)


def _in_order(values: NDArray[Any]) -> list[str]:
    """Return each value once, in the order of its first place."""
    return list(dict.fromkeys(values.tolist()))


def compute_calibration(predictions: TrialPredictions, voice: str) -> dict[str, float]:
    """Return the expected calibration error of each corpus, calibrated across trials.

    The temperature of a trial's predictions is fitted on those of the other trials, on speakers
    that are not among the ones it is applied to.
    """
    rows = predictions.take(predictions.columns["voice"] == voice)
    probabilities = np.zeros_like(rows.logits)
    for trial in np.unique(rows.columns["trial"]):
        own = rows.columns["trial"] == trial
        others = rows.take(
            ~np.isin(rows.columns["speaker_id"], rows.columns["speaker_id"][own]) & ~own
        )
        temperature = fit_corpora(others) if len(others.truth) else 1.0
        probabilities[own] = compute_probabilities(rows.logits[own], temperature=temperature)
    return {
        corpus: compute_ece(
            rows.truth[rows.columns["corpus"] == corpus],
            probabilities[rows.columns["corpus"] == corpus],
        )
        for corpus in _in_order(rows.columns["corpus"])
    }


def fit_corpora(rows: TrialPredictions) -> float:
    """Return one temperature for all corpora: the geometric mean of theirs."""
    temperatures = [
        fit_temperature(compute_probabilities(rows.logits[own]), rows.truth[own])
        for corpus in _in_order(rows.columns["corpus"])
        for own in [rows.columns["corpus"] == corpus]
    ]
    return float(np.exp(np.mean(np.log(temperatures))))


def format_scores(scores: Sequence[ProtocolScore]) -> str:
    """Return a Markdown table: a row a protocol, a column for each knowledge of the voice."""
    voices = list(dict.fromkeys(score.voice for score in scores))
    rows = []
    for protocol in dict.fromkeys(score.protocol for score in scores):
        own = {score.voice: score for score in scores if score.protocol == protocol}
        first = own[voices[0]]
        rows.append(
            [
                f"{protocol} ({first.n_speakers} speakers, {first.n_folds} folds, "
                f"{first.n_trainings} trainings)",
                *(
                    f"{100 * own[v].uar:.1f} [{100 * own[v].low:.1f}, {100 * own[v].high:.1f}]"
                    for v in voices
                ),
            ]
        )
    return format_table(["protocol", *voices], rows)


def write_scores(folder: Path, trials: Sequence[Path]) -> None:
    """Write ``scores.md``, ``scores.json`` and ``predictions.parquet``, from which they come.

    Parameters
    ----------
    folder : Path
        Where to.
    trials : sequence of Path
        Folders of the trials.
    """
    predictions = read_trial_predictions(trials)
    scores = score_protocols(predictions)
    anything = read_trial_predictions(trials, among_all=True)
    free = score_protocols(anything)
    lines = ["UAR in %, mean over folds, and the 95 % interval of the pooled clips by speaker.", ""]
    lines += [format_scores(scores), "The same where any of the eight emotions may be said:", ""]
    lines += [format_scores(free), "Expected calibration error, any emotion:", ""]
    calibrations = {
        voice: compute_calibration(anything, voice) for voice in ("unknown", "10", "all")
    }
    corpora = list(calibrations["unknown"])
    lines.append(
        format_table(
            ["voice", *corpora],
            [
                [voice, *(f"{c[corpus]:.3f}" for corpus in corpora)]
                for voice, c in calibrations.items()
            ],
        )
    )
    write_text(folder / "scores.md", "\n".join(lines))
    content = {
        "scores": [dataclasses.asdict(score) for score in scores],
        "scores_among_all": [dataclasses.asdict(score) for score in free],
        "calibration": calibrations,
    }
    write_text(folder / "scores.json", json.dumps(content, indent=1) + "\n")
    logits = {
        f"logit_{emotion}": anything.logits[:, i].astype(np.float16)
        for i, emotion in enumerate(EMOTIONS)
    }
    kept = {name: anything.columns[name] for name in _KEPT}
    write_table(folder / PREDICTIONS_NAME, {**kept, **logits})
