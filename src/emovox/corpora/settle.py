"""Which of the files found are kept: one of each clip, none that is broken or ambiguous."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Sequence
from pathlib import PurePosixPath
from typing import TypeVar

from emovox.corpora.found import Found, LeftOut
from emovox.corpora.info import Fault

OTHER_EMOTION = "other-emotion"
"""Why a clip whose emotion is none of the eight is left out."""

_Key = TypeVar("_Key", bound=Hashable)
_LOSSY = ("OGG", "MP3", "MPEG")


def settle_copies(found: Iterable[Found]) -> tuple[list[Found], list[LeftOut]]:
    """Keep one usable file of each clip, and say why of the others.

    Of several copies the one kept is usable, lossless, nearest to the top, first by name.
    """
    kept: list[Found] = []
    left_out: list[LeftOut] = []
    for copies in _group(found, lambda one: one.key).values():
        best, *others = sorted(copies, key=_rank)
        if best.scan.problem:
            left_out += [one.leave_out(one.scan.problem, one.scan.message) for one in copies]
            continue
        kept.append(best)
        for one in others:
            if one.scan.problem:
                left_out.append(one.leave_out(one.scan.problem, one.scan.message))
            else:
                same = one.scan.sha256 == best.scan.sha256
                how = "byte for byte" if same else "in other bytes"
                left_out.append(one.leave_out("copy", f"is {best.candidate.name} again, {how}"))
    return kept, left_out


def _rank(one: Found) -> tuple[bool, bool, int, str]:
    name = one.candidate.name
    lossy = one.scan.info is not None and one.scan.info.format in _LOSSY
    return bool(one.scan.problem), lossy, len(PurePosixPath(name).parts), name


def settle_emotions(found: Sequence[Found]) -> tuple[list[Found], list[LeftOut]]:
    """Leave out the clips of an emotion that is none of the eight."""
    out = [one for one in found if one.candidate.parsed.excluded == OTHER_EMOTION]
    message = "is of an emotion that is none of the eight"
    return (
        [one for one in found if one.candidate.parsed.excluded != OTHER_EMOTION],
        [one.leave_out(OTHER_EMOTION, message) for one in out],
    )


def settle_duplicates(found: Iterable[Found]) -> tuple[list[Found], list[LeftOut]]:
    """Look for different clips of the same bytes.

    With one label the first is kept; with two, no one can tell which is true: none is kept.
    """
    kept: list[Found] = []
    left_out: list[LeftOut] = []
    for twins in _group(found, lambda one: one.scan.sha256).values():
        labels = sorted({" ".join(one.label).strip() for one in twins})
        if len(labels) > 1:
            names = [one.candidate.name for one in twins]
            left_out += [
                one.leave_out(
                    "conflict",
                    f"has the same bytes as {', '.join(n for n in names if n != names[i])}, "
                    f"but they have different labels: {', '.join(labels)}",
                )
                for i, one in enumerate(twins)
            ]
            continue
        first, *others = twins
        kept.append(first)
        left_out += [
            one.leave_out("duplicate", f"has the same bytes and label as {first.candidate.name}")
            for one in others
        ]
    return kept, left_out


def settle_faults(
    found: Sequence[Found], corpus: str, faults: Sequence[Fault]
) -> tuple[list[Found], list[LeftOut]]:
    """Leave out clips of a corpus that are known by name to be silent, equal or ambiguous."""
    by_key = {one.key: one for one in found}
    out: dict[tuple[str, str], LeftOut] = {}
    for fault in faults:
        here = [by_key[corpus, key] for key in fault.keys if (corpus, key) in by_key]
        if fault.code == "duplicate":
            here = here[1:]
        elif fault.code not in ("silent", "conflict"):
            continue
        subject = "" if len(fault.keys) == 1 else f"known fault: {' and '.join(fault.keys)} "
        for one in here:
            out[one.key] = one.leave_out(fault.code, f"{subject}{fault.message}")
    return [one for one in found if one.key not in out], list(out.values())


def _group(found: Iterable[Found], key: Callable[[Found], _Key]) -> dict[_Key, list[Found]]:
    groups: dict[_Key, list[Found]] = defaultdict(list)
    for one in found:
        groups[key(one)].append(one)
    return groups
