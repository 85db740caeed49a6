"""A fold made smaller: some emotions alone, or fewer training speakers."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from emovox.errors import ParameterError
from emovox.protocols.fold import TRAIN, UNUSED, Fold
from emovox.protocols.voices import Voice, collect_voices, order_evenly
from emovox.types import Clip


@dataclass(frozen=True, slots=True)
class Limits:
    """What of a fold is used.

    Attributes
    ----------
    emotions : tuple of str
        Clips of others are unused, in all splits; empty: no limit.
    train_speakers : int
        So many training speakers at most; 0: no limit.
    """

    emotions: tuple[str, ...] = ()
    train_speakers: int = 0


def limit_fold(fold: Fold, clips: Sequence[Clip], limits: Limits, *, seed: int = 0) -> Fold:
    """Leave out of a fold what is beyond the limits; nobody moves from one split to another.

    The training speakers that stay are drawn by chance: first one of each corpus, then as even
    over corpora and sexes as can be. The fewer are always among the more.

    Parameters
    ----------
    fold : Fold
        Over these clips.
    clips : sequence of Clip
        As given to the protocol.
    limits : Limits
        What stays.
    seed : int, default=0
        Of the drawing, together with the number of the fold.

    Raises
    ------
    ParameterError
        If ``train_speakers`` is negative.
    """
    if limits.train_speakers < 0:
        raise ParameterError(f"train_speakers is {limits.train_speakers}; it must be 0 or more.")
    splits = fold.splits.copy()
    if limits.emotions:
        splits[[clip.emotion not in limits.emotions for clip in clips]] = UNUSED
    if limits.train_speakers:
        training = np.flatnonzero((splits == TRAIN).any(axis=1))
        voices = collect_voices([clips[number] for number in training.tolist()])
        for voice in _order_voices(voices, [seed, fold.index])[limits.train_speakers :]:
            own = training[list(voice.clips)]
            splits[own] = np.where(splits[own] == TRAIN, UNUSED, splits[own])
    return dataclasses.replace(fold, splits=splits)


def _order_voices(voices: Sequence[Voice], seed: Sequence[int]) -> list[Voice]:
    """Return the voices in an order of which every beginning is as even as can be."""
    rng = np.random.default_rng(seed)
    first: list[Voice] = []
    places: list[tuple[float, float, Voice]] = []
    for corpus in sorted({voice.corpus for voice in voices}):
        own = order_evenly([voice for voice in voices if voice.corpus == corpus], rng)
        tie = rng.random()  # which corpus comes first, where several could
        first.append(own[0])
        places += [((n + 0.5) / len(own), tie, voice) for n, voice in enumerate(own) if n]
    return first + [voice for *_, voice in sorted(places, key=lambda item: item[:2])]
