"""What a page is made of: sections of tables, figures and words, with no look of their own.

A room that has something to say in the report gives a `Section`; the template knows its parts
by ``kind``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import ClassVar, TypeAlias

from markupsafe import Markup

from emovox.study.words import Finding


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell of a table.

    Attributes
    ----------
    text : str
        What it says.
    small : str
        Said smaller behind it, such as an interval.
    heat : float or None
        Share of colour behind it, from 0 to 1.
    strong : bool
        Whether it stands out.
    """

    text: str
    small: str = ""
    heat: float | None = None
    strong: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """A table; the first ``n_words`` columns are words, the rest numbers.

    It is folded away behind ``fold`` where that is given.
    """

    kind: ClassVar[str] = "table"

    header: Sequence[str]
    rows: Sequence[Sequence[Cell]]
    caption: str = ""
    n_words: int = 1
    fold: str = ""


@dataclass(frozen=True, slots=True)
class Figure:
    """A drawing with its legend.

    Attributes
    ----------
    id : str
        Unique on the page.
    title : str
        What is drawn; read out by screen readers.
    svg : Markup
        The drawing.
    caption : str
        What to see.
    legend : sequence of (str, str)
        Class of a mark in the style sheet, and what it stands for.
    """

    kind: ClassVar[str] = "figure"

    id: str
    title: str
    svg: Markup
    caption: str = ""
    legend: Sequence[tuple[str, str]] = ()


@dataclass(frozen=True, slots=True)
class Grid:
    """Figures side by side, as many as fit; folded away behind ``fold`` where it is given."""

    kind: ClassVar[str] = "grid"

    figures: Sequence[Figure]
    title: str = ""
    fold: str = ""
    legend: Sequence[tuple[str, str]] = ()


@dataclass(frozen=True, slots=True)
class Prose:
    """Paragraphs of plain words."""

    kind: ClassVar[str] = "prose"

    paragraphs: Sequence[str]


@dataclass(frozen=True, slots=True)
class Answers:
    """Questions and what the figures answer."""

    kind: ClassVar[str] = "answers"

    findings: Sequence[Finding]


@dataclass(frozen=True, slots=True)
class Terms:
    """Words and what they mean, or names and values."""

    kind: ClassVar[str] = "terms"

    pairs: Sequence[tuple[str, str]]
    links: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Sound:
    """A recording to listen to; ``address`` is relative, or a file's.

    Attributes
    ----------
    name, truth, said, confidence, speaker : str
        Ready to be read.
    address : str
        Where it is.
    """

    name: str
    truth: str
    said: str
    confidence: str
    speaker: str
    address: str


@dataclass(frozen=True, slots=True)
class Sounds:
    """Recordings to listen to."""

    kind: ClassVar[str] = "sounds"

    sounds: Sequence[Sound]


@dataclass(frozen=True, slots=True)
class Code:
    """Something to be typed, or read by a machine."""

    kind: ClassVar[str] = "code"

    text: str


Part: TypeAlias = Table | Figure | Grid | Prose | Answers | Terms | Sounds | Code


@dataclass(frozen=True, slots=True)
class Section:
    """A section of the page.

    Attributes
    ----------
    id : str
        Its anchor.
    title : str
        For the contents too.
    meaning : str
        Two sentences: what this is, how to read it.
    parts : sequence of Part
        In order.
    """

    id: str
    title: str
    meaning: str
    parts: Sequence[Part] = field(default_factory=tuple)
