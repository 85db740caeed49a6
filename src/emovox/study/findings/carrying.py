"""What carries over to other corpora, what features carry, what leaks: in words, from figures."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from emovox.protocols import get_protocol
from emovox.study.evidence import Record
from emovox.study.questions import Crossing, list_crossings
from emovox.study.story import Story
from emovox.study.words import Finding, join_words, percent

_LITTLE = 0.01
"""Shares of variance below this are not spoken of."""


def judge_crossing(story: Story) -> Iterator[Finding]:
    """Say what is left on another corpus."""
    for name in story.plan.report.cross_corpus[:1]:
        cells = list_crossings(story, name)
        within = {one.test: one for one in cells if one.within}
        others = [one for one in cells if not one.within and len(one.train) > 1]
        single = [one for one in cells if not one.within and len(one.train) == 1]
        if not (others or single):
            return
        answer = f"{story.get_title(name)}. "
        if others:
            told = [_tell_crossing(one, within) for one in others]
            answer += f"Trained on all other corpora: {join_words(told)}. "
        if single:
            best = max(single, key=_find_skill)
            worst = min(single, key=_find_skill)
            answer += (
                f"From one corpus to another most is left from {best.train[0]} to {best.test} "
                f"({percent(best.uar)}), least from {worst.train[0]} to {worst.test} "
                f"({percent(worst.uar)}; guessing {percent(worst.chance)})."
            )
        shown = others or single
        skill = float(np.mean([_find_skill(one) for one in shown]))
        verdict = f"{percent(skill)} of the way from guessing to knowing is left"
        if skill < 0.05:
            verdict = "No: hardly more than guessing"
        yield Finding("Does it carry over to another corpus?", verdict, answer, "matrix")


def _find_skill(one: Crossing) -> float:
    """Return the share of the way from guessing to knowing all."""
    return (one.uar - one.chance) / (1 - one.chance)


def _tell_crossing(one: Crossing, within: dict[str, Crossing]) -> str:
    text = f"{one.test} {percent(one.uar)}"
    home = within.get(one.test)
    return (
        text if home is None else f"{text} (with its own speakers in training {percent(home.uar)})"
    )


def name_features(story: Story) -> Iterator[Finding]:
    """Say which features carry emotion, and which the voice or the corpus."""
    if not story.evidence.statistics:
        return
    # The set with most statistics of the frames knows most.
    results = max(story.evidence.statistics, key=lambda one: len(one["rows"]))
    rows = [row for row in results["rows"] if row["rest"] is not None]
    if not rows:
        return
    groups = sorted(results["groups"], key=lambda row: -row["emotion"])
    mean = results["mean"]
    shortcuts = [row for row in rows if row["shortcut"] in ("corpus", "speaker")]
    best = next(row for row in rows if not row["like"])
    answer = (
        f"Of {len(rows)} features ({results['features']}) the mean share of emotion is "
        f"{percent(mean['emotion'])}, of speaker and sex {percent(mean['speaker'] + mean['sex'])}, "
        f"of the corpus {percent(mean['corpus'])}. Most emotion is in {groups[0]['group']} "
        f"({percent(groups[0]['emotion'])} on average) and, of single features, in "
        f"{best['feature']} ({percent(best['emotion'])}). "
        f"{_name_worst(rows, 'speaker')}{_name_worst(rows, 'corpus')}In {len(shortcuts)} of "
        f"{len(rows)} features corpus or speaker explains more than emotion: a shortcut."
    )
    owner = max(("corpus", "speaker", "emotion"), key=lambda name: mean[name])
    verdict = f"Emotion: {groups[0]['group']}; most variance is that of the {owner}"
    yield Finding("Which features carry emotion?", verdict, answer, "statistics")


def _name_worst(rows: Sequence[Record], factor: str) -> str:
    worst = max(rows, key=lambda row: float(row[factor]))
    if worst[factor] < _LITTLE:
        return ""  # there is one corpus, or one speaker
    return f"Most of the {factor} is in {worst['feature']} ({percent(worst[factor])}). "


def judge_audit(story: Story) -> Iterator[Finding]:
    """Say whether anything leaks where nothing should."""
    audit = story.evidence.audit
    if audit is None:
        return
    leaks = list_unwanted(audit, story)
    known = [f for f in audit["findings"] if f["severity"] == "leak" and f not in leaks]
    faulty = join_words(sorted({one for one in story.plan.protocols_used if is_faulty(one)}))
    answer = (
        f"{audit['n_clips']:,} clips of {audit['n_speakers']} speakers, looked for: "
        f"{join_words(audit['checked'])}. "
    )
    if leaks:
        answer += (
            f"Found outside of the faulty protocols: {join_words([f['code'] for f in leaks])}."
        )
    else:
        answer += "Under the honest protocols none of it was found."
    if known and faulty:
        answer += f" {len(known)} leaks are those that are made on purpose ({faulty})."
    verdict = f"{len(leaks)} leaks" if leaks else "No, but where it is meant to"
    if not leaks and not known:
        verdict = "No"
    yield Finding("Does anything leak?", verdict, answer, "audit")


def list_unwanted(audit: Record, story: Story) -> list[Record]:
    """Return the leaks that are not those of a protocol that is faulty on purpose."""
    return [
        finding
        for finding in audit["findings"]
        if finding["severity"] == "leak" and not _is_meant(finding, story)
    ]


def is_faulty(protocol: str) -> bool:
    """Return whether a protocol is faulty on purpose."""
    return get_protocol(protocol).leaky


def _is_meant(finding: Record, story: Story) -> bool:
    # What is wrong with a run (a scaler, a selection) is never meant; that names no protocol.
    place = str(finding["where"]).partition(",")[0]
    return place in story.plan.protocols_used and is_faulty(place)
