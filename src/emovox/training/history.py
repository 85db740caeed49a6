"""What a training leaves behind besides the model: figures by epoch."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from emovox.files import write_text
from emovox.types import Progress

if TYPE_CHECKING:
    from emovox.training.logs import CurveLog


@dataclass(frozen=True, slots=True)
class Scores:
    """Figures of some rows, as seen by the training loop; published figures come elsewhere from.

    Attributes
    ----------
    loss : float
        Mean cross-entropy in nats.
    accuracy, uar : float
        From 0 to 1.
    """

    loss: float
    accuracy: float
    uar: float


@dataclass(frozen=True, slots=True, kw_only=True)
class EpochRecord:
    """One epoch (of a network) or one candidate setting (of a classical model).

    Attributes
    ----------
    epoch : int
        From 1.
    train : Scores or None
        As seen while training: dropout active, weights changing.
    train_eval : Scores or None
        After the epoch, without dropout, on a fixed sample of the training rows.
    watch : Scores or None
        After the epoch, without dropout, on the watched rows.
    learning_rate : float
        In this epoch.
    seconds : float
        Wall time.
    setting : str
        Of a classical model, such as ``C=0.1``.
    """

    epoch: int
    train: Scores | None = None
    train_eval: Scores | None = None
    watch: Scores | None = None
    learning_rate: float = 0.0
    seconds: float = 0.0
    setting: str = ""

    def to_dict(self) -> dict[str, Any]:
        """Return the record as plain values that JSON can hold."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> EpochRecord:
        """Make a record of what ``to_dict`` returned."""
        scores = {
            name: None if values[name] is None else Scores(**values[name])
            for name in ("train", "train_eval", "watch")
        }
        return cls(**{**values, **scores})


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """A finished training.

    Attributes
    ----------
    records : tuple of EpochRecord
        One an epoch.
    selected_epoch : int
        Whose weights the model has: the last, or the best on the watched rows.
    stopped_early : bool
        Whether patience ran out before the last epoch.
    device, precision : str
        Really used.
    n_threads : int
        Really used.
    resumed_at : int
        Epochs found done in a checkpoint; 0 if none was.
    """

    records: tuple[EpochRecord, ...]
    selected_epoch: int
    stopped_early: bool = False
    device: str = "cpu"
    precision: str = "float32"
    n_threads: int = 1
    resumed_at: int = 0

    @property
    def seconds(self) -> float:
        """Wall time of all epochs, those before an interruption included."""
        return sum(record.seconds for record in self.records)


@dataclass(frozen=True, slots=True, kw_only=True)
class RunContext:
    """Where a training keeps its state, and whom it tells how far it is.

    Attributes
    ----------
    folder : Path or None
        For ``checkpoint.pt`` and ``metrics.jsonl``; None keeps nothing.
    progress : callable or None
        Called with (epoch, epochs) after each epoch.
    on_epoch : callable or None
        Called with each new ``EpochRecord``.
    logs : tuple of CurveLog
        Where the curves go besides; whoever opened them closes them.
    """

    folder: Path | None = None
    progress: Progress | None = None
    on_epoch: Callable[[EpochRecord], None] | None = None
    logs: tuple[CurveLog, ...] = ()

    def start(self, records: list[EpochRecord]) -> None:
        """Write the lines of the epochs already done; lines past them are dropped."""
        if self.folder is not None:
            write_text(self.folder / METRICS_NAME, "".join(map(_to_line, records)))
        for log in self.logs:
            log.start(records)

    def report(self, record: EpochRecord, n_epochs: int) -> None:
        """Append the line of an epoch and call back."""
        if self.folder is not None:
            with (self.folder / METRICS_NAME).open("a", encoding="utf-8") as stream:
                stream.write(_to_line(record))
        for log in self.logs:
            log.add(record)
        if self.on_epoch is not None:
            self.on_epoch(record)
        if self.progress is not None:
            self.progress(record.epoch, n_epochs)


METRICS_NAME = "metrics.jsonl"


def read_records(folder: Path) -> list[EpochRecord]:
    """Read the figures by epoch that a training left in its folder."""
    lines = (folder / METRICS_NAME).read_text(encoding="utf-8").splitlines()
    return [EpochRecord.from_dict(json.loads(line)) for line in lines]


def _to_line(record: EpochRecord) -> str:
    return json.dumps(record.to_dict()) + "\n"
