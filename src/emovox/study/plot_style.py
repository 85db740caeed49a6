"""How figures look, and how they are written: readable in print and without colour.

Colours are those of Okabe and Ito, which people with any colour vision tell apart; marks and
line styles say the same once more.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import matplotlib
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from emovox.files import replacing

INK, FAINT, GRID = "#222222", "#767676", "#e6e6e6"
BLUE, VERMILION, ORANGE = "#0072b2", "#d55e00", "#e69f00"
GREEN, SKY, PURPLE = "#009e73", "#56b4e9", "#cc79a7"


def save_figure(figure: Figure, path: Path, *, dpi: int = 160, png: bool = True) -> None:
    """Write a figure as SVG and, unless told otherwise, as PNG, atomically.

    Parameters
    ----------
    figure : Figure
        What to write.
    path : Path
        Without suffix.
    dpi : int, default=160
        Of the PNG.
    png : bool, default=True
        Whether to write one.
    """
    # Text stays text: searchable, and small. Names of parts are the same in every call.
    with matplotlib.rc_context({"svg.fonttype": "none", "svg.hashsalt": "emovox"}):
        with replacing(path.with_suffix(".svg")) as temporary:
            figure.savefig(temporary, metadata={"Date": None})
        if not png:
            return
        with replacing(path.with_suffix(".png")) as temporary:
            figure.savefig(temporary, dpi=dpi)


def add_legend(figure: Figure, axes: Sequence[Axes], *, top: bool) -> None:
    """Add one legend for all panels, above or below them."""
    handles: dict[str, Any] = {}
    for panel in axes:
        for handle, label in zip(*panel.get_legend_handles_labels(), strict=True):
            handles.setdefault(label, handle)
    figure.legend(
        list(handles.values()),
        list(handles),
        loc="outside upper center" if top else "outside lower center",
        ncols=len(handles),
        frameon=False,
        fontsize=9,
        labelcolor=INK,
    )


def add_title(figure: Figure, title: str) -> None:
    """Add a title at the left."""
    figure.suptitle(f"{title}\n", x=0.008, ha="left", fontsize=12.5, fontweight="bold", color=INK,
                    linespacing=0.6, parse_math=False)  # fmt: skip


def dress(axes: Axes) -> None:
    """Leave only the two axes that carry numbers."""
    axes.spines[["top", "right"]].set_visible(False)
    axes.spines[["left", "bottom"]].set_color(FAINT)
    axes.tick_params(colors=INK, labelsize=9)
    axes.set_axisbelow(True)
