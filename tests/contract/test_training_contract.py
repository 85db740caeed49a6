"""What every registered model must do."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from emovox.errors import ModelError, ParameterError, UnknownModelError
from emovox.training import (
    MODELS,
    EpochRecord,
    ModelSpec,
    Rows,
    RunContext,
    create_model,
    default_options,
    list_models,
)

N_FEATURES = 9
PRESENT = (0, 2, 3, 4, 6)
SPECS = pytest.mark.parametrize("spec", MODELS.values(), ids=lambda spec: spec.name)


def make_rows(spec: ModelSpec, n: int = 60, *, seed: int = 0) -> Rows:
    """Rows whose mean betrays the emotion, so that little training is enough."""
    rng = np.random.default_rng(seed)
    labels = np.array(PRESENT)[np.arange(n) % len(PRESENT)]
    centres = np.random.default_rng(9).normal(size=(8, N_FEATURES)) * 2
    if spec.input == "statistics":
        values = centres[labels] + rng.normal(size=(n, N_FEATURES))
        return Rows.of(values.astype(np.float32), labels)
    lengths = rng.integers(4, 13, n)
    values = centres[labels][:, None] + rng.normal(size=(n, 12, N_FEATURES))
    return Rows.of(values.astype(np.float32), labels, lengths)


def make_model(spec: ModelSpec, **overrides: object):
    settings = {"epochs": 12, "batch_size": 16, "precision": "float32", "n_threads": 1}
    options = default_options(spec.name, **{**settings, "learning_rate": 3e-3, **overrides})
    return create_model(spec.name, options)


@SPECS
def test_learns_what_is_easy(spec: ModelSpec) -> None:
    train, other = make_rows(spec), make_rows(spec, seed=1)
    model = make_model(spec)

    model.fit(train)
    probabilities = model.predict_probabilities(other.values, other.lengths)

    # Chance is 0.2; each of them reaches 0.9 and more when let run.
    assert (probabilities.argmax(axis=1) == other.labels).mean() > 0.6


@SPECS
def test_probabilities_add_up_and_absent_emotions_have_none(spec: ModelSpec) -> None:
    rows = make_rows(spec)
    model = make_model(spec, epochs=2)

    model.fit(rows)
    probabilities = model.predict_probabilities(rows.values * 3, rows.lengths)

    assert probabilities.shape == (len(rows), 8)
    assert probabilities.dtype == np.float32
    assert (probabilities >= 0).all()
    # Eight float32 numbers, each rounded by 6e-8 of itself at most.
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, atol=1e-6)
    absent = np.setdiff1d(np.arange(8), PRESENT)
    assert (probabilities[:, absent] == 0).all()


@SPECS
def test_same_seed_same_figures(spec: ModelSpec) -> None:
    rows = make_rows(spec)
    first, second = make_model(spec, epochs=2), make_model(spec, epochs=2)

    histories = [model.fit(rows, rows) for model in (first, second)]

    figures = [[dataclasses.replace(r, seconds=0) for r in h.records] for h in histories]
    assert figures[0] == figures[1]
    np.testing.assert_array_equal(
        first.predict_probabilities(rows.values, rows.lengths),
        second.predict_probabilities(rows.values, rows.lengths),
    )


@SPECS
def test_prediction_does_not_depend_on_company(spec: ModelSpec) -> None:
    rows = make_rows(spec)
    model = make_model(spec, epochs=2)
    model.fit(rows)

    together = model.predict_probabilities(rows.values, rows.lengths)
    one = rows.take(np.array([7]))
    alone = model.predict_probabilities(one.values, one.lengths)

    # Sums run in another order in another batch: float32 rounding of a few logits.
    np.testing.assert_allclose(alone[0], together[7], atol=1e-5)


@SPECS
def test_selects_the_best_on_the_watched_rows(spec: ModelSpec) -> None:
    train, dev = make_rows(spec), make_rows(spec, n=25, seed=2)
    model = make_model(spec, epochs=6)

    history = model.fit(train, dev, select=True)

    uars = [record.watch.uar for record in history.records]
    assert history.selected_epoch == np.argmax(uars) + 1
    predicted = model.predict_probabilities(dev.values, dev.lengths).argmax(axis=1)
    recalls = [(predicted[dev.labels == label] == label).mean() for label in PRESENT]
    assert np.mean(recalls) == pytest.approx(max(uars))


@SPECS
def test_tells_how_far_it_is(spec: ModelSpec, tmp_path) -> None:
    rows = make_rows(spec)
    records: list[EpochRecord] = []
    done: list[tuple[int, int]] = []
    run = RunContext(
        folder=tmp_path,
        on_epoch=records.append,
        progress=lambda epoch, n_epochs: done.append((epoch, n_epochs)),
    )

    history = make_model(spec, epochs=2).fit(rows, rows, run=run)

    assert tuple(records) == history.records
    n = len(records)
    assert done == [(i, n) for i in range(1, n + 1)]
    assert len((tmp_path / "metrics.jsonl").read_text().splitlines()) == n
    assert history.seconds == pytest.approx(sum(record.seconds for record in records))


@SPECS
def test_leaves_the_caller_s_rows_and_random_numbers_alone(spec: ModelSpec) -> None:
    import torch

    rows = make_rows(spec)
    values = rows.values.copy()
    np.random.seed(3)  # noqa: NPY002 - the global state is what is watched
    before = np.random.get_state()[1].copy(), torch.get_rng_state(), torch.get_num_threads()  # noqa: NPY002

    make_model(spec, epochs=1).fit(rows)

    np.testing.assert_array_equal(rows.values, values)
    np.testing.assert_array_equal(np.random.get_state()[1], before[0])  # noqa: NPY002
    assert torch.equal(torch.get_rng_state(), before[1])
    assert torch.get_num_threads() == before[2]
    assert not torch.are_deterministic_algorithms_enabled()


# In the others nothing is left to chance.
@pytest.mark.parametrize("name", ["notebook_cnn", "deep_cnn", "lstm", "random_forest", "mlp"])
def test_another_seed_is_another_training(name: str) -> None:
    spec = MODELS[name]
    rows = make_rows(spec)

    one, two = (_fit_and_predict(make_model(spec, epochs=2, seed=seed), rows) for seed in (1, 2))

    assert not np.array_equal(one, two)


def _fit_and_predict(model, rows):
    model.fit(rows)
    return model.predict_probabilities(rows.values, rows.lengths)


@SPECS
def test_says_what_is_wrong_with_rows(spec: ModelSpec) -> None:
    rows = make_rows(spec)
    model = make_model(spec, epochs=1)
    hole = rows.values.copy()
    hole[5, ..., 2] = np.nan

    with pytest.raises(ModelError, match="not fitted yet"):
        model.predict_probabilities(rows.values, rows.lengths)
    with pytest.raises(ParameterError, match=r"row 5 holds NaN"):
        model.fit(dataclasses.replace(rows, values=hole))
    with pytest.raises(ParameterError, match="no training rows"):
        model.fit(rows.take(np.arange(0)))
    with pytest.raises(ParameterError, match="at least two emotions"):
        model.fit(rows.take(np.flatnonzero(rows.labels == 3)))
    with pytest.raises(ParameterError, match="labels go from"):
        model.fit(dataclasses.replace(rows, labels=rows.labels + 2))
    with pytest.raises(ParameterError, match="this model takes"):
        model.fit(dataclasses.replace(rows, values=rows.values[..., None]))
    with pytest.raises(ParameterError, match="select needs watched rows"):
        model.fit(rows, select=True)

    model.fit(rows)
    with pytest.raises(ParameterError, match="the training rows have 9"):
        model.predict_probabilities(rows.values[..., :-1], rows.lengths)


@SPECS
def test_predicts_nothing_for_nothing(spec: ModelSpec) -> None:
    rows = make_rows(spec)
    model = make_model(spec, epochs=1)
    model.fit(rows)

    none = rows.take(np.arange(0))

    assert model.predict_probabilities(none.values, none.lengths).shape == (0, 8)


@SPECS
def test_what_is_exportable_becomes_a_network_that_decides_alike(spec: ModelSpec) -> None:
    import torch

    rows = make_rows(spec)
    model = make_model(spec, epochs=2)
    model.fit(rows)
    if not spec.exportable:
        with pytest.raises(ParameterError, match="cannot be exported"):
            model.to_network()
        return
    inputs = [torch.from_numpy(model.scaler_.transform(rows.values))]
    if rows.lengths is not None:
        inputs.append(torch.from_numpy(rows.lengths))

    with torch.inference_mode():
        logits = model.to_network()(*inputs)[:, PRESENT]

    expected = model.predict_probabilities(rows.values, rows.lengths)[:, PRESENT]
    # float32 against float64 in the classical ones, other batches in the networks.
    np.testing.assert_allclose(logits.softmax(dim=1), expected, atol=1e-5)


def test_names_are_listed_and_unknown_ones_refused() -> None:
    assert list_models() == (
        "notebook_cnn",
        "deep_cnn",
        "lstm",
        "time_cnn",
        "logistic",
        "knn",
        "svm",
        "random_forest",
        "gradient_boosting",
        "mlp",
    )
    with pytest.raises(UnknownModelError, match="Did you mean 'deep_cnn'"):
        create_model("deepcnn")
