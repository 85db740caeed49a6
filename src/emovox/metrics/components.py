"""Components of variance: what belongs to corpus, sex, speaker, sentence, emotion.

The model
---------
A feature of a clip is a constant plus one random effect each of

* ``corpus``; ``sex``; ``speaker`` (nested in corpus and sex);
* ``sentence`` (nested in corpus; sentences that occur once count as one);
* ``emotion``, as everybody shows it;
* ``personal``: emotion x speaker, as each speaker shows it in their own way;
* ``rest``: what two recordings of one speaker, emotion and sentence differ in.

The estimator
-------------
Henderson's method III (1953; Searle, Casella and McCulloch, Variance Components, 1992, ch. 5):
the factors are fitted one after the other in this order, each reduction in the sum of squares is
set equal to what is expected of it, and the triangular system is solved. The estimates are
unbiased whatever the numbers of clips are, also where factors are confounded in part (SAVEE's
sentences belong to one emotion each), and without a normal distribution. So the many levels of
speaker and sentence gain nothing by their number, and what few speakers make of a corpus is not
counted as the corpus's. Estimates below 0 become 0.

Few corpora and two sexes are few levels: their components are rough, and no interval says how
other corpora would be.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
from numpy.typing import ArrayLike

from emovox.errors import ParameterError
from emovox.metrics.classification import Float64Array
from emovox.metrics.design import Design
from emovox.metrics.tallies import (
    Corpus,
    Tally,
    add_corpora,
    add_tallies,
    invert,
    tally_speaker,
)
from emovox.metrics.variance import number_groups, validate_table

COMPONENTS = ("corpus", "sex", "speaker", "sentence", "emotion", "personal", "rest")
"""In the order in which they are fitted."""

_N = len(COMPONENTS)

_LEAST = 0.5
"""Below so many clips' worth a factor has nothing left to be estimated from."""


@dataclass(frozen=True, slots=True, eq=False)
class Components:
    """Variance components of many features.

    Attributes
    ----------
    variances : ndarray of float64, shape (7, n_features)
        In the order of `COMPONENTS`, in squared units of the feature; as estimated, so they may
        lie below 0. NaN where there is nothing to estimate from (one corpus, one sex ...).
    """

    variances: Float64Array

    @property
    def shares(self) -> Float64Array:
        """Shares of the variance, shape (7, n_features): from 0 to 1, they add up to 1.

        NaN where a feature never changes.
        """
        return _share(self.variances)


@dataclass(frozen=True, slots=True, eq=False)
class ShareIntervals:
    """Shares of variance and how sure they are; arrays of shape (7, n_features).

    Attributes
    ----------
    shares, low, high : ndarray of float64
        In the order of `COMPONENTS`. Bounds are NaN where no corpus has two speakers.
    level : float
        Such as 0.95.
    """

    shares: Float64Array
    low: Float64Array
    high: Float64Array
    level: float


def estimate_components(values: ArrayLike, design: Design) -> Components:
    """Estimate the variance components of features.

    Parameters
    ----------
    values : array_like of float, shape (n_clips, n_features)
        Finite.
    design : Design
        Who says what how.

    Raises
    ------
    ParameterError
        If the shapes do not fit, a value is not finite, or there are fewer than 2 speakers or
        emotions.
    """
    table, scale = _standardize(values, design)
    corpora = [Corpus.of(add_tallies(own)) for own in _tally(table, design)]
    return Components(_solve(corpora) * scale**2)


def estimate_shares(values: ArrayLike, design: Design, *, level: float = 0.95) -> ShareIntervals:
    """Estimate shares of variance with intervals: speakers are left out one by one.

    The stratified jackknife: within each corpus every speaker is left out once, and the spread
    of the estimates gives the standard error. The interval is about these corpora with other
    speakers. A corpus with one speaker adds nothing to it, so it is too narrow then.

    Parameters
    ----------
    values : array_like of float, shape (n_clips, n_features)
        Finite.
    design : Design
        Who says what how.
    level : float, default=0.95
        Of the intervals, in (0, 1).

    Raises
    ------
    ParameterError
        As `estimate_components`; or if the level is outside (0, 1).

    References
    ----------
    Arvesen: Jackknifing U-statistics, Ann. Math. Statist. 40, 1969. Wolter: Introduction to
    Variance Estimation, 2007, ch. 4 (strata).
    """
    if not 0 < level < 1:
        raise ParameterError(f"level is {level}; it must be above 0 and below 1.")
    tallies = _tally(_standardize(values, design)[0], design)
    sums = [add_tallies(own) for own in tallies]
    corpora = [Corpus.of(total) for total in sums]
    shares = _share(_solve(corpora))
    square = np.zeros_like(shares)
    for number, own in enumerate(tallies):
        if len(own) > 1:
            rest = corpora[:number] + corpora[number + 1 :]
            without = np.stack(
                [_share(_solve([*rest, Corpus.of(sums[number] - one)])) for one in own]
            )
            spread = ((without - without.mean(axis=0)) ** 2).sum(axis=0)
            square += spread * (len(own) - 1) / len(own)
    reach = NormalDist().inv_cdf((1 + level) / 2) * np.sqrt(square)
    if all(len(own) < 2 for own in tallies):
        reach[:] = np.nan
    return ShareIntervals(
        shares, np.clip(shares - reach, 0, 1), np.clip(shares + reach, 0, 1), level
    )


def _standardize(values: ArrayLike, design: Design) -> tuple[Float64Array, Float64Array]:
    """Return features with mean 0 and deviation 1 (0 where constant), and their deviations."""
    table = validate_table(values)
    if len(design) != len(table):
        raise ParameterError(f"there are {len(table)} rows of values but {len(design)} clips.")
    for name in ("speaker", "emotion"):
        if len(np.unique(getattr(design, name))) < 2:
            raise ParameterError(f"there is only one {name}; at least 2 are needed.")
    scale = table.std(axis=0)
    # A constant's deviation is rounding.
    scale[scale <= 1e-12 * np.abs(table).max(axis=0)] = 0
    table = (table - table.mean(axis=0)) * np.divide(1, scale, out=scale * 0, where=scale > 0)
    return table, scale


def _tally(table: Float64Array, design: Design) -> list[list[Tally]]:
    """Return what is counted of each speaker, corpus by corpus."""
    n_sexes, n_emotions = int(design.sex.max()) + 1, int(design.emotion.max()) + 1
    tallies = []
    for corpus in np.unique(design.corpus):
        rows = np.flatnonzero(design.corpus == corpus)
        sentence, n_sentences = number_groups(design.sentence[rows], len(rows))
        shape = (n_sexes, n_emotions, n_sentences)
        own = []
        for speaker in np.unique(design.speaker[rows]):
            mine = design.speaker[rows] == speaker
            clips = rows[mine]
            sex, emotion = int(design.sex[clips[0]]), design.emotion[clips]
            own.append(tally_speaker(table[clips], sex, emotion, sentence[mine], shape))
        tallies.append(own)
    return tallies


def _solve(corpora: Sequence[Corpus]) -> Float64Array:
    """Return the variance components of features, shape (7, n_features)."""
    reductions, expected = _reduce(add_corpora(corpora), len(corpora))
    if expected[-1, -1] < 1:
        # Nothing is said twice: what is personal cannot be told from the rest.
        reductions[-1] += reductions[-2]
        expected[-1] += expected[-2]
        expected[-1, -2] = expected[-2] = 0
    variances = np.full_like(reductions, np.nan)
    for row in reversed(range(_N)):
        if expected[row, row] > _LEAST:
            known = np.nan_to_num(variances[row + 1 :])
            above = expected[row, row + 1 :] @ known
            variances[row] = (reductions[row] - above) / expected[row, row]
    return variances


def _reduce(total: Corpus, n_corpora: int) -> tuple[Float64Array, Float64Array]:
    """Return what each factor explains after those before it, and what is expected of that.

    Returns
    -------
    ndarray of float64, shape (7, n_features)
        Reductions in the sum of squares; the last is what remains.
    ndarray of float64, shape (7, 7)
        Upper triangular: expected reductions are this times the variance components.
    """
    n = total.n
    sex, rank_sex = invert(total.sex)
    emotion, rank_emotion = invert(total.emotion)
    fit_sex = ((sex.T @ total.sex_features) ** 2).sum(axis=0)
    fit_emotion = ((emotion.T @ total.emotion_features) ** 2).sum(axis=0)
    upto_emotion = total.fit_speaker + total.fit_sentence + fit_emotion
    reductions = np.stack(
        (
            total.fit_corpus - total.sum**2 / n,
            fit_sex,
            total.fit_speaker - total.fit_corpus - fit_sex,
            total.fit_sentence,
            fit_emotion,
            total.fit_all - upto_emotion,
            total.square - total.fit_all,
        )
    )
    mean = total.trace_mean.copy()
    mean[[1, 4]] = (total.n_a**2).sum(), (total.n_e**2).sum()
    speakers, sentences, cells = np.einsum("ik,jk,lij->l", sex, sex, total.sex_levels)
    emotions = ((sex.T @ total.sex_emotions) ** 2).sum()
    add_sex = np.array([0, n - total.trace_corpus[1], speakers, sentences, emotions, cells])
    upto_sentence = total.trace_speaker + total.trace_sentence
    personal = np.einsum("ik,jk,ij->", emotion, emotion, total.emotion_cells)
    add_emotion = np.array([0, 0, 0, 0, n - upto_sentence[4], personal])
    steps = (mean / n, total.trace_corpus, total.trace_corpus + add_sex, total.trace_speaker)
    traces = np.stack((*steps, upto_sentence, upto_sentence + add_emotion, np.full(_N - 1, n)))
    ranks: list[float] = [1, n_corpora, n_corpora + rank_sex, total.n_speakers]
    ranks += [total.n_speakers + total.rank_sentence]
    ranks += [ranks[-1] + rank_emotion, total.rank_all, n]
    expected = np.zeros((_N, _N))
    expected[:-1, :-1] = np.triu(np.diff(traces, axis=0))
    expected[:, -1] = np.diff(ranks)
    return reductions, expected


def _share(variances: Float64Array) -> Float64Array:
    positive = np.nan_to_num(np.maximum(variances, 0))
    total = positive.sum(axis=0)
    shares: Float64Array = np.full_like(positive, np.nan)
    np.divide(positive, total, out=shares, where=total > 0)
    return shares
