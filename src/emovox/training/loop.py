"""Training and asking networks: the loop over epochs, interruptible, the same for all."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from emovox.errors import ConfigError
from emovox.metrics import compute_accuracy, compute_uar
from emovox.training.checkpoints import compute_fingerprint, read_checkpoint, write_checkpoint
from emovox.training.device import (
    autocast,
    choose_device,
    choose_precision,
    derive_seed,
    scoped_torch,
)
from emovox.training.history import EpochRecord, History, RunContext, Scores
from emovox.training.model import Model
from emovox.training.networks import create_network
from emovox.training.options import TrainingOptions
from emovox.training.rows import N_CLASSES, Rows
from emovox.training.scaling import StandardScaler
from emovox.training.schedules import LearningRate
from emovox.types import FloatArray, IntArray

EVALUATION_BATCH = 256
# What random numbers are for; each purpose and epoch has a stream of its own.
_WEIGHTS, _ORDER, _DROPOUT, _SAMPLE = range(4)


class NetworkModel(Model):
    """A network and its scaler.

    Attributes
    ----------
    network_ : torch.nn.Module
        Trained, in evaluation mode, on the CPU; takes standardized features.
    """

    network_: nn.Module

    def to_network(self) -> nn.Module:
        """Return the network."""
        return self.network_

    def _fit(self, train: Rows, watch: Rows | None, *, select: bool, run: RunContext) -> History:
        device = choose_device(self.options.device)
        with scoped_torch(device, self.options.n_threads):
            torch.manual_seed(derive_seed(self.options.seed, _WEIGHTS))
            network = create_network(self.name, train.n_features, self.options).to(device)
            trainer = _Trainer(network, self.options, _Batches.of(train, self.scaler_, device))
            if watch is not None:
                trainer.watch = _Batches.of(watch, self.scaler_, device)
            trainer.select = select and self.options.keep == "best"
            fingerprint = ""
            if run.folder is not None:
                fingerprint = compute_fingerprint(
                    self.name, self.options, train, watch, select=select
                )
            history = trainer.run(run, fingerprint)
        self.network_ = network.cpu().eval()
        return history

    def _predict(self, values: FloatArray, lengths: IntArray | None) -> Any:
        device = choose_device(self.options.device)
        labels = np.zeros(len(values), np.int64)
        rows = _Batches.of(Rows.of(values, labels, lengths), self.scaler_, device)
        with scoped_torch(device, self.options.n_threads):
            # float32, whatever it was trained in: as the exported model computes.
            logits = _compute_logits(self.network_.to(device), rows, "float32")
            self.network_.cpu()
        # An emotion that was never seen must not win where all others are far below it.
        logits[:, torch.from_numpy(~self.present_)] = -torch.inf
        return logits.double().softmax(dim=1).numpy()


@dataclass(frozen=True, slots=True, eq=False)
class _Batches:
    """Rows on a device, given out in batches as networks take them."""

    values: Tensor
    labels: Tensor
    lengths: Tensor | None
    mean: Tensor
    deviation: Tensor

    @classmethod
    def of(cls, rows: Rows, scaler: StandardScaler, device: torch.device) -> _Batches:
        def move(array: FloatArray | IntArray) -> Tensor:
            # torch takes neither read-only arrays nor those that run backwards.
            return torch.from_numpy(np.require(array, requirements=["C", "W"])).to(device)

        return cls(
            move(rows.values),
            move(rows.labels),
            None if rows.lengths is None else move(rows.lengths),
            move(scaler.mean),
            move(scaler.deviation),
        )

    def __len__(self) -> int:
        return len(self.labels)

    def take(self, index: Tensor) -> _Batches:
        lengths = None if self.lengths is None else self.lengths[index]
        return _Batches(self.values[index], self.labels[index], lengths, self.mean, self.deviation)

    def inputs(self) -> tuple[Tensor, ...]:
        """Return what a network takes: standardized values, and lengths where there are frames."""
        if self.lengths is None:
            return ((self.values - self.mean) / self.deviation,)
        values = self.values[:, : int(self.lengths.max())]  # the rest of the batch is padding
        return (values - self.mean) / self.deviation, self.lengths


class _Trainer:
    """One training: the state that changes from epoch to epoch, and what changes it."""

    def __init__(self, network: nn.Module, options: TrainingOptions, train: _Batches) -> None:
        self.network, self.options, self.train = network, options, train
        self.watch: _Batches | None = None
        self.select = False
        self.device = train.labels.device
        self.precision = "float32"
        self.rate = LearningRate(options.learning_rate)
        self.records: list[EpochRecord] = []
        self.best_uar, self.best_epoch = -1.0, 0
        self.best_weights: dict[str, Tensor] = {}
        self.optimizer = torch.optim.AdamW(
            network.parameters(),
            lr=options.learning_rate,
            eps=1e-7,  # as in Keras
            weight_decay=options.weight_decay,
            fused=True,
        )
        self.loss = nn.CrossEntropyLoss(
            weight=_compute_class_weights(train.labels, options),
            label_smoothing=options.label_smoothing,
        )
        self.sample = self._sample_rows()

    def run(self, run: RunContext, fingerprint: str) -> History:
        """Train until the last epoch or until patience runs out."""
        state = None if run.folder is None else read_checkpoint(run.folder, fingerprint)
        if state is None:
            batch = self.train.take(torch.arange(min(self.options.batch_size, len(self.train))))
            self.precision = choose_precision(
                self.options.precision, self.network, batch.inputs(), self.device
            )
        else:
            self._restore(state)
        resumed_at = len(self.records)
        run.start(self.records)
        while not self._is_finished():
            record = self._run_epoch(len(self.records) + 1)
            self.records.append(record)
            if run.folder is not None:
                write_checkpoint(run.folder, fingerprint, self._get_state())
            run.report(record, self.options.epochs)
        if self.select:
            self.network.load_state_dict(self.best_weights)
        return History(
            records=tuple(self.records),
            selected_epoch=self.best_epoch if self.select else len(self.records),
            stopped_early=len(self.records) < self.options.epochs,
            device=str(self.device),
            precision=self.precision,
            n_threads=torch.get_num_threads(),
            resumed_at=resumed_at,
        )

    def _is_finished(self) -> bool:
        done = len(self.records)
        out_of_patience = self.select and done - self.best_epoch >= self.options.patience
        return done >= self.options.epochs or out_of_patience

    def _run_epoch(self, epoch: int) -> EpochRecord:
        start = time.perf_counter()
        rate = self.rate.value
        train = self._train_epoch(epoch)
        if not math.isfinite(train.loss):
            # Nothing comes back from there; the epochs that are left would be spent for nothing.
            raise ConfigError(
                f"the training diverged: in epoch {epoch} the loss is {train.loss}.",
                hint=f"Lower learning_rate (it was {rate:g}), or look for extreme features.",
            )
        self.rate.update(epoch, train.loss, self.options)
        train_eval = None if self.sample is None else self._evaluate(self.sample)
        watch = None if self.watch is None else self._evaluate(self.watch)
        if self.select and watch is not None and watch.uar > self.best_uar:
            self.best_uar, self.best_epoch = watch.uar, epoch
            self.best_weights = {
                name: tensor.clone() for name, tensor in self.network.state_dict().items()
            }
        return EpochRecord(
            epoch=epoch,
            train=train,
            train_eval=train_eval,
            watch=watch,
            learning_rate=rate,
            seconds=time.perf_counter() - start,
        )

    def _train_epoch(self, epoch: int) -> Scores:
        for group in self.optimizer.param_groups:
            group["lr"] = self.rate.value
        torch.manual_seed(derive_seed(self.options.seed, _DROPOUT, epoch))
        self.network.train()
        total = torch.zeros((), device=self.device)
        truth, prediction = [], []
        for index in self._shuffle(epoch):
            batch = self.train.take(index)
            self.optimizer.zero_grad(set_to_none=True)
            with autocast(self.device, self.precision):
                logits = self.network(*batch.inputs())
            loss = self.loss(logits.float(), batch.labels)
            loss.backward()
            self.optimizer.step()
            total += loss.detach() * len(index)
            truth.append(batch.labels)
            prediction.append(logits.detach().argmax(dim=1))
        return _score(total.item() / len(self.train), torch.cat(truth), torch.cat(prediction))

    def _shuffle(self, epoch: int) -> list[Tensor]:
        generator = torch.Generator().manual_seed(derive_seed(self.options.seed, _ORDER, epoch))
        order = torch.randperm(len(self.train), generator=generator).to(self.device)
        batches = list(torch.split(order, self.options.batch_size))
        if len(batches) > 1 and len(batches[-1]) == 1:
            # Batch normalization cannot learn from one row.
            batches[-2:] = [torch.cat(batches[-2:])]
        return batches

    def _sample_rows(self) -> _Batches | None:
        if self.options.evaluate_train == 0:
            return None
        generator = torch.Generator().manual_seed(derive_seed(self.options.seed, _SAMPLE))
        order = torch.randperm(len(self.train), generator=generator)
        return self.train.take(order[: self.options.evaluate_train].to(self.device))

    def _evaluate(self, rows: _Batches) -> Scores:
        logits = _compute_logits(self.network, rows, self.precision)
        labels = rows.labels.cpu()
        loss = nn.functional.cross_entropy(logits, labels).item()
        return _score(loss, labels, logits.argmax(dim=1))

    def _get_state(self) -> dict[str, Any]:
        return {
            "network": self.network.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "rate": self.rate.to_dict(),
            "records": [record.to_dict() for record in self.records],
            "best": (self.best_uar, self.best_epoch, self.best_weights),
            "precision": self.precision,
        }

    def _restore(self, state: dict[str, Any]) -> None:
        self.network.load_state_dict(state["network"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.rate = LearningRate(**state["rate"])
        self.records = [EpochRecord.from_dict(record) for record in state["records"]]
        self.best_uar, self.best_epoch, self.best_weights = state["best"]
        self.precision = state["precision"]


def _compute_logits(network: nn.Module, rows: _Batches, precision: str) -> Tensor:
    """Return the logits of all rows, dropout off, float32, on the CPU, shape (n, 8)."""
    network.eval()
    device = rows.labels.device
    parts = []
    with torch.inference_mode(), autocast(device, precision):
        for index in torch.split(torch.arange(len(rows), device=device), EVALUATION_BATCH):
            parts.append(network(*rows.take(index).inputs()).float().cpu())
    return torch.cat(parts)


def _compute_class_weights(labels: Tensor, options: TrainingOptions) -> Tensor | None:
    if options.class_weights == "none":
        return None
    counts = torch.bincount(labels, minlength=N_CLASSES).float()
    n_present = (counts > 0).sum()
    return len(labels) / (n_present * counts.clamp(min=1))


def _score(loss: float, truth: Tensor, prediction: Tensor) -> Scores:
    true, predicted = truth.cpu().numpy(), prediction.cpu().numpy()
    return Scores(
        loss=loss,
        accuracy=float(compute_accuracy(true, predicted)),
        uar=float(compute_uar(true, predicted)),
    )
