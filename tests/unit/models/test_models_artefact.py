from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest

from emovox.emotions import EMOTIONS
from emovox.errors import ModelIntegrityError, ParameterError, UnknownModelError
from emovox.models import (
    METADATA_KEY,
    Artefact,
    Population,
    TrainingRun,
    compute_probabilities,
    load_artefact,
    seal_artefact,
)
from emovox.testing import make_tiny_metadata, write_tiny_artefact


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "tiny.onnx"
    write_tiny_artefact(path)
    return path


@pytest.fixture
def artefact(path: Path) -> Artefact:
    return load_artefact(path)


def _make_waveforms() -> list[np.ndarray]:
    rng = np.random.default_rng(0)
    return [
        (level * rng.normal(size=n)).astype(np.float32)
        for n, level in ((16000, 0.3), (5000, 0.01), (1, 0.1))
    ]


def test_states_are_those_of_each_clip_whatever_else_is_in_the_batch(artefact: Artefact) -> None:
    waveforms = _make_waveforms()
    expected = [[np.sqrt(np.mean(np.square(w))), np.abs(w).max()] for w in waveforms]
    # Sums of up to 16,000 squares in float32.
    np.testing.assert_allclose(artefact.run(waveforms).states, expected, rtol=1e-5)


def test_a_batch_says_what_single_clips_say(artefact: Artefact) -> None:
    waveforms = _make_waveforms()
    batch = artefact.run(waveforms)
    for row, waveform in enumerate(waveforms):
        single = artefact.run([waveform])
        # Sums over the padding may be taken in another order.
        np.testing.assert_allclose(batch.logits[row], single.logits[0], rtol=1e-5)


def test_a_known_voice_replaces_the_population(artefact: Artefact) -> None:
    waveform = _make_waveforms()[0]
    usual = artefact.run([waveform])
    own = artefact.run([waveform], voice_mean=usual.states[0])
    angry = EMOTIONS.index("angry")
    assert usual.logits[0, angry] > 0
    # Nothing but the bias is left where a clip is its voice's mean.
    np.testing.assert_allclose(own.logits[0, angry], -2.0, atol=1e-6)
    wider = artefact.run([waveform], voice_deviation=np.float32([1e6, 1e6]))
    np.testing.assert_allclose(wider.logits[0, angry], -2.0, atol=1e-4)


@pytest.mark.parametrize("shape", [(3,), (2, 2), (1, 1, 2)])
def test_voice_statistics_of_another_shape_are_refused(
    artefact: Artefact, shape: tuple[int, ...]
) -> None:
    with pytest.raises(ParameterError, match=r"do not fit \(1, 2\)"):
        artefact.run(_make_waveforms()[:1], voice_mean=np.zeros(shape, np.float32))


@pytest.mark.parametrize(
    "waveforms", [[], [np.zeros(0, np.float32)], [np.zeros((2, 5), np.float32)]]
)
def test_what_is_no_waveform_is_refused(artefact: Artefact, waveforms: list[np.ndarray]) -> None:
    with pytest.raises(ParameterError, match="waveforms have shapes"):
        artefact.run(waveforms)


def test_short_clips_are_padded_with_silence(tmp_path: Path) -> None:
    write_tiny_artefact(tmp_path / "m.onnx", make_tiny_metadata(shortest_s=0.25))
    states = load_artefact(tmp_path / "m.onnx").run([np.ones(1000, np.float32)]).states
    np.testing.assert_allclose(states, [[0.5, 1.0]], rtol=1e-5)  # 1000 of 4000 samples


def test_one_artefact_serves_several_threads(artefact: Artefact) -> None:
    waveforms = _make_waveforms() * 8
    expected = [artefact.run([w]).logits for w in waveforms]
    with ThreadPoolExecutor(4) as pool:
        got = list(pool.map(lambda w: artefact.run([w]).logits, waveforms))
    np.testing.assert_array_equal(got, expected)


def test_emotions_that_training_lacked_have_no_probability(tmp_path: Path) -> None:
    known = ("neutral", "sad")
    write_tiny_artefact(tmp_path / "m.onnx", make_tiny_metadata(emotions=known))
    artefact = load_artefact(tmp_path / "m.onnx")
    probabilities = artefact.compute_probabilities(artefact.run(_make_waveforms()).logits)
    for emotion, column in zip(EMOTIONS, probabilities.T, strict=True):
        assert (column > 0).all() == (emotion in known)
    # Eight float32 numbers are added.
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, atol=1e-6)


def test_temperature_softens() -> None:
    logits = np.float32([[2.0, 0.0]])
    expected = 1 / (1 + np.exp(-np.array([2.0, 1.0])))
    got = [compute_probabilities(logits, temperature=t)[0, 0] for t in (1.0, 2.0)]
    np.testing.assert_allclose(got, expected, rtol=1e-6)  # rounding to float32


def test_huge_logits_do_not_overflow() -> None:
    np.testing.assert_array_equal(compute_probabilities(np.float32([[3e38, -3e38]])), [[1, 0]])


def test_no_file_is_an_unknown_model(tmp_path: Path) -> None:
    for missing in (tmp_path / "none.onnx", tmp_path):
        with pytest.raises(UnknownModelError, match="no model can be read at"):
            load_artefact(missing)


def test_threads_are_at_least_one(path: Path) -> None:
    with pytest.raises(ParameterError, match="n_threads is 0"):
        load_artefact(path, n_threads=0)


@pytest.mark.parametrize(
    "damage",
    [
        lambda content: b"",
        lambda content: b"version https://git-lfs.github.com/spec/v1\n",
        lambda content: content[: len(content) // 2],
        lambda content: content[:-1],
        lambda content: content.replace(b"tiny.testing", b"tiny.festing"),
        lambda content: content.replace(np.float32(-2).tobytes(), np.float32(-3).tobytes(), 1),
        lambda content: content.replace(b'"name"', b'"n\xff\xfee"'),
    ],
    ids=["empty", "pointer", "half", "one byte", "metadata", "one weight", "not text"],
)
def test_damage_is_found(path: Path, damage: Callable[[bytes], bytes]) -> None:
    content = path.read_bytes()
    assert damage(content) != content
    path.write_bytes(damage(content))
    with pytest.raises(ModelIntegrityError, match="damaged"):
        load_artefact(path)


def _write_changed(path: Path, change: Callable[[Any], None]) -> None:
    """Write an artefact that was sealed with a fault in it."""
    model = onnx.load(path)
    for prop in model.metadata_props:
        if prop.key == METADATA_KEY:
            prop.value = make_tiny_metadata().to_json()
    change(model)
    path.write_bytes(seal_artefact(model.SerializeToString()))


def _forget_metadata(model: Any) -> None:
    del model.metadata_props[:]


def _raise_opset(model: Any) -> None:
    model.opset_import[0].version = 999


def _rename_input(model: Any) -> None:
    model.graph.input[0].name = "audio"
    for node in model.graph.node:
        node.input[:] = ["audio" if name == "waveform" else name for name in node.input]


def _drop_output(model: Any) -> None:
    del model.graph.output[1]


def _use_unknown_operator(model: Any) -> None:
    model.graph.node[0].op_type = "Levitate"


def _fix_batch(model: Any) -> None:
    for value in (*model.graph.input, *model.graph.output):
        value.type.tensor_type.shape.dim[0].dim_value = 1


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (_forget_metadata, "no metadata under 'emovox'"),
        (_raise_opset, "opset"),
        (_rename_input, r"its inputs are \['audio'"),
        (_drop_output, r"its outputs are \['logits'\], not \['logits', 'states'\]"),
        (_use_unknown_operator, "Levitate"),
        (_fix_batch, r"its 'waveform' is .*\(1, None\)\), not .*\(None, None\)"),
    ],
)
def test_graphs_that_are_no_artefacts_say_why(
    path: Path, change: Callable[[Any], None], message: str
) -> None:
    _write_changed(path, change)
    with pytest.raises(ModelIntegrityError, match=message) as info:
        load_artefact(path)
    assert str(path) in info.value.message


def test_an_unchanged_artefact_survives_the_same_treatment(path: Path) -> None:
    _write_changed(path, lambda model: None)
    assert load_artefact(path).metadata.name == "tiny.testing"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"format_version": 5}, "format version 5"),
        ({"training": TrainingRun("", -1.0)}, "training.hours is -1.0"),
        ({"sampling_rate": 8000}, "sampling_rate is 8000"),
        ({"labels": EMOTIONS[::-1]}, "labels are"),
        ({"population": Population((0.0,), (1.0,))}, "'voice_mean' is .* not .*1"),
    ],
)
def test_metadata_that_does_not_fit_says_why(
    tmp_path: Path, change: dict[str, Any], message: str
) -> None:
    write_tiny_artefact(tmp_path / "m.onnx", replace(make_tiny_metadata(), **change))
    with pytest.raises(ModelIntegrityError, match=message):
        load_artefact(tmp_path / "m.onnx")
