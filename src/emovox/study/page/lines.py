"""Learning curves and confusion matrices of the page."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from markupsafe import Markup

from emovox.emotions import EMOTIONS
from emovox.study.page.svg import draw_box, line, list_ticks, polyline, rectangle, write
from emovox.training import EpochRecord
from emovox.types import IntArray

_WIDTH, _LEFT, _RIGHT = 340.0, 34.0, 334.0
_PARTS = (("train", "orange dashed"), ("train_eval", "vermilion"), ("watch", "blue"))


def draw_curves(
    histories: Sequence[Sequence[EpochRecord]], score: str, *, top: float, title: str
) -> Markup:
    """Draw one score by epoch: a faint line a run, a strong one for their mean.

    Parameters
    ----------
    histories : sequence of sequence of EpochRecord
        Runs of one idea under one protocol.
    score : str
        ``uar`` (drawn in %) or ``loss`` (in nats).
    top : float
        Highest value that is drawn; what is above is cut off.
    title : str
        Of the drawing.
    """
    height = 190.0 if score == "uar" else 130.0
    high, low = 12.0, height - 26.0
    n_epochs = max((len(records) for records in histories), default=1)

    def place(epoch: int, value: float) -> tuple[float, float]:
        x = _LEFT + (_RIGHT - _LEFT) * (epoch - 1) / max(1, n_epochs - 1)
        return x, low - (low - high) * min(1.0, value / top)

    parts = []
    ticks = list_ticks(0, 100, 5) if score == "uar" else [0.0, *_halve(top)]
    for tick in ticks:
        y = place(1, tick / 100 if score == "uar" else tick)[1]
        parts.append(line(_LEFT, y, _RIGHT, y, "grid"))
        parts.append(write(_LEFT - 6, y + 4, f"{tick:g}", "tick", anchor="end"))
    for epoch in sorted({1, *map(int, list_ticks(1, n_epochs)), n_epochs}):
        if epoch == n_epochs or n_epochs - epoch > n_epochs / 12:
            parts.append(write(place(epoch, 0)[0], low + 17, str(epoch), "tick", anchor="middle"))
    for part, style in _PARTS:
        several = [_read(records, part, score) for records in histories]
        several = [values for values in several if values]
        if len(several) > 1:
            parts += [_trace(values, place, f"faint s-{style}") for values in several]
        if several:
            # The mean goes as far as all runs went: a mean of the last survivors misleads.
            shortest = min(map(len, several))
            mean = np.mean([values[:shortest] for values in several], axis=0).tolist()
            parts.append(_trace(mean, place, f"curve s-{style}"))
    return draw_box(_WIDTH, height, parts, title=title)


def find_loss_top(curves: Sequence[Sequence[Sequence[EpochRecord]]]) -> float:
    """Return the top of the loss axis: a run that runs away must not flatten all others."""
    means = []
    for histories in curves:
        for part, _ in _PARTS:
            several = [_read(records, part, "loss") for records in histories]
            if several and all(several):
                means.append(float(np.mean([max(values) for values in several])))
    return 1.1 * max(means, default=1.0)


def _halve(top: float) -> list[float]:
    step = next(step for step in (0.5, 1.0, 2.0, 5.0, 10.0, 1e9) if top / step <= 4)
    return [step * n for n in range(1, int(top / step) + 1)]


def _read(records: Sequence[EpochRecord], part: str, score: str) -> list[float]:
    scores = [getattr(record, part) for record in records]
    return [float(getattr(one, score)) for one in scores if one is not None]


def _trace(values: Sequence[float], place: object, style: str) -> Markup:
    assert callable(place)
    return polyline([place(epoch, value) for epoch, value in enumerate(values, start=1)], style)


_CELL, _NAMES = 37.0, 58.0


def draw_confusion(counts: IntArray, *, title: str) -> Markup:
    """Draw a confusion matrix: shares of each row as colour and figure, truth in the rows.

    Parameters
    ----------
    counts : ndarray of int64, shape (8, 8)
        Truth by prediction; emotions that neither occur nor are said are left out.
    title : str
        Of the drawing.
    """
    present = np.flatnonzero(counts.sum(axis=0) + counts.sum(axis=1) > 0)
    shown = counts[np.ix_(present, present)]
    shares = shown / np.maximum(1, shown.sum(axis=1, keepdims=True))
    parts = []
    for row, truth in enumerate(present):
        y = row * _CELL
        parts.append(write(_NAMES - 6, y + _CELL / 2 + 4, EMOTIONS[truth], "tick", anchor="end"))
        for column, share in enumerate(shares[row]):
            x = _NAMES + column * _CELL
            box = (x + 1, y + 1, _CELL - 2, _CELL - 2)
            parts.append(rectangle(box, "back"))
            if not shown[row, column]:
                continue
            parts.append(rectangle(box, "f-blue", opacity=float(share)))
            style = "cell on-fill" if share > 0.75 else "cell on-mid" if share > 0.6 else "cell"
            style += " strong" if row == column else ""
            parts.append(write(x + _CELL / 2, y + _CELL / 2 + 4, f"{100 * share:.0f}", style,
                               anchor="middle"))  # fmt: skip
    bottom = len(present) * _CELL
    for column, said in enumerate(present):
        x = _NAMES + column * _CELL + _CELL / 2
        turned = Markup('<g transform="translate({} {}) rotate(-40)">{}</g>')
        label = write(0, 0, EMOTIONS[said], "tick", anchor="end")
        parts.append(turned.format(f"{x + 4:.1f}", f"{bottom + 14:.1f}", label))
    return draw_box(_NAMES + len(present) * _CELL + 4, bottom + 52, parts, title=title)
