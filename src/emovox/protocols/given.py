"""The split that a manifest brings along."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from emovox.errors import ProtocolError, suggest
from emovox.protocols.base import DisjointProtocol
from emovox.protocols.fold import DEV, SPLIT_NAMES, TEST, TRAIN, UNUSED, Assignment
from emovox.types import Clip

SPLIT_COLUMN = "split"
"""The column of a manifest that says who is where."""

_SPLITS = {name: split for split, name in SPLIT_NAMES.items()} | {
    "": UNUSED,
    "training": TRAIN,
    "val": DEV,
    "valid": DEV,
    "validation": DEV,
    "development": DEV,
    "testing": TEST,
}


@dataclass(frozen=True, kw_only=True)
class GivenProtocol(DisjointProtocol):
    """One fold, as the column ``split`` has it: ``train``, ``dev``, ``test`` or nothing.

    It is refused if it leaks; `emovox audit` says all that is wrong with it.
    """

    def assign(self, clips: Sequence[Clip], seed: int) -> Iterator[Assignment]:  # noqa: ARG002
        """Yield the one assignment."""
        yield read_split(clips)


def has_split(clips: Sequence[Clip]) -> bool:
    """Return whether the manifest says of any clip where it belongs."""
    return any(clip.extra.get(SPLIT_COLUMN) for clip in clips)


def read_split(clips: Sequence[Clip]) -> Assignment:
    """Return what the column ``split`` says, leaks and all.

    Raises
    ------
    ProtocolError
        If there is no such column, it holds another word, or nothing trains or is tested.
    """
    if not has_split(clips):
        raise ProtocolError(
            f"the manifest has no column {SPLIT_COLUMN!r} that says who is in train and test.",
            hint="Use the protocol 'speaker', which divides any clips.",
        )
    clean = np.full(len(clips), UNUSED, dtype=np.int8)
    for number, clip in enumerate(clips):
        name = clip.extra.get(SPLIT_COLUMN, "").strip().lower()
        if name not in _SPLITS:
            raise ProtocolError(
                f"clip {clip.path!r} has the split {name!r}.",
                hint=suggest(name, filter(None, _SPLITS)),
            )
        clean[number] = _SPLITS[name]
    for split in (TRAIN, TEST):
        if split not in clean:
            raise ProtocolError(f"no clip of the manifest is in {SPLIT_NAMES[split]}.")
    return Assignment(1, clean)
