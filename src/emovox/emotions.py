"""The eight emotions, their order, and each corpus's words for them."""

from __future__ import annotations

from collections.abc import Sequence
from types import MappingProxyType

import numpy as np

from emovox.errors import ParameterError, suggest
from emovox.types import FloatArray, IntArray

EMOTIONS: tuple[str, ...] = (
    "neutral",
    "calm",
    "happy",
    "sad",
    "angry",
    "fear",
    "disgust",
    "surprise",
)
"""In this order everywhere: columns, logits, confusion matrices, figures."""

_SYNONYMS = MappingProxyType(
    {
        "neutral": ("neutrality", "neu"),
        "calm": ("calmness",),
        "happy": ("happiness", "joy", "hap"),
        "sad": ("sadness",),
        "angry": ("anger", "ang"),
        "fear": ("fearful", "anxiety", "afraid", "fea"),
        "disgust": ("disgusted", "dis"),
        "surprise": ("surprised", "pleasant_surprise", "pleasant_surprised", "ps"),
    }
)

_WORDS = {word: emotion for emotion in EMOTIONS for word in (emotion, *_SYNONYMS[emotion])}

CORPUS_CODES = MappingProxyType(
    {
        "ravdess": MappingProxyType(
            {f"{number:02d}": emotion for number, emotion in enumerate(EMOTIONS, start=1)}
        ),
        "crema-d": MappingProxyType(
            {
                "NEU": "neutral",
                "HAP": "happy",
                "SAD": "sad",
                "ANG": "angry",
                "FEA": "fear",
                "DIS": "disgust",
            }
        ),
        "tess": MappingProxyType(
            {
                "neutral": "neutral",
                "happy": "happy",
                "sad": "sad",
                "angry": "angry",
                "fear": "fear",
                "disgust": "disgust",
                "ps": "surprise",
            }
        ),
        "savee": MappingProxyType(
            {
                "n": "neutral",
                "h": "happy",
                "sa": "sad",
                "a": "angry",
                "f": "fear",
                "d": "disgust",
                "su": "surprise",
            }
        ),
        # EmoDB's boredom (L) is none of the eight.
        "emodb": MappingProxyType(
            {
                "N": "neutral",
                "F": "happy",
                "T": "sad",
                "W": "angry",
                "A": "fear",
                "E": "disgust",
            }
        ),
        "nemo": MappingProxyType(
            {
                "neutral": "neutral",
                "happiness": "happy",
                "sadness": "sad",
                "anger": "angry",
                "fear": "fear",
                "surprised": "surprise",
            }
        ),
        "ased": MappingProxyType(
            {"n": "neutral", "h": "happy", "s": "sad", "a": "angry", "f": "fear"}
        ),
    }
)
"""For each corpus: its own code in file names -> one of ``EMOTIONS``."""


def normalize_emotion(word: str) -> str:
    """Return the emotion that a word of everyday use means.

    Parameters
    ----------
    word : str
        Such as ``Anger``, ``fearful``, ``pleasant surprise``; case, spaces, hyphens do not matter.

    Returns
    -------
    str
        One of ``EMOTIONS``.

    Raises
    ------
    ParameterError
        If the word is not known.

    Examples
    --------
    >>> normalize_emotion("Pleasant surprise")
    'surprise'
    """
    key = word.strip().lower().replace(" ", "_").replace("-", "_")
    if key not in _WORDS:
        raise ParameterError(f"unknown emotion {word!r}.", hint=suggest(key, EMOTIONS))
    return _WORDS[key]


def encode_emotions(emotions: Sequence[str]) -> IntArray:
    """Return the index of each emotion in ``EMOTIONS``, shape (n,).

    Raises
    ------
    ParameterError
        If one is not in ``EMOTIONS``.
    """
    index = {emotion: i for i, emotion in enumerate(EMOTIONS)}
    unknown = next((e for e in emotions if e not in index), None)
    if unknown is not None:
        raise ParameterError(f"unknown emotion {unknown!r}.", hint=suggest(unknown, EMOTIONS))
    return np.array([index[e] for e in emotions], dtype=np.int64)


def encode_one_hot(emotions: Sequence[str]) -> FloatArray:
    """Return one-hot labels over the eight emotions, float32, shape (n, 8)."""
    return np.eye(len(EMOTIONS), dtype=np.float32)[encode_emotions(emotions)]
