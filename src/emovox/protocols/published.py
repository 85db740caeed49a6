"""Protocols that were published for one corpus: their folds are package data.

A table names each speaker and either the fold that tests it (``test_fold``) or its split in the
only fold (``split``). Dev speakers, where none are published or among the clips, are drawn from the
training ones.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from typing import ClassVar, Literal, get_args

import numpy as np

from emovox.errors import ParameterError, ProtocolError, suggest
from emovox.protocols.base import DisjointProtocol, check_share
from emovox.protocols.fold import DEV, TEST, TRAIN, UNUSED, Assignment, SplitArray
from emovox.protocols.voices import hold_out_dev
from emovox.types import Clip

Others = Literal["unused", "train", "refuse"]
"""What becomes of clips of other corpora."""

_SPLITS = {"train": TRAIN, "dev": DEV, "test": TEST}


@dataclass(frozen=True, kw_only=True)
class PublishedProtocol(DisjointProtocol):
    """The published folds of one corpus.

    A fold none of whose test speakers is among the clips is left out; the only fold of a
    ``split`` table never is, for its dev speakers may be all that one has.

    Attributes
    ----------
    corpus : str
        Whose clips it divides.
    table : str
        Name of the data file, without suffix.
    by_fold : bool
        True for a ``test_fold`` table, False for a ``split`` table.
    dev_table : str
        Data file with ``speaker, dev_fold``; empty where no dev speakers are published.
    dev_as_test : bool
        Test the dev speakers of a ``split`` table; its test speakers are then unused.
    others : str
        Clips of other corpora: ``unused``, ``train`` (join the training), or ``refuse``. A held
        out speaker who is heard in another corpus never joins.
    dev_share : float
        As in `SpeakerProtocol`; does not matter where dev speakers are published.
    """

    options: ClassVar[tuple[str, ...]] = ("others", "dev_share")

    corpus: str
    table: str
    by_fold: bool = True
    dev_table: str = ""
    dev_as_test: bool = False
    others: Others = "unused"
    dev_share: float = 0.15

    def __post_init__(self) -> None:
        if self.others not in get_args(Others):
            raise ParameterError(
                f"unknown value {self.others!r} of 'others'.",
                hint=suggest(self.others, get_args(Others)),
            )
        check_share(self.dev_share)

    def assign(self, clips: Sequence[Clip], seed: int) -> Iterator[Assignment]:
        """Yield who goes where, fold by fold."""
        self._check_clips(clips)
        own = [number for number, clip in enumerate(clips) if clip.corpus == self.corpus]
        for index, split_of in self._read_folds():
            clean = np.full(len(clips), UNUSED, dtype=np.int8)
            clean[own] = [split_of[clips[number].speaker_id] for number in own]
            if self.by_fold and TEST not in clean:
                continue
            if TRAIN not in clean:
                raise ProtocolError(
                    f"fold {index} of protocol {self.name!r} has no clip to train on.",
                    hint=f"Add clips of more speakers of {self.corpus!r}.",
                )
            divided: frozenset[str] = frozenset()
            if DEV not in clean:
                rng = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(index,)))
                clean[own], divided = hold_out_dev(
                    [clips[number] for number in own], clean[own], rng, share=self.dev_share
                )
            held_out = {speaker for speaker, split in split_of.items() if split != TRAIN}
            held_out |= {clips[number].speaker_id for number in own if clean[number] != TRAIN}
            reserved = self._place_others(clips, clean, held_out)
            yield Assignment(index, clean, divided, reserved)

    def _place_others(
        self, clips: Sequence[Clip], clean: SplitArray, held_out: set[str]
    ) -> frozenset[int]:
        """Place the clips of other corpora, in place; return the unused ones of held out people."""
        reserved = set()
        for number, clip in enumerate(clips):
            if clean[number] == UNUSED and clip.speaker_id in held_out:
                reserved.add(number)
            elif clip.corpus != self.corpus and self.others == "train":
                clean[number] = TRAIN
        return frozenset(reserved)

    def _check_clips(self, clips: Sequence[Clip]) -> None:
        known = self._read(self.table)
        others = sum(clip.corpus != self.corpus for clip in clips)
        if others == len(clips):
            raise ProtocolError(
                f"protocol {self.name!r} divides {self.corpus!r}, of which there is no clip.",
                hint="Use the protocol 'speaker', which divides any corpora.",
            )
        if others and self.others == "refuse":
            raise ProtocolError(
                f"{others} clips are of other corpora than {self.corpus!r}.",
                hint="Leave them out, or set others = 'train' or 'unused'.",
            )
        for clip in clips:
            if clip.corpus == self.corpus and clip.speaker_id not in known:
                raise ProtocolError(
                    f"clip {clip.path!r} is of speaker {clip.speaker_id!r}, whom protocol "
                    f"{self.name!r} does not place; it knows {len(known)} speakers, "
                    f"{min(known)} to {max(known)}.",
                )

    def _read(self, table: str) -> Mapping[str, str]:
        """Return speaker_id -> the second column of a data file."""
        text = (resources.files("emovox.protocols") / "data" / f"{table}.csv").read_text("utf-8")
        _, *rows = csv.reader(text.splitlines())
        return {f"{self.corpus}-{speaker}": value for speaker, value in rows}

    def _read_folds(self) -> Iterator[tuple[int, dict[str, int]]]:
        """Yield (index, split of every speaker) for each published fold."""
        table = self._read(self.table)
        if not self.by_fold:
            split_of = {speaker: _SPLITS[name] for speaker, name in table.items()}
            if self.dev_as_test:
                swap = {TRAIN: TRAIN, DEV: TEST, TEST: UNUSED}
                split_of = {speaker: swap[split] for speaker, split in split_of.items()}
            yield 1, split_of
            return
        dev_fold = self._read(self.dev_table) if self.dev_table else {}
        for fold in sorted(set(table.values()), key=int):
            yield (
                int(fold),
                {
                    speaker: TEST
                    if tested == fold
                    else (DEV if dev_fold.get(speaker) == fold else TRAIN)
                    for speaker, tested in table.items()
                },
            )
