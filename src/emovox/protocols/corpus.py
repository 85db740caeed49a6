"""Trained on some corpora, tested on another: other speakers, sentences, rooms, languages."""

from __future__ import annotations

from abc import abstractmethod
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal, TypeAlias, get_args

import numpy as np

from emovox.emotions import EMOTIONS
from emovox.errors import ParameterError, ProtocolError, suggest
from emovox.protocols.base import DisjointProtocol, check_share
from emovox.protocols.fold import TEST, TRAIN, UNUSED, Assignment
from emovox.protocols.voices import collect_voices, hold_out_dev, unite
from emovox.types import Clip

Classes = Literal["fold", "all"]
"""Which emotions a fold keeps: those of its two sides, or those of all corpora."""

Group: TypeAlias = tuple[str, ...]
"""Corpora that share speakers or files, and therefore stay together; nearly always one."""


@dataclass(frozen=True, kw_only=True)
class CrossCorpusProtocol(DisjointProtocol):
    """What leave-one-out and pairs of corpora have in common.

    A fold keeps the emotions that both of its sides have; clips of others are unused, in train
    and in test. ``Fold.emotions`` names what is kept, where that is not all.

    Attributes
    ----------
    classes : str
        ``fold``: emotions that the test corpus and the training corpora have. ``all``: emotions
        that every corpus has, so that all folds are about the same ones.
    dev_share : float
        As in `SpeakerProtocol`; dev speakers are of the training corpora.
    """

    options: ClassVar[tuple[str, ...]] = ("classes", "dev_share")

    classes: Classes = "fold"
    dev_share: float = 0.15

    def __post_init__(self) -> None:
        if self.classes not in get_args(Classes):
            raise ParameterError(
                f"unknown value {self.classes!r} of 'classes'.",
                hint=suggest(self.classes, get_args(Classes)),
            )
        check_share(self.dev_share)

    @abstractmethod
    def list_folds(self, groups: Sequence[Group]) -> Iterator[tuple[tuple[Group, ...], Group]]:
        """Yield the training groups and the test group of each fold."""

    def assign(self, clips: Sequence[Clip], seed: int) -> Iterator[Assignment]:
        """Yield who goes where, fold by fold."""
        groups = _group_corpora(clips)
        if len(groups) < 2:
            raise ProtocolError(
                f"protocol {self.name!r} needs clips of at least 2 corpora who share no speaker "
                f"and no file; there is {len(groups)}.",
                hint="Add clips of another corpus.",
            )
        emotions: dict[Group, set[str]] = defaultdict(set)
        group_of = {corpus: group for group in groups for corpus in group}
        for clip in clips:
            emotions[group_of[clip.corpus]].add(clip.emotion)
        everywhere = set.intersection(*emotions.values())
        for index, (train, test) in enumerate(self.list_folds(groups), start=1):
            trained = set().union(*(emotions[group] for group in train))
            shared = everywhere if self.classes == "all" else trained & emotions[test]
            if not shared:
                raise ProtocolError(
                    f"{', '.join(test)} and what is trained on have no emotion in common.",
                    hint="Leave a corpus out.",
                )
            clean = np.full(len(clips), UNUSED, dtype=np.int8)
            for number, clip in enumerate(clips):
                group = group_of[clip.corpus]
                if clip.emotion in shared and (group == test or group in train):
                    clean[number] = TEST if group == test else TRAIN
            rng = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(index,)))
            clean, divided = hold_out_dev(clips, clean, rng, share=self.dev_share)
            kept = tuple(name for name in EMOTIONS if name in shared)
            left_out = (trained | emotions[test]) - shared
            reserved = frozenset(np.flatnonzero(clean == UNUSED).tolist())
            yield Assignment(index, clean, divided, reserved, kept if left_out else ())


class LeaveCorpusOutProtocol(CrossCorpusProtocol):
    """Every corpus is tested once, by a model of all others."""

    def list_folds(self, groups: Sequence[Group]) -> Iterator[tuple[tuple[Group, ...], Group]]:
        """Yield the training groups and the test group of each fold."""
        for test in groups:
            yield tuple(group for group in groups if group != test), test


class CorpusPairsProtocol(CrossCorpusProtocol):
    """A model of each corpus alone, tested on each other one: a fold for each ordered pair."""

    def list_folds(self, groups: Sequence[Group]) -> Iterator[tuple[tuple[Group, ...], Group]]:
        """Yield the training groups and the test group of each fold."""
        for train in groups:
            for test in groups:
                if train != test:
                    yield (train,), test


def _group_corpora(clips: Sequence[Clip]) -> list[Group]:
    """Return the corpora by name, those tied by a speaker or a file together."""
    tie = {}
    for voice in collect_voices(clips):
        tie.update(dict.fromkeys(voice.clips, voice.speakers[0]))
    return sorted(unite((clip.corpus, tie[number]) for number, clip in enumerate(clips)))
