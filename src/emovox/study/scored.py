"""Stored predictions of a study beside the truth, as arrays."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from emovox.emotions import EMOTIONS, encode_emotions
from emovox.errors import ManifestError
from emovox.study.tables import read_table
from emovox.types import Clip, FloatArray, IntArray

ALL = "all"
"""In ``corpus``: all corpora together. In ``fold``: all folds together."""


@dataclass(frozen=True, slots=True, eq=False)
class Labels:
    """What the manifest says of each clip, as arrays of shape (n_clips,)."""

    truth: IntArray
    corpus: NDArray[np.str_]
    speaker: NDArray[np.str_]

    @classmethod
    def of(cls, clips: Sequence[Clip]) -> Labels:
        """Read them off clips."""
        return cls(
            encode_emotions([clip.emotion for clip in clips]),
            np.array([clip.corpus for clip in clips]),
            np.array([clip.speaker_id for clip in clips]),
        )


@dataclass(frozen=True, slots=True, eq=False)
class Scored:
    """Predictions beside the truth, one element a row.

    Attributes
    ----------
    clip : ndarray of int64, shape (n,)
        Row of the manifest.
    variant : ndarray of int64, shape (n,)
        0 for a recording as published, from 1 for altered copies.
    truth, prediction : ndarray of int64, shape (n,)
        Indices into ``EMOTIONS``.
    confidence : ndarray of float32, shape (n,)
        Probability of the prediction.
    corpus, speaker : ndarray of str, shape (n,)
        Of the clip.
    """

    clip: IntArray
    variant: IntArray
    truth: IntArray
    prediction: IntArray
    confidence: FloatArray
    corpus: NDArray[np.str_]
    speaker: NDArray[np.str_]

    def __len__(self) -> int:
        return len(self.truth)

    @property
    def clean(self) -> NDArray[np.bool_]:
        """False for altered copies, shape (n,)."""
        clean: NDArray[np.bool_] = self.variant == 0
        return clean

    def take(self, rows: NDArray[np.bool_] | IntArray) -> Scored:
        """Return the rows where a mask is true, or those of an index."""
        return Scored(*(getattr(self, field.name)[rows] for field in fields(self)))

    def of_corpus(self, corpus: str) -> Scored:
        """Return the rows of one corpus, or all."""
        return self if corpus == ALL else self.take(self.corpus == corpus)

    @classmethod
    def join(cls, parts: Sequence[Scored]) -> Scored:
        """Put rows one after the other."""
        names = [field.name for field in fields(cls)]
        return cls(*(np.concatenate([getattr(part, name) for part in parts]) for name in names))


def read_scored(path: Path, labels: Labels) -> tuple[Scored, NDArray[np.bool_]]:
    """Read stored predictions and put the truth beside them.

    Returns
    -------
    Scored
        One element a row.
    ndarray of bool, shape (n,)
        Which are training rows.

    Raises
    ------
    ManifestError
        If they speak of clips that the manifest does not have.
    """
    columns = read_table(path)
    clip = np.asarray(columns["clip"], dtype=np.int64)
    if len(clip) and clip.max() >= len(labels.truth):
        raise ManifestError(
            f"{path} predicts clip {clip.max()}, but the manifest has {len(labels.truth)} clips."
        )
    probabilities = np.stack(
        [np.asarray(columns[f"p_{name}"], dtype=np.float32) for name in EMOTIONS], axis=1
    )
    scored = Scored(
        clip=clip,
        variant=np.asarray(columns["variant"], dtype=np.int64),
        truth=labels.truth[clip],
        prediction=probabilities.argmax(axis=1).astype(np.int64),
        confidence=probabilities.max(axis=1, initial=0.0),
        corpus=labels.corpus[clip],
        speaker=labels.speaker[clip],
    )
    return scored, np.asarray(columns["split"]) == "train"
