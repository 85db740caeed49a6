"""Who or what is held out in turn, where one's own recordings are few."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from emovox.errors import ManifestError, ParameterError, suggest
from emovox.types import Clip, IntArray

SPEAKER, SENTENCE, CLIP = "speaker", "sentence", "clip"
AUTO = "auto"
HELD_OUT = (AUTO, SPEAKER, SENTENCE, CLIP)
"""What may be held out: ``auto`` takes the first of the others that the recordings allow."""

_FEWEST = {SPEAKER: 5, SENTENCE: 5, CLIP: 10}
"""So many speakers, sentences or clips there must be."""


def hold_out(
    clips: Sequence[Clip], labels: IntArray, kind: str = AUTO, *, n_folds: int = 5, seed: int = 0
) -> tuple[str, IntArray]:
    """Return in which fold each clip is held out.

    All clips of a speaker, or of a sentence, are in one fold; folds have about as many clips of
    each emotion; and whatever fold is held out, the others have all emotions.

    Parameters
    ----------
    clips : sequence of Clip
    labels : ndarray of int64, shape (n_clips,)
    kind : str, default="auto"
        One of ``HELD_OUT``.
    n_folds : int, default=5
        At most.
    seed : int, default=0
        Of what balance leaves open.

    Returns
    -------
    kind : str
        What is held out.
    fold : ndarray of int64, shape (n_clips,)
        From 0.

    Raises
    ------
    ParameterError
        If ``kind`` is none of them.
    ManifestError
        If the clips do not allow it.
    """
    validate_kind(kind)
    for tried in HELD_OUT[1:] if kind == AUTO else (kind,):
        names = _name_groups(clips, tried)
        if "" in names or len(set(names)) < _FEWEST[tried]:
            continue
        groups = np.unique(names, return_inverse=True)[1]
        fold = _balance(groups, labels, min(n_folds, int(groups.max()) + 1), seed)
        if all(set(labels[fold != one]) == set(labels) for one in np.unique(fold)):
            return tried, fold
    raise ManifestError(
        f"{len(clips)} clips of {len({clip.speaker_id for clip in clips})} speakers cannot be held "
        f"out by {CLIP if kind == AUTO else kind} in turn.",
        hint="Each emotion needs clips of several speakers, or of several sentences; "
        f"--hold-out {CLIP} asks least.",
    )


def validate_kind(kind: str) -> None:
    """Raise ParameterError unless this can be held out."""
    if kind not in HELD_OUT:
        raise ParameterError(f"{kind!r} cannot be held out.", hint=suggest(kind, HELD_OUT))


def _name_groups(clips: Sequence[Clip], kind: str) -> list[str]:
    if kind == SPEAKER:
        return [clip.speaker_id for clip in clips]
    if kind == SENTENCE:
        return [f"{clip.corpus} {clip.sentence}" if clip.sentence else "" for clip in clips]
    return [str(number) for number in range(len(clips))]


def _balance(groups: IntArray, labels: IntArray, n_folds: int, seed: int) -> IntArray:
    """Give groups to folds, the largest first, where their emotions are rarest."""
    rng = np.random.default_rng([seed, 4])
    n_groups = int(groups.max()) + 1
    count = np.zeros((n_groups, int(labels.max()) + 1))
    np.add.at(count, (groups, labels), 1)
    order = rng.permutation(n_groups)
    order = order[np.argsort(-count[order].sum(axis=1), kind="stable")]
    filled = np.zeros((n_folds, count.shape[1]))
    fold_of = np.zeros(n_groups, dtype=np.int64)
    for group in order:
        # Clips of the same emotions there; among equals, clips at all.
        crowd = filled @ count[group] + 1e-3 * filled.sum(axis=1)
        fold_of[group] = int(crowd.argmin())
        filled[fold_of[group]] += count[group]
    folds: IntArray = fold_of[groups]
    return folds
