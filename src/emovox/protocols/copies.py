"""Which clips are of one recording: the same bytes, or the same sound."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from emovox.errors import AudioError
from emovox.features import Fingerprint, Pair, find_alike, is_copy, map_parallel, read_fingerprint
from emovox.files import hash_file
from emovox.protocols.findings import Finding
from emovox.protocols.fold import UNUSED, Fold
from emovox.types import Clip, Progress

_PER_TASK = 32

Set = tuple[int, ...]
"""Indices of clips that belong together, ascending."""


@dataclass(frozen=True, slots=True)
class Copies:
    """Clips that are there more than once.

    Attributes
    ----------
    duplicates : tuple of tuple of int
        Sets of clips with the same bytes.
    near : tuple of tuple of int
        Sets of clips that sound like one recording but have different bytes. A set may hold
        duplicates too.
    unreadable : tuple of str
        Paths of clips that could not be read.
    """

    duplicates: tuple[Set, ...] = ()
    near: tuple[Set, ...] = ()
    unreadable: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class CopyOptions:
    """How copies are looked for.

    Attributes
    ----------
    by_sound : bool
        Whether to compare fingerprints too; every recording is read then.
    n_jobs : int
        Processes.
    on_read, on_compare : callable or None
        Called with (done, total) while recordings are read, and while pairs are compared.
    """

    by_sound: bool = True
    n_jobs: int = 1
    on_read: Progress | None = None
    on_compare: Progress | None = None


@dataclass(slots=True)
class _Sets:
    """Things put together pair by pair."""

    set_of: dict[int, set[int]] = field(default_factory=dict)

    def join(self, one: int, other: int) -> None:
        mine = self.set_of.setdefault(one, {one})
        theirs = self.set_of.setdefault(other, {other})
        if mine is not theirs:
            mine |= theirs
            self.set_of.update(dict.fromkeys(theirs, mine))

    def list(self) -> tuple[Set, ...]:
        unique = {id(one): one for one in self.set_of.values() if len(one) > 1}
        return tuple(sorted(tuple(sorted(one)) for one in unique.values()))


def find_copies(clips: Sequence[Clip], options: CopyOptions = CopyOptions()) -> Copies:
    """Return which clips are of one recording.

    Parameters
    ----------
    clips : sequence of Clip
        Their ``sha256`` is believed where it is known, else computed.
    options : CopyOptions

    Returns
    -------
    Copies
    """
    by_hash: dict[str, list[int]] = defaultdict(list)
    unreadable: set[str] = set()
    for number, clip in enumerate(clips):
        try:
            digest = clip.sha256 or hash_file(clip.path)
        except OSError:
            unreadable.add(clip.path)
            digest = f"unreadable {number}"
        by_hash[digest].append(number)
    duplicates = tuple(sorted(tuple(same) for same in by_hash.values() if len(same) > 1))
    if not options.by_sound:
        return Copies(duplicates, (), tuple(sorted(unreadable)))
    firsts = [same[0] for same in by_hash.values()]
    fingerprints = _read_all([clips[n] for n in firsts], options, unreadable)
    pairs = find_alike(fingerprints, n_jobs=options.n_jobs, progress=options.on_compare)
    near = _Sets()
    for pair in pairs:
        first, second = firsts[pair.first], firsts[pair.second]
        if _is_copy(pair, clips[first], clips[second]):
            near.join(first, second)
    for same in duplicates:
        if same[0] in near.set_of:
            for other in same[1:]:
                near.join(same[0], other)
    return Copies(duplicates, near.list(), tuple(sorted(unreadable)))


def _is_copy(pair: Pair, one: Clip, other: Clip) -> bool:
    known = bool(one.speaker_id and other.speaker_id)
    same = not known or one.speaker_id == other.speaker_id
    return is_copy(pair.likeness, same_speaker=same)


def _read_all(
    clips: Sequence[Clip], options: CopyOptions, unreadable: set[str]
) -> list[Fingerprint]:
    """Return the fingerprint of each clip, an empty one where it cannot be read."""
    paths = [clip.path for clip in clips]
    tasks = [paths[start : start + _PER_TASK] for start in range(0, len(paths), _PER_TASK)]
    fingerprints: list[Fingerprint] = []
    for part in map_parallel(_read_task, tasks, options.n_jobs):
        for answer in part:
            if isinstance(answer, AudioError):
                unreadable.add(paths[len(fingerprints)])
                answer = np.zeros((0, 1), dtype=np.int8)
            fingerprints.append(answer)
        if options.on_read is not None:
            options.on_read(len(fingerprints), len(paths))
    return fingerprints


def _read_task(paths: list[str]) -> list[Fingerprint | AudioError]:
    answers: list[Fingerprint | AudioError] = []
    for path in paths:
        try:
            answers.append(read_fingerprint(path))
        except AudioError as error:
            answers.append(error)
    return answers


def report_copies(copies: Copies, clips: Sequence[Clip]) -> list[Finding]:
    """Return what is wrong with copies whoever splits them: two labels, files not read."""
    findings = []
    torn = [
        _name(one, clips)
        for one in (*copies.duplicates, *copies.near)
        if len({clips[n].emotion for n in one} - {""}) > 1
    ]
    if torn:
        findings.append(Finding.of("two-labels", torn))
    if copies.unreadable:
        findings.append(Finding.of("unreadable", copies.unreadable))
    return findings


def sort_copies(copies: Copies, fold: Fold, clips: Sequence[Clip]) -> dict[str, list[str]]:
    """Return code of finding -> sets of copies, named, by whether a fold parts them."""
    found: dict[str, list[str]] = defaultdict(list)
    for code, sets in (("duplicate", copies.duplicates), ("near-duplicate", copies.near)):
        for one in sets:
            used = [n for n in one if (fold.splits[n] != UNUSED).any()]
            splits = np.unique(fold.splits[used])
            n_splits = int((splits != UNUSED).sum())
            if len(used) > 1 and n_splits:
                name = _name(tuple(used), clips)
                found[f"{code}-across" if n_splits > 1 else code].append(name)
    return found


def _name(one: Set, clips: Sequence[Clip]) -> str:
    return " = ".join(clips[n].path for n in one)
