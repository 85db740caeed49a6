"""Dot plots of the page: scores, what the leak adds, differences, gaps."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from emovox.study.comparison import Paired
from emovox.study.findings.overfitting import Gap
from emovox.study.page.svg import (
    LINE_HEIGHT,
    Scale,
    draw,
    draw_axis,
    label,
    line,
    list_ticks,
    mark,
    write,
)
from emovox.study.words import hundredths, percent, say_p

_TOP = 14
_LABEL = 20
_GAP = 14


@dataclass(frozen=True, slots=True)
class Dot:
    """A score to draw; all from 0 to 1.

    Attributes
    ----------
    value : float
        The mark.
    low, high : float or None
        Ends of its interval.
    leaky : bool
        Drawn as a vermilion diamond, else as a blue circle.
    protocol : str
        Told where a pointer rests.
    """

    value: float
    low: float | None
    high: float | None
    leaky: bool
    protocol: str


def draw_scores(
    rows: Sequence[tuple[str, Sequence[Dot]]], chance: float, *, title: str, top: float = 1.0
) -> Markup:
    """Draw the scores of each idea, a lane a protocol.

    Parameters
    ----------
    rows : sequence of (str, sequence of Dot)
        Title of an idea, and its scores.
    chance : float
        Score of guessing, from 0 to 1.
    title : str
        Of the drawing.
    top : float, default=1.0
        Highest value that is drawn.
    """
    high = min(100.0, 10 * math.ceil(10 * max(top, chance) + 0.2))
    scale = Scale(0, high)
    parts: list[Markup] = []
    y = _TOP
    for name, dots in rows:
        parts.append(label(y + 13, name))
        y += _LABEL
        for dot in dots:
            y += LINE_HEIGHT
            parts += _draw_dot(dot, scale, y - 8)
        y += _GAP
    bottom = y - 4
    axis = draw_axis(scale, list_ticks(0, high), _TOP, bottom)
    axis.append(line(scale(100 * chance), _TOP, scale(100 * chance), bottom, "chance"))
    axis.append(write(scale(100 * chance), _TOP - 3, "chance", "tick", anchor="middle"))
    return draw(bottom + 24, [*axis, *parts], title=title)


def _draw_dot(dot: Dot, scale: Scale, y: float) -> list[Markup]:
    colour = "vermilion" if dot.leaky else "blue"
    note = f"{dot.protocol}: {percent(dot.value)}"
    end = dot.value
    parts = []
    if dot.low is not None and dot.high is not None:
        parts.append(line(scale(100 * dot.low), y, scale(100 * dot.high), y, f"span s-{colour}"))
        end = dot.high
        note += f" ({100 * dot.low:.1f} to {100 * dot.high:.1f})"
    shape = "diamond" if dot.leaky else "circle"
    parts.append(mark(scale(100 * dot.value), y, shape, f"f-{colour}", note))
    parts.append(write(scale(100 * end), y + 4.5, f"{100 * dot.value:.1f}", f"value t-{colour}",
                       dx=9))  # fmt: skip
    return parts


def draw_leak(rows: Sequence[tuple[str, float, float]], *, title: str) -> Markup:
    """Draw how far the faulty protocol lifts each idea: name, honest and faulty score, 0 to 1."""
    high = min(100.0, 10 * math.ceil(10 * max(max(row[1:]) for row in rows) + 0.2))
    scale = Scale(0, high)
    parts: list[Markup] = []
    y = _TOP
    for name, honest, faulty in rows:
        parts.append(label(y + 13, name))
        y += _LABEL + LINE_HEIGHT
        added = hundredths(faulty - honest, sign=True)
        start, end = scale(100 * honest), scale(100 * faulty)
        parts.append(line(start, y - 8, end, y - 8, "lift"))
        parts.append(mark(start, y - 8, "circle", "f-blue", f"unheard voices: {percent(honest)}"))
        parts.append(mark(end, y - 8, "diamond", "f-vermilion", f"claimed: {percent(faulty)}"))
        right = scale(100 * max(honest, faulty))
        parts.append(write(right, y - 3.5, added, "value t-vermilion", dx=11))
        y += _GAP
    bottom = y - 4
    axis = draw_axis(scale, list_ticks(0, high), _TOP, bottom)
    return draw(bottom + 24, [*axis, *parts], title=title)


def draw_pairs(pairs: Sequence[Paired], name: Callable[[str], str], *, title: str) -> Markup:
    """Draw differences with their intervals around zero; believed ones are filled."""
    ends = [abs(v) for p in pairs for v in (p.difference, p.low, p.high) if v is not None]
    reach = 5.0 * math.ceil(20 * max(ends, default=0.05) + 0.1)
    scale = Scale(-reach, reach, right=90)
    parts: list[Markup] = []
    y, against = _TOP, ""
    for pair in pairs:
        colour = "blue" if pair.is_believed else "soft"
        told = hundredths(pair.difference, sign=True)
        if pair.b != against:
            against = pair.b
            y += _GAP if y > _TOP else 0
            parts.append(label(y + 13, f"against {name(pair.b)}", "group"))
            y += _LABEL
        parts.append(label(y + 13, name(pair.a)))
        y += _LABEL + LINE_HEIGHT
        end = pair.difference
        if pair.low is not None and pair.high is not None:
            end = pair.high
            start = scale(100 * pair.low)
            parts.append(line(start, y - 8, scale(100 * end), y - 8, f"span s-{colour}"))
        style = "f-blue" if pair.is_believed else "hollow"
        note = f"{told}, {say_p(pair.p_corrected)}"
        parts.append(mark(scale(100 * pair.difference), y - 8, "circle", style, note))
        parts.append(write(scale(100 * end), y - 3.5, told, f"value t-{colour}", dx=10))
        y += _GAP
    bottom = y - 4
    axis = draw_axis(scale, list_ticks(-reach, reach), _TOP, bottom)
    axis.append(line(scale(0), _TOP, scale(0), bottom, "zero"))
    return draw(bottom + 24, [*axis, *parts], title=title)


def draw_gaps(gaps: Sequence[Gap], name: Callable[[str], str], *, title: str) -> Markup:
    """Draw training rows, dev speakers and test speakers of each idea on one line."""
    scale = Scale(0, 100, right=97)
    parts: list[Markup] = []
    y = _TOP
    for gap in gaps:
        told = f"gap {hundredths(gap.size)}"
        parts.append(label(y + 13, name(gap.experiment), most=32))
        parts.append(write("100%", y + 13, told, "value t-vermilion", anchor="end"))
        y += _LABEL + LINE_HEIGHT
        row = y - 8
        parts.append(line(scale(100 * gap.test), row, scale(100 * gap.train), row, "lift"))
        if gap.dev is not None:
            note = f"dev speakers: {percent(gap.dev)}"
            parts.append(mark(scale(100 * gap.dev), row, "diamond", "f-orange", note))
        parts.append(mark(scale(100 * gap.train), row, "square", "f-vermilion",
                          f"training rows: {percent(gap.train)}"))  # fmt: skip
        parts.append(mark(scale(100 * gap.test), row, "circle", "f-blue",
                          f"test speakers: {percent(gap.test)}"))  # fmt: skip
        y += _GAP
    bottom = y - 4
    axis = draw_axis(scale, list_ticks(0, 100), _TOP, bottom)
    return draw(bottom + 24, [*axis, *parts], title=title)
