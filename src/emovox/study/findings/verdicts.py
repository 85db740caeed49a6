"""What the figures say to the questions of ``[report]``, in words made from the figures."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from emovox.study.comparison import Paired, can_decide
from emovox.study.findings.overfitting import find_gap
from emovox.study.questions import (
    FRAMES,
    MEANS,
    STATISTICS,
    Sized,
    Step,
    climb,
    find_input,
    list_sizes,
)
from emovox.study.standings import Standing
from emovox.study.story import Story
from emovox.study.words import Finding, hundredths, join_words, percent, points, say_p
from emovox.training import get_model_spec

_CHANGES = {
    "random": "altered copies of test recordings in training",
    "speaker": "test speakers in training",
    "speaker-sentence": "known sentences",
    "corpus": "the own corpus in training",
}
"""Protocol -> what it takes away from the rung before."""

WORTH = 0.01
"""Differences of UAR below this are called none."""


def price_ladder(story: Story) -> Iterator[Finding]:
    """Say what the notebook protocol adds, and which leak adds how much of it."""
    ladders = {name: climb(story, name) for name in story.plan.report.ladder}
    priced = {
        name: added
        for name, steps in ladders.items()
        if (added := _price(steps, "notebook", "speaker")) is not None
    }
    if not priced:
        return
    low, high = min(priced.values()), max(priced.values())
    told = f"{100 * low:.0f} to {points(high, digits=0)}"
    if len(priced) == 1 or round(100 * low) == round(100 * high):
        told = points(high)
    answer = f"The notebook protocol adds {told} of UAR to what unheard voices get."
    name, steps = max(ladders.items(), key=lambda item: len(item[1]))
    worth = [
        f"{_CHANGES[step.standing.protocol]} {hundredths(-step.step, sign=True)}"
        for step in steps
        if step.step is not None and step.standing.protocol in _CHANGES
    ]
    if worth:
        answer += (
            f" Rung by rung, for {story.get_title(name)}, on recordings as published: "
            f"{join_words(worth)} points."
        )
    answer += _compare_winners(story)
    verdict = f"By {told} of UAR" if high >= 0.02 else "Hardly, here"
    yield Finding("How much does the notebook protocol inflate?", verdict, answer, "ladder")


def _price(steps: Sequence[Step], faulty: str, honest: str) -> float | None:
    found = {step.standing.protocol: step.standing.uar for step in steps}
    return found[faulty] - found[honest] if {faulty, honest} <= set(found) else None


def _compare_winners(story: Story) -> str:
    """Return whether the faulty protocol ranks those ideas otherwise that it was tried with."""
    both = [
        (story.standings[name, str(story.faulty)], story.standings[name, honest])
        for name in story.plan.report.ladder
        if {(name, story.faulty), (name, honest := str(story.honest))} <= set(story.standings)
    ]
    # Fewer emotions are easier: only ideas that were tried on as many can be compared.
    size = max((standing.n_emotions for _, standing in both), default=0)
    both = [pair for pair in both if pair[1].n_emotions == size]
    if len(both) < 2:
        return ""
    claimed, real = (
        max(both, key=lambda pair: pair[column].uar)[column].experiment for column in (0, 1)
    )
    if claimed == real:
        return ""
    return (
        f" It also crowns {story.get_title(claimed)}, where on unheard voices "
        f"{story.get_title(real)} is better."
    )


def judge_remedies(story: Story) -> Iterator[Finding]:
    """Say which remedy helps alone, whether they add up, and what they do to the gap."""
    pairs = story.helped
    if not pairs:
        return
    names = story.plan.report.remedies
    title = story.get_title
    better = sorted((p for p in pairs if p.is_believed and p.difference > 0), key=_by_size)
    worse = [p for p in pairs if p.is_believed and p.difference < 0]
    undecided = [p for p in pairs if not p.is_believed]
    answer = f"Against {title(names[0])}, in points of UAR on unheard voices. "
    for word, group in (("Better", better), ("Worse", worse)):
        if group:
            answer += f"{word}: {join_words([_tell(title(p.a), p) for p in group])}. "
    if undecided:
        told = join_words([f"{title(p.a)} ({hundredths(p.difference, sign=True)})"
                           for p in undecided])  # fmt: skip
        answer += f"Not decided by these {pairs[0].n_speakers} speakers: {told}. "
    answer += _tell_gaps(story, names, pairs)
    verdict = join_words([title(p.a) for p in better[:2]]) or "Nothing, beyond chance"
    if len(better) > 2:
        verdict = f"{title(better[0].a)} most; {len(better)} of {len(pairs)} remedies help"
    if not can_decide(pairs):
        verdict = "Too few speakers to tell"
    yield Finding("What helped against it?", verdict, answer.strip(), "remedies")


def _by_size(pair: Paired) -> float:
    return -pair.difference


def _tell(title: str, pair: Paired) -> str:
    return f"{title} ({hundredths(pair.difference, sign=True)}, {say_p(pair.p_corrected)})"


def _tell_gaps(story: Story, names: Sequence[str], pairs: Sequence[Paired]) -> str:
    gaps = {name: gap for name in names if (gap := find_gap(story, name)) is not None}
    first = gaps.get(names[0])
    if first is None or len(gaps) < 2:
        return ""
    gains = {pair.a: pair.difference for pair in pairs}
    others = [gap for name, gap in gaps.items() if name != names[0]]
    smallest = min(others, key=lambda gap: gap.size)
    text = (
        f"Without any the gap between training rows and new voices is {points(first.size)}; "
        f"the smallest, with {story.get_title(smallest.experiment)}, {points(smallest.size)}"
    )
    if smallest.size < first.size - WORTH and gains.get(smallest.experiment, 0.0) < WORTH:
        return f"{text}, which comes from learning less, not from knowing new voices better."
    return f"{text}."


def judge_sizes(story: Story) -> Iterator[Finding]:
    """Say how the gap changes with the network and with the number of voices."""
    models = list_sizes(story, "model_size")
    data = list_sizes(story, "data_size")
    parts = []
    verdicts = []
    for curve in models[:1]:
        small, large = curve[0], curve[-1]
        parts.append(
            f"From {small.size:,} to {large.size:,} parameters training rows go from "
            f"{percent(small.train)} to {percent(large.train)}, new voices from "
            f"{percent(small.test)} to {percent(large.test)}: the gap from {points(small.gap)} to "
            f"{points(large.gap)}."
        )
        verdicts.append(_say_growth(small, large, "a larger network", "it"))
    for curve in data[:1]:
        few, many = curve[0], curve[-1]
        doublings = np.log2(many.size / few.size)
        parts.append(
            f"From {few.size} to {many.size} training voices new voices go from "
            f"{percent(few.test)} to {percent(many.test)}, the gap from {points(few.gap)} to "
            f"{points(many.gap)}: {points((many.test - few.test) / doublings)} for each doubling."
        )
        verdicts.append(_say_growth(few, many, "more voices", "they"))
    if parts:
        verdict = "; ".join(verdicts).capitalize()
        question = "Is the network too large, or are there too few voices?"
        yield Finding(question, verdict, " ".join(parts), "sizes")


def _say_growth(small: Sized, large: Sized, what: str, it: str) -> str:
    test, gap = large.test - small.test, large.gap - small.gap
    plural = "" if it == "they" else "s"
    if test >= WORTH:
        widens = f" and widen{plural} the gap" if gap >= WORTH else ""
        widens = f" and narrow{plural} the gap" if gap <= -WORTH else widens
        # Intervals that overlap leave it open.
        helps = f"help{plural}" if large.low > small.high else "may help"
        return f"{what} {helps}{widens}"
    widens = f", and widen{plural} the gap" if gap >= WORTH else ""
    verb = "does" if plural else "do"
    return f"{what} {verb} not help{widens}"


def compare_families(story: Story) -> Iterator[Finding]:
    """Say whether classical models are beaten, on what they are given, and by which networks."""
    best = _find_bests(story)
    if len(best) < 2:
        return
    told = [
        f"{kind}s on {given} {percent(one.uar)} ({story.get_title(one.experiment)})"
        for (kind, given), one in best.items()
    ]
    answer = f"The best of each kind on the same folds: {join_words(told)}."
    classical = [one for (kind, _), one in best.items() if kind == "classical model"]
    networks = [one for (kind, _), one in best.items() if kind == "network"]
    answer += _say_claim(best)
    verdict = "Not compared"
    if classical and networks:
        first, second = (max(group, key=lambda one: one.uar) for group in (networks, classical))
        lead = first.uar - second.uar
        pair = next(
            (p for p in story.pairs if {p.a, p.b} == {first.experiment, second.experiment}), None
        )
        if pair is None or not pair.is_believed:
            verdict = "Not shown: the best of both are within chance"
        elif lead > 0:
            verdict = f"Yes: networks lead by {points(lead)}"
        else:
            verdict = f"No: classical models lead by {points(-lead)}"
        if pair is not None:
            verb = "leads" if lead > 0 else "trails"
            answer += (
                f" The best network {verb} the best classical model by {points(abs(lead))} "
                f"({say_p(pair.p_corrected)} after correction)."
            )
    yield Finding("Do networks beat classical algorithms?", verdict, answer, "families")


def _find_bests(story: Story) -> dict[tuple[str, str], Standing]:
    """Return (kind of model, what it is given) -> the best of it."""
    best: dict[tuple[str, str], Standing] = {}
    for standing in story.list_standings(story.plan.report.families, story.honest):
        experiment = story.get_experiment(standing.experiment)
        spec = get_model_spec(experiment.model)
        kind = "network" if spec.kind == "network" else "classical model"
        key = (kind, find_input(experiment))
        if key not in best or standing.uar > best[key].uar:
            best[key] = standing
    return dict(sorted(best.items()))


def _say_claim(best: dict[tuple[str, str], Standing]) -> str:
    """Return what becomes of the claim that classical models lose for want of order in time."""
    means = best.get(("classical model", MEANS))
    rich = best.get(("classical model", STATISTICS))
    order = best.get(("network", FRAMES))
    text = ""
    if means is not None and rich is not None:
        text += (
            f" Statistics with deltas bring classical models "
            f"{hundredths(rich.uar - means.uar, sign=True)} points over means"
        )
        text += "." if order is None else ";"
    if order is not None and rich is not None:
        rest = order.uar - rich.uar
        text += f" a network that sees the frames in order is at {hundredths(rest, sign=True)}"
        text += (
            ": the order holds what statistics do not."
            if rest >= WORTH
            else ": the order adds nothing here that statistics with deltas do not have."
        )
    return text
