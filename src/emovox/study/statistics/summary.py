"""The report of feature statistics, in Markdown."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from emovox.metrics import COMPONENTS
from emovox.study.statistics.record import Advice
from emovox.study.statistics.verdict import OPEN, Verdict
from emovox.study.statistics.wording import percent, points, share_of
from emovox.study.words import format_table

Results = Mapping[str, Any]
Row = Mapping[str, Any]

_N_BEST = 10


def format_statistics(
    results: Results, advice: Sequence[Advice], verdicts: Sequence[Verdict] = ()
) -> str:
    """Return the report in Markdown.

    Parameters
    ----------
    results : mapping
        What ``statistics.json`` holds.
    advice : sequence of Advice
        What follows from it.
    verdicts : sequence of Verdict, optional
        What became of the advice.
    """
    return "\n".join(_write_lines(results, advice, verdicts)).strip() + "\n"


def _write_lines(
    results: Results, advice: Sequence[Advice], verdicts: Sequence[Verdict]
) -> Iterator[str]:
    yield f"# What the features carry: `{results['features']}`\n"
    yield (
        f"{results['description']}. {results['n_clips']:,} clips of {results['n_speakers']} "
        f"speakers, {len(results['rows'])} features.\n"
    )
    if left_out := results["n_unlabelled"] + results["n_failed"]:
        yield (
            f"> {left_out} more clips are left out: {results['n_failed']} could not be read, "
            f"{results['n_unlabelled']} have no emotion or no speaker.\n"
        )
    if any(row["corpus"] == "synthetic" for row in results["corpora"]):
        yield (
            "> Some of the recordings are synthetic voices, made by a program. The figures say "
            "that everything works, and nothing about people.\n"
        )
    yield from _write_warnings(results)
    yield from _write_advice(advice)
    yield from _write_verdicts(verdicts)
    yield from _write_shares(results)
    yield from _write_readings(results)
    yield from _write_rest(results)
    yield from _write_methods(results)


def _write_warnings(results: Results) -> Iterator[str]:
    found = [row for row in results["rows"] if row["shortcut"]]
    for name in ("corpus", "speaker", "sex", "sentence"):
        own = sorted((row for row in found if row["shortcut"] == name), key=lambda r: -r[name])
        if own:
            worst = ", ".join(f"`{row['feature']}` ({percent(row[name])})" for row in own[:3])
            yield (
                f"> **Warning: a shortcut.** In {len(own)} of {len(results['rows'])} features the "
                f"{name} explains more than emotion does. Most: {worst}.\n"
            )
    chance = 1 / results["n_emotions"]
    for row in results["guesses"]:
        if row["low"] is not None and row["low"] > chance:
            yield (
                f"> **Warning: a shortcut in the labels.** The {row['label']} alone, nothing being "
                f"heard, tells the emotion at {share_of(row, 'uar')} UAR (chance "
                f"{percent(chance)}).\n"
            )


def _write_advice(advice: Sequence[Advice]) -> Iterator[str]:
    yield "## Advice\n"
    for number, one in enumerate(advice, start=1):
        yield f"{number}. **{one.text}** {one.evidence}"
        if one.check and one.expected is not None:
            more = "at least " if one.at_least else ""
            yield f"   *To be checked:* {one.check}: {more}{points(one.expected)} points of UAR."
    yield ""


def _write_verdicts(verdicts: Sequence[Verdict]) -> Iterator[str]:
    scored = [one for one in verdicts if one.advice.expected is not None]
    if not scored:
        return
    yield "## Was it right?\n"
    yield (
        "What was expected, and what was then measured (median where several comparisons bear "
        "on it), in points of UAR. *Held*: the sign is right and at least half the size, or all of "
        "it where at least so much was expected; *weaker*: the sign alone; *failed*: neither. Only "
        "models on the features that the advice speaks of count.\n"
    )
    yield format_table(
        ["advice", "what is compared", "expected", "measured", "comparisons", "verdict"],
        [
            [
                one.advice.topic,
                one.advice.check,
                ("≥ " if one.advice.at_least else "") + points(one.advice.expected),
                points(one.measured),
                str(len(one.measurements)),
                one.verdict if one.verdict == OPEN else f"**{one.verdict}**",
            ]
            for one in scored
        ],
    )
    details = [(one.advice.topic, m) for one in scored for m in one.measurements]
    if details:
        yield format_table(
            ["advice", "comparison", "points of UAR"],
            [[topic, found.of, points(found.difference)] for topic, found in details],
        )


def _write_shares(results: Results) -> Iterator[str]:
    yield "## Whose variance is it?\n"
    yield (
        "Shares of the variance in %. *Personal* is emotion as each speaker shows it in their own "
        "way; *rest* is what two recordings of the same speaker, emotion and sentence differ in. "
        "In brackets: 95 % interval, speakers left out one by one.\n"
    )
    groups = sorted(results["groups"], key=lambda row: -row["emotion"])
    yield _tabulate(groups, "group", "features of a kind, mean")
    yield "![Shares by kind of feature](figures/kinds.svg)\n"
    if len(results["statistics"]) > 1:
        statistics = sorted(results["statistics"], key=lambda row: -row["emotion"])
        yield _tabulate(statistics, "statistic", "statistic of the frames, mean")
    for name in ("emotion", "speaker", "corpus"):
        rows = [row for row in results["rows"] if row[name] is not None]
        rows.sort(key=lambda row: -row[name])
        if name == "emotion":
            rows = [row for row in rows if not row["like"]]
        yield f"### Most of {name}{', repeats left out' if name == 'emotion' else ''}\n"
        yield _tabulate(rows[:_N_BEST], "feature", "feature", bounded=name)
        if name == "emotion":
            yield "![Features with most of emotion](figures/best.svg)\n"
    yield "![Emotion against corpus and speaker](figures/shortcuts.svg)\n"


def _tabulate(rows: Sequence[Row], field: str, heading: str, *, bounded: str = "") -> str:
    table = []
    for row in rows:
        n = f" ({row['n_features']})" if row.get("n_features", 1) > 1 else ""
        cells = [
            share_of(row, name, bounds=f"{name}_", unit="")
            if name == bounded
            else f"{100 * row[name]:.1f}"
            for name in COMPONENTS
        ]
        table.append([f"{row[field]}{n}", *cells])
    return format_table([heading, *COMPONENTS], table)


def _write_readings(results: Results) -> Iterator[str]:
    yield "## What can be read off the features\n"
    yield (
        "By a linear classifier: mean over classes of the share recognised. Where clips are split "
        "at random, speakers train and are tested.\n"
    )
    yield format_table(
        ["what", "split", "recognised", "chance"],
        [
            [row["what"], row["split"], share_of(row, "uar"), percent(row["chance"])]
            for row in results["labels"]
        ],
    )
    yield "![What a linear classifier reads](figures/readings.svg)\n"
    if len(results["by_corpus"]) > 1:
        yield "Emotion of unheard speakers, corpus by corpus, over its own emotions:\n"
        yield format_table(
            ["corpus", "chance", "UAR", "UAR, each speaker normalized"],
            [
                [row["corpus"], *(percent(row[k]) for k in ("chance", "uar", "uar_normalized"))]
                for row in results["by_corpus"]
            ],
        )
    yield "![Before and after normalization](figures/separability.svg)\n"
    yield "![Number of features, number of speakers](figures/sizes.svg)\n"
    if results["parts"]:
        yield "![Statistics of the frames](figures/dynamics.svg)\n"


def _write_rest(results: Results) -> Iterator[str]:
    found = results["redundancy"]
    yield "## How many features are there in truth?\n"
    yield (
        f"{found['n_features']} features have the variance of {found['n_effective']:.1f} "
        f"independent ones (participation ratio). {found['n_95']} principal components hold 95 % "
        f"of it. Where one feature speaks for all that correlate with it by "
        f"{found['threshold']:g} or more, {found['n_clusters']} are left.\n"
    )
    yield "![Correlations](figures/redundancy.svg)\n"


def _write_methods(results: Results) -> Iterator[str]:
    yield "## Recordings and methods\n"
    fields = ("n_clips", "n_speakers", "n_sentences", "n_emotions")
    yield format_table(
        ["corpus", "clips", "speakers", "sentences", "emotions"],
        [[row["corpus"], *(f"{row[name]:,}" for name in fields)] for row in results["corpora"]],
    )
    yield (
        "- Shares: variance components by Henderson's method III (1953), factors in the order "
        "corpus, sex, speaker (nested in both), sentence (nested in corpus), emotion, emotion x "
        "speaker. Unbiased for any numbers of clips: many levels gain nothing by being many. "
        "Negative estimates count as 0. Intervals: jackknife over speakers within corpora; they "
        "speak of these corpora with other speakers, not of other corpora.\n"
        "- `*_alone` in `statistics.csv`: epsilon squared (Kelley 1935) of one-way analyses, with "
        "all that is tied to a factor.\n"
        "- Readings: linear discriminant analysis, covariance shrunk by a tenth, "
        f"{results['options']['n_folds']} folds of the protocol `speaker`; features are chosen on "
        "training speakers alone. It is a measuring rod: networks and trees may read more.\n"
        "- Normalization takes each speaker's mean and deviation over all their clips, without "
        "labels: the most that knowing a voice can do.\n"
        "- Every feature: `statistics.csv`; everything: `statistics.json`.\n"
    )
