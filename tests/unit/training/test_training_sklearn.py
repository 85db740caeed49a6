"""Models and features behind scikit-learn's interface, by scikit-learn's own checks."""

from __future__ import annotations

import pickle
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.exceptions import NotFittedError, SkipTestWarning
from sklearn.model_selection import GroupKFold, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.utils.estimator_checks import check_estimator

from emovox.audio import write_audio
from emovox.emotions import EMOTIONS
from emovox.errors import AudioError, ParameterError, UnknownModelError
from emovox.features import get_feature_set
from emovox.testing import make_recording
from emovox.training import EmotionClassifier, FeatureExtractor, Rows, create_model, default_options
from emovox.types import Clip

# Enough for the checks that want blobs to be told apart, and no more.
QUICK: dict[str, Any] = {
    "epochs": 12,
    "batch_size": 32,
    "learning_rate": 3e-3,
    "schedule": "constant",
    "device": "cpu",
    "n_threads": 1,
}


@pytest.mark.parametrize("model", ["notebook_cnn", "deep_cnn", "lstm", "logistic"])
def test_classifiers_pass_the_checks_of_scikit_learn(model: str) -> None:
    _check(EmotionClassifier(model, **QUICK))


@pytest.mark.parametrize("kind", ["statistics", "frames"])
def test_the_extractor_passes_the_checks_on_a_matrix_of_samples(kind: str) -> None:
    _check(FeatureExtractor(kind=kind))


def _check(estimator: Any) -> None:
    with warnings.catch_warnings():
        # What needs pandas or the array API is skipped where they are not there.
        warnings.simplefilter("ignore", SkipTestWarning)
        warnings.simplefilter("ignore", RuntimeWarning)
        results = check_estimator(estimator)
    assert {result["status"] for result in results} <= {"passed", "skipped"}
    assert not any(result["expected_to_fail"] for result in results)
    assert sum(result["status"] == "skipped" for result in results) <= 2


def make_blobs(labels: Any) -> tuple[np.ndarray, np.ndarray]:
    y = np.repeat(labels, 12)
    centres = np.repeat(3 * np.eye(len(labels), 6), 12, axis=0)
    return centres + np.random.default_rng(0).normal(0, 0.3, (len(y), 6)), y


@pytest.mark.parametrize("model", ["deep_cnn", "logistic", "knn", "svm"])
def test_probabilities_are_those_of_the_model(model: str) -> None:
    x, y = make_blobs(["sad", "angry", "neutral"])
    classifier = EmotionClassifier(model, **QUICK, random_state=3).fit(x, y)
    assert classifier.classes_.tolist() == ["angry", "neutral", "sad"]

    options = default_options(model, seed=3, precision="float32", evaluate_train=0, **QUICK)
    labels = np.array([EMOTIONS.index(name) for name in y])
    own = create_model(model, options)
    own.fit(Rows.of(x.astype(np.float32), labels))
    expected = own.predict_probabilities(x.astype(np.float32))
    order = [EMOTIONS.index(name) for name in classifier.classes_]
    # float64 here, float32 there.
    np.testing.assert_allclose(classifier.predict_proba(x), expected[:, order], atol=1e-5)


def test_a_fitted_classifier_can_be_pickled_and_cloned() -> None:
    x, y = make_blobs(["sad", "angry"])
    classifier = EmotionClassifier("lstm", **QUICK).fit(x, y)
    again = pickle.loads(pickle.dumps(classifier))
    np.testing.assert_array_equal(again.predict_proba(x), classifier.predict_proba(x))
    assert clone(classifier).get_params() == classifier.get_params()
    with pytest.raises(NotFittedError):
        clone(classifier).predict(x)


def test_padding_changes_nothing() -> None:
    x, y = make_blobs(["sad", "angry"])
    classifier = EmotionClassifier("lstm", frame_size=2, **QUICK)
    padded = np.pad(x, ((0, 0), (0, 4)))
    expected = clone(classifier).fit(x, y).predict_proba(x)
    np.testing.assert_allclose(
        clone(classifier).fit(padded, y).predict_proba(padded), expected, atol=1e-9
    )


@pytest.mark.parametrize(
    ("parameters", "error", "message"),
    [
        ({"model": "deepcnn"}, UnknownModelError, "deepcnn"),
        ({"model": "lstm", "frame_size": 4}, ParameterError, "no whole frames of 4"),
        ({"model": "deep_cnn", "frame_size": 2}, ParameterError, "reads no frames"),
        ({"model": "deep_cnn", "epochs": 0}, ParameterError, "epochs is 0"),
    ],
)
def test_parameters_that_make_no_sense_are_refused(
    parameters: dict[str, Any], error: type[Exception], message: str
) -> None:
    x, y = make_blobs(["sad", "angry"])
    with pytest.raises(error, match=message):
        EmotionClassifier(**parameters).fit(x, y)


def test_more_classes_than_outputs_are_refused() -> None:
    x, y = make_blobs(np.arange(9))
    with pytest.raises(ParameterError, match="9 classes; the models have 8 outputs"):
        EmotionClassifier().fit(x, y)


@pytest.fixture(scope="module")
def clips(tmp_path_factory: pytest.TempPathFactory) -> list[Clip]:
    folder = tmp_path_factory.mktemp("clips")
    made = []
    for speaker in range(3):
        for emotion in ("sad", "angry"):
            recording = make_recording(emotion, speaker=speaker)
            path = folder / f"{speaker}-{emotion}.wav"
            write_audio(path, recording.samples, recording.sampling_rate, encoding="float32")
            made.append(Clip(str(path), speaker_id=f"s{speaker}", emotion=emotion))
    return made


def test_all_ways_to_name_a_recording_give_the_same_features(clips: list[Clip]) -> None:
    extractor = FeatureExtractor("full")
    expected = extractor.fit_transform(clips)
    assert expected.shape == (6, get_feature_set("full").n_features)
    assert extractor.get_feature_names_out().tolist() == list(get_feature_set("full").names)
    recordings = [make_recording(clip.emotion, speaker=i // 2) for i, clip in enumerate(clips)]
    for others in (
        [clip.path for clip in clips],
        np.array([clip.path for clip in clips]),
        [Path(clip.path) for clip in clips],
        [{"path": clip.path, "emotion": clip.emotion} for clip in clips],
        recordings,
        [(recording.samples, recording.sampling_rate) for recording in recordings],
    ):
        np.testing.assert_array_equal(extractor.transform(others), expected)


def test_frames_are_padded_to_the_longest_fitted_or_cut(clips: list[Clip]) -> None:
    feature_set = get_feature_set("frames")
    extractor = FeatureExtractor("frames", kind="frames").fit(clips[:2])
    rows = extractor.transform(clips).reshape(6, extractor.n_frames_, extractor.frame_size)
    assert extractor.frame_size == len(feature_set.frame_names) == 74
    for i, row in enumerate(rows):
        recording = make_recording(clips[i].emotion, speaker=i // 2)
        frames = feature_set.compute_frames(recording.samples, recording.sampling_rate)
        kept = frames[: len(row)]
        np.testing.assert_array_equal(row[: len(kept)], kept)
        assert not row[len(kept) :].any()
    assert len(extractor.get_feature_names_out()) == rows[0].size
    with pytest.raises(NotFittedError):
        clone(extractor).transform(clips)


@pytest.mark.parametrize(
    ("items", "message"),
    [
        ([], "no recording"),
        ("a.wav", "a list is needed"),
        (["a.wav", 3], "item 1 is of type int"),
        ([{"path": "a.wav"}, {"file": "b.wav"}], "item 1 has no 'path'; it has: file"),
    ],
)
def test_what_is_no_recording_is_named(items: Any, message: str) -> None:
    with pytest.raises(ParameterError, match=message):
        FeatureExtractor().fit(items)


def test_a_recording_that_cannot_be_read_is_named() -> None:
    with pytest.raises(AudioError, match=r"nowhere\.wav"):
        FeatureExtractor().fit_transform(["nowhere.wav"])


def test_speakers_stay_apart_in_a_pipeline(clips: list[Clip]) -> None:
    pipeline = make_pipeline(
        FeatureExtractor("frames", kind="frames"),
        EmotionClassifier("lstm", **{**QUICK, "epochs": 2}, frame_size=74),
    )
    scores = cross_val_score(
        pipeline,
        clips,
        [clip.emotion for clip in clips],
        groups=[clip.speaker_id for clip in clips],
        cv=GroupKFold(3),
        scoring="balanced_accuracy",
        error_score="raise",
    )
    assert scores.shape == (3,)
