"""The dots of an evaluation, as matplotlib ``Figure`` objects: groups, voices, conditions."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from emovox.study.evaluation.conditions import SMALL
from emovox.study.evaluation.plot_curves import make_grid, name_corpus
from emovox.study.plot_style import BLUE, FAINT, GRID, INK, VERMILION, add_title, dress

Row = Mapping[str, Any]
Line = tuple[str, str]
"""A block, and a line in it."""

STEADY = 0.95
"""Share of decisions that small changes should leave as they are."""

_LINE_IN = 0.27
"""Height of a line of dots, in inches."""


def draw_groups(title: str, rows: Sequence[Row]) -> Figure:
    """Draw the UAR of groups of people with intervals: a column a corpus, a block a grouping.

    Parameters
    ----------
    title : str
        Of the figure.
    rows : sequence of mapping
        ``groups`` of ``results.json``; not empty.

    Returns
    -------
    Figure
    """
    corpora = list(dict.fromkeys(row["corpus"] for row in rows))
    heights, labels = _stack([(row["grouping"], row["group"]) for row in rows])
    size = (2.0 + max(2.6 * len(corpora), 4.0), 1.2 + _LINE_IN * (max(heights.values()) + 1))
    figure = Figure(figsize=size, layout="constrained")
    add_title(figure, title)
    axes = figure.subplots(1, len(corpora), sharex=True, sharey=True, squeeze=False)[0]
    for panel, corpus in zip(axes, corpora, strict=True):
        _dress_dots(panel, labels, _find_lowest(rows, "uar"))
        panel.set_title(name_corpus(corpus), fontsize=10, color=INK, loc="left")
        for row in rows:
            if row["corpus"] == corpus:
                y = heights[row["grouping"], row["group"]]
                _draw_dot(panel, y, row, "uar", note=f"  ({row['n_speakers']})")
    figure.supxlabel(
        "UAR (%) with 95 % interval over speakers; in brackets: number of speakers",
        fontsize=9, color=INK,
    )  # fmt: skip
    return figure


def draw_adaptation(title: str, rows: Sequence[Row]) -> Figure:
    """Draw the UAR by what was heard of a speaker before: a panel for each corpus.

    Parameters
    ----------
    title : str
        Of the figure.
    rows : sequence of mapping
        ``adaptation`` of ``results.json``, in each corpus the plain pass first.

    Returns
    -------
    Figure
    """
    corpora = list(dict.fromkeys(row["corpus"] for row in rows))
    heights, labels = _stack([("", row["title"]) for row in rows])
    figure, axes = make_grid(len(corpora), (3.0, 0.75 + _LINE_IN * len(heights)), margin=1.9)
    add_title(figure, title)
    for panel, corpus in zip(axes, corpora, strict=True):
        plain, *others = [row for row in rows if row["corpus"] == corpus]
        _dress_dots(panel, labels, _find_lowest(rows, "uar"))
        _draw_reference(panel, plain)
        for row in (plain, *others):
            _draw_dot(panel, heights["", row["title"]], row, "uar")
        panel.set_title(name_corpus(corpus), fontsize=10, color=INK, loc="left")
    figure.supxlabel(
        "UAR (%) with 95 % interval over speakers; dashed: nothing known of the voice",
        fontsize=9, color=INK,
    )  # fmt: skip
    return figure


def draw_robustness(title: str, rows: Sequence[Row]) -> Figure:
    """Draw UAR and share of unchanged decisions under each condition, beside the clean ones.

    Parameters
    ----------
    title : str
        Of the figure.
    rows : sequence of mapping
        ``robustness`` of ``results.json``, the clean pass first.

    Returns
    -------
    Figure
    """
    clean, *others = rows
    heights, labels = _stack([(row["family"], row["condition"]) for row in others])
    size = (9.4, 1.2 + _LINE_IN * (max(heights.values()) + 1))
    figure = Figure(figsize=size, layout="constrained")
    add_title(figure, title)
    left, right = figure.subplots(1, 2, sharey=True, width_ratios=(1.25, 1))
    _dress_dots(left, labels, _find_lowest(rows, "uar"))
    _dress_dots(right, labels, _find_lowest(others, "agreement"))
    _draw_reference(left, clean)
    right.axvline(100 * STEADY, color=FAINT, linewidth=1, linestyle=(0, (1, 2)))
    for row in others:
        y = heights[row["family"], row["condition"]]
        _draw_dot(left, y, row, "uar")
        # Of small changes it is asked that they change little.
        fails = row["family"] == SMALL and row["agreement"] < STEADY
        _draw_dot(right, y, row, "agreement", colour=VERMILION if fails else BLUE)
    uar = f"UAR (%); dashed: as recorded, {100 * clean['uar']:.1f}"
    left.set_title(uar, fontsize=10, color=INK, loc="left")
    right.set_title("unchanged decisions (%); dotted: 95", fontsize=10, color=INK, loc="left")
    return figure


def _stack(lines: Sequence[Line]) -> tuple[dict[Line, float], dict[float, str]]:
    """Return the height of each line, blocks apart, and what stands at which height."""
    heights: dict[Line, float] = {}
    labels: dict[float, str] = {}
    y, blocks = -1.0, dict.fromkeys(block for block, _ in lines)
    for number, block in enumerate(blocks):
        if block:
            y += 1.35 if number else 1.0
            labels[y] = f" {block}"
        for line in dict.fromkeys(line for line in lines if line[0] == block):
            y += 1.0
            heights[line] = y
            labels[y] = line[1]
    return heights, labels


def _dress_dots(axes: Axes, labels: Mapping[float, str], lowest: float) -> None:
    dress(axes)
    axes.spines["left"].set_visible(False)
    axes.tick_params(axis="y", length=0)
    axes.grid(axis="x", color=GRID, linewidth=0.8)
    axes.set_yticks(list(labels), list(labels.values()))
    for tick in axes.get_yticklabels():
        # Headings of blocks are marked by a space before them.
        tick.set_fontweight("bold" if tick.get_text().startswith(" ") else "normal")
    axes.set_ylim(max(labels) + 0.7, min(labels) - 0.7)
    axes.set_xlim(lowest, 100)


def _find_lowest(rows: Sequence[Row], metric: str) -> float:
    """Return where an axis may begin: in front of all dots and intervals, a multiple of ten."""
    found = [100 * row[name] for row in rows for name in (metric, f"{metric}_low")
             if row.get(name) is not None]  # fmt: skip
    lowest: float = 10.0 * math.floor((min(found) - 2) / 10)
    return max(0.0, lowest)


def _draw_reference(axes: Axes, row: Row) -> None:
    """Draw a figure and its interval as what others are compared with."""
    if row["uar_low"] is not None:
        low, high = 100 * row["uar_low"], 100 * row["uar_high"]
        axes.axvspan(low, high, color=BLUE, alpha=0.08, linewidth=0)
    axes.axvline(100 * row["uar"], color=BLUE, linewidth=1, linestyle=(0, (3, 2)))


def _draw_dot(
    axes: Axes, y: float, row: Row, metric: str, *, note: str = "", colour: str = BLUE
) -> None:
    low, high = row.get(f"{metric}_low"), row.get(f"{metric}_high")
    if low is not None and high is not None:
        axes.plot([100 * low, 100 * high], [y, y], color=colour, linewidth=1.8, alpha=0.45,
                  solid_capstyle="round")  # fmt: skip
    axes.plot(100 * row[metric], y, "o", color=colour, markeredgecolor="white", markersize=7,
              zorder=3, clip_on=False)  # fmt: skip
    # Figures stand in a column of their own, in front of nothing.
    axes.annotate(
        f"{100 * row[metric]:.0f}{note}", (1, y), (7, 0), xycoords=("axes fraction", "data"),
        textcoords="offset points", va="center", fontsize=8,
        color=INK if colour == BLUE else colour,
    )  # fmt: skip
