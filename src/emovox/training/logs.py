"""Training curves for the tools that people watch them in: TensorBoard and MLflow.

A training that is taken up again goes on in its log: no epoch is written twice, none is missing.
"""

from __future__ import annotations

import contextlib
import importlib.util
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from emovox.errors import MissingExtraError, ParameterError, suggest
from emovox.training.history import EpochRecord

LOGS = ("tensorboard", "mlflow")
"""Names of the logs there are. TensorBoard's needs nothing installed, MLflow's its extra."""


class CurveLog(Protocol):
    """Where the curves of one training go."""

    def start(self, records: Sequence[EpochRecord]) -> None:
        """Begin, or go on: make the log hold exactly these epochs."""
        ...

    def add(self, record: EpochRecord) -> None:
        """Write one more epoch."""
        ...

    def close(self, *, finished: bool) -> None:
        """End: the training is finished, or was stopped."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class LogPlan:
    """Which logs a training keeps, and what it is called there.

    Attributes
    ----------
    names : tuple of str
        Out of ``LOGS``.
    group : str
        What the training belongs to, such as a study: MLflow's experiment.
    title : str
        What it is called beside others of the group.
    """

    names: tuple[str, ...] = ()
    group: str = "emovox"
    title: str = "training"


def validate_logs(names: Sequence[str]) -> None:
    """Check, before anything is computed, that these logs can be kept.

    Raises
    ------
    ParameterError
        If a name is not known.
    MissingExtraError
        If the extra that a log needs is not installed.
    """
    for name in names:
        if name not in LOGS:
            raise ParameterError(f"no log {name!r}.", hint=suggest(name, LOGS))
    if "mlflow" in names and importlib.util.find_spec("mlflow") is None:
        raise MissingExtraError("mlflow")


@contextlib.contextmanager
def open_logs(
    plan: LogPlan, folder: Path, settings: Mapping[str, Any]
) -> Iterator[tuple[CurveLog, ...]]:
    """Give the logs of one training, and end them with the block.

    Parameters
    ----------
    plan : LogPlan
        Which.
    folder : Path
        Of the run. TensorBoard's file lies in a folder of the training's title below it, for
        that is what TensorBoard calls it.
    settings : mapping
        Everything that decides the figures, maybe nested; MLflow shows it, and knows by it
        whether a run can go on.

    Raises
    ------
    ParameterError, MissingExtraError
        As `validate_logs`.
    WorkerError
        If MLflow cannot be reached.
    """
    validate_logs(plan.names)
    logs: list[CurveLog] = []
    finished = False
    try:
        for name in plan.names:
            if name == "tensorboard":
                from emovox.training.tensorboard import TensorBoardLog  # noqa: PLC0415 - only here

                logs.append(TensorBoardLog(folder / _make_folder_name(plan.title)))
            else:
                from emovox.training.mlflow_log import MlflowLog  # noqa: PLC0415 - only here

                logs.append(MlflowLog(folder, plan.group, plan.title, settings))
        yield tuple(logs)
        finished = True
    finally:
        for log in logs:
            log.close(finished=finished)


def list_scalars(record: EpochRecord) -> dict[str, float]:
    """Return the figures of an epoch by the names they have in logs, such as ``uar/watch``."""
    kinds = {"train": record.train, "train_eval": record.train_eval, "watch": record.watch}
    scalars = {
        f"{metric}/{kind}": float(getattr(scores, metric))
        for metric in ("loss", "accuracy", "uar")
        for kind, scores in kinds.items()
        if scores is not None
    }
    return scalars | {"learning_rate": record.learning_rate, "seconds": record.seconds}


def _make_folder_name(title: str) -> str:
    return re.sub(r"[^\w ,.=-]", "_", title)
