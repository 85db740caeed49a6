"""Drawing in SVG: marks that take their colours from the page, so that they turn dark with it.

Horizontal positions are percentages and vertical ones pixels: a drawing is as wide as there is
room, and its text keeps its size. Everything is escaped on its way in.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from markupsafe import Markup

LINE_HEIGHT = 20
"""Pixels from one lane to the next."""

_LABEL_LENGTH = 42
_SHAPES = {
    "circle": Markup('<circle r="5.5" class="{}"/>'),
    "diamond": Markup('<path d="M0-6.5 6.5 0 0 6.5-6.5 0z" class="{}"/>'),
    "square": Markup('<rect x="-5" y="-5" width="10" height="10" class="{}"/>'),
}


class Scale:
    """From values to percentages of the width, with room at the right for figures.

    Parameters
    ----------
    low, high : float
        Values at the ends.
    right : float, default=88
        Where the high end is, in percent.
    """

    def __init__(self, low: float, high: float, right: float = 88.0) -> None:
        self.low, self.high, self._right = low, high, right

    def __call__(self, value: float) -> str:
        """Return such as ``42.5%``."""
        share = (value - self.low) / (self.high - self.low)
        return f"{1.5 + share * (self._right - 1.5):.2f}%"


def draw(height: float, parts: Iterable[Markup], *, title: str) -> Markup:
    """Return a drawing as wide as there is room."""
    return Markup(
        '<svg class="drawing" role="img" width="100%" height="{0}" aria-label="{1}">'
        "<title>{1}</title>{2}</svg>"
    ).format(f"{height:.0f}", title, Markup("").join(parts))


def draw_box(
    width: float, height: float, parts: Iterable[Markup], *, title: str, most: float = 2.0
) -> Markup:
    """Return a drawing of fixed shape that grows, up to ``most`` times, and shrinks as a whole."""
    return Markup(
        '<svg class="box" role="img" viewBox="0 0 {0} {1}" style="max-width: {4}px" '
        'aria-label="{2}"><title>{2}</title>{3}</svg>'
    ).format(f"{width:.0f}", f"{height:.0f}", title, Markup("").join(parts), f"{most * width:.0f}")


def write(
    x: str | float, y: float, text: str, style: str = "", *, dx: float = 0, anchor: str = ""
) -> Markup:
    """Return text."""
    return Markup('<text x="{}" y="{}" dx="{}" class="{}"{}>{}</text>').format(
        _at(x), f"{y:.1f}", f"{dx:g}", style, _anchor(anchor), text
    )


def label(y: float, text: str, style: str = "label", *, most: int = _LABEL_LENGTH) -> Markup:
    """Return text at the left, cut to what a telephone is wide; a pointer shows all of it."""
    shown = text if len(text) <= most else f"{text[: most - 1].rstrip()}\u2026"
    return Markup('<text x="0" y="{}" class="{}"><title>{}</title>{}</text>').format(
        f"{y:.1f}", style, text, shown
    )


def line(x1: str | float, y1: float, x2: str | float, y2: float, style: str) -> Markup:
    """Return a straight line."""
    return Markup('<line x1="{}" y1="{}" x2="{}" y2="{}" class="{}"/>').format(
        _at(x1), f"{y1:.1f}", _at(x2), f"{y2:.1f}", style
    )


def mark(x: str | float, y: float, shape: str, style: str, note: str = "") -> Markup:
    """Return a mark: ``circle``, ``diamond`` or ``square``, with a note that a pointer shows."""
    told = Markup("<title>{}</title>").format(note) if note else Markup("")
    return Markup('<svg x="{}" y="{}" class="mark">{}<g>{}</g></svg>').format(
        _at(x), f"{y:.1f}", told, _SHAPES[shape].format(style)
    )


def polyline(points: Sequence[tuple[float, float]], style: str) -> Markup:
    """Return a line through points."""
    text = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    return Markup('<polyline points="{}" class="{}"/>').format(text, style)


def rectangle(box: tuple[float, float, float, float], style: str, *, opacity: float = 1) -> Markup:
    """Return a rectangle: left, top, width, height."""
    x, y, width, height = (f"{value:.1f}" for value in box)
    return Markup(
        '<rect x="{}" y="{}" width="{}" height="{}" rx="2" class="{}" fill-opacity="{}"/>'
    ).format(x, y, width, height, style, f"{opacity:.3f}")


def bar(scale: Scale, low: float, high: float, y: float, style: str, note: str = "") -> Markup:
    """Return a bar between two values, 16 pixels high from ``y``, with a note for a pointer."""
    width = f"{float(scale(high)[:-1]) - float(scale(low)[:-1]):.2f}%"
    told = Markup("<title>{}</title>").format(note) if note else Markup("")
    return Markup('<rect x="{}" y="{}" width="{}" height="16" class="{}">{}</rect>').format(
        scale(low), f"{y:.1f}", width, style, told
    )


def draw_axis(
    scale: Scale, ticks: Iterable[float], top: float, bottom: float, unit: str = ""
) -> list[Markup]:
    """Return grid lines and their figures below."""
    parts = []
    for tick in ticks:
        label = f"{tick:g}{unit}".replace("-", "\u2212")
        parts.append(line(scale(tick), top, scale(tick), bottom, "grid"))
        parts.append(write(scale(tick), bottom + 16, label, "tick", anchor="middle"))
    return parts


def list_ticks(low: float, high: float, most: int = 6) -> list[float]:
    """Return round values between two, at most ``most`` and at least two."""
    span = high - low
    for step in (1, 2, 5, 10, 20, 25, 50, 100):
        if span / step <= most:
            break
    first = -int(-low // step)  # rounded up
    return [float(n * step) for n in range(first, int(high // step) + 1)]


def _at(x: str | float) -> str:
    return x if isinstance(x, str) else f"{x:.1f}"


def _anchor(anchor: str) -> Markup:
    return Markup(' text-anchor="{}"').format(anchor) if anchor else Markup("")
