from __future__ import annotations

import json

from emovox.emotions import EMOTIONS
from emovox.errors import NotAudioError
from emovox.recognizer import COLUMNS, Failure, make_flat_row, make_row
from emovox.types import Decision

_PROBABILITIES = dict(zip(EMOTIONS, (0.65, *[0.05] * 7), strict=True))
_DECISION = Decision("neutral", 0.65, _PROBABILITIES, False, "clipped", 1.5, "a.wav")
_FAILURE = Failure("b.wav", NotAudioError("'b.wav' is text.", hint="Give a recording."))


def test_a_decision_is_one_object() -> None:
    assert json.loads(json.dumps(make_row(_DECISION))) == {
        "path": "a.wav",
        "duration_s": 1.5,
        "emotion": "neutral",
        "confidence": 0.65,
        "accepted": False,
        "reason": "clipped",
        "probabilities": _PROBABILITIES,
    }


def test_a_failure_is_one_object() -> None:
    assert make_row(_FAILURE) == {
        "path": "b.wav",
        "error": {"type": "not-audio", "message": "'b.wav' is text. Give a recording."},
    }


def test_flat_rows_have_all_columns_in_order() -> None:
    decision, failure = make_flat_row(_DECISION), make_flat_row(_FAILURE)
    assert tuple(decision) == tuple(failure) == COLUMNS
    assert decision["p_neutral"] == 0.65
    assert decision["error_type"] is None
    assert failure["emotion"] is None
    assert failure["error_type"] == "not-audio"


def test_numbers_are_rounded_to_a_millionth() -> None:
    third = Decision("sad", 1 / 3, dict.fromkeys(EMOTIONS, 1 / 3), True, "", 1 / 3, "a.wav")
    row = make_row(third)
    assert {row["confidence"], row["duration_s"], *row["probabilities"].values()} == {0.333333}
