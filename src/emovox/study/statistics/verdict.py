"""Advice against what was then measured: which held, and which did not."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np

from emovox.errors import ParameterError
from emovox.features import get_feature_set, list_feature_sets
from emovox.study.evaluate import ALL
from emovox.study.normalize import NONE, SPEAKER
from emovox.study.statistics.record import WORTH, Advice
from emovox.training import MODELS

Row = Mapping[str, Any]

HELD, WEAKER, FAILED, OPEN = "held", "weaker", "failed", "not measured"
"""``held``: the sign is right and at least half the size is there, or all of it where at least so
much was expected; ``weaker``: the sign alone; ``failed``: the sign is wrong, or there is a
difference where none was expected."""


@dataclass(frozen=True, slots=True)
class Measurement:
    """A difference that bears on a piece of advice.

    Attributes
    ----------
    of : str
        What was compared.
    difference : float
        Of UAR, from -1 to 1.
    """

    of: str
    difference: float


_Finders: TypeAlias = Mapping[str, Callable[[Sequence[Row], str], Iterator[Measurement]]]
"""Topic of an advice -> what finds the measurements that bear on it."""


@dataclass(frozen=True, slots=True, eq=False)
class Verdict:
    """What became of a piece of advice.

    Attributes
    ----------
    advice : Advice
        What was said.
    verdict : str
        ``held``, ``weaker``, ``failed`` or ``not measured``.
    measured : float or None
        Median of the differences.
    measurements : tuple of Measurement
        All of them.
    """

    advice: Advice
    verdict: str
    measured: float | None
    measurements: tuple[Measurement, ...]


def score_advice(advice: Sequence[Advice], measured: Any) -> tuple[Verdict, ...]:
    """Compare advice with what was measured afterwards.

    Parameters
    ----------
    advice : sequence of Advice
        What was said.
    measured : list or dict
        ``results.json`` of a study (rows), or of an evaluation (where ``adaptation`` says what
        knowing a voice brings).

    Returns
    -------
    tuple of Verdict
        One for each piece of advice.

    Raises
    ------
    ParameterError
        If it is neither.
    """
    if isinstance(measured, Mapping) and "adaptation" in measured:
        finders, rows = _OF_EVALUATIONS, measured["adaptation"]
    elif isinstance(measured, Sequence) and all(
        isinstance(row, Mapping) and "uar" in row and "protocol" in row for row in measured
    ):
        finders = _OF_STUDIES
        rows = [row for row in measured if row["fold"] == ALL and row["corpus"] == ALL]
    else:
        raise ParameterError("these are results of neither a study nor an evaluation.")
    verdicts = []
    for one in advice:
        find = finders.get(one.topic)
        found = tuple(find(rows, one.features)) if find is not None else ()
        median = float(np.median([m.difference for m in found])) if found else None
        verdicts.append(Verdict(one, judge(one, median), median, found))
    return tuple(verdicts)


def judge(advice: Advice, measured: float | None) -> str:
    """Return the verdict on a piece of advice whose difference was measured."""
    expected = advice.expected
    if measured is None or expected is None:
        return OPEN
    if abs(expected) < WORTH:
        return HELD if abs(measured) < WORTH or (advice.at_least and measured > 0) else FAILED
    sign = 1 if expected > 0 else -1
    if sign * measured >= abs(expected) * (1 if advice.at_least else 0.5):
        return HELD
    return WEAKER if sign * measured >= WORTH else FAILED


# What follows is called with rows and the feature set that the advice speaks of.


def _find_adaptation(rows: Sequence[Row], _: str) -> Iterator[Measurement]:
    for row in rows:
        if row["corpus"] == ALL and row["pass"] == "adapt-all" and row["change"] is not None:
            yield Measurement(f"{row['title']}, against nothing", row["change"])


def _find_normalized(rows: Sequence[Row], features: str) -> Iterator[Measurement]:
    honest = [row for row in rows if not row["leaky"] and row["features"] == features]
    for known in honest:
        for plain in honest:
            normal = known.get("normalize"), plain.get("normalize", NONE)
            if normal == (SPEAKER, NONE) and _agree(known, plain, "normalize", "experiment"):
                name = f"{known['model']} on {features}: each speaker normalized, or not"
                yield Measurement(name, known["uar"] - plain["uar"])


def _find_leaks(rows: Sequence[Row], features: str) -> Iterator[Measurement]:
    own = [row for row in _list_plain(rows) if row["features"] == features]
    for leaky in own:
        for honest in own:
            if leaky["leaky"] and not honest["leaky"] and _agree(leaky, honest, "protocol"):
                name = f"{leaky['experiment']}: {leaky['protocol']}, against {honest['protocol']}"
                yield Measurement(name, leaky["uar"] - honest["uar"])


def _find_gaps(rows: Sequence[Row], features: str) -> Iterator[Measurement]:
    for row in _list_plain(rows):
        if not row["leaky"] and row["features"] == features and row["train_uar"] is not None:
            name = f"{row['experiment']} ({row['protocol']}): training rows, against test rows"
            yield Measurement(name, row["train_uar"] - row["uar"])


def _find_summaries(rows: Sequence[Row], features: str) -> Iterator[Measurement]:
    honest = [row for row in _list_plain(rows) if not row["leaky"]]
    for rich in honest:
        for plain in honest:
            means = rich["features"] == features and _find_kind(plain) == "means"
            if means and _agree(rich, plain, "features", "experiment"):
                name = f"{rich['model']}: {features}, against {plain['features']}"
                yield Measurement(name, rich["uar"] - plain["uar"])


def _find_sequences(rows: Sequence[Row], _: str) -> Iterator[Measurement]:
    honest = [row for row in _list_plain(rows) if not row["leaky"]]
    for protocol in dict.fromkeys(row["protocol"] for row in honest):
        own = [row for row in honest if row["protocol"] == protocol]
        frames, means = (
            max((r for r in own if _find_kind(r) == kind), key=lambda r: r["uar"], default=None)
            for kind in ("frames", "means")
        )
        if frames is not None and means is not None:
            name = f"{frames['experiment']}, against {means['experiment']} ({protocol})"
            yield Measurement(name, frames["uar"] - means["uar"])


_OF_EVALUATIONS: _Finders = {"normalize": _find_adaptation}

_OF_STUDIES: _Finders = {
    "normalize": _find_normalized,
    "leak": _find_leaks,
    "voices": _find_gaps,
    "summary": _find_summaries,
    "order": _find_sequences,
}


def _list_plain(rows: Sequence[Row]) -> list[Row]:
    """Return the rows where speakers were not normalized."""
    return [row for row in rows if row.get("normalize", NONE) == NONE]


def _find_kind(row: Row) -> str:
    """Return what a model of a study sees: ``frames``, ``means`` or ``statistics``."""
    model = MODELS.get(row["model"])
    if model is not None and model.input == "frames":
        return "frames"
    if row["features"] not in list_feature_sets():
        return ""
    feature_set = get_feature_set(row["features"])
    return "means" if feature_set.statistics == ("mean",) else "statistics"


_FIELDS = frozenset(
    ("experiment", "model", "features", "augmentation", "normalize", "protocol", "seed", "fast")
)


def _agree(a: Row, b: Row, *but: str) -> bool:
    """Return whether two rows differ in nothing but these fields."""
    return all(a.get(name) == b.get(name) for name in _FIELDS - set(but))
