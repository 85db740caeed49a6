"""Recognition: recordings in, calibrated decisions out. ``recognizer.py`` is the core loop."""

from emovox.recognizer.paths import find_recordings
from emovox.recognizer.recognizer import Failure, Recognizer
from emovox.recognizer.rows import COLUMNS, make_flat_row, make_row

__all__ = [
    "COLUMNS",
    "Failure",
    "Recognizer",
    "find_recordings",
    "make_flat_row",
    "make_row",
]
