"""A trained head learns from a few recordings of one's own, and keeps what it knew.

Three things hold it: weights are pulled back to where they started; what is said of emotions
that the recordings lack is rehearsed; and it stops where held-out recordings say so.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from emovox.emotions import EMOTIONS
from emovox.errors import ParameterError
from emovox.training.device import derive_seed, scoped_torch
from emovox.training.speech.network import N_EXTRA, SEEMED, SpeechNetwork, VoiceHead
from emovox.training.speech.voices import VoiceBank
from emovox.types import FloatArray, IntArray, Progress

_CPU = torch.device("cpu")
_REFRESH = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class HeadTuning:
    """How a head learns from one's own recordings.

    Attributes
    ----------
    seed : int, default=0
        Of everything drawn.
    n_steps : int, default=150
        At most.
    every : int, default=10
        Steps between two looks at held-out recordings.
    batch_size : int, default=64
        Clips a step.
    rate : float, default=1e-4
        Of AdamW.
    pull : float, default=0.01
        Share of the way back to the weights it came with, each step, times ``rate / 1e-4``.
    rehearsal : float, default=0.1
        Weight of emotions that the recordings lack against those they have.
    absent : float, default=1.0
        By how much the logits of emotions that the recordings lack are lowered in the loss: they
        are wrong answers, but hardly.
    label_smoothing : float, default=0.05
        Spread over the emotions that the recordings have.
    n_threads : int or None, default=None
        Threads of this process while training; None leaves them as they are.
    """

    seed: int = 0
    n_steps: int = 150
    every: int = 10
    batch_size: int = 64
    rate: float = 1e-4
    pull: float = 0.01
    rehearsal: float = 0.1
    absent: float = 1.0
    label_smoothing: float = 0.05
    n_threads: int | None = None

    def validate(self) -> None:
        """Raise ParameterError where a value is not allowed."""
        least = {"seed": 0, "n_steps": 0, "every": 1, "batch_size": 1, "n_threads": 1}
        least |= dict.fromkeys(("rate", "pull", "rehearsal", "absent", "label_smoothing"), 0)
        for name, lowest in least.items():
            value = getattr(self, name)
            if value is not None and value < lowest:
                raise ParameterError(f"{name} is {value}; it must be at least {lowest}.")


@dataclass(frozen=True, slots=True, eq=False)
class OwnStates:
    """Labelled clips as the head is given them.

    Attributes
    ----------
    states : Tensor, shape (n_clips, n_states)
    labels, speakers : ndarray of int64, shape (n_clips,)
    """

    states: Tensor
    labels: IntArray
    speakers: IntArray

    def take(self, rows: IntArray) -> OwnStates:
        """Return some of the clips."""
        return OwnStates(
            self.states[torch.from_numpy(rows)], self.labels[rows], self.speakers[rows]
        )


def tune_head(
    network: SpeechNetwork,
    data: OwnStates,
    options: HeadTuning,
    *,
    watch: Tensor | None = None,
    progress: Progress | None = None,
) -> FloatArray:
    """Train the head of a network in place.

    Parameters
    ----------
    network : SpeechNetwork
        Trained before; its encoder stays as it is.
    data : OwnStates
    options : HeadTuning
    watch : Tensor, shape (n_watched, n_states), optional
        States of clips that do not teach.
    progress : callable, optional
        Called with (steps done, steps in all).

    Returns
    -------
    ndarray of float32, shape (1 + n_steps // every, n_watched, 8)
        Logits of the watched clips, their voices unknown: before the first step, then after
        every ``every`` steps.
    """
    options.validate()
    with scoped_torch(_CPU, options.n_threads):
        return _Tuning(network.head, data, options).run(watch, progress)


class _Tuning:
    def __init__(self, head: VoiceHead, data: OwnStates, options: HeadTuning) -> None:
        self.head, self.data, self.options = head, data, options
        self.before = copy.deepcopy(head).eval()
        torch.manual_seed(derive_seed(options.seed, 3))
        self.rng = np.random.default_rng([options.seed, 3])
        self.there = torch.from_numpy(np.bincount(data.labels, minlength=len(EMOTIONS)) > 0)
        self.lacking = torch.nonzero(~self.there)[:, 0]
        clean = np.ones(len(data.labels), bool)
        self.bank = VoiceBank(data.states, data.speakers, data.labels, data.speakers, clean)
        count = np.bincount(data.labels, minlength=len(EMOTIONS))[data.labels]
        # Emotions weigh alike, however many clips each has.
        self.chance = (1 / count) / (1 / count).sum()

    def run(self, watch: Tensor | None, progress: Progress | None) -> FloatArray:
        options = self.options
        optimizer = torch.optim.AdamW(self.head.parameters(), lr=options.rate, weight_decay=0.0)
        seen = [self._look(watch)]
        for step in range(options.n_steps):
            if step % _REFRESH == 0:
                self._refresh()
            loss = self._compute_loss()
            optimizer.zero_grad(set_to_none=True)
            torch.autograd.backward(loss)
            nn.utils.clip_grad_norm_(self.head.parameters(), 1.0)
            optimizer.step()
            self._pull_back()
            if (step + 1) % options.every == 0:
                seen.append(self._look(watch))
            if progress is not None:
                progress(step + 1, options.n_steps)
        self.head.eval()
        return np.stack(seen)

    def _compute_loss(self) -> Tensor:
        self.head.train()
        clips = self.rng.choice(len(self.data.labels), self.options.batch_size, p=self.chance)
        states = self.data.states[torch.from_numpy(clips)]
        voice = self.bank.draw(clips, (self.head.mean, self.head.deviation), self.rng)
        loss = self._compare(self.head.classify_unknown(states), clips)
        loss = loss + self._compare(self.head(states, *voice), clips)
        if len(self.lacking) and self.options.rehearsal:
            loss = loss + self.options.rehearsal * self._rehearse(clips)
        return loss

    def _compare(self, logits: Tensor, clips: IntArray) -> Tensor:
        lowered = torch.where(self.there, logits, logits - self.options.absent)
        said = functional.log_softmax(lowered, dim=1)
        target = functional.one_hot(torch.from_numpy(self.data.labels[clips]), len(EMOTIONS))
        share = self.options.label_smoothing
        wanted = (1 - share) * target + share * self.there / self.there.sum()
        loss: Tensor = -(wanted * said).sum(1).mean()
        return loss

    def _rehearse(self, clips: IntArray) -> Tensor:
        """Return how far emotions that the recordings lack are judged otherwise than before.

        Their states are made: those of the recordings, with what another emotion adds to voices
        in the place of what theirs seems to add.
        """
        drawn = self.lacking[
            torch.from_numpy(self.rng.integers(len(self.lacking), size=len(clips)))
        ]
        states = self.bank.states[torch.from_numpy(clips)].clone()
        seemed = states[:, SEEMED] @ self.before.offsets
        states[:, : 1 - N_EXTRA] += self.before.offsets[drawn] - seemed
        with torch.no_grad():
            wanted = self.before.classify_unknown(states).softmax(1)
        said = self.head.classify_unknown(states).log_softmax(1)
        loss: Tensor = -(wanted * said).sum(1).mean()
        return loss

    def _pull_back(self) -> None:
        share = self.options.pull * self.options.rate / 1e-4
        with torch.no_grad():
            for own, before in zip(self.head.parameters(), self.before.parameters(), strict=True):
                own.lerp_(before, share)

    def _refresh(self) -> None:
        self.head.eval()
        with torch.no_grad():
            self.bank.states = self.head.listen(self.data.states)

    def _look(self, watch: Tensor | None) -> FloatArray:
        self.head.eval()
        with torch.inference_mode():
            states = self.data.states[:0] if watch is None else watch
            logits: FloatArray = self.head.classify_unknown(states).numpy()
        return logits
