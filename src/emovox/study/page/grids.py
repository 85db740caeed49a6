"""Drawings of the questions: the matrix of corpora, gaps against size, whose variance it is."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from emovox.study.page.svg import (
    Scale,
    bar,
    draw,
    draw_axis,
    draw_box,
    label,
    line,
    list_ticks,
    polyline,
    rectangle,
    write,
)
from emovox.study.words import percent


@dataclass(frozen=True, slots=True)
class Square:
    """A cell of the matrix: from some corpora to one.

    Attributes
    ----------
    uar, chance : float
        From 0 to 1.
    n_emotions : int
        That both sides have.
    note : str
        Told where a pointer rests.
    """

    uar: float
    chance: float
    n_emotions: int
    note: str = ""


_WIDTH, _HEIGHT, _NAMES, _HEAD = 104.0, 50.0, 168.0, 44.0


def draw_matrix(
    rows: Sequence[tuple[str, str]],
    columns: Sequence[str],
    cells: Mapping[tuple[str, str], Square],
    *,
    title: str,
) -> Markup:
    """Draw figures from training corpora (rows) to test corpora (columns).

    Parameters
    ----------
    rows : sequence of (str, str)
        Key of a row and what it is called.
    columns : sequence of str
        Test corpora.
    cells : mapping of (row key, column) to Square
        Where one is missing nothing is drawn.
    title : str
        Of the drawing.
    """
    parts = [write(_NAMES + 2, 13, "tested on", "group"), write(0, 33, "trained on", "group")]
    for number, column in enumerate(columns):
        x = _NAMES + (number + 0.5) * _WIDTH
        parts.append(write(x, 33, column, "strong", anchor="middle"))
    for row, (key, name) in enumerate(rows):
        y = _HEAD + row * _HEIGHT
        parts.append(write(0, y + _HEIGHT / 2 + 4, name, "strong"))
        for number, column in enumerate(columns):
            box = (_NAMES + number * _WIDTH + 2, y + 2, _WIDTH - 4, _HEIGHT - 4)
            parts.append(rectangle(box, "back"))
            square = cells.get((key, column))
            if square is not None:
                parts += _fill(square, box)
    width = _NAMES + len(columns) * _WIDTH
    return draw_box(width, _HEAD + len(rows) * _HEIGHT, parts, title=title, most=1.2)


def _fill(square: Square, box: tuple[float, float, float, float]) -> list[Markup]:
    # The colour is what is left of the way from guessing to knowing.
    skill = max(0.0, (square.uar - square.chance) / (1 - square.chance))
    x, y, width, _ = box
    tone = " on-fill" if skill > 0.75 else " on-mid" if skill > 0.6 else ""
    told = Markup("<g><title>{}</title>{}</g>")
    figures = [
        rectangle(box, "f-blue", opacity=skill),
        write(x + width / 2, y + 21, f"{100 * square.uar:.1f}", f"strong{tone}", anchor="middle"),
        write(
            x + width / 2, y + 37, f"of {square.n_emotions}, chance {100 * square.chance:.0f}",
            f"small{tone}", anchor="middle",
        ),
    ]  # fmt: skip
    return [told.format(square.note, Markup("").join(figures))]


@dataclass(frozen=True, slots=True)
class Size:
    """A point of a curve over sizes.

    Attributes
    ----------
    size : float
        Parameters, or speakers.
    name : str
        Of the size.
    train, test : float
        UAR, from 0 to 1.
    low, high : float or None
        Interval of ``test``.
    """

    size: float
    name: str
    train: float
    test: float
    low: float | None
    high: float | None


_LEFT, _RIGHT, _TOP, _LOW, _BOX = 40.0, 386.0, 14.0, 204.0, (400.0, 250.0)


def draw_sizes(sizes: Sequence[Size], chance: float, axis: str, *, title: str) -> Markup:
    """Draw training and test UAR against a size, on a logarithmic axis.

    Parameters
    ----------
    sizes : sequence of Size
        From the smallest.
    chance : float
        UAR of guessing.
    axis : str
        What the size is.
    title : str
        Of the drawing.
    """
    first, last = (math.log(max(1e-9, one.size)) for one in (sizes[0], sizes[-1]))

    def place(size: float, value: float) -> tuple[float, float]:
        along = (math.log(max(1e-9, size)) - first) / ((last - first) or 1.0)
        return _LEFT + 14 + along * (_RIGHT - _LEFT - 34), _LOW - (_LOW - _TOP) * value

    parts = []
    for tick in list_ticks(0, 100, 5):
        y = place(sizes[0].size, tick / 100)[1]
        parts.append(line(_LEFT, y, _RIGHT, y, "grid"))
        parts.append(write(_LEFT - 6, y + 4, f"{tick:g}", "tick", anchor="end"))
    y = place(sizes[0].size, chance)[1]
    parts.append(line(_LEFT, y, _RIGHT, y, "chance"))
    parts.append(write(_RIGHT, y - 4, "chance", "tick", anchor="end"))
    for name, colour in (("train", "vermilion"), ("test", "blue")):
        curve = [place(one.size, getattr(one, name)) for one in sizes]
        parts.append(polyline(curve, f"curve s-{colour}"))
        for one, (x, y) in zip(sizes, curve, strict=True):
            if name == "test" and one.low is not None and one.high is not None:
                ends = place(one.size, one.low)[1], place(one.size, one.high)[1]
                parts.append(line(x, ends[0], x, ends[1], "span s-blue"))
            value = getattr(one, name)
            note = f"{one.name}: {percent(value)} {name}"
            dot = Markup('<circle cx="{}" cy="{}" r="4.5" class="f-{}"><title>{}</title></circle>')
            parts.append(dot.format(f"{x:.1f}", f"{y:.1f}", colour, note))
            # Training above its line, new voices below: they may come near each other.
            beside = y - 9 if name == "train" else y + 19
            told = f"{100 * value:.0f}"
            parts.append(write(x, beside, told, f"value t-{colour}", anchor="middle"))
    for one in sizes:
        parts.append(write(place(one.size, 0)[0], _LOW + 18, one.name, "tick", anchor="middle"))
    parts.append(write((_LEFT + _RIGHT) / 2, _LOW + 38, axis, "group", anchor="middle"))
    return draw_box(*_BOX, parts, title=title)


SHARES: Sequence[tuple[str, tuple[str, ...], str]] = (
    ("emotion", ("emotion",), "f-blue"),
    ("emotion in a personal way", ("personal",), "f-sky"),
    ("speaker and sex", ("speaker", "sex"), "f-vermilion"),
    ("corpus", ("corpus",), "f-orange"),
    ("sentence", ("sentence",), "f-green"),
    ("rest", ("rest",), "f-rest"),
)
"""Name, components of variance, and colour of the parts of a bar."""


def draw_shares(rows: Sequence[tuple[str, Mapping[str, float]]], *, title: str) -> Markup:
    """Draw whose variance it is, a bar a kind of feature.

    Parameters
    ----------
    rows : sequence of (str, mapping of str to float)
        Name, and the share of each component, from 0 to 1.
    title : str
        Of the drawing.
    """
    scale = Scale(0, 100, right=98)
    parts: list[Markup] = []
    y = 4.0
    for name, shares in rows:
        parts.append(label(y + 13, name))
        start = 0.0
        for what, components, style in SHARES:
            share = 100 * sum(shares[component] for component in components)
            if share > 0:
                note = f"{name}, {what}: {share:.1f} %"
                parts.append(bar(scale, start, min(100.0, start + share), y + 19, style, note))
            start += share
        y += 48
    axis = draw_axis(scale, list_ticks(0, 100), 4, y - 6, " %")
    return draw(y + 16, [*axis, *parts], title=title)
