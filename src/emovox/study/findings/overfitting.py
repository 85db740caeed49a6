"""Is it overfitting? Training rows against voices that were never trained on, in words."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from emovox.protocols import get_protocol
from emovox.study.curves import CurveSummary, summarize_curves
from emovox.study.story import Story
from emovox.study.words import Finding, join_words, percent, points

_LARGE, _SMALL = 0.10, 0.04
"""Gaps of UAR from which on, and below which, the words change."""


@dataclass(frozen=True, slots=True)
class Gap:
    """Training against unheard voices.

    Attributes
    ----------
    experiment : str
        Which idea.
    train, dev : float or None
        UAR of training rows with dropout off, and of dev speakers, at the epoch that is tested;
        ``dev`` is None for classical models.
    test : float
        UAR of test speakers.
    """

    experiment: str
    train: float
    dev: float | None
    test: float

    @property
    def size(self) -> float:
        """Training minus test, from 0 to 1."""
        return self.train - self.test


def list_gaps(story: Story) -> list[Gap]:
    """Return the gaps under the honest protocol: of the remedies, else of all general ideas."""
    return [
        gap
        for name in story.plan.report.remedies or story.core
        if (gap := find_gap(story, name)) is not None
    ]


def find_gap(story: Story, experiment: str) -> Gap | None:
    """Return the gap of one idea under the honest protocol, None where it is not tested."""
    protocol = str(story.honest)
    standing = story.standings.get((experiment, protocol))
    if standing is None or standing.train_uar is None:
        return None
    summary = _summarize(story, experiment, protocol)
    dev = summary.watched if summary else None
    return Gap(experiment, standing.train_uar, dev, standing.uar)


def _summarize(story: Story, experiment: str, protocol: str) -> CurveSummary | None:
    histories = story.curves.get(experiment, {}).get(protocol)
    if not histories:
        return None
    return summarize_curves(histories, selected=story.is_selected(experiment, protocol))


def judge_overfitting(story: Story) -> Iterator[Finding]:
    """Say how far training rows lead, for which idea most and least."""
    gaps = list_gaps(story)
    if not gaps:
        return
    widest = max(gaps, key=lambda gap: gap.size)
    narrowest = min(gaps, key=lambda gap: gap.size)
    answer = (
        f"{story.get_title(widest.experiment)} recognises {percent(widest.train)} of its training "
        f"rows and {percent(widest.test)} on voices it never heard: a gap of {points(widest.size)}."
    )
    if widest.size >= _LARGE:
        answer += " With such a gap a model has learnt voices along with the emotion."
    if narrowest.experiment != widest.experiment:
        best = story.best
        answer += (
            f" The smallest gap is that of {story.get_title(narrowest.experiment)}, "
            f"{points(narrowest.size)}"
        )
        alike = best is not None and best.experiment == narrowest.experiment
        answer += (
            "; it also recognises best."
            if alike
            else "; a small gap alone is no merit, for it does not recognise best."
        )
    if widest.size >= _LARGE:
        large = [gap for gap in gaps if gap.size >= _LARGE]
        verdict = "Yes" if len(large) == len(gaps) else f"Yes, {len(large)} of {len(gaps)} ideas"
    elif widest.size >= _SMALL:
        verdict = "A little"
    else:
        verdict = "No"
        if max(gap.train for gap in gaps) < 2 * story.chance:
            answer += " They hardly learn the training rows either: that is underfitting."
    yield Finding("Is it overfitting?", verdict, answer, "overfitting")


def explain_dev_above_train(story: Story) -> Iterator[Finding]:
    """Explain watched rows above training rows, where that happens: dropout, or a leak."""
    seen = off = total = 0
    leaky_off: list[str] = []
    for name, curves in story.curves.items():
        for protocol in curves:
            summary = _summarize(story, name, protocol)
            if summary is None:
                continue
            seen += summary.n_above_seen
            off += summary.n_above_off
            total += summary.n_epochs
            if summary.n_above_off and get_protocol(protocol).leaky:
                leaky_off.append(story.get_title(name))
    if not seen:
        return
    answer = (
        f"In {seen} of {total} epochs the watched rows score above the training figure that a "
        "progress bar shows. That figure is taken with dropout active, on altered copies where "
        f"there is augmentation, and while the weights still change. Measured again with all that "
        f"off, training rows are behind in {off} of {total}."
    )
    if off == 0:
        verdict = "Dropout and augmentation"
        answer += " So it is how training is measured, and no sign of skill."
    elif off < seen / 2:
        verdict = "Mostly dropout and augmentation"
        answer += " What is left is chance in small dev sets and early epochs"
        answer += f", and the leak ({join_words(leaky_off)})." if leaky_off else "."
    else:
        verdict = "Chance and underfitting"
        answer += (
            " Where that remains the network has not learnt its training rows yet, or the dev set "
            "is small and happens to be easy"
        )
        answer += f"; under a faulty protocol the leak helps ({join_words(leaky_off)})."
        if not leaky_off:
            answer = answer.rpartition(";")[0] + "."
    yield Finding("Why is dev above train?", verdict, answer, "curves")
