"""Results for other programs: JSON, Parquet, and tables in Markdown and LaTeX."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from emovox.emotions import EMOTIONS
from emovox.files import write_text
from emovox.metrics import Interval
from emovox.study.standings import METRICS
from emovox.study.story import Story
from emovox.study.tables import write_table
from emovox.study.words import format_table

_TITLES = {"uar": "UAR", "accuracy": "accuracy", "macro_f1": "macro F1"}

_LATEX = {
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "\u2212": "$-$",
    **{character: f"\\{character}" for character in "&%$#_{}"},
}


def write_results(path: Path, rows: Sequence[Mapping[str, Any]]) -> None:
    """Write the rows of a study as JSON, and beside it as Parquet.

    In Parquet ``fold`` is text, lists are text with spaces between, and what is null in JSON is
    NaN or empty.
    """
    write_text(path, json.dumps(list(rows), indent=1, allow_nan=False) + "\n")
    beside = path.with_suffix(".parquet")
    if not rows:
        beside.unlink(missing_ok=True)
        return
    columns = {name: [row[name] for row in rows] for name in rows[0]}
    columns["fold"] = [str(value) for value in columns["fold"]]
    for name, values in columns.items():
        if any(isinstance(value, list | tuple) for value in values):
            columns[name] = [" ".join(value or ()) for value in values]
    numbers = [name for name in columns if name.startswith("recall_") or name.endswith(_ENDS)]
    for name in numbers:
        columns[name] = [math.nan if value is None else float(value) for value in columns[name]]
    write_table(beside, columns)


_ENDS = ("_low", "_high", "_uar", "_clean")


def write_tables(story: Story, folder: Path) -> None:
    """Write the main tables of a study, each as ``NAME.md`` and ``NAME.tex``.

    ``scores`` has UAR, accuracy and macro F1 with intervals under each protocol, ``recalls`` the
    recall of each emotion, ``differences`` the paired comparisons.
    """
    tables = {
        "scores": _tabulate_scores(story),
        "recalls": _tabulate_recalls(story),
        "differences": _tabulate_pairs(story),
    }
    for name, (header, rows, note) in tables.items():
        if rows:
            write_text(folder / f"{name}.md", f"{format_table(header, rows)}\n{note}\n")
            write_text(folder / f"{name}.tex", format_latex(header, rows, note))


_Table = tuple[list[str], list[list[str]], str]


def _tabulate_scores(story: Story) -> _Table:
    rows = [
        [
            story.get_title(one.experiment),
            one.protocol,
            *(_say(one.scores[metric]) for metric in METRICS),
            f"{one.n_rows:,}",
            str(one.n_speakers),
        ]
        for one in story.standings.values()
    ]
    header = ["idea", "protocol", *_TITLES.values(), "test rows", "speakers"]
    note = f"In %, with 95 % intervals, speakers resampled. Chance: {100 * story.chance:.1f} % UAR."
    faulty = story.faulty
    if faulty:
        note += f" {faulty}: faulty on purpose, test speakers are in training."
    return header, rows, note


def _tabulate_recalls(story: Story) -> _Table:
    rows = [
        [
            story.get_title(one.experiment),
            one.protocol,
            *("" if recall is None else f"{100 * recall:.1f}" for recall in one.recalls),
        ]
        for one in story.standings.values()
    ]
    return ["idea", "protocol", *EMOTIONS], rows, "Recall of each emotion in %."


def _tabulate_pairs(story: Story) -> _Table:
    rows = [
        [
            story.get_title(pair.a),
            story.get_title(pair.b),
            f"{100 * pair.difference:+.1f}",
            "" if pair.low is None else f"[{100 * pair.low:+.1f}, {100 * (pair.high or 0):+.1f}]",
            f"{pair.p_value:.4f}",
            f"{pair.p_corrected:.4f}",
        ]
        for pair in story.pairs
    ]
    header = ["idea", "against", "difference of UAR", "95 % interval", "p", "p, corrected"]
    note = (
        f"Points, same clips, {story.honest} protocol; speakers resampled and exchanged; "
        "p corrected by Holm over all rows."
    )
    return header, rows, note


def _say(interval: Interval) -> str:
    value = f"{100 * interval.value:.1f}"
    if math.isnan(interval.low):
        return value
    return f"{value} [{100 * interval.low:.1f}, {100 * interval.high:.1f}]"


def format_latex(header: Sequence[str], rows: Sequence[Sequence[str]], note: str = "") -> str:
    """Return a LaTeX table of the package booktabs, everything in it escaped.

    Parameters
    ----------
    header : sequence of str
        Names of columns; the first two are words, the rest numbers.
    rows : sequence of sequence of str
        Cells.
    note : str, optional
        A comment at the head of the file.
    """

    def join(cells: Sequence[str]) -> str:
        return " & ".join(escape_latex(cell) for cell in cells) + r" \\"

    columns = "ll" + "r" * (len(header) - 2)
    lines = [
        f"% {note}",
        "% needs \\usepackage{booktabs}",
        rf"\begin{{tabular}}{{{columns}}}",
        r"\toprule",
        join(header),
        r"\midrule",
        *map(join, rows),
        r"\bottomrule",
        r"\end{tabular}",
    ]
    return "\n".join(lines) + "\n"


def escape_latex(text: str) -> str:
    """Return text as LaTeX prints it, whatever is in it."""
    # A bracket after a line's end would be read as the length of a gap.
    escaped = "".join(_LATEX.get(character, character) for character in " ".join(text.split()))
    return f"{{{escaped}}}" if escaped.startswith("[") else escaped
