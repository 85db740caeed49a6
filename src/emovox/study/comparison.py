"""Is one idea better than another? Two models on the same clips, all pairs of a table corrected."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from emovox.errors import ManifestError
from emovox.metrics import (
    ResamplingOptions,
    compare_paired,
    compute_accuracy,
    compute_macro_f1,
    compute_uar,
    correct_pvalues,
)
from emovox.study.scored import Scored
from emovox.study.words import format_table, hundredths, say_bounds
from emovox.types import IntArray

BELIEVED = 0.05
"""Differences whose corrected p-value is below this are called so."""

_MOST_PAIRED = 8
"""Up to so many ideas each is compared with each; more are compared with the first alone."""

_COMPUTE = {"uar": compute_uar, "accuracy": compute_accuracy, "macro_f1": compute_macro_f1}

Seeds = Mapping[int, Scored]
"""Seed -> test rows of all folds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Paired:
    """One idea against another on the same clips.

    Attributes
    ----------
    a, b : str
        Their names.
    protocol : str
        Under which both were tested.
    metric : str
        ``uar``, ``accuracy`` or ``macro_f1``.
    value_a, value_b, difference : float
        From 0 to 1 (-1 to 1); ``difference`` is a minus b.
    low, high : float or None
        95 % interval of the difference, speakers resampled; None with one speaker.
    p_value, p_corrected : float
        Models exchanged speaker by speaker; then after Holm, over all pairs of the table.
    n_rows, n_speakers : int
        Rows that both were tested on; a clip counts once a seed.
    """

    a: str
    b: str
    protocol: str
    metric: str
    value_a: float
    value_b: float
    difference: float
    low: float | None
    high: float | None
    p_value: float
    p_corrected: float
    n_rows: int
    n_speakers: int

    @property
    def is_believed(self) -> bool:
        """Whether chance is an unlikely reason for the difference."""
        return self.p_corrected < BELIEVED


def match_rows(a: Scored, b: Scored) -> tuple[Scored, Scored]:
    """Return the rows that both have, in the same order: same clip, same copy.

    Raises
    ------
    ManifestError
        If there is none.
    """
    keys_a, keys_b = _make_keys(a), _make_keys(b)
    _, index_a, index_b = np.intersect1d(keys_a, keys_b, return_indices=True)
    if not len(index_a):
        raise ManifestError("the two were tested on no clip in common.")
    return a.take(index_a), b.take(index_b)


def _make_keys(rows: Scored) -> IntArray:
    # Far more than any policy makes copies of a clip.
    return rows.clip * 1000 + rows.variant


def compare_seeds(
    names: tuple[str, str], protocol: str, a: Seeds, b: Seeds, options: ResamplingOptions
) -> Paired:
    """Compare two ideas; seeds that both have are put together.

    Parameters
    ----------
    names : tuple of (str, str)
        Of a and b.
    protocol : str
        Under which both were tested.
    a, b : mapping of int to Scored
        Seed -> test rows.
    options : ResamplingOptions
        Metric, level, draws.

    Returns
    -------
    Paired
        Not corrected yet.

    Raises
    ------
    ManifestError
        If they share no seed, or no clip.
    ParameterError
        If a clip has no speaker.
    """
    common = sorted(set(a) & set(b))
    if not common:
        raise ManifestError(f"{names[0]} and {names[1]} have no seed in common.")
    pairs = [match_rows(a[seed], b[seed]) for seed in common]
    first, second = (Scored.join([pair[side] for pair in pairs]) for side in (0, 1))
    found = compare_paired(
        first.truth, first.prediction, second.prediction, first.speaker.tolist(), options
    )
    compute = _COMPUTE[options.metric]
    interval = found.difference
    known = interval.n_speakers > 1
    return Paired(
        a=names[0],
        b=names[1],
        protocol=protocol,
        metric=options.metric,
        value_a=compute(first.truth, first.prediction),
        value_b=compute(second.truth, second.prediction),
        difference=interval.value,
        low=interval.low if known else None,
        high=interval.high if known else None,
        p_value=found.p_value,
        p_corrected=found.p_value,
        n_rows=len(first),
        n_speakers=interval.n_speakers,
    )


def compare_experiments(
    tests: Mapping[tuple[str, str, int], Scored],
    experiments: Sequence[str],
    protocol: str,
    options: ResamplingOptions | None = None,
) -> tuple[Paired, ...]:
    """Compare the ideas of a study under one protocol, p-values corrected over all pairs.

    Parameters
    ----------
    tests : mapping of (experiment, protocol, seed) to Scored
        As `Evaluation` has it.
    experiments : sequence of str
        In the order of the study file. Up to eight are compared each with each, more with the
        first, which is the one to beat.
    protocol : str
        An honest one: under others ideas are tested on different rows.
    options : ResamplingOptions, optional
        Metric, level, draws.

    Returns
    -------
    tuple of Paired
        The later idea as ``a``. Empty where a clip has no speaker, or fewer than two ideas
        have rows.
    """
    present = [name for name in experiments if any(key[:2] == (name, protocol) for key in tests)]
    pairs = list(combinations(present, 2))
    if len(present) > _MOST_PAIRED:
        pairs = [(present[0], name) for name in present[1:]]
    return _compare_pairs(tests, pairs, protocol, options or ResamplingOptions())


def compare_with_first(
    tests: Mapping[tuple[str, str, int], Scored],
    experiments: Sequence[str],
    protocol: str,
    options: ResamplingOptions | None = None,
) -> tuple[Paired, ...]:
    """Compare ideas with the first of them; see `compare_experiments`."""
    present = [name for name in experiments if any(key[:2] == (name, protocol) for key in tests)]
    pairs = [(present[0], name) for name in present[1:]]
    if present[:1] != list(experiments[:1]):
        return ()  # the one to compare with is missing
    return _compare_pairs(tests, pairs, protocol, options or ResamplingOptions())


def _compare_pairs(
    tests: Mapping[tuple[str, str, int], Scored],
    pairs: Sequence[tuple[str, str]],
    protocol: str,
    options: ResamplingOptions,
) -> tuple[Paired, ...]:
    """Return the second of each pair against the first, p-values corrected over all."""
    wanted = {name for pair in pairs for name in pair}
    by_seed: dict[str, dict[int, Scored]] = {}
    for (experiment, own, seed), rows in tests.items():
        if own == protocol and experiment in wanted:
            by_seed.setdefault(experiment, {})[seed] = rows
    if any("" in rows.speaker for seeds in by_seed.values() for rows in seeds.values()):
        return ()
    found = []
    for first, second in pairs:
        try:
            found.append(
                compare_seeds((second, first), protocol, by_seed[second], by_seed[first], options)
            )
        except ManifestError:
            continue  # the folds that are finished share no clip yet
    return correct(found)


def can_decide(pairs: Sequence[Paired]) -> bool:
    """Return whether any difference can be believed after correction, however large it is.

    With few speakers the smallest p-value there can be is large.
    """
    if not pairs:
        return False
    fewest = max(pair.n_speakers for pair in pairs)
    smallest = 2.0 ** (1 - fewest)
    return len(pairs) * smallest < BELIEVED


def correct(pairs: Sequence[Paired]) -> tuple[Paired, ...]:
    """Return the same with p-values corrected over all of them, by Holm."""
    if not pairs:
        return ()
    corrected = correct_pvalues([pair.p_value for pair in pairs]).tolist()
    return tuple(
        dataclasses.replace(pair, p_corrected=value)
        for pair, value in zip(pairs, corrected, strict=True)
    )


def format_pairs(pairs: Sequence[Paired]) -> str:
    """Return comparisons as a Markdown table with a line about it."""
    rows = [
        [
            pair.a,
            pair.b,
            hundredths(pair.value_a),
            hundredths(pair.value_b),
            f"{hundredths(pair.difference, sign=True)} "
            f"{say_bounds(pair.low, pair.high, sign=True)}".strip(),
            f"{pair.p_value:.4f}",
            f"{pair.p_corrected:.4f}",
            f"{pair.n_rows:,}",
            str(pair.n_speakers),
        ]
        for pair in pairs
    ]
    header = ["a", "b", "a (%)", "b (%)", "a - b, points", "p", "p, corrected", "rows", "speakers"]
    first = pairs[0]
    note = (
        f"{first.metric}, protocol {first.protocol}, the same clips for both. In brackets the 95 % "
        "interval, speakers resampled; p by exchanging a and b speaker by speaker, corrected by "
        "Holm over all rows."
    )
    if not can_decide(pairs):
        note += f" With {first.n_speakers} speakers no difference can be told from chance."
    return f"{format_table(header, rows)}\n{note}\n"
