"""Training curves in MLflow, through its client (the extra ``mlflow``)."""

from __future__ import annotations

import contextlib
import hashlib
import importlib
import json
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from emovox.errors import MissingExtraError, WorkerError
from emovox.files import write_text
from emovox.training.history import EpochRecord
from emovox.training.logs import list_scalars

STATE_NAME = "mlflow.json"
"""In the folder of a run: which run it is in MLflow."""

_ALWAYS = "seconds"  # a figure that every epoch has
_LONGEST_VALUE = 500  # that every version of MLflow takes


class MlflowLog:
    """One run in MLflow.

    Where MLflow is, it knows itself: ``MLFLOW_TRACKING_URI``, with all that belongs to it.

    Parameters
    ----------
    folder : Path
        Of the run; remembers which run it is in MLflow.
    group : str
        MLflow's experiment, made where it is not there.
    title : str
        What the run is called.
    settings : mapping
        Parameters of the run, maybe nested.

    Raises
    ------
    MissingExtraError
        If MLflow's client is not installed.
    """

    def __init__(self, folder: Path, group: str, title: str, settings: Mapping[str, Any]) -> None:
        try:
            self._mlflow: Any = importlib.import_module("mlflow")
        except ModuleNotFoundError as error:
            raise MissingExtraError("mlflow") from error
        self._path = folder / STATE_NAME
        self._group, self._title = group, title
        self._params = _flatten(settings)
        self._key = hashlib.sha256(json.dumps(self._params, sort_keys=True).encode()).hexdigest()
        self._run_id = ""
        with self._reporting():
            self._client = self._mlflow.MlflowClient()

    def start(self, records: Sequence[EpochRecord]) -> None:
        """Go on with the run of an interrupted training, or begin one; add epochs it lacks."""
        state = self._read_state()
        if state is not None and state["finished"] and not records:
            state = None  # the same training, begun anew
        with self._reporting():
            logged = 0
            self._run_id = "" if state is None else self._find(state["run_id"])
            if self._run_id:
                history = self._client.get_metric_history(self._run_id, _ALWAYS)
                logged = max((metric.step for metric in history), default=0)
            else:
                self._begin()
        self._logged = logged
        for record in records:
            self.add(record)

    def add(self, record: EpochRecord) -> None:
        """Send one epoch, unless it is there already: the same settings give the same figures."""
        if record.epoch <= self._logged:
            return
        now = int(1000 * time.time())
        make = self._mlflow.entities.Metric
        metrics = [
            make(key, value, now, record.epoch) for key, value in list_scalars(record).items()
        ]
        with self._reporting():
            self._client.log_batch(self._run_id, metrics=metrics)
        self._logged = record.epoch

    def close(self, *, finished: bool) -> None:
        """Tell MLflow how the training ended."""
        if not self._run_id:
            return
        if finished:
            with self._reporting():
                self._client.set_terminated(self._run_id, status="FINISHED")
            self._write_state(finished=True)
        else:
            # Something else went wrong before, and that is what shall be seen.
            with contextlib.suppress(self._mlflow.exceptions.MlflowException):
                self._client.set_terminated(self._run_id, status="KILLED")

    def _begin(self) -> None:
        experiment = self._client.get_experiment_by_name(self._group)
        if experiment is None:
            try:
                experiment_id = self._client.create_experiment(self._group)
            except self._mlflow.exceptions.MlflowException:
                # Another worker may have made it in between.
                experiment = self._client.get_experiment_by_name(self._group)
                if experiment is None:
                    raise
        if experiment is not None:
            experiment_id = experiment.experiment_id
        run = self._client.create_run(experiment_id, run_name=self._title)
        self._run_id = run.info.run_id
        make = self._mlflow.entities.Param
        params = [make(key, value[:_LONGEST_VALUE]) for key, value in self._params.items() if value]
        self._client.log_batch(self._run_id, params=params)
        self._write_state(finished=False)

    def _find(self, run_id: str) -> str:
        """Return the run's id, the run set going again; empty if MLflow has it no more."""
        try:
            self._client.update_run(run_id, status="RUNNING")
        except self._mlflow.exceptions.MlflowException as error:
            if error.error_code != "RESOURCE_DOES_NOT_EXIST":
                raise
            return ""
        return run_id

    def _read_state(self) -> dict[str, Any] | None:
        """Return what an earlier training with these settings left, if there was one."""
        try:
            state: dict[str, Any] = json.loads(self._path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return None
        same = state["settings"] == self._key and state["uri"] == self._client.tracking_uri
        return state if same else None

    def _write_state(self, *, finished: bool) -> None:
        state = {
            "run_id": self._run_id,
            "uri": self._client.tracking_uri,
            "settings": self._key,
            "finished": finished,
        }
        write_text(self._path, json.dumps(state, indent=2) + "\n")

    @contextlib.contextmanager
    def _reporting(self) -> Iterator[None]:
        try:
            yield
        except self._mlflow.exceptions.MlflowException as error:
            raise WorkerError(
                f"MLflow at {self._mlflow.get_tracking_uri()} did not do what was asked: "
                f"{str(error).strip().splitlines()[0]}",
                hint="MLFLOW_TRACKING_URI says where MLflow is. The same command goes on where it "
                "was.",
            ) from error


def _flatten(settings: Mapping[str, Any], way: str = "") -> dict[str, str]:
    flat: dict[str, str] = {}
    for key, value in settings.items():
        if isinstance(value, Mapping):
            flat |= _flatten(value, f"{way}{key}.")
        else:
            flat[f"{way}{key}"] = str(value)
    return flat
