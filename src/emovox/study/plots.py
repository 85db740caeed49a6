"""The figures of a study, as matplotlib ``Figure`` objects."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from emovox.emotions import EMOTIONS
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
from emovox.training import EpochRecord
from emovox.types import IntArray

Curves = Mapping[str, Sequence[Sequence[EpochRecord]]]
"""Protocol -> the histories of its runs."""


# Learning curves


def draw_learning_curves(title: str, curves: Curves, leaky: Sequence[str] = ()) -> Figure:
    """Draw UAR and loss by epoch: a column for each protocol, a faint line for each fold.

    Parameters
    ----------
    title : str
        Of the figure.
    curves : mapping of str to sequence of sequence of EpochRecord
        Protocol -> histories of its folds.
    leaky : sequence of str
        Protocols whose watched rows are test rows, and not disjoint from training.

    Returns
    -------
    Figure
    """
    figure = Figure(figsize=(max(4.6 * len(curves), 6.5), 6.2), layout="constrained")
    add_title(figure, title)
    axes = figure.subplots(2, len(curves), sharex="col", sharey="row", squeeze=False)
    for column, (protocol, histories) in enumerate(curves.items()):
        watched = "test rows" if protocol in leaky else "dev speakers"
        folds = f"mean of {len(histories)} folds" if len(histories) > 1 else "one split"
        axes[0, column].set_title(
            f"{protocol} ({folds}; watched: {watched})", fontsize=10, color=INK, loc="left"
        )
        for row, (score, scale) in enumerate((("uar", 100.0), ("loss", 1.0))):
            _draw_curves(axes[row, column], histories, score, scale)
        axes[1, column].set_xlabel("epoch", color=INK)
        axes[1, column].xaxis.set_major_locator(MaxNLocator(integer=True, nbins=8))
    # The same scale in every figure: tries can be compared by eye.
    axes[0, 0].set_ylim(0, 100)
    axes[1, 0].set_ylim(0, _find_loss_top(curves))
    axes[0, 0].set_ylabel("UAR (%)", color=INK)
    axes[1, 0].set_ylabel("cross-entropy (nats)", color=INK)
    add_legend(figure, [axes[0, 0]], top=False)
    return figure


def _find_loss_top(curves: Curves) -> float:
    """Return the top of the loss axis: a fold that runs away must not flatten all others."""
    means = [
        np.mean([_read_curve(records, part, "loss").max() for records in histories])
        for histories in curves.values()
        for part, *_ in _LINES
        if all(len(_read_curve(records, part, "loss")) for records in histories)
    ]
    return float(1.1 * max(means, default=1.0))


_LINES = (
    ("train", "training rows, as seen in training", ORANGE, (0, (4, 1.5))),
    ("train_eval", "training rows, dropout off", VERMILION, "solid"),
    ("watch", "watched rows, never trained on", BLUE, "solid"),
)


def _draw_curves(
    axes: Axes, histories: Sequence[Sequence[EpochRecord]], score: str, scale: float
) -> None:
    dress(axes)
    axes.grid(axis="y", color=GRID, linewidth=0.8)
    for part, label, colour, style in _LINES:
        several = [_read_curve(records, part, score) * scale for records in histories]
        several = [values for values in several if len(values)]
        if not several:
            continue
        if len(several) > 1:
            for values in several:
                axes.plot(_epochs(values), values, color=colour, linewidth=0.7, alpha=0.35)
        # The mean is drawn as far as all folds went: a mean of the last survivors misleads.
        shortest = min(len(values) for values in several)
        mean = np.mean([values[:shortest] for values in several], axis=0)
        axes.plot(_epochs(mean), mean, color=colour, linestyle=style, linewidth=2, label=label)


def _read_curve(records: Sequence[EpochRecord], part: str, score: str) -> NDArray[np.float64]:
    scores = [getattr(record, part) for record in records]
    return np.array([getattr(s, score) for s in scores if s is not None], dtype=np.float64)


def _epochs(values: NDArray[np.float64]) -> NDArray[np.int64]:
    return np.arange(1, len(values) + 1)


# Confusion


def draw_confusions(title: str, confusions: Mapping[str, IntArray]) -> Figure:
    """Draw confusion matrices side by side: shares of each row as colour, counts written in.

    Parameters
    ----------
    title : str
        Of the figure.
    confusions : mapping of str to ndarray of int64, shape (8, 8)
        Heading -> counts, truth by prediction.

    Returns
    -------
    Figure
    """
    figure = Figure(figsize=(5.0 * len(confusions) + 0.5, 5.8), layout="constrained")
    add_title(figure, title)
    axes = figure.subplots(1, len(confusions), squeeze=False)[0]
    present = np.any([c.sum(axis=0) + c.sum(axis=1) > 0 for c in confusions.values()], axis=0)
    for panel, (heading, counts) in zip(axes, confusions.items(), strict=True):
        _draw_confusion(panel, counts[np.ix_(present, present)])
        names = [name for name, there in zip(EMOTIONS, present, strict=True) if there]
        panel.set_xticks(range(len(names)), names, rotation=45, ha="right", rotation_mode="anchor")
        panel.set_yticks(range(len(names)), names)
        panel.set_title(heading, fontsize=10, color=INK, loc="left")
        panel.set_xlabel("recognised as", color=INK)
    axes[0].set_ylabel("truth", color=INK)
    return figure


def _draw_confusion(axes: Axes, counts: IntArray) -> None:
    totals = counts.sum(axis=1, keepdims=True)
    shares = np.divide(counts, totals, out=np.zeros(counts.shape), where=totals > 0)
    axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    for (row, column), share in np.ndenumerate(shares):
        if not counts[row, column]:
            continue
        colour = "white" if share > 0.55 else INK
        axes.text(
            column, row - 0.12, f"{100 * share:.0f}", ha="center", va="center",
            fontsize=9.5, color=colour, fontweight="bold" if row == column else "normal",
        )  # fmt: skip
        axes.text(
            column, row + 0.26, f"{counts[row, column]:,}", ha="center", va="center",
            fontsize=6.2, color=colour, alpha=0.85,
        )  # fmt: skip
    axes.set_xticks(np.arange(-0.5, len(counts)), minor=True)
    axes.set_yticks(np.arange(-0.5, len(counts)), minor=True)
    axes.grid(which="minor", color="white", linewidth=1.5)
    axes.tick_params(which="both", length=0, colors=INK, labelsize=9)
    axes.spines[:].set_visible(False)


# Comparison of protocols

_LEAKY, _HONEST = (VERMILION, "D"), (BLUE, "o")
_LANE = 0.3
"""Height of a lane: each protocol has its own within an experiment, so intervals lie apart."""


def draw_comparison(
    rows: Sequence[Mapping[str, Any]], titles: Mapping[str, str], chance: Mapping[str, float]
) -> Figure:
    """Draw the UAR of each experiment under each protocol, with intervals, corpus by corpus.

    Parameters
    ----------
    rows : sequence of mapping
        The pooled rows of ``results.json``, of one seed.
    titles : mapping of str to str
        Experiment -> how to call it, from top to bottom.
    chance : mapping of str to float
        Corpus -> UAR of guessing, from 0 to 1.

    Returns
    -------
    Figure
    """
    corpora = list(dict.fromkeys(row["corpus"] for row in rows))
    if len(corpora) == 2:
        corpora = corpora[1:]  # the only corpus and all corpora are the same
    protocols = list(dict.fromkeys(row["protocol"] for row in rows))
    size = (2.4 + max(2.2 * len(corpora), 4.0), 1.5 + 0.3 * (len(protocols) + 1) * len(titles))
    figure = Figure(figsize=size, layout="constrained")
    axes = figure.subplots(1, len(corpora), sharey=True, squeeze=False)[0]
    heights = {name: -i * _LANE * (len(protocols) + 1) for i, name in enumerate(titles)}
    for panel, corpus in zip(axes, corpora, strict=True):
        dress(panel)
        panel.spines["left"].set_visible(False)
        panel.tick_params(axis="y", length=0)
        panel.grid(axis="x", color=GRID, linewidth=0.8)
        panel.axvline(100 * chance[corpus], color=FAINT, linewidth=1, linestyle=(0, (1, 2)))
        for row in rows:
            if row["corpus"] == corpus and row["experiment"] in heights:
                lane = protocols.index(row["protocol"]) - (len(protocols) - 1) / 2
                _draw_row(panel, row, heights[row["experiment"]] - lane * _LANE)
        panel.set_title("all corpora" if corpus == "all" else corpus, fontsize=10, color=INK)
        panel.set_xlim(0, 114)  # room for the figures beside the marks
        panel.set_xticks(range(0, 101, 20))
        panel.set_ylim(min(heights.values()) - 2 * _LANE, 2 * _LANE)
    axes[0].set_yticks(list(heights.values()), list(titles.values()))
    figure.supxlabel(
        "UAR on test rows (%), with 95 % interval over speakers; dotted: chance",
        fontsize=9, color=INK,
    )  # fmt: skip
    add_legend(figure, axes, top=True)
    return figure


def _draw_row(axes: Axes, row: Mapping[str, Any], y: float) -> None:
    colour, mark = _LEAKY if row["leaky"] else _HONEST
    protocol, uar, clean = row["protocol"], 100 * row["uar"], row["uar_clean"]
    right = uar
    if row["uar_low"] is not None:
        right = 100 * row["uar_high"]
        axes.plot([100 * row["uar_low"], right], [y, y], color=colour, linewidth=1.6, alpha=0.7)
    style: dict[str, Any] = {"marker": mark, "linestyle": "none", "markersize": 6.5}
    if row["n_test_clean"] != row["n_test"] and clean is not None:
        right = max(right, 100 * clean)
        label = f"{protocol}, unaltered rows only"
        axes.plot(100 * clean, y, color="white", markeredgecolor=colour, label=label, **style)
    label = f"{protocol} (test speakers also train)" if row["leaky"] else protocol
    axes.plot(uar, y, color=colour, markeredgecolor="white", label=label, **style)
    axes.annotate(
        f"{uar:.0f}",
        (right, y),
        (6, 0),
        textcoords="offset points",
        va="center",
        fontsize=8,
        color=colour,
    )
