"""The small parts: options, registry, schedules, scaler, calibration."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

import emovox.training
from emovox.errors import MissingExtraError, ParameterError
from emovox.training import (
    MODELS,
    StandardScaler,
    TrainingOptions,
    create_model,
    default_options,
    fit_temperature,
)
from emovox.training.schedules import LearningRate


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("epochs", 0),
        ("batch_size", 1),
        ("patience", 0),
        ("seed", -1),
        ("evaluate_train", -1),
        ("n_threads", 0),
        ("learning_rate", 0.0),
        ("learning_rate", float("nan")),
        ("weight_decay", -0.1),
        ("label_smoothing", 1.0),
        ("device", "gpu"),
        ("precision", "float16"),
        ("schedule", "step"),
        ("class_weights", "yes"),
    ],
)
def test_options_that_are_not_allowed(name: str, value: object) -> None:
    options = default_options("logistic", **{name: value})
    with pytest.raises(ParameterError, match=name):
        create_model("logistic", options)


def test_defaults_are_the_notebook_s() -> None:
    assert default_options("notebook_cnn") == TrainingOptions(
        epochs=50,
        batch_size=64,
        learning_rate=1e-3,
        weight_decay=0.0,
        patience=10,
        seed=0,
        device="auto",
        precision="auto",
        schedule="plateau",
        label_smoothing=0.0,
        class_weights="none",
        evaluate_train=2000,
        n_threads=None,
    )


def test_every_model_s_defaults_are_allowed() -> None:
    for name in MODELS:
        default_options(name).validate()


def test_public_names_resolve() -> None:
    for name in emovox.training.__all__:
        assert getattr(emovox.training, name) is not None
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = emovox.training.nothing


_WITHOUT_EXTRAS = """
import sys
for name in ("torch", "sklearn"):
    sys.modules[name] = None
from emovox.errors import MissingExtraError
from emovox.training import create_model, create_network, list_models
assert len(list_models()) == 10
for make in (
    lambda: create_model("notebook_cnn"),
    lambda: create_model("svm"),
    lambda: create_network("lstm", 3),
):
    try:
        make()
    except MissingExtraError as error:
        assert "emovox[train]" in error.hint
    else:
        raise SystemExit("no error")
"""


def test_lists_models_without_torch_and_says_what_is_missing() -> None:
    subprocess.run([sys.executable, "-c", _WITHOUT_EXTRAS], check=True, timeout=60)


def test_a_missing_module_of_ours_is_a_bug_not_an_extra() -> None:
    with pytest.raises(ModuleNotFoundError) as caught:
        emovox.training.registry.import_optional("emovox.training.nothing")
    assert not isinstance(caught.value, MissingExtraError)


def follow(losses: list[float], **options: object) -> list[float]:
    rate = LearningRate(1e-3)
    rates = []
    for epoch, loss in enumerate(losses, start=1):
        rate.update(epoch, loss, TrainingOptions(epochs=len(losses), **options))
        rates.append(rate.value)
    return rates


def test_plateau_waits_two_epochs_as_keras_does() -> None:
    # 1.99995 is not lower by more than 1e-4; 1.9 is. Worked out by hand from Keras's rule.
    losses = [2.0, 1.99995, 2.1, 1.9, 1.95, 1.96, 1.97, 1.98]

    rates = follow(losses)

    expected = [1e-3, 1e-3, 4e-4, 4e-4, 4e-4, 1.6e-4, 1.6e-4, 6.4e-5]
    np.testing.assert_allclose(rates, expected, rtol=1e-12)  # a few float64 products


def test_plateau_has_a_floor() -> None:
    assert follow([1.0] * 60)[-1] == 1e-7


def test_cosine_ends_at_zero_and_constant_stays() -> None:
    rates = follow([1.0] * 10, schedule="cosine")

    assert np.all(np.diff(rates) < 0)
    assert rates[4] == pytest.approx(5e-4)
    assert rates[-1] == pytest.approx(0, abs=1e-12)
    assert follow([1.0] * 5, schedule="constant") == [1e-3] * 5


def test_scaler_standardizes_and_leaves_constants() -> None:
    rng = np.random.default_rng(0)
    values = (rng.normal(size=(5000, 4)) * [1, 1e3, 1e-3, 0] + [0, 1e4, 5, 7]).astype(np.float32)

    scaler = StandardScaler.fit(values)
    scaled = scaler.transform(values)

    assert scaled.dtype == np.float32
    # The mean is rounded to float32: 5 with a deviation of 1e-3 leaves 2e-4 of a deviation.
    np.testing.assert_allclose(scaled.mean(axis=0), 0, atol=1e-3)
    np.testing.assert_allclose(scaled[:, :3].std(axis=0), 1, rtol=1e-3)
    assert scaler.deviation[3] == 1
    assert (scaled[:, 3] == 0).all()


def test_scaler_estimates_with_n() -> None:
    scaler = StandardScaler.fit(np.array([[1.0], [3.0]], np.float32))

    assert (scaler.mean, scaler.deviation) == (2, 1)


def test_scaler_ignores_padding() -> None:
    rng = np.random.default_rng(0)
    frames = rng.normal(size=(3, 5, 2)).astype(np.float32)
    lengths = np.array([5, 2, 1])
    valid = np.concatenate([frames[i, :n] for i, n in enumerate(lengths)])
    frames[1, 2:] = frames[2, 1:] = 1e6

    scaler, plain = StandardScaler.fit(frames, lengths), StandardScaler.fit(valid)

    np.testing.assert_array_equal(scaler.mean, plain.mean)
    np.testing.assert_array_equal(scaler.deviation, plain.deviation)


def test_temperature_finds_how_much_too_sure_a_model_is() -> None:
    rng = np.random.default_rng(0)
    logits = rng.normal(size=(20_000, 8)) * 1.5
    true = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    labels = np.array([rng.choice(8, p=p) for p in true])
    sure = np.exp(3 * logits) / np.exp(3 * logits).sum(axis=1, keepdims=True)

    # 20,000 draws: the estimate scatters by about 1 %.
    assert fit_temperature(sure.astype(np.float32), labels) == pytest.approx(3, rel=0.05)
    assert fit_temperature(true.astype(np.float32), labels) == pytest.approx(1, rel=0.05)
    # Half of the rows are of a temperature that counts by its square root alone.
    share = np.tile([1.0, 0.5], len(true) // 2)[:, None]
    mixed = true ** (3**share)
    mixed /= mixed.sum(axis=1, keepdims=True)
    found = fit_temperature(mixed.astype(np.float32), labels, share=share[:, 0])
    assert found == pytest.approx(3, rel=0.05)


def test_temperature_without_rows_is_one() -> None:
    nothing = np.zeros(0, np.int64)
    assert fit_temperature(np.zeros((0, 8), np.float32), nothing) == 1.0
    unknown = np.array([[0.5, 0.5, 0, 0, 0, 0, 0, 0]], np.float32)
    assert fit_temperature(unknown, np.array([7])) == 1.0
