"""The most confident mistakes: what one should listen to before believing a figure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from emovox.emotions import EMOTIONS
from emovox.study.scored import Scored
from emovox.types import Clip


@dataclass(frozen=True, slots=True)
class Mistake:
    """A test clip that was taken for another emotion, and with what confidence.

    Attributes
    ----------
    clip : Clip
        As published: altered copies are passed over.
    prediction : str
        What it was taken for.
    confidence : float
        From 0 to 1.
    """

    clip: Clip
    prediction: str
    confidence: float


def find_mistakes(
    tests: Mapping[tuple[str, str, int], Scored],
    clips: Sequence[Clip],
    key: tuple[str, str],
    n_mistakes: int = 12,
) -> tuple[Mistake, ...]:
    """Return the most confident mistakes of one idea, the surest first, each clip once.

    Parameters
    ----------
    tests : mapping of (experiment, protocol, seed) to Scored
        As `Evaluation` has it.
    clips : sequence of Clip
        The manifest.
    key : tuple of (str, str)
        Experiment and protocol; of its seeds the first is looked at.
    n_mistakes : int, default=12
        At most so many.
    """
    rows = next((rows for (*own, _), rows in tests.items() if tuple(own) == key), None)
    if rows is None:
        return ()
    wrong = rows.take(rows.clean & (rows.truth != rows.prediction))
    order = np.argsort(-wrong.confidence, kind="stable")[:n_mistakes]
    return tuple(
        Mistake(clips[wrong.clip[i]], EMOTIONS[wrong.prediction[i]], float(wrong.confidence[i]))
        for i in order
    )
