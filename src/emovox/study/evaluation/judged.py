"""Stored predictions beside the truth, as arrays."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from emovox.emotions import EMOTIONS, encode_emotions
from emovox.errors import ManifestError
from emovox.types import Clip, FloatArray, IntArray

ALL = "all"
"""All clips together, in the place of a corpus or a group."""

UNKNOWN = "unknown"
"""What the manifest does not say."""

_AGE_GROUPS = ((30, "under 30"), (45, "30 to 44"), (60, "45 to 59"), (200, "60 and over"))


@dataclass(frozen=True, slots=True, eq=False)
class Judged:
    """One element a clip that could be read.

    Attributes
    ----------
    clip : ndarray of int64, shape (n,)
        Row of the manifest.
    truth : ndarray of int64, shape (n,)
        Index into ``EMOTIONS``.
    probabilities : ndarray of float32, shape (n, 8)
        As the model gave them.
    accepted : ndarray of bool, shape (n,)
        Whether it says that it may be believed.
    corpus, speaker : ndarray of str, shape (n,)
        Of the clip; a speaker may be "": nobody says who.
    """

    clip: IntArray
    truth: IntArray
    probabilities: FloatArray
    accepted: NDArray[np.bool_]
    corpus: NDArray[np.str_]
    speaker: NDArray[np.str_]

    def __len__(self) -> int:
        return len(self.truth)

    @property
    def n_speakers(self) -> int:
        """Speakers that are named."""
        return len(set(self.speaker.tolist()) - {""})

    @property
    def prediction(self) -> IntArray:
        """The most probable emotion, shape (n,)."""
        best: IntArray = self.probabilities.argmax(axis=1).astype(np.int64)
        return best

    def take(self, mask: NDArray[np.bool_]) -> Judged:
        """Return the clips where ``mask`` is true."""
        return Judged(*(getattr(self, field.name)[mask] for field in fields(self)))

    def of_corpus(self, corpus: str) -> Judged:
        """Return the clips of one corpus, or all."""
        return self if corpus == ALL else self.take(self.corpus == corpus)

    def restrict(self) -> Judged:
        """Return the same, the model choosing among the emotions each clip's corpus has."""
        probabilities = self.probabilities.copy()
        for corpus in np.unique(self.corpus):
            own = self.corpus == corpus
            absent = np.setdiff1d(np.arange(len(EMOTIONS)), self.truth[own])
            probabilities[np.ix_(own, absent)] = 0.0
        sums = probabilities.sum(axis=1, keepdims=True)
        # A model that never says any of them decides for none: its first choice stays wrong.
        probabilities = np.where(
            sums > 0, probabilities / np.maximum(sums, 1e-30), self.probabilities
        )
        return Judged(
            self.clip, self.truth, probabilities, self.accepted, self.corpus, self.speaker
        )


def make_judged(
    columns: Mapping[str, NDArray[np.generic]], clips: Sequence[Clip]
) -> tuple[Judged, IntArray]:
    """Put the truth beside a table of predictions.

    Parameters
    ----------
    columns : mapping of str to ndarray
        As ``predict_pass`` makes them and ``read_table`` reads them.
    clips : sequence of Clip
        The manifest; all labelled.

    Returns
    -------
    Judged
        The clips that could be read.
    ndarray of int64, shape (n_failed,)
        Rows of the manifest that could not.

    Raises
    ------
    ManifestError
        If the predictions are not of this manifest.
    """
    index = np.asarray(columns["clip"], dtype=np.int64)
    if not np.array_equal(index, np.arange(len(clips))):
        raise ManifestError(
            f"there are {len(index)} predictions for {len(clips)} clips, or in another order."
        )
    table = np.stack([np.asarray(columns[f"p_{name}"], np.float32) for name in EMOTIONS], axis=1)
    failed = np.asarray(columns["error_type"]) != ""
    judged = Judged(
        clip=index,
        truth=encode_emotions([clip.emotion for clip in clips]),
        probabilities=table,
        accepted=np.asarray(columns["accepted"], dtype=np.bool_),
        corpus=np.array([clip.corpus or UNKNOWN for clip in clips]),
        speaker=np.array([clip.speaker_id for clip in clips]),
    )
    return judged.take(~failed), index[failed]


def _get_age_group(clip: Clip) -> str:
    if clip.age is None:
        return UNKNOWN
    return next(name for end, name in _AGE_GROUPS if clip.age < end or end == 200)


GROUPINGS: Mapping[str, Callable[[Clip], str]] = {
    "corpus": lambda clip: clip.corpus or UNKNOWN,
    "sex": lambda clip: clip.sex or UNKNOWN,
    "age": _get_age_group,
    "race": lambda clip: clip.extra.get("race", "").lower() or UNKNOWN,
    "ethnicity": lambda clip: clip.extra.get("ethnicity", "").lower() or UNKNOWN,
}
"""Name -> the group that a clip belongs to. ``race`` and ``ethnicity`` are extra columns."""
