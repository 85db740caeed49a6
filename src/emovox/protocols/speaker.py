"""Cross-validation over speakers: the protocol for any corpora, alone or together."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from emovox.errors import ParameterError, ProtocolError
from emovox.protocols.base import DisjointProtocol, check_share
from emovox.protocols.fold import TEST, TRAIN, Assignment
from emovox.protocols.voices import Voice, collect_voices, hold_out_dev
from emovox.types import Clip


@dataclass(frozen=True, kw_only=True)
class SpeakerProtocol(DisjointProtocol):
    """Every speaker is tested exactly once; dev speakers are others again.

    The speakers of each corpus and sex are shuffled and dealt to the folds in turn, one corpus
    going on where the last one stopped. So folds differ by at most one speaker of a kind, and a
    corpus with two speakers or more always keeps one in training.

    Attributes
    ----------
    n_folds : int
        Folds; as many as there are speakers, if those are fewer.
    dev_share : float
        Share of the training speakers of each corpus that goes to dev, at least one where two
        are left to train on (see `hold_out_dev`).
    """

    options: ClassVar[tuple[str, ...]] = ("n_folds", "dev_share")

    n_folds: int = 5
    dev_share: float = 0.15

    def __post_init__(self) -> None:
        if self.n_folds < 2:
            raise ParameterError(f"n_folds is {self.n_folds}; it must be at least 2.")
        check_share(self.dev_share)

    def assign(self, clips: Sequence[Clip], seed: int) -> Iterator[Assignment]:
        """Yield who goes where, fold by fold."""
        voices = collect_voices(clips)
        self.check_voices(voices)
        rng = np.random.default_rng(seed)
        hands = deal_voices(voices, min(self.n_folds, len(voices)), rng)
        for index, hand in enumerate(hands, start=1):
            clean = np.full(len(clips), TRAIN, dtype=np.int8)
            for voice in hand:
                clean[list(voice.clips)] = TEST
            yield Assignment(index, *hold_out_dev(clips, clean, rng, share=self.dev_share))

    def check_voices(self, voices: Sequence[Voice]) -> None:
        """Raise if nobody would be left to train on."""
        if len(voices) < 2:
            raise ProtocolError(
                f"protocol {self.name!r} needs clips of at least 2 speakers who share no file; "
                f"there is {len(voices)}.",
                hint="Add clips of other speakers.",
            )


def deal_voices(
    voices: Sequence[Voice], n_folds: int, rng: np.random.Generator
) -> list[list[Voice]]:
    """Return the voices that each fold tests."""
    hands: list[list[Voice]] = [[] for _ in range(n_folds)]
    dealt = 0
    for kind in sorted({(voice.corpus, voice.sex) for voice in voices}):
        own = [voice for voice in voices if (voice.corpus, voice.sex) == kind]
        for number in rng.permutation(len(own)):
            hands[dealt % n_folds].append(own[number])
            dealt += 1
    return hands
