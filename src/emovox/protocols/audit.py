"""The audit of a fold for leaks: whether anything that trains is also judged."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from emovox.errors import ProtocolError
from emovox.protocols.fold import DEV, SPLIT_NAMES, TRAIN, UNUSED, Fold
from emovox.types import Clip

_BIT = {split: 1 << place for place, split in enumerate(SPLIT_NAMES) if split != UNUSED}


@dataclass(frozen=True, slots=True)
class LeakReport:
    """What a fold has in more than one split.

    Attributes
    ----------
    speakers : tuple of str
        Speakers in more than one split (but for those the fold divides between train and dev).
    sentences : tuple of str
        ``speaker: sentence`` of a divided speaker, in train and in dev.
    clips : tuple of str
        Paths of clips of which copies are in more than one split.
    duplicates : tuple of tuple of str
        Paths of files with the same bytes, in more than one split.
    n_altered : int
        Altered copies that are in dev or test.
    """

    speakers: tuple[str, ...] = ()
    sentences: tuple[str, ...] = ()
    clips: tuple[str, ...] = ()
    duplicates: tuple[tuple[str, ...], ...] = ()
    n_altered: int = 0

    @property
    def ok(self) -> bool:
        """True if nothing leaks."""
        return not (
            self.speakers or self.sentences or self.clips or self.duplicates or self.n_altered
        )

    def __str__(self) -> str:
        found = (
            ("speakers are", self.speakers),
            ("sentences of a divided speaker are", self.sentences),
            ("clips are", self.clips),
            ("sets of files with the same bytes are", tuple(map(" = ".join, self.duplicates))),
        )
        parts = [
            f"{len(names)} {what} in more than one split ({_list_some(names)})"
            for what, names in found
            if names
        ]
        if self.n_altered:
            parts.append(f"{self.n_altered} altered copies are in dev or test")
        return "; ".join(parts) or "nothing leaks"


def _list_some(names: Sequence[str], limit: int = 5) -> str:
    more = f" and {len(names) - limit} more" if len(names) > limit else ""
    return ", ".join(names[:limit]) + more


def check_fold(fold: Fold, clips: Sequence[Clip]) -> LeakReport:
    """Return what leaks in a fold: by speaker, clip, and content (sha256).

    Clips with an unknown speaker or hash are not compared by it. Unused clips do not count.

    Raises
    ------
    ProtocolError
        If the fold was made for another number of clips.
    """
    if len(clips) != fold.n_clips:
        raise ProtocolError(
            f"the fold was made for {fold.n_clips} clips, but {len(clips)} are given."
        )
    used = _list_splits(fold)
    by_speaker: dict[str, int] = defaultdict(int)
    by_sentence: dict[str, int] = defaultdict(int)
    by_path: dict[str, int] = defaultdict(int)
    by_hash: dict[str, int] = defaultdict(int)
    for clip, splits in zip(clips, used, strict=True):
        if not splits:
            continue
        by_path[clip.path] |= splits
        by_speaker[clip.speaker_id] |= splits
        by_hash[clip.sha256] |= splits
        if clip.speaker_id in fold.divided:
            by_sentence[f"{clip.speaker_id}: {clip.sentence}"] |= splits
    for unknown in (by_speaker, by_hash):
        unknown.pop("", None)
    return LeakReport(
        speakers=tuple(
            speaker
            for speaker in _find_shared(by_speaker)
            if speaker not in fold.divided or by_speaker[speaker] != _BIT[TRAIN] | _BIT[DEV]
        ),
        sentences=_find_shared(by_sentence),
        clips=_find_shared(by_path),
        duplicates=_list_duplicates(clips, used, _find_shared(by_hash)),
        n_altered=int((fold.splits[:, 1:] > TRAIN).sum()),
    )


def _list_splits(fold: Fold) -> list[int]:
    """Return the splits of each clip, as the sum of their bits."""
    splits = np.zeros(fold.n_clips, np.int64)
    for split, bit in _BIT.items():
        splits[(fold.splits == split).any(axis=1)] |= bit
    return splits.tolist()


def _find_shared(splits_of: dict[str, int]) -> tuple[str, ...]:
    return tuple(sorted(name for name, splits in splits_of.items() if splits.bit_count() > 1))


def _list_duplicates(
    clips: Sequence[Clip], used: Sequence[int], shared: Sequence[str]
) -> tuple[tuple[str, ...], ...]:
    """Return the paths of the files with each of the hashes, where there are several."""
    paths_of: dict[str, set[str]] = {digest: set() for digest in shared}
    for clip, splits in zip(clips, used, strict=True):
        if splits and clip.sha256 in paths_of:
            paths_of[clip.sha256].add(clip.path)
    return tuple(tuple(sorted(paths)) for paths in paths_of.values() if len(paths) > 1)


def validate_fold(fold: Fold, clips: Sequence[Clip], *, leaky_allowed: bool = False) -> None:
    """Refuse a fold that leaks, with an explanation.

    Parameters
    ----------
    fold : Fold
        The fold.
    clips : sequence of Clip
        Those it was made for, in the same order.
    leaky_allowed : bool, default=False
        Whether the study names a faulty protocol on purpose: then a fold that says it is leaky
        passes. One that leaks without saying so never does.

    Raises
    ------
    ProtocolError
        If a speaker, a clip, or files with the same bytes are in more than one split, an altered
        copy is in dev or test, or a clip that is used has no speaker (names the first few).
    """
    report = check_fold(fold, clips)
    if fold.leaky and leaky_allowed:
        return
    if not report.ok:
        raise ProtocolError(
            f"fold {fold.index} of protocol {fold.protocol!r} leaks: {report}.",
            hint="Its figures would flatter. Use a protocol with disjoint speakers, such as "
            "'speaker', or name the faulty one on purpose.",
        )
    nobody = [
        (clip.path, max(fold.splits[number].tolist()))
        for number, clip in enumerate(clips)
        if not clip.speaker_id and fold.splits[number].max() > UNUSED
    ]
    if nobody:
        path, split = nobody[0]
        raise ProtocolError(
            f"{len(nobody)} clips have no speaker_id, the first is {path!r} in "
            f"{SPLIT_NAMES[split]}: nobody can say whether their speakers leak.",
            hint="Give every clip a speaker_id, or leave those clips out.",
        )
