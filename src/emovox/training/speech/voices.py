"""Voices in training: what sets of a speaker's clips say of the voice, whatever they carry."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from emovox.models import Adaptation
from emovox.training.rows import N_CLASSES
from emovox.training.speech.network import N_EXTRA
from emovox.types import IntArray

SET_SIZES = (1, 2, 3, 5, 10, 20, 40, 80, 80, 80)
"""How many clips of a voice training meets, drawn with equal chance."""

ADAPTATION = Adaptation(prior_mean_clips=2.0, prior_deviation_clips=20.0)
"""How far a voice is followed. A clip's own spread is about as wide as that of voices."""

_SWEEPS = 20
_PRIOR_CLIPS = 2.0


@dataclass(eq=False)
class VoiceBank:
    """The latest states of every copy of every training clip, and the sets drawn from them.

    Attributes
    ----------
    states : Tensor, shape (n_copies, n_states)
        See ``VoiceHead.listen``.
    speaker, label : ndarray of int64, shape (n_copies,)
    group : ndarray of int64, shape (n_copies,)
        Copies whose voices sound alike, from which sets are drawn: all clean clips of a speaker,
        or one altered copy of all clips of a room. -1: could not be read.
    clean : ndarray of bool, shape (n_copies,)
    place : ndarray of int64, shape (n_copies,)
        Row of each copy's group in ``compute_groups``.
    """

    states: Tensor
    speaker: IntArray
    label: IntArray
    group: IntArray
    clean: NDArray[np.bool_]
    place: IntArray = field(init=False)

    def __post_init__(self) -> None:
        order = np.argsort(self.group, kind="stable")
        names, first = np.unique(self.group[order], return_index=True)
        self._members = dict(zip(names.tolist(), np.split(order, first[1:]), strict=True))
        self.place = np.searchsorted(names, self.group).astype(np.int64)
        count = np.bincount(self.speaker[self.clean])
        # Between one vote a clip and one vote a speaker: a mean of two clips says little.
        weight = np.where(self.clean, np.maximum(count, 1)[self.speaker] ** -0.5, 0.0)
        self._weight = torch.from_numpy(weight / weight.sum()).float()

    def compute_population(self) -> tuple[Tensor, Tensor]:
        """Return mean and deviation, (n_states,) each, of the states of all voices.

        They are 0 and 1 of what is said of the clips heard: of nobody, none was.
        """
        mean = self._weight @ self.states
        variance = self._weight @ (self.states - mean).square()
        deviation = variance.sqrt().clamp_min(1e-4)
        mean[1 - N_EXTRA :], deviation[1 - N_EXTRA :] = 0.0, 1.0
        return mean, deviation

    def compute_offsets(self) -> Tensor:
        """Return what each emotion adds to a voice's states and level; they sum to 0.

        Least squares of ``states = voice + emotion`` over the means of each speaker's clips of
        each emotion, by turns, so that speakers who lack an emotion do no harm.
        """
        speakers = np.unique(self.speaker[self.clean], return_inverse=True)[1]
        cell = torch.from_numpy(speakers * N_CLASSES + self.label[self.clean])
        clean = self.states[torch.from_numpy(self.clean), : 1 - N_EXTRA]
        n_cells = (int(speakers.max()) + 1) * N_CLASSES
        count = torch.zeros(n_cells).index_add_(0, cell, torch.ones(len(cell)))
        total = torch.zeros(n_cells, clean.shape[1]).index_add_(0, cell, clean)
        means = (total / count.clamp_min(1)[:, None]).view(-1, N_CLASSES, clean.shape[1])
        there = (count > 0).float().view(-1, N_CLASSES, 1)
        offsets = torch.zeros(N_CLASSES, clean.shape[1])
        for _ in range(_SWEEPS):
            voice = (there * (means - offsets)).sum(1) / there.sum(1)
            offsets = (there * (means - voice[:, None])).sum(0) / there.sum(0).clamp_min(1)
            offsets -= offsets.mean(0)
        offsets[there.sum(0)[:, 0] == 0] = 0.0
        return offsets

    def compute_sentences(self, said: IntArray, group_mean: Tensor) -> tuple[Tensor, IntArray]:
        """Return what each sentence adds to the states of its clips, and of how many it is known.

        It is their mean without voice and emotion, drawn towards nothing where they are few. It
        adds nothing to level.

        Parameters
        ----------
        said : ndarray of int64, shape (n_copies,)
            Sentence of each copy; -1: none, see ``number_sentences``.
        group_mean : Tensor, shape (n_groups, n_states)
            See ``compute_groups``.

        Returns
        -------
        means : Tensor, shape (n_sentences + 1, n_states)
            The last row, of no sentence, is 0.
        n_clips : ndarray of int64, shape (n_sentences,)
        """
        n_sentences = int(said.max()) + 1
        copies = np.flatnonzero(self.clean & (said >= 0))
        place, label = torch.from_numpy(self.place[copies]), torch.from_numpy(self.label[copies])
        rest = self.states[torch.from_numpy(copies)] - group_mean[place]
        pooled = slice(None, -N_EXTRA)
        rest = rest[:, pooled] - self.compute_offsets()[label, :-1]
        n_clips = np.bincount(said[copies], minlength=n_sentences)
        total = torch.zeros(n_sentences, rest.shape[1])
        total.index_add_(0, torch.from_numpy(said[copies]), rest)
        means = torch.zeros(n_sentences + 1, self.states.shape[1])
        means[:-1, pooled] = total / (torch.from_numpy(n_clips)[:, None] + _PRIOR_CLIPS)
        return means, n_clips

    def compute_groups(self, population: tuple[Tensor, Tensor]) -> tuple[Tensor, Tensor]:
        """Return mean and deviation of each group's voice, (n_groups, n_states); see ``place``."""
        return compute_voices(self.states, list(self._members.values()), population)

    def draw(
        self, copies: IntArray, population: tuple[Tensor, Tensor], rng: np.random.Generator
    ) -> tuple[Tensor, Tensor]:
        """Draw a set of copies of each copy's group; return the voice's mean and deviation.

        Two thirds of the sets are of any emotions, one third of one or two alone; half never hold
        the copy itself.

        Parameters
        ----------
        copies : ndarray of int64, shape (batch,)
        population : tuple of Tensor, shape (n_states,) each
        rng : numpy.random.Generator

        Returns
        -------
        mean, deviation : Tensor, shape (batch, n_states)
        """
        return compute_voices(
            self.states, [self._draw_one(int(copy), rng) for copy in copies], population
        )

    def _draw_one(self, copy: int, rng: np.random.Generator) -> IntArray:
        pool = self._members[int(self.group[copy])]
        if rng.random() < 1 / 3:
            emotions = np.unique(self.label[pool])
            chosen = rng.permutation(emotions)[: 1 + int(rng.random() < 0.4)]
            pool = pool[np.isin(self.label[pool], chosen)]
        if rng.random() < 0.5:
            pool = pool[pool != copy]
        size = min(int(rng.choice(SET_SIZES)), len(pool))
        drawn: IntArray = rng.choice(pool, size, replace=False) if size else pool[:0]
        return drawn


def compute_voices(
    states: Tensor, sets: Sequence[IntArray], population: tuple[Tensor, Tensor]
) -> tuple[Tensor, Tensor]:
    """Return mean and deviation of the voice of each set, as ``emovox.recognizer`` estimates them.

    Parameters
    ----------
    states : Tensor, shape (n_clips, n_states)
        See ``VoiceHead.listen``.
    sets : sequence of ndarray of int64
        Clips of each voice; an empty one gives the population.
    population : tuple of Tensor, shape (n_states,) each
        Mean and deviation.

    Returns
    -------
    mean, deviation : Tensor, shape (n_sets, n_states)
    """
    mean, deviation = population
    size = np.array([len(members) for members in sets])
    used, index = np.unique(np.concatenate([*sets]), return_inverse=True)
    # Around the population's mean: squares of large values would lose the small deviations.
    around = states[torch.from_numpy(used)] - mean
    bags = (torch.from_numpy(index), torch.from_numpy(np.cumsum(size) - size))
    own_mean, own_square = (
        functional.embedding_bag(bags[0], table, bags[1], mode="mean")
        if len(used)
        else torch.zeros(len(sets), len(mean))
        for table in (around, around.square())
    )
    n_clips = torch.from_numpy(size).float()[:, None]
    share = n_clips / (n_clips + ADAPTATION.prior_mean_clips)
    share_spread = n_clips / (n_clips + ADAPTATION.prior_deviation_clips)
    own_variance = (own_square - own_mean.square()).clamp_min(0.0)
    variance = deviation.square()
    variance = variance + (own_variance - variance) * share_spread
    return mean + own_mean * share, variance.sqrt()
