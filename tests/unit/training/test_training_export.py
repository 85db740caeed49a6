from __future__ import annotations

import copy
import warnings
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from sklearn.linear_model import LogisticRegression
from sklearn.neural_network import MLPClassifier
from torch import nn

from emovox.emotions import EMOTIONS
from emovox.errors import ModelIntegrityError, ParameterError
from emovox.features import FeatureSet, get_feature_set
from emovox.models import (
    Artefact,
    ArtefactMetadata,
    Calibration,
    Frontend,
    Population,
    load_artefact,
)
from emovox.testing import make_recording, make_tiny_metadata
from emovox.training.classical_network import copy_to_network
from emovox.training.export import export_artefact
from emovox.training.networks import create_network

RATE = 16000
KNOWN = tuple(emotion for emotion in EMOTIONS if emotion != "calm")

# Between float32 front-ends, then through a network whose logits spread over about 10.
TOLERANCE = 1e-4


def _make_clips() -> list[np.ndarray]:
    """Return clips of several lengths, one much shorter than a window."""
    clips = [make_recording(emotion, speaker=n).samples for n, emotion in enumerate(EMOTIONS[::2])]
    rng = np.random.default_rng(0)
    noise = (0.1 * rng.normal(size=3 * RATE)).astype(np.float32)
    return [*clips, noise, clips[0][4000:4500]]


@dataclass(frozen=True)
class Exported:
    artefact: Artefact
    path: Path
    network: nn.Module
    expected: np.ndarray
    """Logits of the torch network on NumPy features, one clip at a time."""


def _describe(feature_set: FeatureSet, kind: str, clips: list[np.ndarray]) -> ArtefactMetadata:
    frames = np.concatenate([feature_set.compute_frames(clip, RATE) for clip in clips])
    mean, deviation = frames.mean(axis=0), frames.std(axis=0) + 1e-3
    return make_tiny_metadata(
        frontend=Frontend(feature_set.name, kind, feature_set.key),
        population=Population(tuple(map(float, mean)), tuple(map(float, deviation))),
        emotions=KNOWN,
    )


def _spread_logits(network: nn.Module) -> nn.Module:
    """Give an untrained network decided opinions, as a trained one has."""
    torch.manual_seed(1)
    *_, last = (layer for layer in network.modules() if isinstance(layer, nn.Linear))
    nn.init.normal_(last.weight, std=3.0)
    return network


def _fit(estimator: LogisticRegression | MLPClassifier, n_features: int) -> nn.Module:
    rng = np.random.default_rng(0)
    labels = rng.permutation(np.repeat([EMOTIONS.index(emotion) for emotion in KNOWN], 10))
    values = rng.normal(size=(len(labels), n_features)) + labels[:, None] / 8
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it need not converge here
        estimator.fit(values, labels)
    return copy_to_network(estimator)


_MAKERS: dict[str, tuple[str, Callable[[int], nn.Module]]] = {
    "notebook_cnn": ("notebook-16k", lambda n: create_network("notebook_cnn", n)),
    "deep_cnn": ("notebook-16k", lambda n: create_network("deep_cnn", n)),
    "lstm": ("frames", lambda n: create_network("lstm", n)),
    "time_cnn": ("frames", lambda n: create_network("time_cnn", n)),
    "mlp": ("notebook-16k", lambda n: _fit(MLPClassifier((16,), max_iter=5), n)),
}


@pytest.fixture(scope="module", params=_MAKERS)
def exported(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Exported:
    feature_set_name, make = _MAKERS[request.param]
    feature_set = get_feature_set(feature_set_name)
    kind = "frames" if feature_set_name == "frames" else "statistics"
    clips = _make_clips()
    metadata = _describe(feature_set, kind, clips)
    torch.manual_seed(0)
    network = _spread_logits(make(feature_set.n_features))
    path = tmp_path_factory.mktemp("export") / "model.onnx"
    network.train()
    export_artefact(path, network, metadata)
    expected = _compute_logits(network, feature_set, metadata)
    return Exported(load_artefact(path), path, network, expected)


def _compute_logits(
    network: nn.Module, feature_set: FeatureSet, metadata: ArtefactMetadata
) -> np.ndarray:
    network = copy.deepcopy(network).eval()
    mean = np.float32(metadata.population.mean)
    deviation = np.float32(metadata.population.deviation)
    logits = []
    for clip in _make_clips():
        if metadata.frontend.kind == "frames":
            frames = torch.from_numpy((feature_set.compute_frames(clip, RATE) - mean) / deviation)
            inputs = (frames[None], torch.tensor([len(frames)]))
        else:
            values = (feature_set.compute(clip, RATE) - mean) / deviation
            inputs = (torch.from_numpy(values)[None],)
        with torch.no_grad():
            logits.append(network(*inputs)[0].numpy())
    return np.stack(logits)


def _select_known(logits: np.ndarray) -> np.ndarray:
    return logits[:, [EMOTIONS.index(emotion) for emotion in KNOWN]]


def test_a_padded_batch_equals_torch_on_numpy_features(exported: Exported) -> None:
    logits = exported.artefact.run(_make_clips()).logits
    assert np.ptp(exported.expected) > 1  # or the comparison would mean little
    np.testing.assert_allclose(
        _select_known(logits), _select_known(exported.expected), atol=TOLERANCE, rtol=TOLERANCE
    )


def test_single_clips_equal_torch_on_numpy_features(exported: Exported) -> None:
    logits = np.concatenate([exported.artefact.run([clip]).logits for clip in _make_clips()])
    np.testing.assert_allclose(
        _select_known(logits), _select_known(exported.expected), atol=TOLERANCE, rtol=TOLERANCE
    )


def test_states_are_the_features(exported: Exported) -> None:
    metadata = exported.artefact.metadata
    feature_set = get_feature_set(metadata.frontend.name)
    states = exported.artefact.run(_make_clips()).states
    expected = np.stack([feature_set.compute_frames(c, RATE).mean(axis=0) for c in _make_clips()])
    # In deviations of the population, which is what the network sees.
    np.testing.assert_allclose(
        states / metadata.population.deviation,
        expected / metadata.population.deviation,
        atol=1e-3,
        rtol=1e-4,
    )


def test_a_known_voice_is_used_as_the_population_is(exported: Exported) -> None:
    clip, metadata = _make_clips()[0], exported.artefact.metadata
    mean = np.float32(metadata.population.mean)
    usual = exported.artefact.run([clip]).logits
    same = exported.artefact.run([clip], voice_mean=mean).logits
    other = exported.artefact.run([clip], voice_mean=mean * 1.5).logits
    np.testing.assert_array_equal(usual, same)
    assert np.abs(usual - other).max() > 0.01


def test_emotions_without_training_never_win(exported: Exported) -> None:
    logits = exported.artefact.run(_make_clips()).logits
    calm = EMOTIONS.index("calm")
    probabilities = exported.artefact.compute_probabilities(logits)
    assert probabilities[:, calm].max() == 0
    # The graph alone says so too, for those who compute the softmax themselves.
    of_graph = torch.from_numpy(logits).softmax(dim=1)
    np.testing.assert_allclose(of_graph, probabilities, atol=1e-6)  # float32


def test_a_file_is_as_large_as_its_weights_need(exported: Exported) -> None:
    model = onnx.load(exported.path)
    n_bytes = sum(len(tensor.raw_data) for tensor in model.graph.initializer)
    # The mel matrix takes half a megabyte; a Fourier matrix would take 16.
    assert exported.path.stat().st_size < n_bytes + 50_000
    assert n_bytes < 5.5e6


def test_a_file_holds_no_paths_of_the_machine(exported: Exported) -> None:
    assert str(Path(__file__).parents[3]).encode() not in exported.path.read_bytes()


def test_the_network_is_left_as_it_was(exported: Exported) -> None:
    assert all(module.training for module in exported.network.modules())


def _export_small(path: Path, metadata: ArtefactMetadata, *, n_out: int = 8) -> None:
    export_artefact(path, nn.Linear(162, n_out), metadata)


def test_what_does_not_fit_is_refused_and_nothing_written(tmp_path: Path) -> None:
    path = tmp_path / "m.onnx"
    metadata = _describe(get_feature_set("notebook-16k"), "statistics", _make_clips()[:1])
    with pytest.raises(ParameterError, match="returns 5 logits; 8 are needed"):
        _export_small(path, metadata, n_out=5)
    with pytest.raises(ParameterError, match="computes 162 features, the population has 2"):
        _export_small(path, replace(metadata, population=make_tiny_metadata().population))
    with pytest.raises(ParameterError, match="'full' cannot be part of an artefact"):
        _export_small(path, replace(metadata, frontend=Frontend("full", "statistics", "{}")))
    with pytest.raises(ParameterError, match="trained on other features"):
        _export_small(
            path, replace(metadata, frontend=Frontend("notebook-16k", "statistics", "{}"))
        )
    with pytest.raises(ModelIntegrityError, match="temperature"):
        _export_small(path, replace(metadata, calibration=Calibration(temperature=-1.0)))
    assert list(tmp_path.iterdir()) == []


def test_copied_classical_models_give_the_same_probabilities() -> None:
    rng = np.random.default_rng(0)
    for classes in ((0, 3), (1, 4, 6)):
        labels = rng.choice(classes, 60)
        values = (rng.normal(size=(60, 5)) + labels[:, None]).astype(np.float32)
        for estimator in (LogisticRegression(), MLPClassifier((7, 6), max_iter=5)):
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # it need not converge here
                estimator.fit(values, labels)
            with torch.no_grad():
                logits = copy_to_network(estimator)(torch.from_numpy(values))[:, list(classes)]
            # float32 against float64.
            np.testing.assert_allclose(
                logits.softmax(dim=1), estimator.predict_proba(values), atol=1e-5
            )


def test_other_classical_models_are_refused() -> None:
    with pytest.raises(ParameterError, match="MLPClassifier cannot be exported"):
        copy_to_network(MLPClassifier(activation="tanh"))
