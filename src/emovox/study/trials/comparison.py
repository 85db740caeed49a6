"""Two recipes on the same clips: what the second brings, with interval and p-value."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from emovox.errors import ManifestError
from emovox.metrics import compare_paired, compute_uar, correct_pvalues
from emovox.study.trials.scores import TrialPredictions, list_once
from emovox.study.words import format_table, hundredths, say_bounds, say_p
from emovox.types import IntArray


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialComparison:
    """UAR of one set of trials minus that of another, pooled over the same clips.

    Attributes
    ----------
    protocol, voice : str
    uar, uar_before : float
        Pooled, of the pairs alone.
    low, high : float
        95 % interval of the difference by resampling speakers.
    p_value : float
        By exchanging the two speaker by speaker.
    p_corrected : float
        The same after Holm, over all comparisons at once.
    n_speakers, n_clips : int
    n_unpaired : int
        Clips that only one of the two predicted.
    """

    protocol: str
    voice: str
    uar: float
    uar_before: float
    low: float
    high: float
    p_value: float
    p_corrected: float
    n_speakers: int
    n_clips: int
    n_unpaired: int


def compare_trials(now: TrialPredictions, before: TrialPredictions) -> list[TrialComparison]:
    """Compare two sets of trials, protocol by protocol, for each knowledge of the voice.

    A clip that several trainings predicted is paired as often as both have it; the first training
    of one goes with the first of the other.

    Raises
    ------
    ManifestError
        If they share no clip, or a shared clip has two labels.
    """
    found = list(_compare(now, before))
    if not found:
        raise ManifestError(
            "the two sets of trials share no clip under one protocol and knowledge of the voice.",
            hint="Give folders with predictions of the same protocols.",
        )
    corrected = correct_pvalues([one.p_value for one in found])
    return [
        dataclasses.replace(one, p_corrected=float(p))
        for one, p in zip(found, corrected, strict=True)
    ]


def _compare(now: TrialPredictions, before: TrialPredictions) -> Iterator[TrialComparison]:
    for protocol in list_once(now.protocol):
        for voice in list_once(now.columns["voice"]):
            sides = [
                one.take((one.protocol == protocol) & (one.columns["voice"] == voice))
                for one in (now, before)
            ]
            _, first, second = np.intersect1d(
                _name_rows(sides[0]), _name_rows(sides[1]), return_indices=True
            )
            if not len(first):
                continue
            a, b = sides[0].take(first), sides[1].take(second)
            _check_labels(a, b, str(protocol))
            speakers = [str(s) for s in a.columns["speaker_id"]]
            result = compare_paired(a.truth, a.prediction, b.prediction, speakers)
            clips = [set(side.columns["clip"]) for side in (*sides, a)]
            yield TrialComparison(
                protocol=protocol,
                voice=voice,
                uar=compute_uar(a.truth, a.prediction),
                uar_before=compute_uar(b.truth, b.prediction),
                low=result.difference.low,
                high=result.difference.high,
                p_value=result.p_value,
                p_corrected=result.p_value,
                n_speakers=result.difference.n_speakers,
                n_clips=len(clips[2]),
                n_unpaired=len(clips[0] | clips[1]) - len(clips[2]),
            )


def _name_rows(rows: TrialPredictions) -> NDArray[Any]:
    """Return a name for each row: fold, speaker, clip, and which training of them it is."""
    columns = rows.columns
    held_out, speaker, clip = (columns[n].astype(str) for n in ("held_out", "speaker_id", "clip"))
    own = np.char.add(np.char.add(held_out, "\t"), np.char.add(speaker, "\t"))
    names = np.char.add(own, clip)
    turns = _count_before(names)
    return np.char.add(np.char.add(names, "\t"), turns.astype(str))


def _count_before(names: NDArray[Any]) -> IntArray:
    """Return how many equal names stand before each."""
    _, number = np.unique(names, return_inverse=True)
    order = np.argsort(number, kind="stable")
    starts = np.flatnonzero(np.diff(number[order], prepend=-1))
    turns = np.empty(len(names), dtype=np.int64)
    run = np.repeat(starts, np.diff(np.append(starts, len(names))))
    turns[order] = np.arange(len(names)) - run
    return turns


def _check_labels(a: TrialPredictions, b: TrialPredictions, protocol: str) -> None:
    torn = np.flatnonzero(a.truth != b.truth)
    if len(torn):
        clip = a.columns["clip"][torn[0]]
        raise ManifestError(
            f"{len(torn)} predictions of {protocol} have another label in the other set, among "
            f"them that of {clip}.",
            hint="Compare trials of one manifest.",
        )


def format_comparison(rows: list[TrialComparison], name: str) -> str:
    """Return a Markdown page: a row a protocol and knowledge of the voice.

    Parameters
    ----------
    rows : list of TrialComparison
    name : str
        What the other set is called.
    """
    cells = [
        [
            f"{one.protocol} ({one.n_speakers} speakers, {one.n_clips} clips)",
            one.voice,
            hundredths(one.uar_before),
            hundredths(one.uar),
            f"{hundredths(one.uar - one.uar_before, sign=True)} "
            f"{say_bounds(one.low, one.high, sign=True)}".strip(),
            say_p(one.p_value),
            say_p(one.p_corrected),
        ]
        for one in rows
    ]
    n_unpaired = max(one.n_unpaired for one in rows)
    header = ["protocol", "voice", name, "here", "difference", "p", "p, all rows together (Holm)"]
    lines = [
        f"# Compared with {name}",
        "",
        "UAR in %, pooled over the clips that both predicted, among the emotions of the corpus; "
        "the difference with its 95 % interval by speaker. p: by exchanging the two speaker by "
        "speaker; with few speakers it cannot be small (two speakers: 0.5 at best).",
        "",
        format_table(header, cells),
    ]
    if n_unpaired:
        lines.append(f"Clips that only one of the two predicted, at most: {n_unpaired}.\n")
    return "\n".join(lines)
