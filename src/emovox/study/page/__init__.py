"""The report of a study as one HTML page."""

from emovox.errors import MissingExtraError

try:
    import jinja2  # noqa: F401 - its absence is told here, in our words
except ImportError as error:
    raise MissingExtraError("train") from error

from emovox.study.page.parts import (
    Answers,
    Cell,
    Code,
    Figure,
    Grid,
    Prose,
    Section,
    Sound,
    Sounds,
    Table,
    Terms,
)
from emovox.study.page.render import format_page

__all__ = [
    "Answers",
    "Cell",
    "Code",
    "Figure",
    "Grid",
    "Prose",
    "Section",
    "Sound",
    "Sounds",
    "Table",
    "Terms",
    "format_page",
]
