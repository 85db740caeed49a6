from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from emovox.errors import ParameterError
from emovox.models import Adaptation, Population
from emovox.recognizer import compute_statistics, estimate_voice, read_voice, write_voice
from emovox.testing import make_tiny_metadata

_METADATA = make_tiny_metadata(
    seal="ab" * 32,
    population=Population(mean=(1.0, -2.0), deviation=(0.5, 3.0)),
    adaptation=Adaptation(prior_mean_clips=4.0, prior_deviation_clips=9.0),
)
_STATES = np.float32([[2.0, -1.0], [4.0, -1.0], [3.0, 5.0]])


def test_a_voice_is_mean_and_variance_of_its_clips() -> None:
    voice = estimate_voice(_STATES, _METADATA)
    assert (voice.model, voice.seal, voice.n_clips) == ("tiny.testing", "ab" * 32, 3)
    np.testing.assert_allclose(voice.mean, [3, 1])
    np.testing.assert_allclose(voice.variance, [2 / 3, 8])  # over n, not n - 1


def test_statistics_shrink_from_the_population_to_the_voice() -> None:
    mean, deviation = compute_statistics(estimate_voice(_STATES, _METADATA), _METADATA)
    # (k * population + n * voice) / (k + n) by hand, k = 4 and 9, n = 3
    np.testing.assert_allclose(mean, [(4 * 1 + 3 * 3) / 7, (4 * -2 + 3 * 1) / 7], rtol=1e-6)
    expected = np.sqrt([(9 * 0.25 + 3 * 2 / 3) / 12, (9 * 9 + 3 * 8) / 12])
    np.testing.assert_allclose(deviation, expected, rtol=1e-6)  # float32
    assert mean.dtype == deviation.dtype == np.float32


def test_one_clip_narrows_the_deviation_only_a_little() -> None:
    _, deviation = compute_statistics(estimate_voice(_STATES[:1], _METADATA), _METADATA)
    np.testing.assert_allclose(deviation, np.sqrt([0.9 * 0.25, 0.9 * 9]), rtol=1e-6)  # float32


@pytest.mark.parametrize("states", [np.zeros(2), np.zeros((3, 1)), np.zeros((1, 2, 2))])
def test_states_of_another_shape_are_refused(states: np.ndarray) -> None:
    with pytest.raises(ParameterError, match=r"it must be \(n_clips, 2\)"):
        estimate_voice(states.astype(np.float32), _METADATA)


def test_another_model_is_named() -> None:
    voice = estimate_voice(_STATES, _METADATA)
    other = replace(_METADATA, name="other", seal="cd" * 32)
    with pytest.raises(ParameterError, match=r"'tiny.testing' \(seal abababab\).*'other'") as info:
        compute_statistics(voice, other)
    assert "enrol" in info.value.hint
    with pytest.raises(ParameterError, match="only voices of one model can be merged"):
        voice.merge(estimate_voice(_STATES, other))


def test_a_model_that_cannot_adapt_says_so() -> None:
    metadata = replace(_METADATA, adaptation=None)
    with pytest.raises(ParameterError, match=r"'tiny.testing' cannot adapt to a voice"):
        compute_statistics(estimate_voice(_STATES, metadata), metadata)


def test_a_voice_survives_its_file(tmp_path: Path) -> None:
    states = np.random.default_rng(0).normal(size=(7, 2)).astype(np.float32)
    voice = estimate_voice(states, _METADATA)
    write_voice(tmp_path / "v.json", voice)
    read = read_voice(tmp_path / "v.json")
    assert (read.model, read.seal, read.n_clips) == (voice.model, voice.seal, 7)
    np.testing.assert_array_equal(read.mean, voice.mean)
    np.testing.assert_array_equal(read.variance, voice.variance)


@pytest.mark.parametrize(
    "change",
    [
        {"n_clips": -1},
        {"n_clips": True},
        {"n_clips": 1.5},
        {"seal": 1},
        {"mean": "x"},
        {"mean": [1.0]},
        {"mean": [[1.0, 2.0]]},
        {"mean": [1.0, [2.0]]},
        {"variance": [1.0, -1.0]},
        {"variance": [1.0, float("nan")]},
        {"mean": None},
    ],
)
def test_a_damaged_file_is_refused(tmp_path: Path, change: dict[str, object]) -> None:
    path = tmp_path / "v.json"
    write_voice(path, estimate_voice(_STATES, _METADATA))
    path.write_text(json.dumps(json.loads(path.read_text()) | change))
    with pytest.raises(ParameterError, match="holds no voice"):
        read_voice(path)


@pytest.mark.parametrize("content", [b"", b"[]", b"{}", b"\xff\xfe", b"[" * 100_000])
def test_what_is_no_voice_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "v.json").write_bytes(content)
    with pytest.raises(ParameterError, match="holds no voice"):
        read_voice(tmp_path / "v.json")


def test_a_missing_file_is_said(tmp_path: Path) -> None:
    with pytest.raises(ParameterError, match="no voice can be read at"):
        read_voice(tmp_path / "v.json")
