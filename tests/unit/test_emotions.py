import numpy as np
import pytest

from emovox.emotions import (
    CORPUS_CODES,
    EMOTIONS,
    encode_emotions,
    encode_one_hot,
    normalize_emotion,
)
from emovox.errors import ParameterError


def test_order_is_fixed() -> None:
    assert EMOTIONS == (
        "neutral", "calm", "happy", "sad", "angry", "fear", "disgust", "surprise",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("word", "emotion"),
    [("Anger", "angry"), ("pleasant surprise", "surprise"), ("ps", "surprise"), (" HAP ", "happy")],
)
def test_everyday_words_are_understood(word: str, emotion: str) -> None:
    assert normalize_emotion(word) == emotion


def test_unknown_word_names_the_legal_ones() -> None:
    with pytest.raises(ParameterError, match=r"unknown emotion 'bored'\..*neutral"):
        normalize_emotion("bored")


@pytest.mark.parametrize("corpus", sorted(CORPUS_CODES))
def test_corpus_codes_mean_known_emotions(corpus: str) -> None:
    assert set(CORPUS_CODES[corpus].values()) <= set(EMOTIONS)


def test_ravdess_code_order_is_ours() -> None:
    assert CORPUS_CODES["ravdess"]["07"] == "disgust"


def test_one_hot_follows_the_order() -> None:
    labels = encode_one_hot(["sad", "neutral"])
    assert labels.dtype == np.float32
    assert np.flatnonzero(labels[0]).tolist() == [3]
    assert np.flatnonzero(labels[1]).tolist() == [0]


def test_encoding_refuses_unknown() -> None:
    with pytest.raises(ParameterError, match="'joyous'"):
        encode_emotions(["sad", "joyous"])
