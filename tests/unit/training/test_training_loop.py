from __future__ import annotations

import dataclasses
import json
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from emovox.errors import ConfigError, ModelIntegrityError, ParameterError
from emovox.training import Rows, RunContext, create_model, default_options
from emovox.training.checkpoints import CHECKPOINT_NAME, compute_fingerprint
from emovox.training.device import (
    choose_device,
    choose_encoding_precision,
    choose_precision,
    scoped_torch,
)
from emovox.training.loop import _Batches
from emovox.training.networks import create_network

# Trains in the folder it is given and dies of kill -9 in the middle of an epoch, after as many
# batches as it is told (0: it lives).
_PROGRAM = """
import os, signal, sys
from pathlib import Path
import numpy as np
from emovox.training import Rows, RunContext, create_model, default_options, loop

folder, die_after = Path(sys.argv[1]), int(sys.argv[2])
rng = np.random.default_rng(0)
rows = Rows.of(rng.normal(size=(50, 12)).astype(np.float32), rng.integers(0, 8, 50))

taken = 0
take = loop._Batches.inputs
def inputs(batch):
    global taken
    taken += 1
    if taken == die_after:
        os.kill(os.getpid(), signal.SIGKILL)
    return take(batch)
loop._Batches.inputs = inputs

options = default_options("deep_cnn", epochs=5, batch_size=16, n_threads=1, precision="float32")
model = create_model("deep_cnn", options)
history = model.fit(
    rows.take(np.arange(34)),
    rows.take(np.arange(34, 50)),
    select=True,
    run=RunContext(folder=folder),
)
np.save(folder / "probabilities.npy", model.predict_probabilities(rows.values))
(folder / "resumed_at").write_text(str(history.resumed_at))
"""


def train_in_process(folder: Path, die_after: int = 0) -> int:
    command = [sys.executable, "-c", _PROGRAM, str(folder), str(die_after)]
    return subprocess.run(command, check=False, timeout=120).returncode


def read_figures(folder: Path) -> list[dict]:
    lines = (folder / "metrics.jsonl").read_text().splitlines()
    return [{**json.loads(line), "seconds": 0} for line in lines]


def test_killed_training_ends_with_the_same_figures(tmp_path: Path) -> None:
    whole, killed = tmp_path / "whole", tmp_path / "killed"

    assert train_in_process(whole) == 0
    # An epoch takes 5 batches: 3 of training, 2 evaluations. So this is in the third.
    assert train_in_process(killed, die_after=12) == -signal.SIGKILL
    assert len(read_figures(killed)) == 2
    assert train_in_process(killed) == 0

    assert (killed / "resumed_at").read_text() == "2"
    assert read_figures(killed) == read_figures(whole)
    np.testing.assert_array_equal(
        np.load(killed / "probabilities.npy"), np.load(whole / "probabilities.npy")
    )


@pytest.mark.parametrize("name", ["notebook_cnn", "deep_cnn", "lstm"])
@pytest.mark.parametrize("schedule", ["plateau", "cosine"])
def test_interrupted_training_ends_with_the_same_figures(
    name: str, schedule: str, tmp_path: Path, monkeypatch
) -> None:
    rng = np.random.default_rng(0)
    shape, lengths = (40, 12), None
    if name == "lstm":
        shape, lengths = (40, 6, 12), rng.integers(1, 7, 40)
    rows = Rows.of(rng.normal(size=shape).astype(np.float32), rng.integers(0, 8, 40), lengths)
    options = default_options(
        name, epochs=5, batch_size=16, n_threads=1, precision="float32", schedule=schedule
    )

    def fit(folder: Path) -> np.ndarray:
        model = create_model(name, options)
        model.fit(rows, rows, select=True, run=RunContext(folder=folder))
        return model.predict_probabilities(rows.values, rows.lengths)

    whole = fit(tmp_path / "whole")
    take, taken = _Batches.inputs, []

    def interrupt(batch: _Batches) -> tuple[torch.Tensor, ...]:
        taken.append(batch)
        if len(taken) == 17:  # an epoch takes 5 batches, so this is in the fourth
            raise KeyboardInterrupt
        return take(batch)

    with monkeypatch.context() as patch:
        patch.setattr(_Batches, "inputs", interrupt)
        with pytest.raises(KeyboardInterrupt):
            fit(tmp_path / "stopped")
    assert len(read_figures(tmp_path / "stopped")) == 3

    np.testing.assert_array_equal(fit(tmp_path / "stopped"), whole)
    assert read_figures(tmp_path / "stopped") == read_figures(tmp_path / "whole")


def test_the_last_epoch_counts_where_dev_rows_shall_not_select() -> None:
    rng = np.random.default_rng(0)
    rows = Rows.of(rng.normal(size=(40, 12)).astype(np.float32), rng.integers(0, 8, 40))
    told = {"epochs": 6, "batch_size": 16, "n_threads": 1, "precision": "float32", "patience": 1}

    last = create_model("notebook_cnn", default_options("notebook_cnn", **told, keep="last"))
    best = create_model("notebook_cnn", default_options("notebook_cnn", **told))
    # Other rows to watch than to learn: nothing is learnt of them, so patience ends at once.
    watch = Rows.of(rng.normal(size=(40, 12)).astype(np.float32), rng.integers(0, 8, 40))
    through, stopped = (model.fit(rows, watch, select=True) for model in (last, best))

    assert (through.selected_epoch, len(through.records)) == (6, 6)
    assert stopped.stopped_early


@pytest.fixture
def rows() -> Rows:
    rng = np.random.default_rng(5)
    labels = rng.integers(0, 8, 40)
    return Rows.of(rng.normal(size=(40, 10)).astype(np.float32), labels)


def make_model(**overrides):
    settings = {"epochs": 3, "batch_size": 16, "precision": "float32", "n_threads": 1}
    return create_model("deep_cnn", default_options("deep_cnn", **{**settings, **overrides}))


def test_figures_lost_between_checkpoint_and_line_come_back(rows: Rows, tmp_path: Path) -> None:
    run = RunContext(folder=tmp_path)
    make_model().fit(rows, run=run)
    metrics = tmp_path / "metrics.jsonl"
    complete = metrics.read_text()
    first, second, _ = complete.splitlines(keepends=True)
    metrics.write_text(first + second[:20])

    history = make_model().fit(rows, run=run)

    assert history.resumed_at == 3
    assert metrics.read_text() == complete


def test_refuses_the_checkpoint_of_another_training(rows: Rows, tmp_path: Path) -> None:
    run = RunContext(folder=tmp_path)
    make_model().fit(rows, run=run)

    with pytest.raises(ConfigError, match="other rows, options or model"):
        make_model(learning_rate=0.5).fit(rows, run=run)
    with pytest.raises(ConfigError, match="other rows, options or model"):
        make_model().fit(rows, rows, run=run)
    with pytest.raises(ConfigError, match="other rows, options or model"):
        make_model().fit(dataclasses.replace(rows, labels=rows.labels[::-1]), run=run)


@pytest.mark.parametrize("content", [b"", b"no checkpoint", b"PK\x03\x04 broken"])
def test_says_that_a_checkpoint_is_damaged(rows: Rows, tmp_path: Path, content: bytes) -> None:
    (tmp_path / CHECKPOINT_NAME).write_bytes(content)

    with pytest.raises(ModelIntegrityError, match="cannot be read"):
        make_model().fit(rows, run=RunContext(folder=tmp_path))


class _Harmful:
    def __reduce__(self):
        return (Path("harmed").touch, ())


def test_runs_no_code_of_a_checkpoint(rows: Rows, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    torch.save({"format": 1, "fingerprint": _Harmful()}, tmp_path / CHECKPOINT_NAME)

    with pytest.raises(ModelIntegrityError, match="cannot be read"):
        make_model().fit(rows, run=RunContext(folder=tmp_path))
    assert not (tmp_path / "harmed").exists()


def test_fingerprint_sees_every_option(rows: Rows) -> None:
    options = default_options("deep_cnn")
    others = {
        "epochs": 7, "batch_size": 7, "learning_rate": 0.7, "weight_decay": 0.7, "patience": 7,
        "seed": 7, "device": "cpu", "precision": "float32", "schedule": "constant",
        "label_smoothing": 0.7, "class_weights": "balanced", "evaluate_train": 7, "n_threads": 7,
        "keep": "last", "dropout": 0.7, "batch_norm": True, "width": 0.7,
    }  # fmt: skip
    assert set(others) == {field.name for field in dataclasses.fields(options)}

    prints = {compute_fingerprint("deep_cnn", options, rows, None, select=False)}
    for name, value in others.items():
        changed = dataclasses.replace(options, **{name: value})
        prints.add(compute_fingerprint("deep_cnn", changed, rows, None, select=False))

    assert len(prints) == 1 + len(others)


def test_stops_when_patience_runs_out(rows: Rows) -> None:
    # At this rate nothing changes, so no epoch is better than the first.
    model = make_model(epochs=20, patience=3, learning_rate=1e-12)

    history = model.fit(rows, rows, select=True)

    assert history.stopped_early
    assert history.selected_epoch == len(history.records) - 3


def test_a_training_that_diverges_says_so_and_keeps_its_last_good_epoch(
    rows: Rows, tmp_path: Path
) -> None:
    options = default_options("notebook_cnn", epochs=3, learning_rate=1e9, schedule="constant")
    with pytest.raises(ConfigError, match=r"diverged: in epoch [12] the loss is (nan|inf)"):
        create_model("notebook_cnn", options).fit(rows, run=RunContext(folder=tmp_path))
    kept = tmp_path / CHECKPOINT_NAME
    if kept.exists():
        assert torch.load(kept, weights_only=True)["records"][-1]["train"]["loss"] < np.inf


def test_watching_without_selecting_changes_nothing(rows: Rows) -> None:
    alone, watched = make_model(), make_model()

    history = alone.fit(rows)
    other = watched.fit(rows, rows.take(np.arange(9)))

    assert [r.train for r in history.records] == [r.train for r in other.records]
    assert other.selected_epoch == len(other.records)
    np.testing.assert_array_equal(
        alone.predict_probabilities(rows.values), watched.predict_probabilities(rows.values)
    )


def test_evaluation_has_no_dropout_and_does_not_train(rows: Rows) -> None:
    history = make_model(evaluate_train=40).fit(rows, rows)

    # All rows sampled for one are all rows watched: the same figures, whatever the order.
    for record in history.records:
        assert record.train_eval.uar == pytest.approx(record.watch.uar)
        # A mean of 40 float32 logarithms in another order.
        assert record.train_eval.loss == pytest.approx(record.watch.loss, rel=1e-5)
    assert make_model(evaluate_train=0).fit(rows).records[0].train_eval is None


def test_a_last_batch_of_one_row_is_trained_with_the_one_before(rows: Rows) -> None:
    # 33 rows in batches of 16 leave one, of which batch normalization can learn nothing.
    history = make_model().fit(rows.take(np.arange(33)))

    assert np.isfinite(history.records[-1].train.loss)


def test_balanced_weights_listen_to_the_rare_emotion() -> None:
    rng = np.random.default_rng(0)
    labels = np.repeat([0, 4], [90, 10])
    values = (rng.normal(size=(100, 6)) + 0.5 * (labels == 4)[:, None]).astype(np.float32)
    rows = Rows.of(values, labels)
    shares = []
    for class_weights in ("none", "balanced"):
        model = make_model(class_weights=class_weights, epochs=10)
        model.fit(rows)
        shares.append(model.predict_probabilities(values)[:, 4].mean())

    assert shares[1] > 1.5 * shares[0]


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_precision_asked_for_is_taken(rows: Rows, precision: str) -> None:
    model = make_model(precision=precision)

    assert model.fit(rows).precision == precision
    assert all(p.dtype == torch.float32 for p in model.network_.parameters())


def test_precision_is_measured_without_touching_the_network() -> None:
    torch.manual_seed(0)
    network = create_network("deep_cnn", 10)
    before = {name: value.clone() for name, value in network.state_dict().items()}

    chosen = choose_precision("auto", network, (torch.randn(8, 10),), torch.device("cpu"))

    assert chosen in ("float32", "bfloat16")
    assert all(torch.equal(before[name], value) for name, value in network.state_dict().items())
    assert all(parameter.grad is None for parameter in network.parameters())


def test_encoding_takes_the_faster_precision_and_draws_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    before = torch.get_rng_state()
    chosen = {}
    for faster in ("float32", "bfloat16"):

        def time_product(*_: torch.Tensor, faster: str = faster) -> float:
            in_bfloat16 = torch.is_autocast_enabled("cpu")
            return 1.0 if in_bfloat16 == (faster == "bfloat16") else 2.0

        monkeypatch.setattr("emovox.training.device._time_product", time_product)
        choose_encoding_precision.cache_clear()
        chosen[faster] = choose_encoding_precision()
    choose_encoding_precision.cache_clear()

    assert chosen == {"float32": "float32", "bfloat16": "bfloat16"}
    assert torch.equal(before, torch.get_rng_state())


def test_says_which_devices_there_are() -> None:
    absent = "cuda" if not torch.cuda.is_available() else "mps"
    with pytest.raises(ParameterError, match=f"{absent}.*not there"):
        choose_device(absent)
    assert choose_device("cpu").type == "cpu"


def test_torch_is_left_as_it_was_even_after_an_error() -> None:
    state, threads = torch.get_rng_state(), torch.get_num_threads()

    def work() -> None:
        with scoped_torch(torch.device("cpu"), threads + 1):
            assert torch.get_num_threads() == threads + 1
            assert torch.are_deterministic_algorithms_enabled()
            torch.manual_seed(99)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        work()

    assert torch.equal(torch.get_rng_state(), state)
    assert torch.get_num_threads() == threads
    assert not torch.are_deterministic_algorithms_enabled()
    assert torch.utils.deterministic.fill_uninitialized_memory


def _freeze(array: np.ndarray) -> np.ndarray:
    frozen = array.copy()
    frozen.setflags(write=False)
    return frozen


@pytest.mark.parametrize("make", [np.flipud, np.asfortranarray, _freeze], ids=lambda f: f.__name__)
def test_takes_arrays_that_torch_does_not(rows: Rows, make) -> None:
    other = dataclasses.replace(rows, values=make(rows.values), labels=make(rows.labels))
    plain = dataclasses.replace(rows, values=other.values.copy(), labels=other.labels.copy())

    first, second = make_model().fit(other), make_model().fit(plain)

    assert [r.train for r in first.records] == [r.train for r in second.records]
