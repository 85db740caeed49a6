"""Which of many fingerprints are of one recording: all pairs, in seconds.

Every fingerprint becomes a short vector that neither place nor pitch changes: magnitudes of its
two-dimensional Fourier transform. The nearest vectors, at several paces, are then compared as
`compare_fingerprints` does.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from emovox.features.fingerprint import Fingerprint, Likeness, compare_fingerprints
from emovox.features.parallel import map_parallel
from emovox.types import FloatArray, Progress

_PACES = (1.0, 0.95, 0.9)  # the other way round comes with the other of the pair
_NEAR_PACES = (0.975, 1.0, 1.025)
_N_FRAMES = 256  # 5 s; more of a recording is not needed to find candidates
_N_MODULATIONS, _N_QUEFRENCIES = 24, 64
_N_DIMENSIONS = 192
_N_LEARNT = 3000  # fingerprints that the axes are learnt from
_N_NEAREST = 3
_N_FEW = 300
_LEAST_COSINE = 0.58
_LEAST_CORRELATION = 0.6
_BLOCK = 1024
_PER_TASK = 64

_COPY_SCORE, _OTHER_VOICE_SCORE = 0.82, 0.72
_BRIEF_SCORE = 0.9  # where there are few parts to compare
_LEAST_PARTS, _ENOUGH_PARTS = 3, 4


@dataclass(frozen=True, slots=True)
class Pair:
    """Two of a list of fingerprints, ``first < second``, and how alike they are."""

    first: int
    second: int
    likeness: Likeness


Candidate: TypeAlias = tuple[int, int, float]
"""First, second, and by what the frames of the second are to be stretched to fit the first."""

_Task: TypeAlias = list[tuple[Fingerprint, Fingerprint, float]]


def is_copy(likeness: Likeness, *, same_speaker: bool) -> bool:
    """Say whether two fingerprints are of one recording, and not of two takes.

    The limits were chosen on 18,177 recordings of seven corpora: takes by one speaker reach 0.80,
    recordings of two speakers none 0.72, and copies that the corpora hold begin at 0.84. A copy
    that a phase vocoder stretched by an eighth or more stays below: it is not told from a take.

    Parameters
    ----------
    likeness : Likeness
        From `compare_fingerprints`.
    same_speaker : bool
        Whether one person is said to speak in both, or nobody knows.
    """
    least = _COPY_SCORE if same_speaker else _OTHER_VOICE_SCORE
    if likeness.n_parts < _ENOUGH_PARTS:
        least = _BRIEF_SCORE
    return likeness.n_parts >= _LEAST_PARTS and likeness.score >= least


def find_alike(
    fingerprints: Sequence[Fingerprint],
    *,
    n_jobs: int = 1,
    progress: Progress | None = None,
) -> tuple[Pair, ...]:
    """Return the pairs of fingerprints that may be of one recording, the most alike first.

    Of each fingerprint the three nearest are looked at, at each of several paces: so all copies
    of a recording hang together, though not each pair of them may be named.

    Parameters
    ----------
    fingerprints : sequence of ndarray of int8, shape (n_frames, n_bands)
        From `compute_fingerprint`.
    n_jobs : int, default=1
        Processes that compare candidates.
    progress : callable, optional
        Called with (done, total) while candidates are compared.

    Returns
    -------
    tuple of Pair
        Those that are worth a look; `is_copy` decides.
    """
    candidates = find_candidates(fingerprints)
    tasks = [
        [(fingerprints[first], fingerprints[second], pace) for first, second, pace in part]
        for part in (
            candidates[start : start + _PER_TASK] for start in range(0, len(candidates), _PER_TASK)
        )
    ]
    pairs = []
    answers = (answer for part in map_parallel(_compare_task, tasks, n_jobs) for answer in part)
    for done, ((first, second, _), likeness) in enumerate(
        zip(candidates, answers, strict=True), start=1
    ):
        if likeness is not None and likeness.score >= _OTHER_VOICE_SCORE:
            pairs.append(Pair(first, second, likeness))
        if progress is not None:
            progress(done, len(candidates))
    return tuple(sorted(pairs, key=lambda pair: (-pair.likeness.score, pair.first, pair.second)))


def _compare_task(task: _Task) -> list[Likeness | None]:
    return [compare_at(one, other, pace) for one, other, pace in task]


def compare_at(one: Fingerprint, other: Fingerprint, pace: float) -> Likeness | None:
    """Compare two fingerprints near one pace; None if a first look rules them out."""
    first_look = compare_fingerprints(one, other, rates=(pace,), fine=(), parts=False)
    if first_look.correlation < _LEAST_CORRELATION:
        return None
    rates = tuple(pace * near for near in _NEAR_PACES)
    return compare_fingerprints(one, other, rates=rates)


def find_candidates(fingerprints: Sequence[Fingerprint]) -> list[Candidate]:
    """Return the pairs that may be alike, each once, at the likeliest pace."""
    used = [number for number, frames in enumerate(fingerprints) if len(frames)]
    if len(used) < 2:
        return []
    mean, axes, least_cosine = _learn_axes(fingerprints, used)
    vectors = np.empty((len(used), len(_PACES), axes.shape[1]), dtype=np.float32)
    for place, number in enumerate(used):
        vectors[place] = (_describe(fingerprints[number]) - mean) @ axes
    vectors /= np.maximum(np.linalg.norm(vectors, axis=2, keepdims=True), 1e-9)
    found: dict[tuple[int, int], tuple[float, float]] = {}
    for number, pace in enumerate(_PACES):
        for row, column, cosine in _find_nearest(vectors[:, number], vectors[:, 0], least_cosine):
            first, second = used[row], used[column]
            # Stretched by the pace, the row is like the column.
            way = (first, second, 1 / pace) if first < second else (second, first, pace)
            if cosine > found.get(way[:2], (0.0, 0.0))[0]:
                found[way[:2]] = (cosine, way[2])
    return sorted((*pair, pace) for pair, (_, pace) in found.items())


def _find_nearest(
    queries: FloatArray, vectors: FloatArray, least_cosine: float
) -> list[tuple[int, int, float]]:
    """Return (query, vector, cosine) of the nearest few of each query that are near enough."""
    found = []
    n_nearest = min(_N_NEAREST, len(vectors) - 1)
    for start in range(0, len(queries), _BLOCK):
        cosines = queries[start : start + _BLOCK] @ vectors.T
        rows = np.arange(len(cosines))
        cosines[rows, rows + start] = -1.0
        nearest = np.argpartition(cosines, -n_nearest, axis=1)[:, -n_nearest:]
        values = np.take_along_axis(cosines, nearest, axis=1)
        for row, place in zip(*np.nonzero(values >= least_cosine), strict=True):
            found.append((int(start + row), int(nearest[row, place]), float(values[row, place])))
    return found


@lru_cache(maxsize=1)
def _build_waves() -> NDArray[np.complex64]:
    """Return waves over frames for every pace and modulation, shape (n_paces * n_waves, 256)."""
    modulations = np.arange(1 - _N_MODULATIONS, _N_MODULATIONS) / _N_FRAMES
    # Stretched by 0.9, a fingerprint has at each modulation what it had at 0.9 of it.
    frequencies = np.concatenate([modulations * pace for pace in _PACES])
    waves = np.exp(-2j * np.pi * np.outer(frequencies, np.arange(_N_FRAMES)))
    return waves.astype(np.complex64)


def _describe(fingerprint: Fingerprint) -> FloatArray:
    """Return what place and pitch do not change, shape (n_paces, n_values), of unit length."""
    frames = fingerprint[:_N_FRAMES].astype(np.float32)
    quefrencies = np.fft.rfft(frames, 128, axis=1)[:, :_N_QUEFRENCIES].astype(np.complex64)
    spectrum = _build_waves()[:, : len(frames)] @ quefrencies
    values = np.sqrt(np.abs(spectrum)).reshape(len(_PACES), -1)
    described: FloatArray = values / np.maximum(np.linalg.norm(values, axis=1, keepdims=True), 1e-9)
    return described


def _learn_axes(
    fingerprints: Sequence[Fingerprint], used: Sequence[int]
) -> tuple[FloatArray, FloatArray, float]:
    """Return mean and main axes, half whitened, of descriptions, and the least cosine of interest.

    Few recordings have no axes to learn: then the values are taken as they are, and the nearest
    are looked at however far they are.
    """
    if len(used) < _N_FEW:
        n_values = _describe(fingerprints[used[0]]).shape[1]
        return np.zeros(n_values, np.float32), np.eye(n_values, dtype=np.float32), -1.0
    step = max(1, len(used) // _N_LEARNT)
    sample = np.stack([_describe(fingerprints[number])[0] for number in used[::step]])
    mean = sample.mean(axis=0)
    centred = sample - mean
    # Of few recordings the products of rows are the smaller problem; both have the same axes.
    by_rows = len(sample) < sample.shape[1]
    values, vectors = np.linalg.eigh(centred @ centred.T if by_rows else centred.T @ centred)
    n_axes = min(_N_DIMENSIONS, len(sample) // 4)
    deviation = np.sqrt(np.maximum(values[-n_axes:], 1e-9))
    vectors = vectors[:, -n_axes:]
    if by_rows:
        vectors = centred.T @ (vectors / deviation)
    return mean, (vectors / np.sqrt(deviation)).astype(np.float32), _LEAST_COSINE
