"""All that can be said of folds and their clips, as findings; folds of one protocol together."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

import numpy as np

from emovox.protocols.audit import check_fold
from emovox.protocols.copies import Copies, sort_copies
from emovox.protocols.findings import Finding
from emovox.protocols.fold import TRAIN, UNUSED, Fold
from emovox.types import Clip


def inspect_folds(folds: Sequence[Fold], clips: Sequence[Clip], copies: Copies) -> list[Finding]:
    """Return what leaks in folds of one protocol; each kind once, with all folds it is in.

    Parameters
    ----------
    folds : sequence of Fold
        Of one protocol, honest or not.
    clips : sequence of Clip
        Those the folds were made for, in the same order.
    copies : Copies
        From `emovox.protocols.find_copies` of the same clips.

    Returns
    -------
    list of Finding

    Raises
    ------
    ProtocolError
        If a fold was made for another number of clips.
    """
    names: dict[str, set[str]] = defaultdict(set)
    where: dict[str, list[int]] = defaultdict(list)
    for fold in folds:
        for code, found in _inspect_fold(fold, clips, copies).items():
            if found:
                names[code] |= set(found)
                where[code].append(fold.index)
    # What one fold parts is a leak, whatever another does with it.
    for code in ("duplicate", "near-duplicate"):
        names[code] -= names[f"{code}-across"]
    return [
        Finding.of(code, tuple(found), describe_folds(folds[0].protocol, where[code]))
        for code, found in names.items()
        if found
    ]


def _inspect_fold(fold: Fold, clips: Sequence[Clip], copies: Copies) -> dict[str, list[str]]:
    report = check_fold(fold, clips)
    used = np.flatnonzero((fold.splits != UNUSED).any(axis=1)).tolist()
    altered = np.flatnonzero((fold.splits[:, 1:] > TRAIN).any(axis=1))
    return {
        "shared-speaker": list(report.speakers),
        "shared-sentence-of-speaker": list(report.sentences),
        "unknown-speaker": [clips[n].path for n in used if not clips[n].speaker_id],
        "sister-rows": list(report.clips),
        "altered-test": [clips[n].path for n in altered.tolist()],
        **sort_copies(copies, fold, clips),
    }


def describe_folds(protocol: str, indices: Sequence[int]) -> str:
    """Return such as ``speaker, fold 2`` or ``speaker, folds 1, 2, 3``."""
    numbers = sorted(set(indices))
    return f"{protocol}, fold{'s' if len(numbers) > 1 else ''} {', '.join(map(str, numbers))}"
