"""Who says what how: the labels of clips as numbers, checked to be nested as they should."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from emovox.errors import ParameterError
from emovox.metrics.variance import number_groups
from emovox.types import IntArray


@dataclass(frozen=True, slots=True, eq=False)
class Design:
    """Who says what how, as numbers from 0; arrays of shape (n_clips,).

    Attributes
    ----------
    corpus, sex, speaker, sentence, emotion : ndarray of int64
        A speaker has one corpus and one sex; a sentence one corpus.
    """

    corpus: IntArray
    sex: IntArray
    speaker: IntArray
    sentence: IntArray
    emotion: IntArray

    @classmethod
    def of(cls, labels: Mapping[str, Sequence[str]]) -> Design:
        """Make a design from the labels of clips.

        Parameters
        ----------
        labels : mapping of str to sequence of str
            ``corpus``, ``sex``, ``speaker``, ``sentence``, ``emotion``, all of one length. Empty
            text is a level as any other.

        Raises
        ------
        ParameterError
            If the lengths differ, or a speaker has two corpora or two sexes.
        """
        names = cls.__slots__
        n = len(labels["corpus"])
        numbers = {name: number_groups(np.asarray(labels[name], dtype=str), n)[0] for name in names}
        for name in ("corpus", "sex"):
            pairs = np.unique(np.stack((numbers["speaker"], numbers[name])), axis=1)
            twice = np.flatnonzero(np.bincount(pairs[0]) > 1)
            if len(twice):
                speaker = np.unique(np.asarray(labels["speaker"], dtype=str))[twice[0]]
                raise ParameterError(
                    f"speaker {str(speaker)!r} has more than one {name}.",
                    hint="Name speakers corpus-speaker, and give each the same sex throughout.",
                )
        numbers["sentence"] = _nest(numbers["corpus"], numbers["sentence"])
        return cls(**numbers)

    def __len__(self) -> int:
        return len(self.corpus)


def _nest(corpus: IntArray, sentence: IntArray) -> IntArray:
    """Return sentences told apart by corpus; those that occur once become one."""
    _, inverse, counts = np.unique(
        np.stack((corpus, sentence)), axis=1, return_inverse=True, return_counts=True
    )
    once = counts[inverse.ravel()] == 1
    nested = np.where(once, -1 - corpus, inverse.ravel())
    return np.unique(nested, return_inverse=True)[1].astype(np.int64)
