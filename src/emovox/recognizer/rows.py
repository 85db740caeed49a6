"""Decisions as rows: nested for JSON lines, flat for tables."""

from __future__ import annotations

from typing import Any

from emovox.emotions import EMOTIONS
from emovox.recognizer.recognizer import Failure
from emovox.recognizer.segments import Segment
from emovox.types import Decision

COLUMNS: tuple[str, ...] = (
    "path",
    "duration_s",
    "emotion",
    "confidence",
    "accepted",
    "reason",
    *(f"p_{emotion}" for emotion in EMOTIONS),
    "error_type",
    "error_message",
)
"""Of a flat row, in this order."""

SEGMENT_COLUMNS: tuple[str, ...] = (
    *("start_s", "end_s", "emotion", "confidence", "accepted", "reason"),
    *(f"p_{emotion}" for emotion in EMOTIONS),
)
"""Of a segment's flat row, in this order."""


def make_row(outcome: Decision | Failure) -> dict[str, Any]:
    """Return a decision, or the reason why there is none, as one JSON object.

    Returns
    -------
    dict
        ``path, duration_s, emotion, confidence, accepted, reason, probabilities``, or
        ``path, error`` with the error's ``type`` and ``message``. Numbers are rounded to a
        millionth.
    """
    if isinstance(outcome, Failure):
        error = {"type": outcome.error.code, "message": str(outcome.error)}
        return {"path": outcome.path, "error": error}
    return {
        "path": outcome.path,
        "duration_s": round(outcome.duration_s, 6),
        "emotion": outcome.emotion,
        "confidence": round(outcome.confidence, 6),
        "accepted": outcome.accepted,
        "reason": outcome.reason,
        "probabilities": {e: round(p, 6) for e, p in outcome.probabilities.items()},
    }


def make_flat_row(outcome: Decision | Failure) -> dict[str, Any]:
    """Return the same as one flat row with all of ``COLUMNS``; what is absent is None."""
    row = make_row(outcome)
    probabilities = row.pop("probabilities", {})
    error = row.pop("error", {})
    row |= {f"p_{emotion}": p for emotion, p in probabilities.items()}
    row |= {f"error_{key}": value for key, value in error.items()}
    return {column: row.get(column) for column in COLUMNS}


def make_segment_row(segment: Segment) -> dict[str, Any]:
    """Return a segment as one JSON object; numbers are rounded to a millionth.

    Returns
    -------
    dict
        ``start_s, end_s, emotion, confidence, accepted, reason, probabilities``.
    """
    return {
        "start_s": round(segment.start_s, 6),
        "end_s": round(segment.end_s, 6),
        "emotion": segment.emotion,
        "confidence": round(segment.confidence, 6),
        "accepted": segment.accepted,
        "reason": segment.reason,
        "probabilities": {e: round(p, 6) for e, p in segment.probabilities.items()},
    }


def make_flat_segment_row(segment: Segment) -> dict[str, Any]:
    """Return the same as one flat row with all of ``SEGMENT_COLUMNS``."""
    row = make_segment_row(segment)
    probabilities = row.pop("probabilities")
    return row | {f"p_{emotion}": p for emotion, p in probabilities.items()}
