"""The curves of an evaluation, as matplotlib ``Figure`` objects: calibration and refusal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from emovox.study.evaluation.judged import ALL
from emovox.study.plot_style import BLUE, FAINT, GRID, INK, VERMILION, add_title, dress

Row = Mapping[str, Any]


def draw_reliability(title: str, panels: Sequence[Row]) -> Figure:
    """Draw the share of right decisions over the stated confidence, a panel for each corpus.

    Parameters
    ----------
    title : str
        Of the figure.
    panels : sequence of mapping
        ``calibration.reliability`` of ``results.json``.

    Returns
    -------
    Figure
    """
    figure, axes = make_grid(len(panels), (2.9, 3.1))
    add_title(figure, title)
    for panel, row in zip(axes, panels, strict=True):
        _draw_reliability(panel, row)
    figure.supxlabel(
        "stated confidence (%); bars, and areas of dots: share of the clips", fontsize=9, color=INK
    )
    figure.supylabel("right decisions (%)", fontsize=9, color=INK)
    return figure


def _draw_reliability(axes: Axes, row: Row) -> None:
    dress(axes)
    axes.set(xlim=(0, 100), ylim=(0, 100), aspect="equal")
    axes.set_xticks(range(0, 101, 25))
    axes.set_yticks(range(0, 101, 25))
    axes.plot([0, 100], [0, 100], color=FAINT, linewidth=1, linestyle=(0, (1, 2)))
    confidence, accuracy, n_clips = (
        np.array([found[name] for found in row["bins"]], dtype=np.float64)
        for name in ("confidence", "accuracy", "n_clips")
    )
    share = n_clips / n_clips.sum()
    # Along the bottom, on a scale of their own: where confidences lie.
    axes.bar(100 * confidence, 22 * share / share.max(), width=4.6, color=GRID)
    axes.vlines(100 * confidence, 100 * confidence, 100 * accuracy, color=VERMILION, linewidth=1.4)
    axes.plot(100 * confidence, 100 * accuracy, color=BLUE, linewidth=1, alpha=0.5)
    axes.scatter(
        100 * confidence, 100 * accuracy, s=8 + 220 * share, color=BLUE, edgecolor="white",
        linewidth=0.8, zorder=3, clip_on=False,
    )  # fmt: skip
    axes.set_title(
        f"{name_corpus(row['corpus'])}  (ECE {row['ece']:.3f})", fontsize=10, color=INK, loc="left"
    )


def draw_risk_coverage(title: str, calibration: Row) -> Figure:
    """Draw the share of wrong decisions over the share of clips decided, and where the model is.

    Parameters
    ----------
    title : str
        Of the figure.
    calibration : mapping
        ``calibration`` of ``results.json``.

    Returns
    -------
    Figure
    """
    figure = Figure(figsize=(6.6, 4.4), layout="constrained")
    add_title(figure, title)
    axes = figure.subplots()
    dress(axes)
    axes.grid(axis="y", color=GRID, linewidth=0.8)
    curve = calibration["risk_coverage"]
    coverage, risk = 100 * np.array(curve["coverage"]), 100 * np.array(curve["risk"])
    axes.fill_between(coverage, risk, color=BLUE, alpha=0.08, linewidth=0)
    axes.plot(coverage, risk, color=BLUE, linewidth=2)
    own = calibration["operating_point"]
    if own["risk"] is not None:
        x, y = 100 * own["coverage"], 100 * own["risk"]
        axes.plot([x, x, 0], [0, y, y], color=VERMILION, linewidth=1, linestyle=(0, (3, 2)))
        axes.plot(x, y, "o", color=VERMILION, markeredgecolor="white", markersize=9, zorder=3,
                  clip_on=False)  # fmt: skip
        text = (
            f"accepted from {own['threshold']:.0%} confidence:\n{x:.0f} % decided, {y:.1f} % wrong"
        )
        right = x < 60
        axes.annotate(
            text, (x, y), (10 if right else -10, 12), textcoords="offset points", fontsize=9,
            ha="left" if right else "right", color=VERMILION,
        )  # fmt: skip
    axes.set(xlim=(0, 100), ylim=(0, None))
    axes.set_ylim(0, max(1.25 * axes.get_ylim()[1], 5))
    axes.set_xlabel("clips decided, the most confident first (%)", color=INK)
    axes.set_ylabel("wrong decisions among them (%)", color=INK)
    return figure


def draw_refusal(
    title: str, curves: Sequence[Row], points: Sequence[Row], voices: Mapping[str, str]
) -> Figure:
    """Draw wrong decisions over the share of clips decided: a panel a corpus, a line a voice.

    Parameters
    ----------
    title : str
        Of the figure.
    curves : sequence of mapping
        ``voice``, ``corpus``, ``coverage``, ``risk``.
    points : sequence of mapping
        The same of the threshold in use; ``risk`` is None where it accepts nothing.
    voices : mapping of str to str
        Which knowledges of the voice are drawn, and how they are called; at most two.
    """
    corpora = list(dict.fromkeys(row["corpus"] for row in curves))
    figure, axes = make_grid(len(corpora), (2.9, 2.6))
    add_title(figure, title)
    looks = dict(zip(voices, (_Look(BLUE, "-", "o"), _Look(VERMILION, "--", "s")), strict=False))
    for panel, corpus in zip(axes, corpora, strict=True):
        dress(panel)
        panel.grid(axis="y", color=GRID, linewidth=0.8)
        panel.set_title(name_corpus(corpus), fontsize=10, color=INK, loc="left")
        for row in (row for row in curves if row["corpus"] == corpus and row["voice"] in looks):
            coverage, risk = (100 * np.array(row[name]) for name in ("coverage", "risk"))
            look = looks[row["voice"]]
            # The share of a handful of clips says nothing, and hides the rest.
            shown = coverage >= 2
            panel.plot(coverage[shown], risk[shown], look.line, color=look.colour, linewidth=1.8,
                       label=voices[row["voice"]])  # fmt: skip
        for row in (row for row in points if row["corpus"] == corpus and row["voice"] in looks):
            if row["risk"] is not None:
                look = looks[row["voice"]]
                panel.plot(
                    100 * row["coverage"], 100 * row["risk"], look.mark, color=look.colour,
                    markeredgecolor="white", markersize=8, zorder=3, clip_on=False,
                )  # fmt: skip
    highest = max(panel.get_ylim()[1] for panel in axes)
    for panel in axes:
        panel.set(xlim=(0, 100), ylim=(0, highest))
    # No curve is there: the most confident decisions are seldom wrong.
    axes[0].legend(loc="upper left", frameon=False, fontsize=8.5, labelcolor=INK)
    figure.supxlabel(
        "clips decided, the most confident first (%); marks: at the threshold",
        fontsize=9, color=INK,
    )  # fmt: skip
    figure.supylabel("wrong decisions among them (%)", fontsize=9, color=INK)
    return figure


class _Look(NamedTuple):
    colour: str
    line: str
    mark: str


def make_grid(
    n_panels: int, size_in: tuple[float, float], *, margin: float = 0.5
) -> tuple[Figure, list[Axes]]:
    """Return a figure with panels of this size, at most three side by side."""
    n_columns = min(3, n_panels)
    n_rows = -(-n_panels // n_columns)
    width = max(size_in[0] * n_columns + margin, 5.2)
    figure = Figure(figsize=(width, size_in[1] * n_rows + 0.75), layout="constrained")
    axes = list(figure.subplots(n_rows, n_columns, sharey=True, squeeze=False).flat)
    for panel in axes[n_panels:]:
        panel.set_axis_off()
    return figure, axes[:n_panels]


def name_corpus(corpus: str) -> str:
    """Return how a corpus, or all of them, is called in a heading."""
    return "all corpora" if corpus == ALL else corpus
