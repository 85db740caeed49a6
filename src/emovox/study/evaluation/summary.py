"""The report of an evaluation, in Markdown."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from emovox.emotions import EMOTIONS
from emovox.study.evaluation.conditions import SMALL
from emovox.study.evaluation.judged import ALL
from emovox.study.words import format_table

Row = Mapping[str, Any]


def format_evaluation(results: Mapping[str, Any]) -> str:
    """Return the report in Markdown."""
    return "\n".join(_write_lines(results)).strip() + "\n"


def _write_lines(results: Mapping[str, Any]) -> Iterator[str]:
    yield f"# {results['model']}, evaluated\n"
    yield (
        f"{results['n_clips']:,} clips of {results['n_speakers'] or 'unknown'} speakers. UAR is "
        "the mean over emotions of the share recognised; in brackets the 95 % interval, speakers "
        "resampled. "
        "Whether the model has heard these speakers in training is for the caller to know.\n"
    )
    if left_out := results["n_failed"] + results["n_unlabelled"]:
        yield (
            f"> {left_out} more clips are left out: {results['n_failed']} could not be read, "
            f"{results['n_unlabelled']} have no emotion.\n"
        )
    yield from _write_corpora(results)
    yield from _write_adaptation(results["adaptation"])
    yield from _write_calibration(results["calibration"])
    yield from _write_groups(results["groups"])
    yield from _write_robustness(results["robustness"])


def _write_corpora(results: Mapping[str, Any]) -> Iterator[str]:
    yield "## How well\n"
    header = ["corpus", "clips", "speakers", "UAR", "accuracy", "macro F1", "ECE", "accepted"]
    header += ["right among them", "UAR, its own emotions only"]
    yield format_table(
        header,
        [
            [
                _name(row["corpus"]),
                f"{row['n_clips']:,}",
                str(row["n_speakers"]),
                _interval(row, "uar"),
                _interval(row, "accuracy"),
                _percent(row["macro_f1"]),
                f"{row['ece']:.3f}",
                _percent(row["coverage"]),
                _percent(row["accuracy_accepted"]),
                _percent(row["uar_own"]),
            ]
            for row in results["corpora"]
        ],
    )
    yield "Share recognised, emotion by emotion, in %:\n"
    present = [e for e in EMOTIONS if any(e in row["recalls"] for row in results["corpora"])]
    yield format_table(
        ["corpus", *present],
        [
            [_name(row["corpus"]), *(_percent(row["recalls"].get(e)) for e in present)]
            for row in results["corpora"]
        ],
    )
    yield "![confusion](figures/confusion.png)\n"


def _write_adaptation(rows: Sequence[Row]) -> Iterator[str]:
    if not rows:
        return
    yield "## With a voice it knows\n"
    yield (
        "Clips of the same speaker, heard before without their labels. A number of clips: others "
        "than the one judged, drawn anew for each; all clips: that one too.\n"
    )
    yield format_table(
        ["corpus", "heard before", "UAR", "change", "accuracy", "ECE"],
        [
            [
                _name(row["corpus"]),
                row["title"],
                _interval(row, "uar"),
                _change(row),
                _percent(row["accuracy"]),
                f"{row['ece']:.3f}",
            ]
            for row in rows
        ],
    )
    yield "![adaptation](figures/adaptation.png)\n"


def _write_calibration(calibration: Row) -> Iterator[str]:
    yield "## Does it know how sure it is?\n"
    yield (
        f"Expected calibration error {calibration['ece']:.3f} (15 bins). Its temperature times "
        f"{calibration['best_rescale']:.2f} would fit these clips best: a diagnosis, for fitting "
        "belongs to dev speakers.\n"
    )
    yield "![reliability](figures/reliability.png)\n"
    own = calibration["operating_point"]
    yield (
        f"At its threshold of {own['threshold']:.2f} it decides {_percent(own['coverage'])} % of "
        f"the clips, and {_percent(own['risk'])} % of these decisions are wrong (no other "
        "reason for refusing counted). What other thresholds would bring here:\n"
    )
    yield format_table(
        ["wrong at most", "threshold", "decided"],
        [
            [
                f"{row['error_rate']:.0%}",
                f"{row['threshold']:.2f}",
                _percent(row["coverage"]) + " %",
            ]
            for row in calibration["error_rates"]
        ],
    )
    yield "![risk and coverage](figures/risk-coverage.png)\n"


def _write_groups(rows: Sequence[Row]) -> Iterator[str]:
    if not rows:
        return
    yield "## For whom it works\n"
    yield (
        "Groups of few speakers have wide intervals, or none that means anything. Corpora differ "
        "in speakers and in difficulty: compare groups within a corpus.\n"
    )
    yield format_table(
        ["corpus", "grouping", "group", "speakers", "clips", "UAR", "ECE", "accepted"],
        [
            [
                _name(row["corpus"]),
                row["grouping"],
                row["group"],
                str(row["n_speakers"]),
                f"{row['n_clips']:,}",
                _interval(row, "uar"),
                f"{row['ece']:.3f}",
                _percent(row["coverage"]),
            ]
            for row in rows
        ],
    )
    yield "![groups](figures/groups.png)\n"


def _write_robustness(rows: Sequence[Row]) -> Iterator[str]:
    if not rows:
        return
    yield "## Outside the studio\n"
    small = [row for row in rows if row["family"] == SMALL]
    worst = min(small, key=lambda row: float(row["agreement"]))
    yield (
        f"Small changes leave {_percent(worst['agreement'])} % or more of the decisions as they "
        f"are (least: {worst['condition']}).\n"
    )
    yield format_table(
        ["", "condition", "UAR", "change", "unchanged decisions", "accepted", "right among them"],
        [
            [
                row["family"],
                row["condition"],
                _interval(row, "uar"),
                _change(row),
                _percent(row["agreement"]),
                _percent(row["coverage"]),
                _percent(row["accuracy_accepted"]),
            ]
            for row in rows
        ],
    )
    yield "![robustness](figures/robustness.png)\n"


def _name(corpus: str) -> str:
    return "all corpora" if corpus == ALL else corpus


def _percent(value: float | None) -> str:
    return "–" if value is None else f"{100 * value:.1f}"  # noqa: RUF001 - a dash is meant


def _interval(row: Row, metric: str) -> str:
    text = _percent(row[metric])
    if row[f"{metric}_low"] is None:
        return text
    return f"{text} [{_percent(row[f'{metric}_low'])}, {_percent(row[f'{metric}_high'])}]"


def _change(row: Row) -> str:
    if row["change"] is None:
        return ""
    if row["change_low"] is None:
        return f"{100 * row['change']:+.1f}"
    low, high = (f"{100 * row[name]:+.1f}" for name in ("change_low", "change_high"))
    return f"{100 * row['change']:+.1f} [{low}, {high}]"
