"""Curves in TensorBoard's files and in MLflow; nothing twice, nothing missing."""

from __future__ import annotations

import dataclasses
import itertools
import json
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from emovox.errors import MissingExtraError, ParameterError, WorkerError
from emovox.training import (
    EpochRecord,
    LogPlan,
    Rows,
    RunContext,
    Scores,
    create_model,
    default_options,
    open_logs,
    read_records,
    validate_logs,
)
from emovox.training.logs import list_scalars
from emovox.training.loop import _Batches
from emovox.training.tensorboard import EVENTS_NAME, TensorBoardLog, encode_event, make_frame

# Written by TensorBoard 2.21 itself (RecordWriter, Event, Summary) from the values of the test.
GOLDEN = (
    "1800000000000000a37f4b2209000000000000f83f1a0d627261696e2e4576656e743a322a28646c3300000000000"
    "0000ca7205609000000000000044010ac022a250a110a0a6c6f73732f747261696e150000803e0a100a097561722f"
    "7761746368156f1283bab88c2dab"
)


def make_records(n: int) -> list[EpochRecord]:
    return [
        EpochRecord(epoch=i, watch=Scores(1 / i, 0.5, i / 10), learning_rate=0.1, seconds=2.0)
        for i in range(1, n + 1)
    ]


def test_event_files_are_those_of_tensorboard() -> None:
    written = make_frame(encode_event(1.5, version=b"brain.Event:2")) + make_frame(
        encode_event(2.5, step=300, scalars={"loss/train": 0.25, "uar/watch": -1e-3})
    )
    assert written.hex() == GOLDEN


def test_an_epoch_gives_the_figures_it_has() -> None:
    record = EpochRecord(epoch=3, train=Scores(0.5, 0.25, 0.75), learning_rate=0.1, seconds=2.0)
    assert list_scalars(record) == {
        "loss/train": 0.5,
        "accuracy/train": 0.25,
        "uar/train": 0.75,
        "learning_rate": 0.1,
        "seconds": 2.0,
    }


@pytest.mark.parametrize("n_kept", [0, 2, 3, 5])
@pytest.mark.parametrize("torn", [0, 1, 30])
def test_a_log_goes_on_where_the_training_does(
    n_kept: int, torn: int, tmp_path: Path, read_events
) -> None:
    records = make_records(5)
    log = TensorBoardLog(tmp_path / "run")
    log.start([])
    for record in records[:3]:
        log.add(record)
    data = log.path.read_bytes()
    log.path.write_bytes(data[: len(data) - torn])

    log = TensorBoardLog(tmp_path / "run")
    log.start(records[:n_kept])
    for record in records[n_kept:]:
        log.add(record)

    assert [step for step, _ in read_events(log.path)] == [1, 2, 3, 4, 5]
    if not torn and n_kept == 3:
        assert log.path.read_bytes().startswith(data)


ROWS = Rows.of(np.random.default_rng(0).normal(size=(40, 12)).astype(np.float32), np.arange(40) % 8)


def fit(folder: Path, plan: LogPlan, stop_after: int | None = None) -> None:
    """Train 4 epochs, or be interrupted in the middle of one, as a study and a command do it."""
    options = default_options(
        "deep_cnn", epochs=4, batch_size=16, n_threads=1, precision="float32", device="cpu"
    )
    model = create_model("deep_cnn", options)
    taken = []
    take = _Batches.inputs

    def interrupt(batch: Any) -> Any:
        taken.append(batch)
        # An epoch takes 3 batches of 16, 16 and 8, and the evaluation of all and of the watched.
        if stop_after is not None and len(taken) == 5 * stop_after + 2:
            raise KeyboardInterrupt
        return take(batch)

    settings = {"model": "deep_cnn", "training": dataclasses.asdict(options)}
    with (
        pytest.MonkeyPatch.context() as patch,
        open_logs(plan, folder, settings) as logs,
    ):
        patch.setattr(_Batches, "inputs", interrupt)
        model.fit(ROWS, ROWS, run=RunContext(folder=folder, logs=logs))


def test_interrupted_training_leaves_the_curves_of_a_whole_one(tmp_path: Path, read_events) -> None:
    plan = LogPlan(names=("tensorboard",), title="try 1/2, seed 0")
    fit(tmp_path / "whole", plan)
    with pytest.raises(KeyboardInterrupt):
        fit(tmp_path / "stopped", plan, stop_after=2)
    place = Path("try 1_2, seed 0") / EVENTS_NAME
    assert [step for step, _ in read_events(tmp_path / "stopped" / place)] == [1, 2]
    fit(tmp_path / "stopped", plan)

    whole, resumed = (read_events(tmp_path / name / place) for name in ("whole", "stopped"))
    assert [step for step, _ in resumed] == [1, 2, 3, 4]
    for (_, values), (_, expected) in zip(resumed, whole, strict=True):
        assert {**values, "seconds": 0} == {**expected, "seconds": 0}
    for record, (_, values) in zip(read_records(tmp_path / "whole"), whole, strict=True):
        assert record.watch is not None
        assert values["loss/watch"] == np.float32(record.watch.loss)


def test_logs_that_cannot_be_kept_are_refused_before_anything_is_done(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(ParameterError, match="no log 'tensorbord'") as caught:
        validate_logs(["tensorbord"])
    assert "Did you mean 'tensorboard'" in caught.value.hint
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(MissingExtraError, match="'mlflow'") as missing:
        validate_logs(["tensorboard", "mlflow"])
    assert "emovox[mlflow]" in missing.value.hint


class FakeError(Exception):
    def __init__(self, error_code: str) -> None:
        super().__init__(f"{error_code}: no\nmore")
        self.error_code = error_code


class FakeServer:
    """As much of MLflow as is used, as strict as it is: unknown runs and doubled params fail."""

    def __init__(self) -> None:
        self.experiments: dict[str, str] = {}
        self.runs: dict[str, Any] = {}
        self.tracking_uri = "http://there"
        self.numbers = itertools.count()
        self.down = False

    def as_module(self) -> SimpleNamespace:
        entity = SimpleNamespace
        return SimpleNamespace(
            __spec__=SimpleNamespace(),
            MlflowClient=lambda: self,
            get_tracking_uri=lambda: self.tracking_uri,
            exceptions=SimpleNamespace(MlflowException=FakeError),
            entities=SimpleNamespace(
                Metric=lambda key, value, timestamp, step: entity(
                    key=key, value=value, timestamp=timestamp, step=step
                ),
                Param=lambda key, value: entity(key=key, value=value),
            ),
        )

    def _get(self, run_id: str) -> Any:
        if self.down:
            raise FakeError("INTERNAL_ERROR")
        if run_id not in self.runs:
            raise FakeError("RESOURCE_DOES_NOT_EXIST")
        return self.runs[run_id]

    def get_experiment_by_name(self, name: str) -> Any:
        found = self.experiments.get(name)
        return None if found is None else SimpleNamespace(experiment_id=found)

    def create_experiment(self, name: str) -> str:
        if name in self.experiments:
            raise FakeError("RESOURCE_ALREADY_EXISTS")
        self.experiments[name] = f"e{len(self.experiments)}"
        return self.experiments[name]

    def create_run(self, experiment_id: str, run_name: str) -> Any:
        assert experiment_id in self.experiments.values()
        run_id = f"r{next(self.numbers)}"
        self.runs[run_id] = SimpleNamespace(name=run_name, status="RUNNING", metrics=[], params={})
        return SimpleNamespace(info=SimpleNamespace(run_id=run_id))

    def log_batch(self, run_id: str, metrics: Any = (), params: Any = ()) -> None:
        run = self._get(run_id)
        assert run.status == "RUNNING"
        run.metrics += metrics
        for param in params:
            assert param.key not in run.params
            run.params[param.key] = param.value

    def get_metric_history(self, run_id: str, key: str) -> list[Any]:
        return [metric for metric in self._get(run_id).metrics if metric.key == key]

    def set_terminated(self, run_id: str, status: str) -> None:
        self._get(run_id).status = status

    def update_run(self, run_id: str, status: str) -> None:
        self._get(run_id).status = status

    def get_steps(self, run_id: str, key: str = "loss/watch") -> list[int]:
        return [metric.step for metric in self.get_metric_history(run_id, key)]


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> FakeServer:
    fake = FakeServer()
    monkeypatch.setitem(sys.modules, "mlflow", fake.as_module())
    return fake


MLFLOW = LogPlan(names=("mlflow",), group="student", title="try 1")


def test_mlflow_gets_curves_and_settings(server: FakeServer, tmp_path: Path) -> None:
    fit(tmp_path, MLFLOW)
    assert list(server.experiments) == ["student"]
    (run,) = server.runs.values()
    assert (run.name, run.status) == ("try 1", "FINISHED")
    assert run.params["model"] == "deep_cnn"
    assert run.params["training.epochs"] == "4"
    assert server.get_steps("r0") == [1, 2, 3, 4]
    losses = [metric.value for metric in server.get_metric_history("r0", "loss/watch")]
    assert losses == [r.watch.loss for r in read_records(tmp_path) if r.watch is not None]


def test_mlflow_goes_on_in_the_same_run(server: FakeServer, tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        fit(tmp_path, MLFLOW, stop_after=2)
    assert server.get_steps("r0") == [1, 2]
    assert server.runs["r0"].status == "KILLED"
    # The last epoch was kept, but MLflow never heard of it: the process died in between.
    server.runs["r0"].metrics = [m for m in server.runs["r0"].metrics if m.step < 2]
    fit(tmp_path, MLFLOW)
    assert list(server.runs) == ["r0"]
    assert server.get_steps("r0") == [1, 2, 3, 4]
    assert server.runs["r0"].status == "FINISHED"


def test_mlflow_gets_a_new_run_for_a_training_begun_anew(
    server: FakeServer, tmp_path: Path
) -> None:
    fit(tmp_path, MLFLOW)
    (tmp_path / "checkpoint.pt").unlink()  # as `emovox train` does at its end
    fit(tmp_path, MLFLOW)
    assert [server.get_steps(run) for run in server.runs] == [[1, 2, 3, 4], [1, 2, 3, 4]]


def test_mlflow_gets_a_new_run_where_the_old_one_was_deleted(
    server: FakeServer, tmp_path: Path
) -> None:
    with pytest.raises(KeyboardInterrupt):
        fit(tmp_path, MLFLOW, stop_after=2)
    del server.runs["r0"]
    fit(tmp_path, MLFLOW)
    assert server.get_steps("r1") == [1, 2, 3, 4]


def test_a_server_that_fails_is_told_and_the_training_can_go_on(
    server: FakeServer, tmp_path: Path
) -> None:
    server.down = True
    with pytest.raises(
        WorkerError, match=r"MLflow at http://there .* INTERNAL_ERROR: no "
    ) as caught:
        fit(tmp_path, MLFLOW)
    assert "MLFLOW_TRACKING_URI" in caught.value.hint
    server.down = False
    fit(tmp_path, MLFLOW)
    assert server.get_steps("r1") == [1, 2, 3, 4]


def test_the_real_mlflow_takes_what_is_sent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mlflow = pytest.importorskip("mlflow", reason="the extra mlflow is not installed")
    monkeypatch.setenv("MLFLOW_ALLOW_FILE_STORE", "true")
    monkeypatch.setenv("MLFLOW_TRACKING_URI", (tmp_path / "mlruns").as_uri())
    with pytest.raises(KeyboardInterrupt):
        fit(tmp_path / "run", MLFLOW, stop_after=2)
    fit(tmp_path / "run", MLFLOW)
    client = mlflow.MlflowClient()
    run_id = json.loads((tmp_path / "run" / "mlflow.json").read_text())["run_id"]
    steps = [metric.step for metric in client.get_metric_history(run_id, "loss/watch")]
    assert steps == [1, 2, 3, 4]
    assert client.get_run(run_id).info.status == "FINISHED"
