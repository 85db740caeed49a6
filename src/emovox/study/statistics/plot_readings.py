"""Figures of what a classifier reads, of redundancy, and of what order in time brings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, NullLocator

from emovox.study.plot_style import (
    BLUE,
    FAINT,
    GRID,
    INK,
    ORANGE,
    VERMILION,
    add_legend,
    add_title,
    dress,
)
from emovox.study.statistics.probe import Table
from emovox.study.statistics.sample import find_group

Row = Mapping[str, Any]

_DOTTED, _DASHED = (0, (1, 2)), (0, (4, 1.5))


def draw_readings(title: str, rows: Sequence[Row]) -> Figure:
    """Draw what a linear classifier reads off the features, each beside chance.

    Parameters
    ----------
    title : str
        Of the figure.
    rows : sequence of mapping
        ``labels`` of ``statistics.json``.

    Returns
    -------
    Figure
    """
    figure = Figure(figsize=(8.6, 1.5 + 0.34 * len(rows)), layout="constrained")
    add_title(figure, title)
    axes = figure.subplots()
    dress(axes)
    axes.spines["left"].set_visible(False)
    axes.tick_params(axis="y", length=0)
    axes.grid(axis="x", color=GRID, linewidth=0.8)
    for y, row in enumerate(rows):
        colour = BLUE if row["split"] == "unheard speakers" else VERMILION
        chance, score = 100 * row["chance"], 100 * row["uar"]
        axes.plot([chance, score], [y, y], color=colour, linewidth=5, alpha=0.18,
                  solid_capstyle="butt")  # fmt: skip
        axes.plot(chance, y, "|", color=FAINT, markersize=13, markeredgewidth=1.6,
                  label=None if y else "chance")  # fmt: skip
        if row["low"] is not None:
            axes.plot([100 * row["low"], 100 * row["high"]], [y, y], color=colour, linewidth=1.6)
        known = {r["split"] for r in rows[:y]}
        axes.plot(score, y, "o" if colour == BLUE else "D", color=colour, markersize=7,
                  markeredgecolor="white", clip_on=False, zorder=3,
                  label=None if row["split"] in known else row["split"])  # fmt: skip
        axes.annotate(
            f"{score:.0f}", (1, y), (8, 0), xycoords=("axes fraction", "data"),
            textcoords="offset points", va="center", fontsize=9, color=colour,
        )  # fmt: skip
    axes.set_yticks(range(len(rows)), [row["what"] for row in rows])
    axes.set_ylim(len(rows) - 0.4, -0.6)
    axes.set_xlim(0, 100)
    axes.set_xlabel("recognised (%), mean over classes; lines: 95 % interval over speakers",
                    color=INK, fontsize=9)  # fmt: skip
    add_legend(figure, [axes], top=False)
    return figure


def draw_sizes(
    title: str, selections: Sequence[Row], voices: Sequence[Row], chance: float
) -> Figure:
    """Draw the UAR by the number of features kept, and by the number of training speakers.

    Parameters
    ----------
    title : str
        Of the figure.
    selections, voices : sequence of mapping
        Those of ``statistics.json``.
    chance : float
        UAR of guessing, from 0 to 1.

    Returns
    -------
    Figure
    """
    figure = Figure(figsize=(9.2, 4.3), layout="constrained")
    add_title(figure, title)
    left, right = figure.subplots(1, 2, sharey=True)
    for panel in (left, right):
        dress(panel)
        panel.grid(axis="y", color=GRID, linewidth=0.8)
        panel.axhline(100 * chance, color=FAINT, linewidth=1, linestyle=_DOTTED)
        panel.set_xscale("log")
    plain = ("unheard speakers", BLUE, "o", "solid")
    normalized = ("unheard speakers, each normalized", BLUE, "s", _DASHED)
    _draw_line(left, selections, "n_kept", "uar", plain)
    _draw_line(left, selections, "n_kept", "uar_normalized", normalized)
    _draw_line(right, voices, "n_speakers", "uar", plain)
    _draw_line(right, voices, "n_speakers", "uar_normalized", normalized)
    _draw_line(
        right, voices, "n_speakers", "train_uar", ("training speakers", ORANGE, "o", "solid")
    )
    _draw_line(right, voices, "n_speakers", "train_uar_normalized",
               ("training speakers, each normalized", ORANGE, "s", _DASHED))  # fmt: skip
    _tick(left, [row["n_kept"] for row in selections])
    _tick(right, [row["n_speakers"] for row in voices])
    left.set_ylim(0, 100)
    left.set_ylabel("UAR of a linear classifier (%)", color=INK, fontsize=9)
    left.set_xlabel("features kept, best first; chosen on training speakers", color=INK, fontsize=9)
    right.set_xlabel("training speakers", color=INK, fontsize=9)
    left.set_title("how many features", fontsize=10, color=INK, loc="left")
    right.set_title("how many speakers", fontsize=10, color=INK, loc="left")
    add_legend(figure, [right], top=False)
    return figure


def _draw_line(
    axes: Axes, rows: Sequence[Row], x: str, y: str, style: tuple[str, str, str, Any]
) -> None:
    label, colour, mark, line = style
    axes.plot([row[x] for row in rows], [100 * row[y] for row in rows], color=colour, marker=mark,
              markersize=5.5, markeredgecolor="white", linestyle=line, linewidth=1.8,
              label=label)  # fmt: skip


def _tick(axes: Axes, values: Sequence[float]) -> None:
    kept: list[float] = []
    for value in sorted(values, reverse=True):
        # The last one always; others where there is room.
        if not kept or kept[-1] / value >= 1.4:
            kept.append(value)
    axes.xaxis.set_major_locator(FixedLocator(kept))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.set_xticks(kept, [f"{value:.0f}" for value in kept])


def draw_redundancy(
    title: str, correlation: Table, names: Sequence[str], redundancy: Row
) -> Figure:
    """Draw correlations of all features, and how many dimensions hold their variance.

    Parameters
    ----------
    title : str
        Of the figure.
    correlation : ndarray of float64, shape (n_features, n_features)
        In the order of ``names``.
    names : sequence of str
        Of the features.
    redundancy : mapping
        That of ``statistics.json``.

    Returns
    -------
    Figure
    """
    figure = Figure(figsize=(9.2, 4.7), layout="constrained")
    add_title(figure, title)
    left, right = figure.subplots(1, 2, width_ratios=(1.15, 1))
    # Kinds together, so that what repeats stands in blocks.
    kinds = [find_group(name) for name in names]
    order = np.argsort([kinds.index(kind) for kind in kinds], kind="stable")
    image = left.imshow(np.abs(correlation)[np.ix_(order, order)], cmap="Blues", vmin=0, vmax=1,
                        interpolation="nearest")  # fmt: skip
    _mark_groups(left, [kinds[place] for place in order])
    left.set_title("correlation, without its sign", fontsize=10, color=INK, loc="left")
    bar = figure.colorbar(image, ax=left, shrink=0.75, ticks=(0, 0.5, 1))
    bar.outline.set_visible(False)
    bar.ax.tick_params(labelsize=8, colors=INK, length=0)
    eigenvalues = np.array(redundancy["eigenvalues"])
    held = 100 * np.cumsum(eigenvalues) / (redundancy["n_features"] - redundancy["n_constant"])
    dress(right)
    right.grid(color=GRID, linewidth=0.8)
    right.plot(np.arange(1, len(held) + 1), held, color=BLUE, linewidth=2)
    right.axvline(redundancy["n_effective"], color=VERMILION, linewidth=1.2, linestyle=_DASHED)
    right.annotate(
        f"effective number: {redundancy['n_effective']:.0f}", (redundancy["n_effective"], 3),
        (5, 0), textcoords="offset points", fontsize=9, color=VERMILION,
    )  # fmt: skip
    right.set_ylim(0, 102)
    right.set_xlim(0, len(held))
    right.set_xlabel("principal components", color=INK, fontsize=9)
    right.set_title("variance that they hold (%)", fontsize=10, color=INK, loc="left")
    return figure


def _mark_groups(axes: Axes, groups: Sequence[str]) -> None:
    """Write the kind of features beside their part of a matrix, where there is room."""
    starts = [i for i, group in enumerate(groups) if i == 0 or group != groups[i - 1]]
    ends = [*starts[1:], len(groups)]
    places, labels = [], []
    for start, end in zip(starts, ends, strict=True):
        if (end - start) / len(groups) >= 0.03:
            places.append((start + end - 1) / 2)
            labels.append(groups[start])
    axes.set_yticks(places, labels)
    axes.set_xticks(places, labels, rotation=45, ha="right", rotation_mode="anchor")
    axes.tick_params(length=0, colors=INK, labelsize=8)
    axes.spines[:].set_visible(False)


def draw_dynamics(title: str, rows: Sequence[Row], parts: Sequence[Row]) -> Figure:
    """Draw the share of emotion by kind and statistic, and what each family of them adds.

    Parameters
    ----------
    title : str
        Of the figure.
    rows, parts : sequence of mapping
        Those of ``statistics.json``.

    Returns
    -------
    Figure
    """
    groups = list(dict.fromkeys(row["group"] for row in rows))
    statistics = list(dict.fromkeys(row["statistic"] for row in rows))
    means = np.full((len(groups), len(statistics)), np.nan)
    for (i, group), (j, statistic) in (
        (a, b) for a in enumerate(groups) for b in enumerate(statistics)
    ):
        own = [row["emotion"] for row in rows
               if (row["group"], row["statistic"]) == (group, statistic)
               and row["emotion"] is not None]  # fmt: skip
        if own:
            means[i, j] = np.mean(own)
    down, along = (np.argsort(-np.nanmean(means, axis=axis), kind="stable") for axis in (1, 0))
    figure = Figure(figsize=(9.2, 1.9 + 0.36 * len(groups)), layout="constrained")
    add_title(figure, title)
    left, right = figure.subplots(1, 2, width_ratios=(1.5, 1))
    _draw_cells(left, means[np.ix_(down, along)])
    left.set_yticks(range(len(groups)), [groups[i] for i in down])
    left.set_xticks(range(len(statistics)), [statistics[j].replace("_", " ") for j in along],
                    rotation=35, ha="right", rotation_mode="anchor")  # fmt: skip
    left.set_title("mean share of emotion (%)", fontsize=10, color=INK, loc="left")
    _draw_parts(right, parts)
    return figure


def _draw_cells(axes: Axes, means: Table) -> None:
    axes.imshow(means, cmap="Blues", vmin=0, vmax=max(0.1, float(np.nanmax(means))), aspect="auto")
    for (row, column), share in np.ndenumerate(means):
        if np.isfinite(share):
            axes.text(column, row, f"{100 * share:.0f}", ha="center", va="center", fontsize=8.5,
                      color="white" if share > 0.6 * np.nanmax(means) else INK)  # fmt: skip
    axes.tick_params(length=0, colors=INK, labelsize=9)
    axes.spines[:].set_visible(False)


def _draw_parts(axes: Axes, parts: Sequence[Row]) -> None:
    dress(axes)
    axes.spines["left"].set_visible(False)
    axes.tick_params(axis="y", length=0)
    axes.grid(axis="x", color=GRID, linewidth=0.8)
    for y, row in enumerate(parts):
        low, high = row["low"], row["high"]
        if low is not None:
            axes.plot([100 * low, 100 * high], [y, y], color=BLUE, linewidth=1.8, alpha=0.45)
        axes.plot(100 * row["uar"], y, "o", color=BLUE, markersize=7.5, markeredgecolor="white")
        axes.annotate(
            f"{100 * row['uar']:.1f}", (100 * row["uar"], y), (0, 8),
            textcoords="offset points", ha="center", fontsize=8.5, color=BLUE,
        )  # fmt: skip
    names = [f"{row['part']}\n({row['n_features']} features)" for row in parts]
    axes.set_yticks(range(len(parts)), names)
    axes.set_ylim(len(parts) - 0.5, -0.6)
    axes.set_title("UAR read off unheard speakers (%)", fontsize=10, color=INK, loc="left")
