"""Figures of shares of variance: whose a feature is, shortcuts, what normalization leaves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from emovox.study.plot_style import (
    BLUE,
    FAINT,
    GREEN,
    GRID,
    INK,
    ORANGE,
    PURPLE,
    SKY,
    VERMILION,
    add_legend,
    add_title,
    dress,
)

Row = Mapping[str, Any]

_REST = "#e3e3e3"

# Emotion comes first, where lengths are easy to compare.
_STACK = (
    ("emotion", "emotion", BLUE, "white"),
    ("personal", "emotion, each speaker's own way", SKY, INK),
    ("sentence", "sentence", GREEN, "white"),
    ("speaker", "speaker", ORANGE, INK),
    ("sex", "sex", PURPLE, INK),
    ("corpus", "corpus", VERMILION, "white"),
    ("rest", "rest", _REST, INK),
)

_MARKS = {
    "mfcc": (BLUE, "o"),
    "mel": (GREEN, "."),
    "logmel": (GREEN, "."),
    "chroma": (ORANGE, "^"),
    "rms": (VERMILION, "D"),
    "zcr": (INK, "s"),
    "pitch": (PURPLE, "P"),
    "voicing": (SKY, "X"),
}

_BAR_IN = 0.27
"""Height of a bar and the space around it, in inches."""

_LEAST_LABEL = 0.03
"""Shares below this have no room for their figure."""


def draw_shares(title: str, rows: Sequence[Row], field: str) -> Figure:
    """Draw whose variance each feature is, or each kind of features: a stacked bar for each.

    Parameters
    ----------
    title : str
        Of the figure.
    rows : sequence of mapping
        With the seven shares; where there is ``emotion_low`` the interval is drawn.
    field : str
        What bars are called by: ``feature``, ``group`` or ``statistic``.

    Returns
    -------
    Figure
    """
    figure = Figure(figsize=(9.2, 1.35 + _BAR_IN * len(rows)), layout="constrained")
    add_title(figure, title)
    axes = figure.subplots()
    dress(axes)
    axes.spines["left"].set_visible(False)
    axes.tick_params(axis="y", length=0)
    for y, row in enumerate(rows):
        _draw_bar(axes, y, row)
    axes.set_yticks(range(len(rows)), [_name_bar(row, field) for row in rows])
    axes.set_ylim(len(rows) - 0.4, -0.6)
    axes.set_xlim(0, 100)
    axes.set_xlabel("share of the variance (%)" + (
        "; line: 95 % interval of emotion, over speakers" if "emotion_low" in rows[0] else ""
    ), color=INK, fontsize=9)  # fmt: skip
    add_legend(figure, [axes], top=False)
    return figure


def _name_bar(row: Row, field: str) -> str:
    return f"{row[field]} ({row['n_features']})" if row.get("n_features", 1) > 1 else row[field]


def _draw_bar(axes: Axes, y: float, row: Row) -> None:
    left = 0.0
    for name, label, colour, ink in _STACK:
        share = row[name] or 0.0
        axes.barh(y, 100 * share, left=100 * left, height=0.78, color=colour, linewidth=0.6,
                  edgecolor="white", label=label if y == 0 else None)  # fmt: skip
        if share >= _LEAST_LABEL:
            axes.text(100 * (left + share / 2), y, f"{100 * share:.0f}", ha="center", va="center",
                      fontsize=7.5, color=ink)  # fmt: skip
        left += share
    low, high = row.get("emotion_low"), row.get("emotion_high")
    if low is not None and high is not None:
        axes.plot([100 * low, 100 * high], [y + 0.25] * 2, color=INK, linewidth=1.3)


def draw_shortcuts(title: str, rows: Sequence[Row]) -> Figure:
    """Draw the share of emotion against those of corpus and of speaker: a mark for each feature.

    Parameters
    ----------
    title : str
        Of the figure.
    rows : sequence of mapping
        The rows of ``statistics.json``.

    Returns
    -------
    Figure
    """
    figure = Figure(figsize=(9.2, 4.6), layout="constrained")
    add_title(figure, title)
    axes = figure.subplots(1, 2, sharex=True, sharey=True)
    known = [row for row in rows if row["rest"] is not None]
    names = ("emotion", "corpus", "speaker")
    top = 100 * max(max(row[name] for name in names) for row in known)
    right = 100 * max(row["emotion"] for row in known)
    for panel, name in zip(axes, ("corpus", "speaker"), strict=True):
        dress(panel)
        panel.grid(color=GRID, linewidth=0.8)
        panel.fill_between([0, 100], [0, 100], 100, color=VERMILION, alpha=0.06, linewidth=0)
        panel.plot([0, 100], [0, 100], color=FAINT, linewidth=1, linestyle=(0, (3, 2)))
        for group in sorted({row["group"] for row in known}, key=list(_MARKS).index):
            own = [row for row in known if row["group"] == group]
            colour, mark = _MARKS[group]
            panel.plot(
                [100 * row["emotion"] for row in own],
                [100 * row[name] for row in own],
                mark, color=colour, markersize=7 if mark == "." else 5.5, alpha=0.75,
                markeredgewidth=0, linestyle="none", label=group,
            )  # fmt: skip
        panel.set_title(f"against {name}", fontsize=10, color=INK, loc="left")
        panel.set_xlabel("share of emotion (%)", color=INK, fontsize=9)
        panel.text(0.98, 0.97, f"shaded: {name} explains more than emotion", ha="right", va="top",
                   transform=panel.transAxes, fontsize=8, color=VERMILION)  # fmt: skip
    axes[0].set_xlim(-0.02 * right, 1.06 * right)
    axes[0].set_ylim(-0.02 * top, 1.1 * top)
    axes[0].set_ylabel("share of the other (%)", color=INK, fontsize=9)
    add_legend(figure, [axes[0]], top=False)
    return figure


def draw_separability(title: str, rows: Sequence[Row], n_features: int = 10) -> Figure:
    """Draw the share of emotion before and after each speaker's mean is taken out.

    Parameters
    ----------
    title : str
        Of the figure.
    rows : sequence of mapping
        The rows of ``statistics.json``.
    n_features : int, default=10
        How many features to show beside the medians of the kinds.

    Returns
    -------
    Figure
    """
    known = [row for row in rows if row["rest"] is not None and row["emotion_within"] is not None]
    kinds = []
    for group in dict.fromkeys(row["group"] for row in known):
        own = [row for row in known if row["group"] == group]
        medians = {
            name: float(np.median([row[name] for row in own]))
            for name in ("emotion", "emotion_within")
        }
        kinds.append((f"{group} ({len(own)})" if len(own) > 1 else group, medians))
    kinds.sort(key=lambda kind: -kind[1]["emotion_within"])
    best = [(row["feature"], row) for row in known if not row["like"]][:n_features]
    height = 1.5 + _BAR_IN * max(len(kinds), len(best))
    figure = Figure(figsize=(9.2, height), layout="constrained")
    add_title(figure, title)
    axes = figure.subplots(1, 2, sharex=True)
    for panel, lines, heading in (
        (axes[0], kinds, "kinds of features, median"),
        (axes[1], best, "features with most of emotion, repeats left out"),
    ):
        _draw_changes(panel, lines)
        panel.set_ylim(max(len(kinds), len(best)) - 0.4, -0.6)
        panel.set_title(heading, fontsize=10, color=INK, loc="left")
    axes[0].set_xlim(left=0)
    add_legend(figure, [axes[0]], top=False)
    return figure


def _draw_changes(axes: Axes, lines: Sequence[tuple[str, Row]]) -> None:
    dress(axes)
    axes.spines["left"].set_visible(False)
    axes.tick_params(axis="y", length=0)
    axes.grid(axis="x", color=GRID, linewidth=0.8)
    for y, (_, row) in enumerate(lines):
        before, after = 100 * row["emotion"], 100 * row["emotion_within"]
        axes.plot([before, after], [y, y], color=BLUE, linewidth=1.8, alpha=0.35)
        axes.plot(before, y, "o", color="white", markeredgecolor=BLUE, markersize=6.5,
                  label=None if y else "as computed")  # fmt: skip
        axes.plot(after, y, "o", color=BLUE, markeredgecolor="white", markersize=7.5,
                  label=None if y else "without what corpus, sex and speaker explain")  # fmt: skip
    axes.set_yticks(range(len(lines)), [name for name, _ in lines])
    axes.set_xlabel("share of emotion in the variance (%)", color=INK, fontsize=9)
