from __future__ import annotations

import dataclasses

import pytest

from emovox.study import CostModel, Experiment, Run, RunConfig, expect_features
from emovox.training import TrainingOptions


def make_run(model: str, n_train: int, epochs: int = 10, **training) -> Run:
    config = RunConfig(
        model=model,
        features="notebook",
        augmentation="none",
        protocol="speaker",
        fold=1,
        seed=0,
        training=TrainingOptions(epochs=epochs, **training),
        data="x",
    )
    return Run(Experiment("idea", model), config, n_train=n_train, n_test=1)


def test_time_grows_with_rows_and_epochs():
    cost = CostModel()
    cost.learn(make_run("notebook_cnn", 100).config, n_train=100, epochs=5, seconds=10.0)
    assert cost.expect(make_run("notebook_cnn", 100, epochs=5)) == pytest.approx(10)
    assert cost.expect(make_run("notebook_cnn", 300, epochs=10)) == pytest.approx(60)


def test_classical_models_have_no_epochs():
    cost = CostModel()
    cost.learn(make_run("logistic", 100).config, n_train=100, epochs=0, seconds=1.0)
    assert cost.expect(make_run("logistic", 200)) == pytest.approx(2)


def test_models_never_seen_are_counted_apart():
    cost = CostModel()
    cost.learn(make_run("logistic", 100).config, n_train=100, epochs=0, seconds=1.0)
    runs = [make_run("logistic", 100), make_run("logistic", 100), make_run("svm", 100)]
    assert cost.expect_all(runs, n_jobs=2) == (pytest.approx(1.0), 1)


def test_finished_runs_teach(tiny_root):
    cost = CostModel.of_folder(tiny_root)
    seconds, n_unknown = cost.expect_all(
        [make_run("notebook_cnn", 100, precision="float32"), make_run("svm", 100)]
    )
    assert seconds > 0
    assert n_unknown == 1


def test_an_empty_folder_teaches_nothing(tmp_path):
    assert CostModel.of_folder(tmp_path).expect(make_run("svm", 1)) is None


def test_a_narrow_network_costs_less_and_is_learnt_apart():
    typical = CostModel(typical=True)
    full, half = (typical.expect(make_run("notebook_cnn", 100, width=w)) for w in (1.0, 0.5))
    assert 0.2 * full < half < 0.4 * full
    cost = CostModel()
    cost.learn(make_run("notebook_cnn", 100).config, n_train=100, epochs=1, seconds=1.0)
    assert cost.expect(make_run("notebook_cnn", 100, width=0.5)) is None


def test_features_are_counted_once_however_many_runs_read_them():
    def read(augmentation: str, **changes: str) -> Run:
        run = make_run("notebook_cnn", 100)
        config = dataclasses.replace(run.config, augmentation=augmentation, **changes)
        return dataclasses.replace(run, config=config, n_clips=1000)

    one = expect_features([read("none")])
    assert one > 0
    assert expect_features([read("none"), read("none", protocol="random")]) == one
    several = [read("noise"), read("pitch"), read("noise+pitch")]
    assert expect_features(several) == pytest.approx(3 * one)
    assert expect_features([read("notebook"), *several], n_jobs=2) == pytest.approx(2.5 * one)
    assert expect_features([read("none"), read("none", features="full")]) == 2 * one
