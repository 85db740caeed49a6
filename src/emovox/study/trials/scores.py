"""Figures of the recognizer's trials, from their predictions by clip alone."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from emovox.emotions import EMOTIONS, encode_emotions
from emovox.errors import ManifestError
from emovox.metrics import compute_uar, estimate_interval
from emovox.protocols import get_protocol, list_protocols
from emovox.protocols.published import PublishedProtocol
from emovox.study.tables import read_table
from emovox.study.trials.run import PREDICTIONS_NAME
from emovox.study.words import format_table, say_bounds
from emovox.types import FloatArray, IntArray

UNKNOWN_VOICE = "unknown"
"""What the column ``voice`` says where the network had heard nothing of the speaker."""


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

    def of_voice(self, voice: str) -> TrialPredictions:
        """Return the rows under one knowledge of the voice."""
        return self.take(self.columns["voice"] == voice)

    @property
    def protocol(self) -> NDArray[Any]:
        """Name of the protocol that held a clip out, shape (n,)."""
        names = {name: name.partition(":")[0] for name in set(self.columns["held_out"])}
        return np.array([names[name] for name in self.columns["held_out"]])

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
    logits = np.stack([columns.pop(f"logit_{e}") for e in EMOTIONS], axis=1)
    # As they are kept: else a tie would be another decision when figures are computed again.
    logits = logits.astype(np.float16).astype(np.float32)
    for corpus in () if among_all else np.unique(columns["corpus"]):
        there = columns["corpus"] == corpus
        lacking = ~np.isin(np.arange(len(EMOTIONS)), truth[there])
        logits[np.ix_(there, lacking)] = -np.inf
    return TrialPredictions(columns, truth, logits)


def score_protocols(predictions: TrialPredictions) -> list[ProtocolScore]:
    """Return the figure of each protocol, on each of its corpora, by what is known of the voice."""
    corpora, voices = (predictions.columns[name] for name in ("corpus", "voice"))
    scores = []
    for name in list_once(predictions.protocol):
        of_protocol = predictions.protocol == name
        for corpus in list_once(corpora[of_protocol]):
            for voice in list_once(voices):
                chosen = of_protocol & (corpora == corpus) & (voices == voice)
                if chosen.any():
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


def is_restricted(predictions: TrialPredictions) -> bool:
    """Return whether emotions that a corpus lacks were left out before predictions were kept."""
    return any(
        np.isneginf(own.logits[:, np.setdiff1d(np.arange(len(EMOTIONS)), own.truth)]).any()
        for corpus in list_once(predictions.columns["corpus"])
        for own in [predictions.take(predictions.columns["corpus"] == corpus)]
    )


def find_published(predictions: TrialPredictions) -> NDArray[np.bool_]:
    """Return which rows were held out by a published protocol, shape (n,); all if none was.

    The others (whole corpora, sentences) are predicted by networks that were denied more than a
    voice; what is said of the recognizer as users get it must not mix them in.
    """
    published = {
        name
        for name in set(predictions.protocol) & set(list_protocols())
        if isinstance(get_protocol(name), PublishedProtocol)
    }
    found: NDArray[np.bool_] = np.isin(predictions.protocol, sorted(published))
    return found if found.any() else np.ones(len(found), dtype=np.bool_)


def list_once(values: NDArray[Any]) -> list[str]:
    """Return each value once, in the order of its first place."""
    return list(dict.fromkeys(values.tolist()))


def format_scores(scores: Sequence[ProtocolScore]) -> str:
    """Return a Markdown table: a row a protocol, a column for each knowledge of the voice."""
    voices = list(dict.fromkeys(score.voice for score in scores))
    rows = []
    for protocol, corpus in dict.fromkeys((score.protocol, score.corpus) for score in scores):
        own = {s.voice: s for s in scores if (s.protocol, s.corpus) == (protocol, corpus)}
        # The name of a published protocol says its corpus.
        title = protocol if protocol.startswith(corpus) else f"{protocol}: {corpus}"
        first = next(iter(own.values()))
        rows.append(
            [
                f"{title} ({first.n_speakers} speakers, {first.n_folds} folds, "
                f"{first.n_trainings} trainings)",
                *(
                    f"{100 * own[v].uar:.1f} {say_bounds(own[v].low, own[v].high)}".strip()
                    if v in own
                    else ""
                    for v in voices
                ),
            ]
        )
    return format_table(["protocol", *voices], rows)
