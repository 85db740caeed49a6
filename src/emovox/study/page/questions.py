"""The sections that answer the questions of ``[report]``."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from emovox.study.findings.overfitting import find_gap
from emovox.study.findings.verdicts import (
    compare_families,
    judge_remedies,
    judge_sizes,
    price_ladder,
)
from emovox.study.page.dots import Dot, draw_pairs, draw_scores
from emovox.study.page.grids import Size, draw_sizes
from emovox.study.page.parts import Cell, Figure, Grid, Prose, Section, Table, Terms
from emovox.study.questions import (
    Sized,
    climb,
    find_input,
    list_sizes,
)
from emovox.study.rungs import RUNGS
from emovox.study.story import Story
from emovox.study.words import Finding, hundredths, say_bounds, say_p
from emovox.training import get_model_spec


def _say(findings: Iterator[Finding]) -> Prose:
    return Prose([finding.answer for finding in findings])


def write_ladder(story: Story) -> Iterator[Section]:
    """Give every rung from the notebook protocol to another corpus."""
    ladders = {name: climb(story, name) for name in story.plan.report.ladder}
    ladders = {name: steps for name, steps in ladders.items() if len(steps) > 1}
    if not ladders:
        return
    figures, rows = [], []
    for name, steps in ladders.items():
        title = story.get_title(name)
        drawn = []
        for number, step in enumerate(steps):
            one = step.standing
            interval = one.scores["uar"]
            low, high = _bounds(interval.low, interval.high)
            drawn.append(
                (
                    step.text.partition(":")[0].partition(";")[0],
                    [Dot(one.uar, low, high, one.leaky, one.protocol)],
                )
            )
            rows.append(
                [
                    Cell("" if number else title),
                    Cell(one.protocol),
                    Cell(hundredths(one.uar), say_bounds(low, high)),
                    Cell(hundredths(step.clean)),
                    Cell(hundredths(step.step, sign=True), strong=True),
                    Cell(f"{one.n_rows:,}"),
                    Cell(str(one.n_speakers)),
                    Cell(str(one.n_emotions)),
                ]
            )
        chance = 1 / max(1, steps[0].standing.n_emotions)
        svg = draw_scores(drawn, chance, title=f"UAR of {title} on each rung")
        figures.append(Figure(f"figure-ladder-{name}", title, svg, title))
    header = ["idea", "protocol", "UAR", "published clips", "step", "test rows", "speakers",
              "emotions"]  # fmt: skip
    legend = (("diamond f-vermilion", "test speakers also train"), ("circle f-blue", "they do not"))
    yield Section(
        "ladder",
        "What each leak is worth",
        "The same idea under splits each of which stops one leak more: what a step loses was never "
        "skill. The last rung is a corpus of which nothing was heard, the nearest thing here to a "
        "stranger on another microphone.",
        (
            _say(price_ladder(story)),
            Grid(figures, legend=legend),
            Table(
                header,
                rows,
                "UAR in % with 95 % intervals by speaker. Steps are counted on published clips: "
                "test recordings without their altered copies, which only the first rung has. "
                "Ideas that were tried on fewer emotions score higher for that alone.",
                n_words=2,
            ),
            Terms(list(RUNGS.items())),
        ),
    )


def _bounds(low: float, high: float) -> tuple[float | None, float | None]:
    return (None, None) if math.isnan(low) else (low, high)


def write_remedies(story: Story) -> Iterator[Section]:
    """Give what each remedy against overfitting brings, alone and together."""
    pairs = story.helped
    if not pairs:
        return
    names = story.plan.report.remedies
    known = {pair.a: pair for pair in pairs}
    rows = []
    for name in names:
        gap = find_gap(story, name)
        if gap is None:
            continue
        pair = known.get(name)
        cells = [Cell(story.get_title(name), strong=pair is not None and pair.is_believed)]
        cells += [Cell(hundredths(value)) for value in (gap.train, gap.dev, gap.test, gap.size)]
        if pair is None:
            cells += [Cell("")] * 2
        else:
            bounds = say_bounds(pair.low, pair.high, sign=True)
            cells.append(Cell(hundredths(pair.difference, sign=True), bounds, strong=True))
            cells.append(Cell(say_p(pair.p_corrected).removeprefix("p ").removeprefix("= ")))
        rows.append(cells)
    title = f"Gain of each remedy over {story.get_title(names[0])}"
    yield Section(
        "remedies",
        "What helped against overfitting",
        f"Each remedy alone, and together, against {story.get_title(names[0])}, on the same clips "
        "of voices that none of them heard. A remedy helps if new voices are recognised better; "
        "that the gap shrinks is not enough, for a network that learns nothing has none.",
        (
            _say(judge_remedies(story)),
            Figure(
                "figure-remedies", title, draw_pairs(pairs, story.get_title, title=title),
                "Points of UAR on new voices, with 95 % intervals over speakers.",
                (("circle f-blue", "beyond chance"), ("circle hollow", "may be chance")),
            ),
            Table(
                ["remedy", "training rows", "dev", "test", "gap", "gain", "p, corrected"],
                rows,
                f"UAR in %, {story.honest} protocol, {pairs[0].n_speakers} speakers; gain in "
                f"points over {story.get_title(names[0])}; p corrected (Holm) over {len(pairs)} "
                "comparisons.",
            ),
        ),
    )  # fmt: skip


def write_sizes(story: Story) -> Iterator[Section]:
    """Give the gap against the size of the network and the number of training voices."""
    figures, rows = [], []
    for question, axis in (("model_size", "parameters"), ("data_size", "training speakers")):
        for number, curve in enumerate(list_sizes(story, question), start=1):
            title = story.get_title(_find_plain(story, curve))
            sizes = [_make_size(one, question) for one in curve]
            what = f"UAR against {axis}: {title}"
            svg = draw_sizes(sizes, story.chance, f"{axis}, logarithmic", title=what)
            figures.append(Figure(f"figure-{question}-{number}", what, svg, f"{axis}: {title}"))
            rows += [_tabulate_size(story, one, axis) for one in curve]
    if not figures:
        return
    legend = (("line s-vermilion", "training rows"),
              ("line s-blue", "voices never heard, with 95 % intervals by speaker"))  # fmt: skip
    yield Section(
        "sizes",
        "The gap against size",
        "Where the two lines drift apart as the network grows, what is added serves to know the "
        "training voices. Where they come together as voices are added, more people are what the "
        "study lacks.",
        (
            _say(judge_sizes(story)),
            Grid(figures, "UAR (%) against size", legend=legend),
            Table(["idea", "size", "training rows", "test", "gap"], rows, "UAR in %.", n_words=2),
        ),
    )


def _find_plain(story: Story, curve: Sequence[Sized]) -> str:
    """Return the idea that gives a curve its name: a remedy, else the largest."""
    names = [one.experiment for one in curve]
    return next((name for name in names if name in story.plan.report.remedies), names[-1])


def _make_size(one: Sized, question: str) -> Size:
    name = str(one.size)
    if question == "model_size" and one.size >= 1000:
        name = f"{one.size / 1000:.0f}k"
    return Size(one.size, name, one.train, one.test, *_bounds(one.low, one.high))


def _tabulate_size(story: Story, one: Sized, axis: str) -> list[Cell]:
    return [
        Cell(story.get_title(one.experiment)),
        Cell(f"{one.size:,} {axis}"),
        Cell(hundredths(one.train)),
        Cell(hundredths(one.test), say_bounds(*_bounds(one.low, one.high))),
        Cell(hundredths(one.gap), strong=True),
    ]


def write_families(story: Story) -> Iterator[Section]:
    """Give classical models and networks by what they are given of a recording."""
    standings = story.list_standings(story.plan.report.families, story.honest)
    if len(standings) < 2:
        return
    best = max(standings, key=lambda one: one.uar)
    rows = []
    for standing in sorted(standings, key=lambda one: -one.uar):
        experiment = story.get_experiment(standing.experiment)
        spec = get_model_spec(experiment.model)
        interval = standing.scores["uar"]
        strong = standing is best
        rows.append(
            [
                Cell(story.get_title(standing.experiment), strong=strong),
                Cell("network" if spec.kind == "network" else "classical"),
                Cell(f"{find_input(experiment)} ({experiment.features})"),
                Cell(
                    hundredths(interval.value),
                    say_bounds(interval.low, interval.high),
                    strong=strong,
                ),
                Cell(hundredths(standing.scores["accuracy"].value)),
                Cell(hundredths(standing.train_uar)),
            ]
        )
    yield Section(
        "families",
        "Why not classical algorithms?",
        "Classical models and networks on the same folds, by what they are given: means over a "
        "recording, statistics of the frames with their changes in time, or the frames in their "
        "order. If classical models lost because they cannot use the order, they would lose on "
        "statistics with deltas too, and networks over time would win.",
        (
            _say(compare_families(story)),
            Table(
                ["idea", "kind", "what it is given", "UAR", "accuracy", "training rows"],
                rows,
                f"In %, {story.honest} protocol, {best.n_speakers} speakers; best first. Whether a "
                "difference is more than chance is said under 'Differences that can be believed'.",
                n_words=3,
            ),
        ),
    )
