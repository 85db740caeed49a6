"""Stretches of a recording that carry one emotion."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from emovox.emotions import EMOTIONS
from emovox.types import Decision


@dataclass(frozen=True, slots=True)
class Segment:
    """A stretch of a recording, and the emotion it carries.

    Attributes
    ----------
    start_s, end_s : float
        Where it lies in the recording, in seconds.
    emotion : str
        The most probable one, always.
    confidence : float
        Its probability.
    probabilities : mapping of str to float
        One for each of the eight emotions, the mean over the segment.
    accepted : bool
        Whether to believe it.
    reason : str
        Empty where accepted, else as in :class:`emovox.types.Decision`.
    """

    start_s: float
    end_s: float
    emotion: str
    confidence: float
    probabilities: Mapping[str, float]
    accepted: bool
    reason: str


class SegmentMerger:
    """Joins neighbours that say the same.

    Accepted ones are the same if their emotion is; others if their reason is, since the emotion
    of silence or noise means nothing.
    """

    def __init__(self) -> None:
        self._key: tuple[str, str] | None = None
        self._start_s = self._end_s = 0.0
        self._weighted: NDArray[np.float64] = np.zeros(len(EMOTIONS))

    @property
    def open(self) -> Segment | None:
        """The segment that may still grow; None before the first decision."""
        if self._key is None:
            return None
        mean = self._weighted / (self._end_s - self._start_s)
        best = int(mean.argmax())
        return Segment(
            start_s=self._start_s,
            end_s=self._end_s,
            emotion=EMOTIONS[best],
            confidence=float(mean[best]),
            probabilities=dict(zip(EMOTIONS, map(float, mean), strict=True)),
            accepted=not self._key[0],
            reason=self._key[0],
        )

    def add(self, end_s: float, decision: Decision) -> Segment | None:
        """Go on to ``end_s`` with this decision; return the segment it ends, if it does."""
        key = (decision.reason, decision.emotion if decision.accepted else "")
        ended = self.open if key != self._key else None
        if key != self._key:
            self._key, self._start_s = key, self._end_s
            self._weighted = np.zeros(len(EMOTIONS))
        probabilities = np.array([decision.probabilities[emotion] for emotion in EMOTIONS])
        self._weighted += probabilities * (end_s - self._end_s)
        self._end_s = end_s
        return ended
