"""Sums and counts that variance components are computed from: of a speaker, of a corpus.

What a speaker adds to a corpus is a `Tally`; tallies add and subtract, so leaving a speaker out
costs nothing but a subtraction. A `Corpus` is a tally whose sentences are fitted; corpora share
only sexes and emotions.

Letters: a sex, t sentence, e emotion, cell = (speaker, emotion); p features.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from emovox.metrics.classification import Float64Array
from emovox.metrics.variance import sum_groups
from emovox.types import IntArray

_SMALL = 1e-9
"""Eigenvalues of counts below this share of the largest are rounding."""


@dataclass(frozen=True, slots=True, eq=False)
class Tally:
    """What is counted of one speaker, or of several of one corpus added up.

    ``x|y`` is x with the means of y removed. Shapes are given in letters.
    """

    n_speakers: int
    n_cells: int
    n_a: Float64Array  # (a,)
    n_at: Float64Array  # (a, t)
    n_ae: Float64Array  # (a, e)
    speaker_squares: Float64Array  # (a,): squared counts of speakers
    cell_squares: Float64Array  # (a,): squared counts of cells
    sentence_ratio: float  # squared counts of sentences within a speaker over the speaker's count
    emotion_ratio: float
    sum_a: Float64Array  # (a, p)
    square: Float64Array  # (p,): sum of squares
    fit_speaker: Float64Array  # (p,): sum of squares of what speakers' means explain
    fit_cell: Float64Array  # (p,)
    tt: Float64Array  # (t, t): sentences|speaker, crossed with themselves
    tp: Float64Array  # (t, p): with features
    te: Float64Array  # (t, e): with emotions
    t_cells: Float64Array  # (t, t): with cells, times its transpose
    tt_cell: Float64Array  # (t, t): sentences|cell
    tp_cell: Float64Array  # (t, p)
    ee: Float64Array  # (e, e): emotions|speaker
    ep: Float64Array  # (e, p)
    e_cells: Float64Array  # (e, e): with cells, times its transpose
    te_cells: Float64Array  # (t, e): sentences by cells, times emotions by cells

    def __sub__(self, other: Tally) -> Tally:
        return Tally(*(a - b for a, b in zip(_unpack(self), _unpack(other), strict=True)))


def _unpack(tally: Tally) -> list[Any]:
    return [getattr(tally, field.name) for field in fields(tally)]


def add_tallies(tallies: Iterable[Tally]) -> Tally:
    """Return the sum of tallies of one corpus; at least one."""
    total, *others = map(_unpack, tallies)
    for other in others:
        total = [a + b for a, b in zip(total, other, strict=True)]
    return Tally(*total)


def tally_speaker(
    x: Float64Array, sex: int, emotion: IntArray, sentence: IntArray, shape: tuple[int, int, int]
) -> Tally:
    """Count one speaker.

    Parameters
    ----------
    x : ndarray of float64, shape (n, p)
        Features of the speaker's clips.
    sex : int
        Of the speaker.
    emotion, sentence : ndarray of int64, shape (n,)
        Of the clips.
    shape : tuple of int
        Numbers of sexes, emotions, and sentences of the corpus.
    """
    n_sexes, n_emotions, n_sentences = shape
    n = len(x)
    cells = np.zeros((n_sentences, n_emotions))
    np.add.at(cells, (sentence, emotion), 1)
    n_t, n_e = cells.sum(axis=1), cells.sum(axis=0)
    here = np.zeros(n_sexes)
    here[sex] = 1
    total = x.sum(axis=0)
    by_t, by_e = sum_groups(x, sentence, n_sentences), sum_groups(x, emotion, n_emotions)
    mean_e = by_e / np.maximum(n_e, 1)[:, None]
    share_e = cells / np.maximum(n_e, 1)
    te = cells - np.outer(n_t, n_e) / n
    ee = np.diag(n_e) - np.outer(n_e, n_e) / n
    return Tally(
        n_speakers=1,
        n_cells=int((n_e > 0).sum()),
        n_a=n * here,
        n_at=np.outer(here, n_t),
        n_ae=np.outer(here, n_e),
        speaker_squares=n**2 * here,
        cell_squares=(n_e**2).sum() * here,
        sentence_ratio=float((n_t**2).sum() / n),
        emotion_ratio=float((n_e**2).sum() / n),
        sum_a=np.outer(here, total),
        square=(x**2).sum(axis=0),
        fit_speaker=total**2 / n,
        fit_cell=(by_e * mean_e).sum(axis=0),
        tt=np.diag(n_t) - np.outer(n_t, n_t) / n,
        tp=by_t - np.outer(n_t, total) / n,
        te=te,
        t_cells=te @ te.T,
        tt_cell=np.diag(n_t) - cells @ share_e.T,
        tp_cell=by_t - cells @ mean_e,
        ee=ee,
        ep=by_e - np.outer(n_e, total) / n,
        e_cells=ee @ ee.T,
        te_cells=te @ ee.T,
    )


@dataclass(frozen=True, slots=True, eq=False)
class Corpus:
    """A corpus whose sentences are fitted. Fields of several corpora may be added up.

    Traces say how much of each component's variance a fit takes up, in the order corpus, sex,
    speaker, sentence, emotion, personal; those of a sex or an emotion that corpora share are
    taken from ``n_a``, ``n_e`` and ``sex_emotions``.
    """

    n: float
    n_speakers: int
    n_a: Float64Array
    n_e: Float64Array
    rank_sentence: int
    rank_all: int
    sum: Float64Array
    square: Float64Array
    fit_corpus: Float64Array
    fit_speaker: Float64Array
    fit_sentence: Float64Array
    fit_all: Float64Array
    sex: Float64Array  # (a, a): sexes|corpus
    sex_features: Float64Array  # (a, p)
    sex_emotions: Float64Array  # (a, e)
    sex_levels: Float64Array  # (3, a, a): with speakers, sentences, cells, times the transpose
    emotion: Float64Array  # (e, e): emotions|speaker, sentence
    emotion_features: Float64Array  # (e, p)
    emotion_cells: Float64Array  # (e, e)
    trace_mean: Float64Array  # (6,), times the number of all clips
    trace_corpus: Float64Array  # (6,)
    trace_speaker: Float64Array  # (6,)
    trace_sentence: Float64Array  # (6,): what sentences add

    @classmethod
    def of(cls, tally: Tally) -> Corpus:
        """Fit the sentences of a corpus."""
        n = tally.n_a.sum()
        n_t, n_e = tally.n_at.sum(axis=0), tally.n_ae.sum(axis=0)
        root, rank = invert(tally.tt)
        root_cell, rank_cell = invert(tally.tt_cell)
        rp, re = root.T @ tally.tp, root.T @ tally.te
        h = re.T @ root.T
        crossed = h @ tally.te_cells
        total, share = tally.sum_a.sum(axis=0), tally.n_a / n
        squares = np.array([tally.speaker_squares.sum(), (n_t**2).sum(), tally.cell_squares.sum()])
        ratio_t, ratio_e = tally.sentence_ratio, tally.emotion_ratio
        return cls(
            n=n,
            n_speakers=tally.n_speakers,
            n_a=tally.n_a,
            n_e=n_e,
            rank_sentence=rank,
            rank_all=tally.n_cells + rank_cell,
            sum=total,
            square=tally.square,
            fit_corpus=total**2 / n,
            fit_speaker=tally.fit_speaker,
            fit_sentence=(rp**2).sum(axis=0),
            fit_all=tally.fit_cell + ((root_cell.T @ tally.tp_cell) ** 2).sum(axis=0),
            sex=np.diag(tally.n_a) - np.outer(tally.n_a, share),
            sex_features=tally.sum_a - np.outer(share, total),
            sex_emotions=tally.n_ae - np.outer(share, n_e),
            sex_levels=_cross_sexes(tally, share),
            emotion=tally.ee - re.T @ re,
            emotion_features=tally.ep - re.T @ rp,
            emotion_cells=tally.e_cells - crossed - crossed.T + h @ tally.t_cells @ h.T,
            trace_mean=np.array([n**2, 0, squares[0], squares[1], 0, squares[2]]),
            trace_corpus=np.array(
                [n * n, (tally.n_a**2).sum(), *squares[:2], (n_e**2).sum(), squares[2]]
            ) / n,
            trace_speaker=np.array([n, n, n, ratio_t, ratio_e, ratio_e]),
            trace_sentence=np.array(
                [0, 0, 0, n - ratio_t, (re**2).sum(), (root * (tally.t_cells @ root)).sum()]
            ),
        )  # fmt: skip


def _cross_sexes(tally: Tally, share: Float64Array) -> Float64Array:
    """Return sexes|corpus crossed with speakers, sentences, cells, each times its transpose."""

    def cross(squares: Float64Array) -> Float64Array:
        # Each level has one sex: its column is its count times (that sex - share).
        mixed = np.outer(squares, share)
        outer: Float64Array = squares.sum() * np.outer(share, share)
        outer += np.diag(squares) - mixed - mixed.T
        return outer

    sentences = tally.n_at - np.outer(share, tally.n_at.sum(axis=0))
    parts = (cross(tally.speaker_squares), sentences @ sentences.T, cross(tally.cell_squares))
    return np.stack(parts)


def add_corpora(corpora: Iterable[Corpus]) -> Corpus:
    """Return the sum of corpora, field by field."""
    rows = [[getattr(corpus, field.name) for field in fields(corpus)] for corpus in corpora]
    return Corpus(*(sum(column[1:], column[0]) for column in zip(*rows, strict=True)))


def invert(gram: Float64Array) -> tuple[Float64Array, int]:
    """Return a root r of a pseudo-inverse (r @ r.T) of a symmetric matrix, and its rank."""
    values, vectors = np.linalg.eigh(gram)
    kept = values > _SMALL * max(1.0, values[-1])
    return vectors[:, kept] / np.sqrt(values[kept]), int(kept.sum())
