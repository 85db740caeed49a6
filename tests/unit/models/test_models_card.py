from __future__ import annotations

from emovox.models import Adaptation, Calibration, Encoder, Score, TrainingCorpus, format_card
from emovox.testing import make_tiny_metadata


def test_card_says_what_the_metadata_says() -> None:
    card = format_card(
        make_tiny_metadata(
            emotions=("happy", "sad"),
            corpora=(TrainingCorpus("ravdess", "CC BY-NC-SA 4.0", 1440, 24),),
            scores=(Score("uar", 0.512, "speaker", "ravdess", 5, 24, 1440),),
            encoder=Encoder("some-encoder", "MIT", "ab" * 32),
            calibration=Calibration(1.2, 0.4, error_rate=0.1, coverage=0.75, known_temperature=0.9),
            adaptation=Adaptation(3.0, 12.5),
            seed=17,
        )
    )
    for part in (
        "# tiny.testing",
        "happy, sad.",
        "Never says neutral, calm, angry, fear, disgust, surprise",
        "| ravdess | 1440 | 24 | CC BY-NC-SA 4.0 |",
        "| uar | 0.512 | speaker | ravdess | 5 | 24 | 1440 |",
        "some-encoder (MIT)",
        "temperature 1.2, 0.9 for a voice that is fully known; decisions "
        "below 40% confidence are not accepted, so that at most 10% of the accepted are wrong; "
        "75% were accepted (dev speakers).",
        "as 3 of its clips in the mean of the states, 12.5 in their deviation.",
        "article 5(1)(f)",
        "seed 17",
    ):
        assert part in card


def test_a_model_without_scores_says_so() -> None:
    card = format_card(make_tiny_metadata())
    assert "None were measured" in card
    assert "Never says" not in card


def test_what_was_not_fitted_is_not_claimed() -> None:
    card = format_card(make_tiny_metadata(calibration=Calibration(), adaptation=None))
    assert "below 50% confidence are not accepted.\n" in card
    assert "It does not adapt to a voice." in card
