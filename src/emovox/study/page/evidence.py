"""The sections about what features carry, and about what leaks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from emovox.study.evidence import Record
from emovox.study.findings.carrying import judge_audit, list_unwanted, name_features
from emovox.study.page.grids import SHARES, draw_shares
from emovox.study.page.parts import Cell, Figure, Part, Prose, Section, Table
from emovox.study.statistics import Advice, Verdict, score_advice
from emovox.study.statistics.verdict import OPEN
from emovox.study.story import Story
from emovox.study.words import hundredths, say_bounds

_N_BEST = 8
_COMPONENTS = ("emotion", "personal", "speaker", "sex", "corpus", "sentence", "rest")


def write_statistics(story: Story) -> Iterator[Section]:
    """Give whose variance the features carry, what can be read off them, and the advice."""
    parts: list[Part] = []
    for results in story.evidence.statistics:
        parts += _show_shares(results)
    for results in story.evidence.statistics:
        parts += _show_best(results)
    for results in story.evidence.statistics:
        parts.append(_tabulate_readings(results))
    verdicts = _score(story)
    if verdicts:
        parts.append(_tabulate_advice(verdicts))
    if not parts:
        return
    yield Section(
        "statistics",
        "What the features carry",
        "How much of each feature's variance belongs to the emotion, and how much to who speaks, "
        "in which corpus, and what is said. A feature that mostly names the corpus or the speaker "
        "is a shortcut: it helps on known voices and misleads on others.",
        (Prose([finding.answer for finding in name_features(story)]), *parts),
    )


def _show_shares(results: Record) -> Iterator[Part]:
    groups = sorted(results["groups"], key=lambda row: -row["emotion"])
    rows = [(f"{row['group']} ({row['n_features']})", row) for row in groups]
    rows.append(("all features", results["mean"]))
    title = f"Whose variance it is: {results['features']}"
    yield Figure(
        f"figure-shares-{results['features']}",
        title,
        draw_shares(rows, title=title),
        f"{results['features']}: {results['description']}. Mean share of the variance in %, by "
        f"kind of feature; {results['n_clips']:,} clips of {results['n_speakers']} speakers.",
        [(f"square {style}", name) for name, _, style in SHARES],
    )


def _show_best(results: Record) -> Iterator[Part]:
    rows = [row for row in results["rows"] if row["rest"] is not None]
    name = results["features"]
    for factor in ("emotion", "speaker", "corpus"):
        own = sorted(rows, key=lambda row: -row[factor])
        if factor == "emotion":
            own = [row for row in own if not row["like"]]
        yield Table(
            ["feature", *_COMPONENTS],
            [[Cell(row["feature"]), *_write_shares(row, factor)] for row in own[:_N_BEST]],
            f"{name}: the features with most of the {factor}"
            f"{', repeats left out' if factor == 'emotion' else ''}; shares of the variance in %, "
            "95 % intervals leaving speakers out one by one.",
            fold="" if factor == "emotion" else f"{name}: most of the {factor}",
        )


def _write_shares(row: Mapping[str, Any], factor: str) -> list[Cell]:
    cells = []
    for name in _COMPONENTS:
        own = name == factor
        bounds = say_bounds(row[f"{name}_low"], row[f"{name}_high"]) if own else ""
        cells.append(Cell(hundredths(row[name]), bounds, strong=own))
    return cells


def _tabulate_readings(results: Record) -> Table:
    return Table(
        ["what is read", "split", "recognised", "chance"],
        [
            [
                Cell(row["what"]),
                Cell(row["split"]),
                Cell(hundredths(row["uar"]), say_bounds(row["low"], row["high"])),
                Cell(hundredths(row["chance"])),
            ]
            for row in results["labels"]
        ],
        f"{results['features']}: what a linear classifier reads off the features, mean over "
        "classes in %.",
        n_words=2,
    )


def _score(story: Story) -> list[Verdict]:
    names = {*story.core, *story.plan.report.ladder}
    rows = [row for row in story.rows if row["experiment"] in names and not row["fast"]]
    rows = rows or [row for row in story.rows if row["experiment"] in names]
    verdicts: list[Verdict] = []
    for results in story.evidence.statistics:
        verdicts += score_advice([Advice(**one) for one in results["advice"]], rows)
    return verdicts


def _tabulate_advice(verdicts: Sequence[Verdict]) -> Table:
    rows = []
    for one in verdicts:
        advice = one.advice
        least = "at least " if advice.at_least and advice.expected is not None else ""
        rows.append(
            [
                Cell(advice.text, f"{advice.features}: {advice.evidence}"),
                Cell(f"{least}{hundredths(advice.expected, sign=True)}"),
                Cell(hundredths(one.measured, sign=True)),
                Cell(
                    one.verdict if advice.expected is not None else "", strong=one.verdict != OPEN
                ),
            ]
        )
    return Table(
        ["advice, and its evidence", "foretold", "measured", "verdict"],
        rows,
        "What the statistics alone advise, and whether this study bears it out: points of UAR, "
        "the median where several comparisons bear on it.",
    )


def write_audit(story: Story) -> Iterator[Section]:
    """Give what leaks: findings of the audit of all runs."""
    audit = story.evidence.audit
    if audit is None:
        return
    unwanted = list_unwanted(audit, story)
    rows = []
    for finding in audit["findings"]:
        kind = finding["severity"]
        if kind == "leak" and finding not in unwanted:
            kind = "leak, on purpose"
        rows.append(
            [
                Cell(kind, strong=finding in unwanted),
                Cell(finding["where"] or "all clips"),
                Cell(f"{finding['message']}.", finding["advice"]),
            ]
        )
    parts: list[Part] = [Prose([finding.answer for finding in judge_audit(story)])]
    if rows:
        caption = "Leaks make figures flatter; warnings say what the figures do not tell."
        parts.append(Table(["kind", "where", "what was found, and what to do"], rows, caption,
                           n_words=3))  # fmt: skip
    if audit["not_checked"]:
        parts.append(Prose([f"Not looked for: {'; '.join(audit['not_checked'])}."]))
    yield Section(
        "audit",
        "Does anything leak?",
        "The stored splits, scalers and curves of every run were read again, and all recordings "
        "compared by content and by sound. What is found under a protocol that is faulty on "
        "purpose is what that protocol is there to show.",
        parts,
    )
