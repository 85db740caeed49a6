"""The questions of a study, answered in figures: ladder, sizes, kinds of models, corpora."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from emovox.features import get_feature_set
from emovox.study.evaluate import ALL
from emovox.study.plan import Experiment
from emovox.study.rungs import RUNGS
from emovox.study.standings import Standing
from emovox.study.story import Story
from emovox.training import get_model_spec

Row: TypeAlias = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Step:
    """One rung of the ladder of one idea.

    Attributes
    ----------
    standing : Standing
        Where it stands there.
    text : str
        What the protocol lets through, or stops.
    step : float or None
        Change of UAR on recordings as published, against the rung before.
    """

    standing: Standing
    text: str
    step: float | None

    @property
    def clean(self) -> float:
        """UAR on recordings as published."""
        return find_clean(self.standing)


def find_clean(standing: Standing) -> float:
    """Return the UAR on recordings as published: all test rows, where none is an altered copy."""
    return standing.uar if standing.uar_clean is None else standing.uar_clean


def climb(story: Story, experiment: str) -> list[Step]:
    """Return the rungs that an idea was measured on, from the faultiest."""
    steps: list[Step] = []
    for protocol, text in RUNGS.items():
        standing = story.standings.get((experiment, protocol))
        if standing is not None:
            step = find_clean(standing) - steps[-1].clean if steps else None
            steps.append(Step(standing, text, step))
    return steps


@dataclass(frozen=True, slots=True)
class Sized:
    """An idea at one size.

    Attributes
    ----------
    experiment : str
        Which.
    size : int
        Parameters, or training speakers.
    train, test : float
        UAR.
    low, high : float
        Interval of ``test``; NaN where there is none.
    """

    experiment: str
    size: int
    train: float
    test: float
    low: float
    high: float

    @property
    def gap(self) -> float:
        """Training minus test."""
        return self.train - self.test


def list_sizes(story: Story, question: str) -> list[list[Sized]]:
    """Return the curves of a question about size, each from the smallest.

    Parameters
    ----------
    story : Story
        Figures of a study.
    question : str
        ``model_size`` or ``data_size``: experiments that differ in nothing but the width of the
        network, or the number of training speakers, are one curve.
    """
    field = {"model_size": "n_parameters", "data_size": "n_train_speakers"}[question]
    curves: dict[str, list[Sized]] = {}
    for name in getattr(story.plan.report, question):
        standing = story.standings.get((name, str(story.honest)))
        rows = story.find_pooled(experiment=name, protocol=story.honest, corpus=ALL)
        if standing is None or standing.train_uar is None or not rows:
            continue
        interval = standing.scores["uar"]
        sized = Sized(
            name, rows[0][field], standing.train_uar, standing.uar, interval.low, interval.high
        )
        curves.setdefault(_describe_rest(story.get_experiment(name), question), []).append(sized)
    several = (sorted(curve, key=lambda one: one.size) for curve in curves.values())
    return [curve for curve in several if len(curve) > 1]


def _describe_rest(experiment: Experiment, question: str) -> str:
    training = dict(experiment.training)
    if question == "model_size":
        training.pop("width", None)
    plain = dataclasses.replace(experiment, name="", title="", training=training)
    if question == "data_size":
        plain = dataclasses.replace(plain, train_speakers=0)
    return repr(plain)


MEANS, STATISTICS, FRAMES = "means", "statistics with deltas", "frames in order"


def find_input(experiment: Experiment) -> str:
    """Return what a model is given of a recording."""
    if get_model_spec(experiment.model).input == "frames":
        return FRAMES
    statistics = get_feature_set(experiment.features).statistics
    return MEANS if statistics == ("mean",) else STATISTICS


@dataclass(frozen=True, slots=True)
class Crossing:
    """What carries over from some corpora to another.

    Attributes
    ----------
    train : tuple of str
        Corpora trained on.
    test : str
        Corpus tested.
    emotions : tuple of str
        Those of the test rows.
    uar : float
        From 0 to 1.
    low, high : float or None
        95 % interval, speakers resampled.
    n_rows, n_speakers : int
        Test rows, their speakers.
    within : bool
        Whether the test corpus is among those trained on, with other speakers.
    """

    train: tuple[str, ...]
    test: str
    emotions: tuple[str, ...]
    uar: float
    low: float | None
    high: float | None
    n_rows: int
    n_speakers: int
    within: bool = False

    @property
    def chance(self) -> float:
        """UAR of guessing."""
        return 1 / len(self.emotions)


def list_crossings(story: Story, experiment: str) -> list[Crossing]:
    """Return all cells of the matrix of corpora of one idea, of the first seed."""
    seed = story.plan.study.seeds[0]
    own = [r for r in story.rows if r["experiment"] == experiment and r["seed"] == seed]
    found = []
    for row in own:
        across = row["protocol"] in ("corpus", "corpus-pairs") and row["corpus"] == ALL
        if across and row["fold"] != ALL:
            tested = sorted(
                {
                    other["corpus"]
                    for other in own
                    if other["corpus"] != ALL
                    and (other["protocol"], other["fold"]) == (row["protocol"], row["fold"])
                }
            )
            found.append(_read_crossing(row, " + ".join(tested)))
        elif row["protocol"] == story.honest and row["fold"] == ALL and row["corpus"] != ALL:
            found.append(_read_crossing(row, row["corpus"], within=True))
    return found


def _read_crossing(row: Row, test: str, *, within: bool = False) -> Crossing:
    return Crossing(
        train=tuple(row["train_corpora"]),
        test=test,
        emotions=tuple(row["emotions"]),
        uar=row["uar"],
        low=row["uar_low"],
        high=row["uar_high"],
        n_rows=row["n_test"],
        n_speakers=row["n_speakers"],
        within=within,
    )
