"""How far the recognizer's confidences may be believed, from its trials' predictions by clip.

What is fitted is fitted on other speakers than those it is applied to. Corpora weigh alike, and
no clip is calibrated by its corpus: a user's recording has none.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from emovox.metrics import fit_threshold
from emovox.models import Calibration, compute_probabilities
from emovox.study.trials.scores import (
    UNKNOWN_VOICE,
    TrialPredictions,
    find_published,
    list_once,
)
from emovox.training.calibration import fit_temperature
from emovox.training.speech.voices import ADAPTATION
from emovox.types import FloatArray, IntArray

ERROR_RATE = 0.2
"""Of the accepted decisions on held-out speakers: what the default threshold is chosen for."""

KEPT_WAY = "by how much of the voice is known (kept)"
"""Of `list_ways`, what the artefact carries."""

_N_PARTS = 5
"""The speakers of each corpus are dealt into so many parts, each calibrated on the others."""

_N_FITTED = 2000
"""Clips of a corpus that a temperature is fitted on, at most: more change its third digit."""


@dataclass(frozen=True, slots=True, eq=False)
class Calibrated:
    """Predictions with probabilities that no clip of the same speaker had a part in.

    Attributes
    ----------
    predictions : TrialPredictions
    probabilities : ndarray of float32, shape (n, 8)
    threshold : ndarray of float64, shape (n,)
        From which on a decision is accepted.
    """

    predictions: TrialPredictions
    probabilities: FloatArray
    threshold: NDArray[np.float64]

    def take(self, rows: NDArray[Any]) -> Calibrated:
        """Return some rows, by index or mask."""
        return Calibrated(
            self.predictions.take(rows), self.probabilities[rows], self.threshold[rows]
        )

    def of_voice(self, voice: str) -> Calibrated:
        """Return the rows under one knowledge of the voice."""
        return self.take(self.predictions.columns["voice"] == voice)

    @property
    def accepted(self) -> NDArray[np.bool_]:
        """Whether the decision is to be believed, shape (n,)."""
        found: NDArray[np.bool_] = self.probabilities.max(axis=1) >= self.threshold
        return found


def find_knowledge(predictions: TrialPredictions) -> NDArray[np.float64]:
    """Return how far each row's voice was known, shape (n,): see `Adaptation.compute_knowledge`.

    ``voice`` begins with the number of clips that were asked for (where a speaker has fewer, of
    an emotion say, this is a little too much), or is ``unknown``, or ``all``: as many as the
    speaker has among the predictions.
    """
    columns = predictions.columns
    counts = np.zeros(len(predictions.truth), dtype=np.int64)
    for voice in list_once(columns["voice"]):
        there = columns["voice"] == voice
        if voice == "all":
            pairs = zip(columns["trial"][there], columns["speaker_id"][there], strict=True)
            keys = [f"{trial} {speaker}" for trial, speaker in pairs]
            _, inverse, sizes = np.unique(keys, return_inverse=True, return_counts=True)
            counts[there] = sizes[inverse]
        elif voice != UNKNOWN_VOICE:
            counts[there] = int(voice.partition("-")[0])
    return counts / (counts + ADAPTATION.prior_mean_clips)


def fit_calibration(predictions: TrialPredictions) -> Calibration:
    """Return temperatures and threshold from predictions on speakers who were held out.

    Parameters
    ----------
    predictions : TrialPredictions
        Of trials with the same recipe; those of published protocols count. The threshold is
        chosen on unknown voices, corpora weighing alike.
    """
    rows = predictions.take(find_published(predictions))
    calibration = _fit_temperatures(rows)
    unknown = rows.of_voice(UNKNOWN_VOICE)
    chosen = unknown.take(_draw_evenly(unknown.columns["corpus"]))
    probabilities = compute_probabilities(chosen.logits, temperature=calibration.temperature)
    point = fit_threshold(chosen.truth, probabilities, error_rate=ERROR_RATE)
    return dataclasses.replace(
        calibration,
        threshold=float(point.threshold),
        error_rate=ERROR_RATE if point.risk <= ERROR_RATE else None,
        coverage=float(point.coverage),
    )


def _fit_temperatures(rows: TrialPredictions) -> Calibration:
    unknown = rows.of_voice(UNKNOWN_VOICE)
    temperature = _fit_corpora(unknown, np.ones(len(unknown.truth)))
    known = rows.take(rows.columns["voice"] != UNKNOWN_VOICE)
    if not len(known.truth):
        return Calibration(temperature)
    knowledge = find_knowledge(known)
    # What an unknown voice is calibrated by still has its share in a voice that is little known.
    logits = known.logits / temperature ** (1 - knowledge)[:, None]
    rest = TrialPredictions(known.columns, known.truth, logits.astype(np.float32))
    return Calibration(temperature, known_temperature=_fit_corpora(rest, knowledge))


def _fit_corpora(rows: TrialPredictions, share: NDArray[np.float64]) -> float:
    """Return one temperature for all corpora: the geometric mean of theirs."""
    rng = np.random.default_rng(0)
    temperatures = []
    for corpus in list_once(rows.columns["corpus"]):
        own = np.flatnonzero(rows.columns["corpus"] == corpus)
        own = rng.permutation(own)[:_N_FITTED]
        probabilities = compute_probabilities(rows.logits[own])
        temperatures.append(fit_temperature(probabilities, rows.truth[own], share=share[own]))
    return float(np.exp(np.mean(np.log(temperatures))))


def _draw_evenly(corpora: NDArray[Any]) -> IntArray:
    """Return rows such that each corpus has as many as the smallest."""
    rng = np.random.default_rng(0)
    groups = [np.flatnonzero(corpora == corpus) for corpus in np.unique(corpora)]
    size = min(map(len, groups))
    return np.concatenate([rng.choice(group, size, replace=False) for group in groups])


class CrossFit:
    """Calibrations, each fitted without some speakers, and applied to them.

    Parameters
    ----------
    predictions : TrialPredictions
    by : str
        ``speaker``: a fifth of each corpus's speakers is left out at a time; ``corpus``: a whole
        corpus, as if the calibration had never met its kind.
    """

    def __init__(self, predictions: TrialPredictions, *, by: str = "speaker") -> None:
        self.predictions = predictions
        self._knowledge = find_knowledge(predictions)
        parts = _deal_corpora(predictions) if by == "corpus" else _deal_speakers(predictions)
        fitted = find_published(predictions)
        self._fits = [
            (parts == part, self._fit(fitted & (parts != part))) for part in np.unique(parts)
        ]

    def _fit(self, others: NDArray[np.bool_]) -> Calibration:
        # A single speaker has no others: as the network says it.
        unknown = others & (self.predictions.columns["voice"] == UNKNOWN_VOICE)
        return fit_calibration(self.predictions.take(others)) if unknown.any() else Calibration()

    def apply(self, change: Callable[[Calibration], Calibration] | None = None) -> Calibrated:
        """Return all predictions calibrated.

        Parameters
        ----------
        change : callable, optional
            Applied to each calibration before.
        """
        logits = self.predictions.logits
        probabilities = np.zeros_like(logits)
        threshold = np.zeros(len(logits))
        for own, fit in self._fits:
            calibration = change(fit) if change else fit
            levels, level = np.unique(self._knowledge[own], return_inverse=True)
            temperature = np.array([calibration.get_temperature(k) for k in levels.tolist()])
            scaled = (logits[own] / temperature[level][:, None]).astype(np.float32)
            probabilities[own] = compute_probabilities(scaled)
            threshold[own] = calibration.threshold
        return Calibrated(self.predictions, probabilities, threshold)


def _deal_corpora(predictions: TrialPredictions) -> IntArray:
    return np.unique(predictions.columns["corpus"].astype(str), return_inverse=True)[1]


def _deal_speakers(predictions: TrialPredictions) -> IntArray:
    """Return the part of each row: the speakers of a corpus are dealt out by name."""
    names, number = np.unique(predictions.columns["speaker_id"].astype(str), return_inverse=True)
    first = np.unique(number, return_index=True)[1]
    corpora = predictions.columns["corpus"][first]
    part = np.zeros(len(names), dtype=np.int64)
    for corpus in np.unique(corpora.astype(str)):
        own = np.flatnonzero(corpora == corpus)
        part[own] = np.arange(len(own)) % _N_PARTS
    return part[number]


def list_ways(predictions: TrialPredictions) -> Iterator[tuple[str, Calibrated]]:
    """Yield ways to calibrate, each fitted on other speakers; but for the last they know no corpus.

    Parameters
    ----------
    predictions : TrialPredictions
        Where any emotion may be said.
    """
    speakers = CrossFit(predictions)
    yield "as the network says", speakers.apply(lambda _: Calibration())
    yield "one temperature, of unknown voices", speakers.apply(_drop_known)
    yield KEPT_WAY, speakers.apply()
    yield "the same, fitted without the corpus", CrossFit(predictions, by="corpus").apply()
    yield "temperatures of each corpus's own (a bound: a user has none)", _fit_each(predictions)


def _fit_each(predictions: TrialPredictions) -> Calibrated:
    """Return what is left where each corpus is calibrated by its own other speakers."""
    corpora = predictions.columns["corpus"]
    order = [np.flatnonzero(corpora == corpus) for corpus in list_once(corpora)]
    parts = [CrossFit(predictions.take(own)).apply() for own in order]
    back = np.argsort(np.concatenate(order))
    return Calibrated(
        predictions,
        np.concatenate([part.probabilities for part in parts])[back],
        np.concatenate([part.threshold for part in parts])[back],
    )


def _drop_known(calibration: Calibration) -> Calibration:
    return dataclasses.replace(calibration, known_temperature=None)


def choose_voices(predictions: TrialPredictions, wanted: Sequence[str]) -> list[str]:
    """Return those of the wanted knowledges of the voice that were predicted under."""
    there = list_once(predictions.columns["voice"])
    return [voice for voice in wanted if voice in there]
