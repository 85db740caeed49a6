"""The speakers of a list of clips, and how some of them are put aside for dev."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from emovox.errors import ProtocolError
from emovox.protocols.fold import DEV, TRAIN, SplitArray
from emovox.types import Clip


@dataclass(frozen=True, slots=True)
class Voice:
    """What must stay together: one speaker, or several who share files with the same bytes.

    Attributes
    ----------
    speakers : tuple of str
        Their ``speaker_id``, sorted; nearly always one.
    corpus, sex : str
        Of the first of them. A speaker heard in two corpora counts for the first by name.
    clips : tuple of int
        Indices of all their clips, ascending.
    """

    speakers: tuple[str, ...]
    corpus: str
    sex: str
    clips: tuple[int, ...]


def collect_voices(clips: Sequence[Clip]) -> tuple[Voice, ...]:
    """Return the voices of the clips, sorted by name: the order of the clips does not matter.

    Raises
    ------
    ProtocolError
        If a clip has no ``speaker_id``.
    """
    members: dict[str, list[int]] = defaultdict(list)
    for number, clip in enumerate(clips):
        if not clip.speaker_id:
            raise ProtocolError(
                f"clip {clip.path!r} has no speaker_id: it cannot be kept out of anything.",
                hint="Give every clip a speaker_id, or leave it out.",
            )
        members[clip.speaker_id].append(number)
    voices = []
    for speakers in unite((clip.speaker_id, clip.sha256) for clip in clips):
        numbers = sorted(number for speaker in speakers for number in members[speaker])
        own = [clips[number] for number in members[speakers[0]]]
        corpus = min(clip.corpus for clip in own)
        sex = max(clip.sex for clip in own)  # a known one, if any is known
        voices.append(Voice(speakers, corpus, sex, tuple(numbers)))
    return tuple(sorted(voices, key=lambda voice: voice.speakers))


def unite(items: Iterable[tuple[str, str]]) -> list[tuple[str, ...]]:
    """Return the groups of names, of (name, tie) pairs, that share a tie, such as a sha256."""
    group_of: dict[str, set[str]] = {}
    first_with: dict[str, str] = {}
    for name, digest in items:
        mine = group_of.setdefault(name, {name})
        theirs = group_of[first_with.setdefault(digest, name)] if digest else mine
        if mine is not theirs:
            mine |= theirs
            group_of.update(dict.fromkeys(theirs, mine))
    return list({id(group): tuple(sorted(group)) for group in group_of.values()}.values())


def hold_out_dev(
    clips: Sequence[Clip], clean: SplitArray, rng: np.random.Generator, *, share: float
) -> tuple[SplitArray, frozenset[str]]:
    """Move some of the training voices to dev.

    Every corpus gives ``share`` of its training voices, balanced over sex, at least one, as long
    as two voices of it go on training. If no corpus can give any, one training voice has to do;
    if every corpus has a single voice left, a share of the sentences of each goes to dev.

    Parameters
    ----------
    clips : sequence of Clip
        All clips.
    clean : ndarray of int8, shape (n_clips,)
        Split of each, before.
    rng : numpy.random.Generator
        Draws who.
    share : float
        Of the training voices, in [0, 1). 0: nobody.

    Returns
    -------
    clean : ndarray of int8, shape (n_clips,)
        Split of each, after. Without any dev clip only if ``share`` is 0, or every corpus has a
        single voice left and no sentences to divide.
    divided : frozenset of str
        Speakers whose sentences were divided between train and dev.
    """
    training = np.flatnonzero(clean == TRAIN).tolist()
    voices = collect_voices([clips[number] for number in training])
    clean = clean.copy()
    if share == 0:
        return clean, frozenset()
    for n_kept in (2, 1):
        chosen = _choose_voices(voices, rng, share, n_kept)
        if chosen:
            for voice in chosen:
                clean[[training[number] for number in voice.clips]] = DEV
            return clean, frozenset()
    for voice in voices:
        own = [training[number] for number in voice.clips]
        sentences = _choose_sentences([clips[number] for number in own], rng, share)
        clean[[number for number in own if clips[number].sentence in sentences]] = DEV
    train, dev = (
        {clip.speaker_id for clip, split in zip(clips, clean, strict=True) if split == wanted}
        for wanted in (TRAIN, DEV)
    )
    return clean, frozenset(train & dev)


def _choose_sentences(clips: Sequence[Clip], rng: np.random.Generator, share: float) -> set[str]:
    """Return ``share`` of the sentences; those that share a file stay together."""
    groups = sorted(unite((clip.sentence, clip.sha256) for clip in clips))
    n_chosen = min(max(1, round(share * len(groups))), len(groups) - 1)
    # Unknown sentences could be any: they go on training.
    known = [group for group in groups if "" not in group]
    order = rng.permutation(len(known))[:n_chosen]
    return {sentence for number in order for sentence in known[number]}


def _choose_voices(
    voices: Sequence[Voice], rng: np.random.Generator, share: float, n_kept: int
) -> list[Voice]:
    """Return ``share`` of each corpus's voices, so that ``n_kept`` of it are left."""
    chosen: list[Voice] = []
    for corpus in sorted({voice.corpus for voice in voices}):
        own = order_evenly([voice for voice in voices if voice.corpus == corpus], rng)
        n_chosen = min(max(1, round(share * len(own))), len(own) - n_kept)
        chosen += own[: max(0, n_chosen)]
    return chosen


def order_evenly(voices: Sequence[Voice], rng: np.random.Generator) -> list[Voice]:
    """Return the voices in random order, such that every beginning has the mix of sexes of all."""
    places: list[tuple[float, float, Voice]] = []
    for sex in sorted({voice.sex for voice in voices}):
        own = [voice for voice in voices if voice.sex == sex]
        tie = rng.random()  # which sex comes first, where both could
        places += [
            ((place + 0.5) / len(own), tie, own[number])
            for place, number in enumerate(rng.permutation(len(own)))
        ]
    return [voice for *_, voice in sorted(places, key=lambda item: item[:2])]
