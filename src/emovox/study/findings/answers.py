"""The first things a reader wants to know of a study, each with its evidence."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from emovox.emotions import EMOTIONS
from emovox.study.comparison import Paired, can_decide
from emovox.study.findings.carrying import judge_audit, judge_crossing, name_features
from emovox.study.findings.overfitting import explain_dev_above_train, judge_overfitting
from emovox.study.findings.verdicts import (
    compare_families,
    judge_remedies,
    judge_sizes,
    price_ladder,
)
from emovox.study.standings import Standing
from emovox.study.story import Story
from emovox.study.words import Finding, hundredths, join_words, percent, points, say_interval, say_p
from emovox.training import get_model_spec


def find_answers(story: Story) -> tuple[Finding, ...]:
    """Return what a reader wants to know first, each with its evidence.

    Parameters
    ----------
    story : Story
        Figures of a study.

    Returns
    -------
    tuple of Finding
        Only those that the figures can answer.
    """
    report = story.plan.report
    makers = (
        _name_best,
        price_ladder if report.ladder else _price_leak,
        judge_overfitting,
        judge_remedies if report.remedies else _list_helpers,
        explain_dev_above_train,
        judge_sizes,
        compare_families if report.families else _try_classical,
        judge_crossing,
        name_features,
        _name_hard_emotions,
        judge_audit,
    )
    return tuple(finding for make in makers for finding in make(story))


def _list_honest(story: Story) -> list[Standing]:
    found = story.list_standings(story.core, story.honest)
    return sorted(found, key=lambda one: -one.uar)


def find_pair(story: Story, a: str, b: str) -> tuple[Paired, float] | None:
    """Return the comparison of two ideas, whichever way round, and a minus b."""
    for pair in story.pairs:
        if (pair.a, pair.b) == (a, b):
            return pair, pair.difference
        if (pair.a, pair.b) == (b, a):
            return pair, -pair.difference
    return None


def _name_best(story: Story) -> Iterator[Finding]:
    ranking = _list_honest(story)
    if not ranking:
        return
    best = ranking[0]
    answer = (
        f"{story.get_title(best.experiment)}: it recognises {percent(best.uar)} (UAR"
        f"{say_interval(best.scores['uar'])}) on {best.n_speakers} voices that it never heard. "
        f"Guessing gives {percent(story.chance)}."
    )
    verdict = story.get_title(best.experiment)
    if len(ranking) > 1:
        second = ranking[1]
        found = find_pair(story, best.experiment, second.experiment)
        lead = points(best.uar - second.uar)
        if found is None:
            answer += f" Next is {story.get_title(second.experiment)}, {lead} behind."
        elif found[0].is_believed:
            answer += (
                f" It leads {story.get_title(second.experiment)} by {lead}, "
                f"more than chance explains ({say_p(found[0].p_corrected)})."
            )
        else:
            answer += (
                f" Its lead over {story.get_title(second.experiment)}, {lead}, may be chance "
                f"({say_p(found[0].p_corrected)} after correction)."
            )
    yield Finding("Which idea recognises emotion best?", verdict, answer, "scores")


def _price_leak(story: Story) -> Iterator[Finding]:
    pairs = [
        (story.standings[e.name, str(story.faulty)], story.standings[e.name, str(story.honest)])
        for e in story.plan.experiments
        if {(e.name, story.faulty), (e.name, story.honest)} <= set(story.standings)
    ]
    if not pairs:
        return
    costs = [faulty.uar - honest.uar for faulty, honest in pairs]
    low, high = min(costs), max(costs)
    added = points(low) if len(costs) == 1 else f"{100 * low:.0f} to {points(high, digits=0)}"
    answer = f"The {story.faulty} protocol adds {added} of UAR to what unheard voices get."
    if high < 0.02:
        answer = (
            f"Hardly anything here: the {story.faulty} protocol changes UAR by {added}. "
            "The more recordings a voice has in training, the more it adds."
        )
    best_faulty = max((pair[0] for pair in pairs), key=lambda one: one.uar)
    best_honest = max((pair[1] for pair in pairs), key=lambda one: one.uar)
    if best_faulty.experiment != best_honest.experiment:
        answer += (
            f" It also crowns another winner: {story.get_title(best_faulty.experiment)} instead "
            f"of {story.get_title(best_honest.experiment)}."
        )
    verdict = f"{added} of UAR" if high >= 0.02 else "Hardly anything here"
    yield Finding("What does the leak add?", verdict, answer, "leak")


def _list_helpers(story: Story) -> Iterator[Finding]:
    """Say which idea beats the first of the study file, the one that all others try to improve."""
    first = story.core[0]
    against = [
        (name, found)
        for name in story.core[1:]
        if (found := find_pair(story, name, first)) is not None
    ]
    if not against:
        return

    def tell(name: str, pair: Paired, gain: float) -> str:
        return f"{story.get_title(name)} ({hundredths(gain, sign=True)}, {say_p(pair.p_corrected)})"

    better = [tell(n, p, d) for n, (p, d) in against if p.is_believed and d > 0]
    worse = [tell(n, p, d) for n, (p, d) in against if p.is_believed and d < 0]
    open_ = [tell(n, p, d) for n, (p, d) in against if not p.is_believed]
    answer = f"Against {story.get_title(first)}, in points of UAR on unheard voices. "
    if better:
        answer += f"Better: {join_words(better)}. "
    if worse:
        answer += f"Worse: {join_words(worse)}. "
    if open_:
        answer += (
            f"Not decided by these {against[0][1][0].n_speakers} speakers: {join_words(open_)}."
        )
    winners = [story.get_title(n) for n, (p, d) in against if p.is_believed and d > 0]
    verdict = join_words(winners) if winners else "Nothing, beyond chance"
    if not can_decide(story.pairs):
        verdict = "Too few speakers to tell"
    yield Finding("What helped?", verdict, answer.strip(), "pairs")


def _try_classical(story: Story) -> Iterator[Finding]:
    kinds = {e.name: get_model_spec(e.model).kind for e in story.plan.experiments}
    ranking = _list_honest(story)
    networks = [one for one in ranking if kinds[one.experiment] == "network"]
    classical = [one for one in ranking if kinds[one.experiment] == "classical"]
    if not (networks and classical):
        return
    network, other = networks[0], classical[0]
    lead = network.uar - other.uar
    found = find_pair(story, network.experiment, other.experiment)
    believed = found is not None and found[0].is_believed
    better = "the network" if lead > 0 else "the classical model"
    verdict = f"Yes: {better} is better" if believed else "Not shown"
    if believed and lead < 0:
        verdict = "No: the classical model is better"
    answer = (
        f"The best network, {story.get_title(network.experiment)}, has {percent(network.uar)} UAR, "
        f"the best classical model, {story.get_title(other.experiment)}, {percent(other.uar)}: "
        f"{points(abs(lead))} for {better}"
    )
    answer += f" ({say_p(found[0].p_corrected)})." if found else "."
    if not believed:
        answer += " On these clips that may be chance, and the smaller model is the safer choice."
    yield Finding("Are networks better than classical models?", verdict, answer, "pairs")


def _name_hard_emotions(story: Story) -> Iterator[Finding]:
    best = story.best
    if best is None:
        return
    known = [(r, name) for r, name in zip(best.recalls, EMOTIONS, strict=True) if r is not None]
    if len(known) < 3:
        return
    (low, hard), (high, easy) = min(known), max(known)
    wrong = best.confusion.copy()
    np.fill_diagonal(wrong, 0)
    shares = wrong / np.maximum(1, best.confusion.sum(axis=1, keepdims=True))
    truth, said = np.unravel_index(shares.argmax(), shares.shape)
    answer = (
        f"For {story.get_title(best.experiment)} {hard} is hardest ({percent(low)} recognised) and "
        f"{easy} easiest ({percent(high)}). The commonest mistake: {percent(shares.max())} of "
        f"{EMOTIONS[truth]} is taken for {EMOTIONS[said]}."
    )
    yield Finding("Which emotions are hard?", hard.capitalize(), answer, "emotions")
