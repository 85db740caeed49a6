"""Training of the recognizer's network: the head on frozen states first, then all that may move.

Every step hears each clip under several voices: unknown, and known from sets of other clips of
the same speaker, of any size and mix of emotions. So the network is never surprised by how much,
or how little, it is told of a voice.
"""

from __future__ import annotations

import functools
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from emovox.training.checkpoints import read_checkpoint, write_checkpoint
from emovox.training.device import choose_precision, derive_seed, learning, scoped_torch
from emovox.training.speech.data import SpeechData
from emovox.training.speech.network import SpeechNetwork
from emovox.training.speech.options import FineTuning
from emovox.training.speech.schedule import one_cycle, set_rate
from emovox.training.speech.voices import VoiceBank
from emovox.types import IntArray

_HEAD_BATCH = 256
_LEAST_CLIPS = 6
"""Of a sentence that others are moved to."""

_CPU = torch.device("cpu")


@dataclass(slots=True)
class _Moving:
    """What changes during training besides the weights."""

    bank: VoiceBank
    step: int = 0
    average: dict[str, Tensor] = field(default_factory=dict)
    group_mean: Tensor = field(default_factory=lambda: torch.zeros(0, 0))
    group_deviation: Tensor = field(default_factory=lambda: torch.zeros(0, 0))
    sentence_means: Tensor = field(default_factory=lambda: torch.zeros(0, 0))
    well_known: IntArray = field(default_factory=lambda: np.zeros(0, np.int64))


def fine_tune(
    network: SpeechNetwork,
    data: SpeechData,
    options: FineTuning,
    *,
    folder: Path | None = None,
    on_epoch: Callable[[dict[str, Any]], None] | None = None,
) -> None:
    """Train a network in place.

    Parameters
    ----------
    network : SpeechNetwork
        With its encoder as it came.
    data : SpeechData
    options : FineTuning
    folder : Path, optional
        For the checkpoint: called again with the same arguments, a killed training goes on after
        its last whole epoch.
    on_epoch : callable, optional
        Called with the figures of each epoch: ``epoch`` (0: the head alone), ``loss``,
        ``loss_known``, ``seconds``.
    """
    with scoped_torch(_CPU, None):
        _Training(network, data, options, folder, on_epoch).run()


class _Training:
    def __init__(
        self,
        network: SpeechNetwork,
        data: SpeechData,
        options: FineTuning,
        folder: Path | None,
        tell: Callable[[dict[str, Any]], None] | None,
    ) -> None:
        self.network, self.data, self.options = network, data, options
        self.folder, self.tell = folder, tell
        self.targets = torch.from_numpy(data.targets)
        self.known = torch.from_numpy(data.known)
        # Where the copies of a clip begin in the bank.
        self.n_copies = data.pooled.shape[1]
        self.place = np.full(len(data.labels), -1)
        self.place[data.rows] = self.n_copies * np.arange(len(data.rows))
        self.moving = _Moving(data.create_bank())
        self.optimizer_state: dict[str, Any] = {}
        self.fingerprint = data.compute_fingerprint([asdict(options), asdict(network.options)])

    def run(self) -> None:
        torch.manual_seed(derive_seed(self.options.seed))
        done = self._restore()
        if done < 0:
            self._settle()
            self._report(0, self._train_head)
            self.moving.average = self._get_weights()
        if self.options.epochs:
            self.precision = self._choose_precision()
            self._prepare(done)
            for epoch in range(max(done, 0) + 1, self.options.epochs + 1):
                torch.manual_seed(derive_seed(self.options.seed, epoch))
                self._report(epoch, functools.partial(self._train_epoch, epoch))
            self.network.load_state_dict(self.moving.average, strict=False)
        self.network.eval()

    def _report(self, epoch: int, train: Callable[[], tuple[float, float]]) -> None:
        start = time.perf_counter()
        loss, loss_known = train()
        seconds = time.perf_counter() - start
        self._save(epoch)
        if self.tell is not None:
            record = {"epoch": epoch, "loss": loss, "loss_known": loss_known, "seconds": seconds}
            self.tell(record)

    # The head on frozen states.

    def _train_head(self) -> tuple[float, float]:
        head, options = self.network.head.train(), self.options
        optimizer = torch.optim.AdamW(
            head.parameters(), lr=2 * options.head_rate, weight_decay=options.weight_decay
        )
        rng = np.random.default_rng([options.seed, 1])
        n_steps = options.head_epochs * -(-len(self.data.rows) // _HEAD_BATCH)
        losses = []
        for step in range(n_steps):
            clips = self.data.draw_clips(_HEAD_BATCH, rng, replace=True)
            variant = self.data.draw_variants(clips, rng)
            states = torch.from_numpy(self.data.pooled[clips, variant]).float()
            set_rate(optimizer, one_cycle(step / n_steps))
            losses.append(self._step(states, clips, variant, optimizer, rng))
            if step % 100 == 99:
                self._refresh_bank()
        recent = np.mean(losses[-50:], axis=0)
        return float(recent[0]), float(recent[1])

    def _step(
        self,
        states: Tensor,
        clips: IntArray,
        variant: IntArray,
        optimizer: torch.optim.Optimizer,
        rng: np.random.Generator,
    ) -> tuple[float, float]:
        """Learn from pooled states under several voices; return both losses."""
        head = self.network.head
        states = self._exchange_sentences(states, clips, rng)
        exchanged = self._exchange_voices(states, self.place[clips] + variant, rng)
        loss = self._compute_loss(head.classify_unknown(exchanged), clips, variant)
        loss_known = self._compute_known_loss(states, clips, variant, rng)
        optimizer.zero_grad(set_to_none=True)
        torch.autograd.backward(loss + loss_known)
        nn.utils.clip_grad_norm_(self._trained(), 1.0)
        optimizer.step()
        return float(loss.detach()), float(loss_known.detach())

    def _exchange_voices(
        self, states: Tensor, copies: IntArray, rng: np.random.Generator
    ) -> Tensor:
        """Move some of the clips, all the way or part of it, from their voice to another's."""
        means, group = self.moving.group_mean, self.moving.bank.place[copies]
        other = rng.integers(0, len(means), len(copies))
        return _move(states, means, group, other, self.options.exchange, rng)

    def _exchange_sentences(
        self, states: Tensor, clips: IntArray, rng: np.random.Generator
    ) -> Tensor:
        """Move some of the clips, all the way or part of it, from what they say to another."""
        if not len(self.moving.well_known):
            return states
        other = rng.choice(self.moving.well_known, len(clips))
        said = self.data.sentences[clips]
        share = np.where(said >= 0, self.options.exchange_sentences, 0.0)
        return _move(states, self.moving.sentence_means, said, other, share, rng)

    def _compute_known_loss(
        self, states: Tensor, clips: IntArray, variant: IntArray, rng: np.random.Generator
    ) -> Tensor:
        """Return the loss where the voice is known from other clips."""
        head, copies = self.network.head, self.place[clips] + variant
        group = torch.from_numpy(self.moving.bank.place[copies])
        everything = self.moving.group_mean[group], self.moving.group_deviation[group]
        logits = head.classify_known(states, *everything)
        loss = self._compute_loss(logits, clips, variant)
        voice = self.moving.bank.draw(copies, (head.mean, head.deviation), rng)
        return loss + self._compute_loss(head(states, *voice), clips, variant)

    def _compute_loss(self, logits: Tensor, clips: IntArray, variant: IntArray) -> Tensor:
        # An emotion that the corpus lacks is no evidence against it, or hardly any.
        lowered = torch.where(self.known[clips], 0.0, self.options.absent)
        targets = self.targets[clips]
        if self.data.answers is not None:
            targets = self.data.answers.blend(targets, clips, variant, lowered)
        log_probabilities = functional.log_softmax(logits - lowered, dim=1)
        loss: Tensor = -(targets * log_probabilities).sum(1).mean()
        return loss

    def _trained(self) -> list[nn.Parameter]:
        return [p for p in self.network.parameters() if p.grad is not None]

    # The whole network.

    def _choose_precision(self) -> str:
        layer = self.network.encoder.layers[-1]
        batch = (torch.zeros(32, 100, self.network.encoder.shape.width), None)
        return choose_precision(self.options.precision, layer, batch, _CPU)  # type: ignore[arg-type]

    def _prepare(self, done: int) -> None:
        options, encoder = self.options, self.network.encoder
        groups: list[dict[str, Any]] = [
            {"params": list(self.network.head.parameters()), "peak": options.head_rate}
        ]
        highest = max(self.network.options.pooled)
        for number in range(self.network.options.n_frozen, highest):
            rate = options.encoder_rate * options.rate_decay ** (highest - 1 - number)
            groups.append({"params": list(encoder.layers[number].parameters()), "peak": rate})
        if highest == len(encoder.layers):
            groups.append(
                {"params": list(encoder.layer_norm.parameters()), "peak": options.encoder_rate}
            )
        self.optimizer = torch.optim.AdamW(groups, lr=0.0, weight_decay=options.weight_decay)
        if done > 0:
            self.optimizer.load_state_dict(self.optimizer_state)

    def _train_epoch(self, epoch: int) -> tuple[float, float]:
        self.network.train()
        if epoch > 1:
            # The states have moved since the last epoch, and with them the middle of all voices.
            self._settle()
        rng = np.random.default_rng([self.options.seed, 2, epoch])
        batches = list(self.data.draw_batches(self.options, rng))
        losses = []
        for number, (clips, variant, first, longest) in enumerate(batches):
            share = (epoch - 1 + number / len(batches)) / self.options.epochs
            set_rate(self.optimizer, one_cycle(share))
            states, mask, level = self.data.frozen.collate(clips, variant, first, longest)
            with learning(_CPU, self.precision):
                pooled = self.network.encode_rest(states, _mask_spans(mask, rng), level)
            pooled = pooled.float()
            losses.append(self._step(pooled, clips, variant, self.optimizer, rng))
            self._remember(clips, variant, pooled.detach())
            self._average_weights()
        self._refresh_bank()
        mean = np.mean(losses, axis=0)
        return float(mean[0]), float(mean[1])

    def _remember(self, clips: IntArray, variant: IntArray, pooled: Tensor) -> None:
        place = torch.from_numpy(self.place[clips] + variant)
        head = self.network.head
        with torch.no_grad():
            # Dropout active: on training clips the head alone would know too well.
            self.moving.bank.states[place] = head.listen(pooled)

    def _refresh_bank(self) -> None:
        head, bank = self.network.head, self.moving.bank
        head.offsets.copy_(bank.compute_offsets())
        with torch.no_grad():
            for part in torch.split(torch.arange(len(bank.states)), 2048):
                states = bank.states[part]
                bank.states[part] = head.listen(states)
        self._measure_groups()

    def _settle(self) -> None:
        """Set the population to the voices that the bank holds now."""
        mean, deviation = self.moving.bank.compute_population()
        self.network.head.mean.copy_(mean)
        self.network.head.deviation.copy_(deviation)
        self._measure_groups()
        self._measure_sentences()

    def _measure_groups(self) -> None:
        population = (self.network.head.mean, self.network.head.deviation)
        groups = self.moving.bank.compute_groups(population)
        self.moving.group_mean, self.moving.group_deviation = groups

    def _measure_sentences(self) -> None:
        said = np.repeat(self.data.sentences[self.data.rows], self.n_copies)
        means, n_clips = self.moving.bank.compute_sentences(said, self.moving.group_mean)
        self.moving.sentence_means = means
        self.moving.well_known = np.flatnonzero(n_clips >= _LEAST_CLIPS)

    # Averages and checkpoints.

    def _get_weights(self) -> dict[str, Tensor]:
        moving = {name for name, p in self.network.named_parameters() if p.requires_grad}
        return {n: t.detach().clone() for n, t in self.network.state_dict().items() if n in moving}

    def _average_weights(self) -> None:
        self.moving.step += 1
        # At first the average is short, so that it does not hold on to the beginning.
        keep = min(self.options.averaging, self.moving.step / (self.moving.step + 10))
        parameters = dict(self.network.named_parameters())
        for name, average in self.moving.average.items():
            average.lerp_(parameters[name].detach(), 1 - keep)

    def _save(self, epoch: int) -> None:
        if self.folder is None:
            return
        state: dict[str, Any] = {
            "epoch": epoch,
            "weights": self._get_weights(),
            "buffers": dict(self.network.head.named_buffers()),
            "average": self.moving.average,
            "step": self.moving.step,
            "bank": self.moving.bank.states.half(),
        }
        if epoch:
            state["optimizer"] = self.optimizer.state_dict()
        write_checkpoint(self.folder, self.fingerprint, state)

    def _restore(self) -> int:
        """Return the last whole epoch of a killed training, -1 where there is none."""
        state = None if self.folder is None else read_checkpoint(self.folder, self.fingerprint)
        if state is None:
            return -1
        self.network.load_state_dict(state["weights"], strict=False)
        self.network.head.load_state_dict(state["buffers"], strict=False)
        # After the head alone there is no average yet: it begins with these weights.
        self.moving.average = state["average"] or self._get_weights()
        self.moving.step = state["step"]
        self.moving.bank.states = state["bank"].float()
        self._measure_groups()
        self._measure_sentences()
        self.optimizer_state = state.get("optimizer", {})
        return int(state["epoch"])


def _move(
    states: Tensor,
    means: Tensor,
    own: IntArray,
    other: IntArray,
    share: float | NDArray[np.float64],
    rng: np.random.Generator,
) -> Tensor:
    """Move a share of the states by the difference of two means, or by a part of it."""
    way = rng.uniform(0, 1, len(own)) * (rng.random(len(own)) < share)
    step = means[torch.from_numpy(other)] - means[torch.from_numpy(own)]
    return states + torch.from_numpy(way).float()[:, None] * step


def _mask_spans(mask: Tensor, rng: np.random.Generator) -> Tensor:
    """Hide up to two spans of each clip, each at most an eighth of it."""
    hidden = mask.clone()
    for row, length in enumerate(mask.sum(1).tolist()):
        for _ in range(2):
            size = int(rng.integers(0, length // 8 + 1))
            start = int(rng.integers(0, length - size + 1))
            hidden[row, start : start + size] = False
    return hidden
