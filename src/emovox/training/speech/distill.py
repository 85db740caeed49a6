"""A small encoder that learns to say what a large one says, from recordings alone.

No label is used: the student learns the teacher's states, frame by frame where they are kept,
and the mean and deviation over time of its pooled layers. What it learns is an encoder like any
other: the same trainings, the same head and the same export follow.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from emovox.errors import ConfigError
from emovox.training.checkpoints import read_checkpoint, write_checkpoint
from emovox.training.device import choose_precision, derive_seed, learning, scoped_torch
from emovox.training.encoder import CHANNELS_A_HEAD, EncoderShape, WhisperEncoder
from emovox.training.speech.frozen import FrozenStates, collate_log_mels, iter_batches
from emovox.training.speech.logmels import N_MELS, LogMels
from emovox.training.speech.network import N_EXTRA, POOL_EPSILON
from emovox.training.speech.schedule import one_cycle, set_rate
from emovox.types import IntArray

_CPU = torch.device("cpu")


@dataclass(frozen=True, slots=True, kw_only=True)
class Distillation:
    """Shape of the student, and how it learns.

    Attributes
    ----------
    n_layers, width : int
        Of the student; the width is a multiple of 64, that of an attention head.
    corpora : tuple of str
        Heard by the student.
    hold_out : tuple of str
        ``protocol:fold`` whose test clips it never hears.
    epochs : int
        Over all copies of all clips.
    rate, weight_decay : float
        Of AdamW; the rate at its highest.
    frames_weight : float
        Of single frames beside the pooled states.
    batch_frames : int
        Log-mel frames of a batch, padding included.
    longest_frames : int
        Of a clip; what is longer takes no part.
    seed : int
    precision : str
        ``float32``, ``bfloat16``; ``auto`` measures.
    """

    n_layers: int = 3
    width: int = 192
    corpora: tuple[str, ...] = ()
    hold_out: tuple[str, ...] = ()
    epochs: int = 5
    rate: float = 1e-3
    weight_decay: float = 0.02
    frames_weight: float = 0.5
    batch_frames: int = 8000
    longest_frames: int = 600
    seed: int = 0
    precision: str = "auto"


@dataclass(frozen=True, slots=True, eq=False)
class Lesson:
    """What the student hears, and what the teacher says of it.

    Attributes
    ----------
    log_mels : LogMels
    frozen : FrozenStates
        The teacher's after its frozen layers.
    pooled : ndarray of float16, shape (n_clips, n_variants + 1, n_states)
        The teacher's.
    rows : ndarray of int64, shape (n_train,)
        Clips heard.
    """

    log_mels: LogMels
    frozen: FrozenStates
    pooled: NDArray[np.float16]
    rows: IntArray

    def compute_fingerprint(self, options: Distillation) -> str:
        """Return a hash of everything that decides how a distillation ends."""
        digest = hashlib.sha256(json.dumps(asdict(options), sort_keys=True).encode())
        for array in (self.rows, self.log_mels.length, self.pooled[:, :, :8]):
            digest.update(np.ascontiguousarray(array).data)
        return digest.hexdigest()


class Student(nn.Module):
    """The encoder, and a projection of its last states to each of the teacher's pooled layers."""

    def __init__(
        self,
        options: Distillation,
        teacher_width: int,
        n_pooled: int,
        start: WhisperEncoder | None,
    ) -> None:
        super().__init__()
        shape = EncoderShape(
            n_layers=options.n_layers,
            width=options.width,
            n_heads=options.width // CHANNELS_A_HEAD,
            n_mels=N_MELS,
        )
        self.encoder = WhisperEncoder(shape)
        if start is not None:
            _copy_first_layers(start, self.encoder)
        self.projections = nn.ModuleList(
            nn.Linear(options.width, teacher_width) for _ in range(n_pooled)
        )

    def forward(self, log_mel: Tensor, n_frames: Tensor) -> tuple[Tensor, Tensor]:
        """Return the last states, shape (batch, n_states, width), and their mask."""
        states, mask = self.encoder.encode(log_mel, n_frames)
        return states[-1], mask

    def pool(self, states: Tensor, mask: Tensor, units: Tensor) -> Tensor:
        """Return what the teacher's layers, pooled, would say: as ``network.pool`` of projections.

        The projections are linear: mean and covariance of the narrow states tell mean and
        deviation of all projections, and no wide state is computed.

        Parameters
        ----------
        states : Tensor, shape (batch, n_states, width)
        mask : Tensor of bool, shape (batch, n_states)
        units : Tensor, shape (n_pooled, 2, teacher_width)
            Mean and deviation that each layer's projection is in units of.
        """
        weight = (mask / mask.sum(dim=1, keepdim=True))[..., None]
        mean = (weight * states).sum(1)
        around = states - mean[:, None]
        covariance = (weight * around).mT @ around
        pooled = []
        for projection, (middle, scale) in zip(self.projections, units, strict=True):
            weights: Tensor = projection.get_parameter("weight")
            pooled.append(projection(mean) * scale + middle)
            variance = ((weights @ covariance) * weights).sum(2)
            pooled.append((variance * scale.square() + POOL_EPSILON).sqrt())
        return torch.cat(pooled, dim=1)


def _copy_first_layers(source: WhisperEncoder, target: WhisperEncoder) -> None:
    if source.shape.width != target.shape.width or source.shape.n_layers < target.shape.n_layers:
        raise ConfigError(
            f"a student of {target.shape.n_layers} layers of {target.shape.width} cannot begin as "
            f"an encoder of {source.shape.n_layers} layers of {source.shape.width}.",
            hint="Set distillation.width and n_layers to its own, or fewer layers.",
        )
    there = target.state_dict()
    # The last norm belongs to the layers that are left out.
    taken = {
        name: tensor
        for name, tensor in source.state_dict().items()
        if name in there and not name.startswith("layer_norm.")
    }
    target.load_state_dict(taken, strict=False)


def distill_encoder(
    lesson: Lesson,
    options: Distillation,
    *,
    start: WhisperEncoder | None = None,
    folder: Path | None = None,
    on_epoch: Callable[[dict[str, Any]], None] | None = None,
) -> WhisperEncoder:
    """Train a student.

    Parameters
    ----------
    lesson : Lesson
    options : Distillation
    start : WhisperEncoder, optional
        Of the student's width: the student begins as its first layers.
    folder : Path, optional
        For the checkpoint: called again with the same arguments, a killed training goes on after
        its last whole epoch.
    on_epoch : callable, optional
        Called with the figures of each epoch: ``epoch``, ``frames`` and ``pooled`` (shares of the
        teacher's variance not explained), ``seconds``.
    """
    with scoped_torch(_CPU, None):
        return _Distilling(lesson, options, start, folder, on_epoch).run()


class _Distilling:
    def __init__(
        self,
        lesson: Lesson,
        options: Distillation,
        start: WhisperEncoder | None,
        folder: Path | None,
        tell: Callable[[dict[str, Any]], None] | None,
    ) -> None:
        self.lesson, self.options, self.folder, self.tell = lesson, options, folder, tell
        torch.manual_seed(derive_seed(options.seed))
        self.width = lesson.frozen.width
        n_pooled = (lesson.pooled.shape[2] - N_EXTRA) // (2 * self.width)
        self.student = Student(options, self.width, n_pooled, start)
        self.optimizer = torch.optim.AdamW(
            self.student.parameters(), lr=options.rate, weight_decay=options.weight_decay
        )
        targets = lesson.pooled[lesson.rows, 0, :-N_EXTRA]
        pooled = torch.from_numpy(targets).float()
        self.deviation = pooled.std(0).clamp_min(1e-3)
        # Of each layer, the mean over clips of their means and of their deviations: the units in
        # which the student speaks.
        self.units = pooled.mean(0).view(n_pooled, 2, self.width)
        begin = hashlib.sha256(self.student.encoder.conv1.weight.detach().numpy().data)
        self.fingerprint = lesson.compute_fingerprint(options) + begin.hexdigest()

    def run(self) -> WhisperEncoder:
        done = self._restore()
        precision = self._choose_precision() if done < self.options.epochs else "float32"
        for epoch in range(done + 1, self.options.epochs + 1):
            start = time.perf_counter()
            frames, pooled = self._train_epoch(epoch, precision)
            seconds = time.perf_counter() - start
            self._save(epoch)
            if self.tell is not None:
                record = {"epoch": epoch, "frames": frames, "pooled": pooled, "seconds": seconds}
                self.tell(record)
        return self.student.encoder.eval()

    def _choose_precision(self) -> str:
        layer = self.student.encoder.layers[-1]
        batch = (torch.zeros(32, 100, self.options.width), None)
        return choose_precision(self.options.precision, layer, batch, _CPU)  # type: ignore[arg-type]

    def _train_epoch(self, epoch: int, precision: str) -> tuple[float, float]:
        self.student.train()
        rng = np.random.default_rng([self.options.seed, epoch])
        batches = list(self._draw_batches(rng))
        losses = []
        for number, copies in enumerate(batches):
            share = (epoch - 1 + number / len(batches)) / self.options.epochs
            set_rate(self.optimizer, one_cycle(share))
            clip, variant = np.divmod(copies, self.lesson.log_mels.length.shape[1])
            with learning(_CPU, precision):
                states, mask = self.student(*self._collate(clip, variant))
            frames, pooled = self._compare(states.float(), mask, clip, variant)
            self.optimizer.zero_grad(set_to_none=True)
            torch.autograd.backward(pooled + self.options.frames_weight * frames)
            nn.utils.clip_grad_norm_(self.student.parameters(), 1.0)
            self.optimizer.step()
            losses.append((float(frames.detach()), float(pooled.detach())))
        mean = np.mean(losses, axis=0)
        return float(mean[0]), float(mean[1])

    def _draw_batches(self, rng: np.random.Generator) -> Iterator[IntArray]:
        """Yield numbers of copies, ``clip * n_copies + variant``."""
        n_copies = self.lesson.log_mels.length.shape[1]
        everything = (self.lesson.rows[:, None] * n_copies + np.arange(n_copies)).ravel()
        length = self.lesson.log_mels.length.ravel()[everything]
        length = np.where(length <= self.options.longest_frames, length, 0)
        shuffled = rng.permutation(len(everything))
        batches = list(iter_batches(length[shuffled], self.options.batch_frames))
        for i in rng.permutation(len(batches)):
            yield everything[shuffled[batches[i]]]

    def _collate(self, clip: IntArray, variant: IntArray) -> tuple[Tensor, Tensor]:
        mels = [self.lesson.log_mels.get(c, v) for c, v in zip(clip, variant, strict=True)]
        return collate_log_mels(mels, N_MELS)

    def _compare(
        self, states: Tensor, mask: Tensor, clip: IntArray, variant: IntArray
    ) -> tuple[Tensor, Tensor]:
        """Return the squared errors, in shares of the teacher's variance."""
        first = np.zeros(len(clip), np.int64)
        truth, _, _ = self.lesson.frozen.collate(clip, variant, first, mask.shape[1])
        middle, scale = self.units[0]
        standard = (truth - middle) / scale
        error = ((self.student.projections[0](states) - standard) * mask[..., None]).square()
        frames = error.sum() / (mask.sum() * self.width)
        goal = torch.from_numpy(self.lesson.pooled[clip, variant, :-N_EXTRA]).float()
        own = self.student.pool(states, mask, self.units)
        pooled = ((own - goal) / self.deviation).square().mean()
        return frames, pooled

    def _save(self, epoch: int) -> None:
        if self.folder is not None:
            state = {
                "epoch": epoch,
                "weights": self.student.state_dict(),
                "optimizer": self.optimizer.state_dict(),
            }
            write_checkpoint(self.folder, self.fingerprint, state)

    def _restore(self) -> int:
        state = None if self.folder is None else read_checkpoint(self.folder, self.fingerprint)
        if state is None:
            return 0
        self.student.load_state_dict(state["weights"])
        self.optimizer.load_state_dict(state["optimizer"])
        return int(state["epoch"])
