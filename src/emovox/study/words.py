"""Figures as words."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from emovox.metrics import Interval


@dataclass(frozen=True, slots=True)
class Finding:
    """A question and what the figures answer.

    Attributes
    ----------
    question : str
        As a reader would ask.
    verdict : str
        A few words.
    answer : str
        One to four sentences, with figures.
    section : str
        Of the report, where the evidence is.
    """

    question: str
    verdict: str
    answer: str
    section: str


def percent(value: float) -> str:
    """Return such as ``46.0 %``, the space unbreakable."""
    return f"{100 * value:.1f}\u00a0%"


def hundredths(value: float | None, *, digits: int = 1, sign: bool = False) -> str:
    """Return such as ``46.0``, with a sign ``+3.8``, with a true minus; nothing of None."""
    if value is None:
        return ""
    return f"{100 * value:{'+' if sign else ''}.{digits}f}".replace("-", "\u2212")


def say_bounds(low: float | None, high: float | None, *, sign: bool = False) -> str:
    """Return such as ``[42.5, 49.5]``; nothing where there is none (None or NaN)."""
    if low is None or high is None or math.isnan(low):
        return ""
    return f"[{hundredths(low, sign=sign)}, {hundredths(high, sign=sign)}]"


def points(value: float, *, digits: int = 1) -> str:
    """Return a difference such as ``4.8 points``, or ``1 point``."""
    text = hundredths(value, digits=digits)
    return f"{text} point" if text in ("1", "1.0") else f"{text} points"


def say_interval(interval: Interval) -> str:
    """Return such as ``, 95 % interval 42.5 to 49.5``; nothing where there is none."""
    if math.isnan(interval.low):
        return ""
    level = f"{100 * interval.level:.0f}\u00a0%"
    return f", {level} interval {100 * interval.low:.1f} to {100 * interval.high:.1f}"


def say_p(value: float) -> str:
    """Return such as ``p = 0.03``, ``p < 0.001``."""
    if value < 0.001:
        return "p < 0.001"
    return f"p = {value:.3f}" if value < 0.01 else f"p = {value:.2f}"


def join_words(words: Sequence[str]) -> str:
    """Return ``a``, ``a and b``, ``a, b and c``."""
    return " and ".join(filter(None, (", ".join(words[:-1]), *words[-1:])))


def format_table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a Markdown table, columns aligned for those who read it as text."""
    widths = [max(map(len, column)) for column in zip(header, *rows, strict=True)]

    def join(cells: Sequence[str]) -> str:
        padded = (cell.ljust(width) for cell, width in zip(cells, widths, strict=True))
        return f"| {' | '.join(padded)} |"

    rule = f"|{'|'.join('-' * (width + 2) for width in widths)}|"
    return "\n".join([join(header), rule, *map(join, rows)]) + "\n"
