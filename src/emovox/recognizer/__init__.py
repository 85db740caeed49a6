"""Recognition: recordings in, calibrated decisions out. ``recognizer.py`` is the core loop."""

from emovox.recognizer.paths import find_recordings
from emovox.recognizer.recognizer import Failure, Recognizer
from emovox.recognizer.rows import (
    COLUMNS,
    SEGMENT_COLUMNS,
    make_flat_row,
    make_flat_segment_row,
    make_row,
    make_segment_row,
)
from emovox.recognizer.segments import Segment
from emovox.recognizer.speakers import adapt_to_speakers, recognize_speakers
from emovox.recognizer.stream import Stream
from emovox.recognizer.timeline import find_segments
from emovox.recognizer.voice import (
    Voice,
    compute_statistics,
    estimate_voice,
    read_voice,
    write_voice,
)
from emovox.recognizer.voices import VoiceStore

__all__ = [
    "COLUMNS",
    "SEGMENT_COLUMNS",
    "Failure",
    "Recognizer",
    "Segment",
    "Stream",
    "Voice",
    "VoiceStore",
    "adapt_to_speakers",
    "compute_statistics",
    "estimate_voice",
    "find_recordings",
    "find_segments",
    "make_flat_row",
    "make_flat_segment_row",
    "make_row",
    "make_segment_row",
    "read_voice",
    "recognize_speakers",
    "write_voice",
]
