"""The clips of a training, and what is drawn from them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from emovox.training.speech.answers import Answers
from emovox.training.speech.frozen import FrozenStates, iter_batches
from emovox.training.speech.options import FineTuning
from emovox.training.speech.voices import VoiceBank
from emovox.types import FloatArray, IntArray


@dataclass(frozen=True, slots=True, eq=False)
class SpeechData:
    """Training clips, and what is known of them.

    Attributes
    ----------
    frozen : FrozenStates
        Of all clips of the study; ``rows`` says which of them train.
    pooled : ndarray of float16, shape (n_clips, n_variants + 1, n_states)
        Pooled states of the encoder as it came.
    rows : ndarray of int64, shape (n_train,)
        Clips that train.
    labels, speakers : ndarray of int64, shape (n_clips,)
    targets : ndarray of float32, shape (n_clips, 8)
    known : ndarray of bool, shape (n_clips, 8)
        Emotions that a clip's corpus has.
    sentences : ndarray of int64, shape (n_clips,)
        What is said; see ``number_sentences``.
    answers : Answers, optional
        What other networks hear in the clips.
    """

    frozen: FrozenStates
    pooled: NDArray[np.float16]
    rows: IntArray
    labels: IntArray
    speakers: IntArray
    targets: FloatArray
    known: NDArray[np.bool_]
    sentences: IntArray
    answers: Answers | None = None

    def compute_fingerprint(self, options: object) -> str:
        """Return a hash of everything that decides how a training ends."""
        digest = hashlib.sha256(json.dumps(options, sort_keys=True).encode())
        who = (self.rows, self.labels, self.speakers, self.sentences)
        # A few states of each copy tell how it was altered, and which encoder heard it.
        for array in (self.pooled[:, :, :8], *who, self.targets):
            digest.update(np.ascontiguousarray(array).data)
        if self.answers is not None:
            digest.update(json.dumps(asdict(self.answers.teaching)).encode())
            digest.update(np.ascontiguousarray(self.answers.logits).data)
        return digest.hexdigest()

    def draw_clips(self, size: int, rng: np.random.Generator, *, replace: bool) -> IntArray:
        """Draw clips that train, shape (size,), again and again or (if there are) each once.

        The chance of a clip falls with the square root of its speaker's number of clips.
        """
        speakers = self.speakers[self.rows]
        weight = np.bincount(speakers)[speakers] ** -0.5
        drawn: IntArray = rng.choice(self.rows, size, replace=replace, p=weight / weight.sum())
        return drawn

    def draw_variants(self, clips: IntArray, rng: np.random.Generator) -> IntArray:
        """Draw a copy of each clip: the clean one every other time."""
        n_copies = self.pooled.shape[1]
        altered = rng.integers(1, max(n_copies, 2), len(clips))
        variant = np.where(rng.random(len(clips)) < 0.5, 0, altered % n_copies)
        there = self.frozen.length[clips, variant] > 0
        return np.where(there, variant, 0)

    def draw_batches(
        self, options: FineTuning, rng: np.random.Generator
    ) -> Iterator[tuple[IntArray, IntArray, IntArray, int]]:
        """Draw an epoch's batches of clips of similar length, in any order.

        Yields
        ------
        clips, variant, first : ndarray of int64, shape (batch,)
            ``first``: where to begin within each clip.
        longest : int
            States of a clip, at most.
        """
        size = options.clips_per_epoch
        clips = self.draw_clips(size, rng, replace=size > len(self.rows))
        variant = self.draw_variants(clips, rng)
        length = self.frozen.length[clips, variant]
        # Now and then a cut to one to three seconds: calls and live voices come so.
        cut = np.where(rng.random(size) < 0.25, rng.integers(50, 151, size), length)
        length = np.minimum(np.minimum(length, cut), options.longest_frames)
        batches = list(iter_batches(length, options.batch_frames))
        for batch in (batches[i] for i in rng.permutation(len(batches))):
            room = self.frozen.length[clips[batch], variant[batch]] - length[batch]
            first = (rng.random(len(batch)) * (room + 1)).astype(np.int64)
            yield clips[batch], variant[batch], first, int(length[batch].max())

    def create_bank(self) -> VoiceBank:
        """Return the voices of every copy of every clip that trains, by the pooled states."""
        n_copies = self.pooled.shape[1]
        variant = np.tile(np.arange(n_copies), len(self.rows))
        clip = np.repeat(self.rows, n_copies)
        rooms = int(self.frozen.room.max()) + 1
        group = np.where(
            variant == 0, -2 - self.speakers[clip], self.frozen.room[clip] + rooms * variant
        )
        group[self.frozen.length[clip, variant] == 0] = -1
        states = torch.from_numpy(self.pooled[self.rows]).flatten(0, 1).float()
        return VoiceBank(states, self.speakers[clip], self.labels[clip], group, variant == 0)
