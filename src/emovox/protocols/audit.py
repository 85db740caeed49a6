"""The audit of a fold for leaks: whether anything that trains is also judged."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from emovox.errors import ProtocolError
from emovox.protocols.fold import DEV, SPLIT_NAMES, TRAIN, UNUSED, Fold
from emovox.types import Clip


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
    by_speaker: dict[str, set[int]] = defaultdict(set)
    by_sentence: dict[str, set[int]] = defaultdict(set)
    by_path: dict[str, set[int]] = defaultdict(set)
    by_hash: dict[str, set[int]] = defaultdict(set)
    paths_of: dict[str, set[str]] = defaultdict(set)
    for clip, row in zip(clips, fold.splits.tolist(), strict=True):
        splits = set(row) - {UNUSED}
        if not splits:
            continue
        by_path[clip.path] |= splits
        by_speaker[clip.speaker_id] |= splits
        by_hash[clip.sha256] |= splits
        paths_of[clip.sha256].add(clip.path)
        if clip.speaker_id in fold.divided:
            by_sentence[f"{clip.speaker_id}: {clip.sentence}"] |= splits
    for unknown in (by_speaker, by_hash):
        unknown.pop("", None)
    return LeakReport(
        speakers=tuple(
            speaker
            for speaker in _find_shared(by_speaker)
            if speaker not in fold.divided or by_speaker[speaker] != {TRAIN, DEV}
        ),
        sentences=_find_shared(by_sentence),
        clips=_find_shared(by_path),
        duplicates=tuple(
            tuple(sorted(paths_of[digest]))
            for digest in _find_shared(by_hash)
            if len(paths_of[digest]) > 1
        ),
        n_altered=int((fold.splits[:, 1:] > TRAIN).sum()),
    )


def _find_shared(splits_of: dict[str, set[int]]) -> tuple[str, ...]:
    return tuple(sorted(name for name, splits in splits_of.items() if len(splits) > 1))


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
        (clip.path, max(row))
        for clip, row in zip(clips, fold.splits.tolist(), strict=True)
        if not clip.speaker_id and max(row) > UNUSED
    ]
    if nobody:
        path, split = nobody[0]
        raise ProtocolError(
            f"{len(nobody)} clips have no speaker_id, the first is {path!r} in "
            f"{SPLIT_NAMES[split]}: nobody can say whether their speakers leak.",
            hint="Give every clip a speaker_id, or leave those clips out.",
        )
