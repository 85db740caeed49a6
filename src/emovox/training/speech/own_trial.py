"""What networks say of one's own clips while those are held out: how long to train, how good."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from emovox.metrics import compute_accuracy, compute_uar, fit_threshold
from emovox.models import Calibration, Score, compute_probabilities
from emovox.training.calibration import fit_temperature
from emovox.training.speech.tuning import OwnStates
from emovox.types import Clip, FloatArray, IntArray

_ERROR_RATE = 0.2


@dataclass(frozen=True, slots=True, eq=False)
class OwnTrial:
    """What was said of held-out clips, the longer trained the later.

    Attributes
    ----------
    clips : tuple of Clip
    data : OwnStates
        Of the clips, as the first of the networks heard them.
    held_out : str
        ``speaker``, ``sentence`` or ``clip``.
    fold : ndarray of int64, shape (n_clips,)
        In which each clip was held out.
    logits : ndarray of float32, shape (n_looks, n_clips, 8)
    """

    clips: tuple[Clip, ...]
    data: OwnStates
    held_out: str
    fold: IntArray
    logits: FloatArray

    @property
    def best(self) -> int:
        """The look at which all held-out clips are judged best."""
        return self._find_best(np.ones(len(self.fold), dtype=bool))

    def select(self) -> FloatArray:
        """Return logits (n_clips, 8) at the look that the clips of the other folds advise.

        So the figures made of them know nothing of the clips themselves.
        """
        chosen: FloatArray = np.zeros_like(self.logits[0])
        for one in np.unique(self.fold):
            there = self.fold == one
            chosen[there] = self.logits[self._find_best(~there), there]
        return chosen

    def _find_best(self, rows: NDArray[np.bool_]) -> int:
        """Return the look with the least cross-entropy, its confidence set right before."""
        labels = self.data.labels[rows]
        weight = 1 / np.bincount(labels)[labels]
        losses = []
        for logits in self.logits[:, rows]:
            temperature = fit_temperature(compute_probabilities(logits), labels)
            said = compute_probabilities(logits, temperature=temperature)
            right = said[np.arange(len(labels)), labels].astype(np.float64)
            losses.append(float((weight * -np.log(np.maximum(right, 1e-30))).sum()))
        return int(np.argmin(losses))

    def compute_uar(self, logits: FloatArray) -> float:
        """Return the UAR of such logits of all clips, shape (n_clips, 8)."""
        return float(compute_uar(self.data.labels, logits.argmax(axis=1)))

    def score(self) -> tuple[Score, ...]:
        """Return the figures for the card, after and before."""
        corpora = sorted({clip.corpus or "own" for clip in self.clips})
        scores = []
        for logits, when in ((self.select(), ""), (self.logits[0], ", before this training")):
            for metric, compute in (("uar", compute_uar), ("accuracy", compute_accuracy)):
                scores.append(
                    Score(
                        metric=metric,
                        value=float(compute(self.data.labels, logits.argmax(axis=1))),
                        protocol=f"own recordings, each {self.held_out} held out once{when}",
                        corpus=", ".join(corpora),
                        n_folds=int(self.fold.max()) + 1,
                        n_speakers=len({clip.speaker_id for clip in self.clips} - {""}),
                        n_clips=len(self.clips),
                    )
                )
        return tuple(scores)

    def calibrate(self, start: Calibration) -> Calibration:
        """Return temperatures and threshold, fitted on held-out clips.

        A known voice stays as much surer as it was in the model to begin with: no clip of these
        was judged so.
        """
        logits, labels = self.select(), self.data.labels
        temperature = fit_temperature(compute_probabilities(logits), labels)
        wanted = _ERROR_RATE if start.error_rate is None else start.error_rate
        probabilities = compute_probabilities(logits, temperature=temperature)
        point = fit_threshold(labels, probabilities, error_rate=wanted)
        known = start.known_temperature
        return Calibration(
            temperature=temperature,
            threshold=float(point.threshold),
            error_rate=wanted if point.risk <= wanted else None,
            coverage=float(point.coverage),
            known_temperature=None if known is None else known * temperature / start.temperature,
            fitted_on=f"own recordings, each {self.held_out} held out once",
        )
