"""A fold: for every clip and every altered copy of it, the split it belongs to."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from emovox.errors import ProtocolError
from emovox.types import IntArray

UNUSED = -1
TRAIN = 0
DEV = 1
TEST = 2

SPLIT_NAMES = MappingProxyType({UNUSED: "unused", TRAIN: "train", DEV: "dev", TEST: "test"})
"""Split -> its name in files and reports."""

SplitArray: TypeAlias = NDArray[np.int8]


@dataclass(frozen=True, eq=False)
class Assignment:
    """The split of each clip, before altered copies come into it.

    Attributes
    ----------
    index : int
        Number of the fold.
    clean : ndarray of int8, shape (n_clips,)
        Split of each clip.
    divided, reserved, emotions
        As those of `Fold`.
    """

    index: int
    clean: SplitArray
    divided: frozenset[str] = frozenset()
    reserved: frozenset[int] = frozenset()
    emotions: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class Fold:
    """Who is in train, dev and test.

    An honest fold cannot be made with an altered copy in dev or test: the copies of a training
    clip train, those of any other clip are unused, and everything else raises.

    Attributes
    ----------
    protocol : str
        Name of the protocol that made it.
    index : int
        Number of the fold, from 1, as published where it is published.
    splits : ndarray of int8, shape (n_clips, n_variants + 1), read-only
        ``UNUSED``, ``TRAIN``, ``DEV`` or ``TEST``. Column 0 is the clean recording.
    leaky : bool
        True where the protocol is faulty on purpose.
    divided : frozenset of str
        Speakers who are partly in train and partly in dev, with other sentences, because no
        other speaker was left for dev. Never in test.
    reserved : frozenset of int
        Indices of unused clips that must not join the training when folds are combined.
    emotions : tuple of str
        Where only clips of some emotions are used, for others are not in both train and test:
        which; empty where nothing was left out for that.

    Raises
    ------
    ProtocolError
        If ``splits`` has another shape or other values, or breaks the rule for altered copies.
    """

    protocol: str
    index: int
    splits: SplitArray
    leaky: bool = False
    divided: frozenset[str] = frozenset()
    reserved: frozenset[int] = frozenset()
    emotions: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        splits = np.array(self.splits, dtype=np.int8)  # a copy: nobody else may change it
        if splits.ndim != 2 or splits.shape[1] == 0:
            raise ProtocolError(
                f"splits has the shape {splits.shape}; (n_clips, n_variants + 1) is needed."
            )
        if not np.isin(splits, tuple(SPLIT_NAMES)).all():
            raise ProtocolError(f"splits may hold {tuple(SPLIT_NAMES)} only.")
        if not self.leaky and not np.array_equal(splits, _spread(splits[:, 0], splits.shape[1])):
            raise ProtocolError(
                "altered copies belong to training, beside their own recording, and nowhere else.",
                hint="Only a protocol that is leaky on purpose may do otherwise.",
            )
        splits.setflags(write=False)
        object.__setattr__(self, "splits", splits)

    @classmethod
    def from_clips(cls, protocol: str, assignment: Assignment, *, n_variants: int = 0) -> Fold:
        """Make an honest fold from the split of each clip.

        Parameters
        ----------
        protocol : str
            Name of the protocol.
        assignment : Assignment
            What it decided. Altered copies follow: train with train, else unused.
        n_variants : int, default=0
            Altered copies of each clip.
        """
        return cls(
            protocol,
            assignment.index,
            _spread(assignment.clean, n_variants + 1),
            divided=assignment.divided,
            reserved=assignment.reserved,
            emotions=assignment.emotions,
        )

    @property
    def n_clips(self) -> int:
        """Clips of the list the fold was made for, used or not."""
        return int(self.splits.shape[0])

    @property
    def n_variants(self) -> int:
        """Altered copies of each clip."""
        return int(self.splits.shape[1]) - 1

    def clips(self, split: int) -> IntArray:
        """Return the indices of the clips of which any copy is in ``split``, ascending.

        For ``UNUSED``: of those of which no copy is used.
        """
        hits = self.splits == split
        return np.flatnonzero(hits.all(axis=1) if split == UNUSED else hits.any(axis=1))

    def rows(self, split: int) -> tuple[IntArray, IntArray]:
        """Return (clip index, variant) of every row in ``split``, clip by clip, each (n_rows,)."""
        clip_index, variant = np.nonzero(self.splits == split)
        return clip_index, variant


def _spread(clean: SplitArray, n_columns: int) -> SplitArray:
    """Return the only honest (n_clips, n_columns) array with this first column."""
    splits = np.full((len(clean), n_columns), UNUSED, dtype=np.int8)
    splits[clean == TRAIN] = TRAIN
    splits[:, 0] = clean
    return splits


def combine_folds(*folds: Fold) -> Fold:
    """Hold out at once what several folds hold out one by one, and train on the rest.

    A clip is tested if any fold tests it, else dev if any has it there, else trained on if any
    trains on it and none reserves it. So one training serves a RAVDESS fold, a SAVEE speaker and
    a TESS actress.

    Parameters
    ----------
    *folds : Fold
        Honest folds over the same clips with the same number of variants.

    Returns
    -------
    Fold
        Its ``protocol`` names the parts, such as ``ravdess-emobox:1+savee-loso:2``; ``index`` 1.

    Raises
    ------
    ProtocolError
        If there is none, one is leaky, or they are of different sizes.
    """
    if not folds:
        raise ProtocolError("there is no fold to combine.")
    shapes = {fold.splits.shape for fold in folds}
    if len(shapes) > 1:
        raise ProtocolError(
            f"the folds are made for different lists: shapes {sorted(shapes)}.",
            hint="Make them from the same clips with the same n_variants.",
        )
    leaky = [fold.protocol for fold in folds if fold.leaky]
    if leaky:
        raise ProtocolError(f"a leaky fold cannot be combined: {', '.join(leaky)}.")
    # The order of the numbers is the order of precedence: unused, train, dev, test.
    clean = np.max([fold.splits[:, 0] for fold in folds], axis=0)
    reserved = frozenset().union(*(fold.reserved for fold in folds))
    clean[[number for number in reserved if clean[number] == TRAIN]] = UNUSED
    divided = frozenset().union(*(fold.divided for fold in folds))
    return Fold.from_clips(
        "+".join(f"{fold.protocol}:{fold.index}" for fold in folds),
        Assignment(1, clean, divided, reserved),
        n_variants=folds[0].n_variants,
    )
