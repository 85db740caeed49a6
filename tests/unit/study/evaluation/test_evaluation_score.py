"""Figures from predictions that are made up, so that what must come out is known."""

from __future__ import annotations

import json

import numpy as np
import pytest

from emovox.emotions import EMOTIONS
from emovox.errors import ManifestError
from emovox.metrics import compute_uar
from emovox.study.evaluation import Acquaintance, Pass, make_judged
from emovox.study.evaluation.conditions import ROBUSTNESS
from emovox.study.evaluation.judged import GROUPINGS, Judged
from emovox.study.evaluation.score import (
    compare_passes,
    score_calibration,
    score_corpora,
    score_groups,
    score_judged,
)
from emovox.types import Clip

# A few sums of numbers below 1, stored as float32.
ROUNDING = 1e-6


def make_clips() -> list[Clip]:
    """Corpus a: 4 speakers with the first 4 emotions; corpus b: 2 speakers with all 8."""
    return [
        Clip(
            path=f"{corpus}-{speaker}-{emotion}-{take}.wav",
            corpus=corpus,
            speaker_id=f"{corpus}-{speaker}",
            sex=("female", "male")[speaker % 2],
            age=25 + 20 * speaker if corpus == "a" else None,
            emotion=emotion,
            extra={"race": ("Asian", "Unknown")[speaker % 2]},
        )
        for corpus, n_speakers, n_emotions in (("a", 4, 4), ("b", 2, 8))
        for speaker in range(n_speakers)
        for emotion in EMOTIONS[:n_emotions]
        for take in range(3)
    ]


CLIPS = make_clips()
TRUTH = np.array([EMOTIONS.index(clip.emotion) for clip in CLIPS])


def make(decisions: np.ndarray, confidence: float = 0.6) -> Judged:
    """Return predictions that are all this sure of these decisions."""
    probabilities = np.full((len(CLIPS), 8), (1 - confidence) / 7, dtype=np.float32)
    probabilities[np.arange(len(CLIPS)), decisions] = confidence
    columns = {f"p_{name}": probabilities[:, i] for i, name in enumerate(EMOTIONS)}
    columns |= {
        "clip": np.arange(len(CLIPS)),
        "error_type": np.array([""] * len(CLIPS), dtype=object),
        "accepted": np.arange(len(CLIPS)) % 2 == 0,
    }
    return make_judged(columns, CLIPS)[0]


RIGHT = make(TRUTH)
CORPUS = np.array([clip.corpus for clip in CLIPS])
# All right, but that a's sad clips are taken for surprise, which a does not have.
ASTRAY = make(np.where((CORPUS == "a") & (TRUTH == 3), 7, TRUTH))


def test_all_right_scores_all():
    row = score_judged(RIGHT)
    assert (row["uar"], row["accuracy"], row["macro_f1"], row["accuracy_accepted"]) == (1, 1, 1, 1)
    assert (row["uar_low"], row["uar_high"]) == (1, 1)
    assert row["ece"] == pytest.approx(0.4, abs=ROUNDING)
    assert row["coverage"] == 0.5
    assert (row["n_clips"], row["n_speakers"]) == (96, 6)
    assert row["recalls"] == dict.fromkeys(EMOTIONS, 1.0)


def test_one_speaker_has_no_interval():
    row = score_judged(RIGHT.take(RIGHT.speaker == "a-0"))
    assert row["uar"] == 1
    assert row["uar_low"] is row["uar_high"] is None


def test_emotions_that_a_corpus_lacks_can_be_ruled_out():
    rows = {row["corpus"]: row for row in score_corpora(ASTRAY)}
    assert list(rows) == ["all", "a", "b"]
    assert rows["a"]["uar"] == 0.75
    # Ruled out, surprise leaves the other four alike: the first of them is taken.
    assert rows["a"]["uar_own"] == 0.75
    assert rows["b"]["uar"] == rows["b"]["uar_own"] == 1
    sure = ASTRAY.probabilities.copy()
    astray = (CORPUS == "a") & (TRUTH == 3)
    sure[astray, 3] *= 2
    sure[astray, 4] /= 2
    hinted = Judged(ASTRAY.clip, TRUTH, sure, ASTRAY.accepted, ASTRAY.corpus, ASTRAY.speaker)
    own = hinted.restrict()
    assert (own.prediction == TRUTH).all()
    np.testing.assert_allclose(own.probabilities.sum(axis=1), 1, atol=ROUNDING)


def test_only_corpus_is_not_named_twice():
    assert [row["corpus"] for row in score_corpora(RIGHT.of_corpus("b"))] == ["b"]


def test_groups_that_say_something_are_told():
    rows = score_groups(ASTRAY, CLIPS)
    told = {(row["corpus"], row["grouping"], row["group"]) for row in rows}
    assert told == {
        ("all", "corpus", "a"),
        ("all", "corpus", "b"),
        ("all", "sex", "female"),
        ("all", "sex", "male"),
        ("a", "sex", "female"),
        ("a", "sex", "male"),
        # b has one woman and one man; each age group one speaker; one race only is known.
    }
    female = next(r for r in rows if (r["corpus"], r["group"]) == ("a", "female"))
    assert (female["uar"], female["n_speakers"], female["n_clips"]) == (0.75, 2, 24)


@pytest.mark.parametrize(
    ("clip", "grouping", "group"),
    [
        (Clip("", age=29), "age", "under 30"),
        (Clip("", age=30), "age", "30 to 44"),
        (Clip("", age=45), "age", "45 to 59"),
        (Clip("", age=60), "age", "60 and over"),
        (Clip("", age=250), "age", "60 and over"),
        (Clip(""), "age", "unknown"),
        (Clip(""), "corpus", "unknown"),
        (Clip(""), "sex", "unknown"),
        (Clip("", extra={"race": "Unknown"}), "race", "unknown"),
        (Clip("", extra={"ethnicity": "Hispanic"}), "ethnicity", "hispanic"),
    ],
)
def test_groups_of_a_clip(clip, grouping, group):
    assert GROUPINGS[grouping](clip) == group


def test_calibration_tells_what_refusing_brings():
    found = score_calibration(ASTRAY, threshold=0.5)
    share = ((CORPUS == "a") & (TRUTH == 3)).mean()
    assert found["operating_point"]["coverage"] == 1
    assert found["operating_point"]["risk"] == pytest.approx(share, abs=ROUNDING)
    refused = score_calibration(ASTRAY, threshold=0.9)["operating_point"]
    assert refused == {"threshold": 0.9, "coverage": 0.0, "risk": None}
    assert [panel["corpus"] for panel in found["reliability"]] == ["all", "a", "b"]
    # All equally sure: all or none.
    coverage = {row["error_rate"]: row["coverage"] for row in found["error_rates"]}
    assert coverage[0.05] == 0
    assert coverage[0.15] == 1
    # Right in 7 of 8 cases but 60 % sure: it should be surer, so a lower temperature.
    assert found["best_rescale"] < 1


def test_passes_are_compared_clip_by_clip():
    adapted = Pass(acquaintance=Acquaintance(None))
    passes = [Pass(), adapted]
    judged = {"clean": ASTRAY, adapted.name: RIGHT}
    rows = compare_passes(passes, judged, by_corpus=True)
    assert [(row["corpus"], row["pass"]) for row in rows] == [
        (corpus, name) for corpus in ("all", "a", "b") for name in ("clean", "adapt-all")
    ]
    plain, better = (row for row in rows if row["corpus"] == "a")
    assert plain["change"] is None
    assert plain["agreement"] == 1
    assert better["change"] == pytest.approx(0.25, abs=ROUNDING)
    assert better["agreement"] == 0.75
    # The same with every speaker, so with every draw of speakers.
    assert better["change_low"] == pytest.approx(0.25, abs=ROUNDING)
    assert better["p_value"] == 2 / 2**4
    expected = compute_uar(TRUTH, TRUTH) - compute_uar(TRUTH, ASTRAY.prediction)
    assert rows[1]["change"] == pytest.approx(expected, abs=ROUNDING)


def test_conditions_are_compared_over_all_corpora():
    passes = [Pass(), Pass(ROBUSTNESS[0])]
    rows = compare_passes(passes, {"clean": RIGHT, "noise-20": ASTRAY}, by_corpus=False)
    assert [(row["corpus"], row["condition"]) for row in rows] == [
        ("all", "as recorded"),
        ("all", "20 dB"),
    ]


def test_rows_are_plain_json():
    rows = [score_corpora(ASTRAY), score_groups(ASTRAY, CLIPS), score_calibration(ASTRAY, 0.9)]
    assert json.loads(json.dumps(rows, allow_nan=False)) == rows


def test_predictions_of_another_manifest_are_refused():
    columns = {"clip": np.arange(5)}
    with pytest.raises(ManifestError, match="5 predictions for 96 clips"):
        make_judged(columns, CLIPS)
