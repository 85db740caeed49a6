from __future__ import annotations

import json
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from emovox.cli.app import run
from emovox.corpora import SyntheticOptions, make_synthetic_corpus, read_manifest
from emovox.features import ExtractionOptions, FeatureStore
from emovox.models import load_artefact
from emovox.protocols import TEST, TRAIN, get_protocol
from emovox.training import Job, Workplace, default_options, train_artefact

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


@pytest.fixture(scope="module")
def manifest(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("synthetic")
    return make_synthetic_corpus(folder, SyntheticOptions(n_speakers=5, n_per_emotion=1))


def test_makes_an_artefact_that_says_what_it_is(manifest: Path, tmp_path: Path) -> None:
    out = tmp_path / "model.onnx"
    options = default_options("logistic", seed=1)
    epochs = []
    place = Workplace(
        folder=tmp_path / "run",
        extraction=ExtractionOptions(store=FeatureStore(tmp_path / "store")),
        on_epoch=epochs.append,
    )

    result = train_artefact(manifest, out, Job(model="logistic", training=options), place)

    metadata = load_artefact(out).metadata
    assert metadata == result.metadata
    assert tuple(epochs) == result.history.records
    clips = read_manifest(manifest)
    fold = get_protocol("speaker").folds(clips, seed=1)[0]
    (corpus,) = metadata.corpora
    assert (corpus.name, corpus.n_clips) == ("synthetic", len(fold.rows(TRAIN)[0]))
    test_clips = fold.rows(TEST)[0]
    assert {(s.metric, s.n_clips, s.protocol) for s in metadata.scores} == {
        ("uar", len(test_clips), "speaker"),
        ("accuracy", len(test_clips), "speaker"),
    }
    assert np.isfinite(metadata.calibration.temperature)
    # Figures stay; the same command trains again.
    assert (tmp_path / "run" / "metrics.jsonl").exists()
    assert not (tmp_path / "run" / "checkpoint.pt").exists()


def test_command_trains(manifest: Path, tmp_path: Path, capsys, read_events) -> None:
    out = tmp_path / "model.onnx"

    code = run(
        [
            "train", str(manifest), "--model", "lstm", "--out", str(out), "--epochs", "1",
            "--threads", "1", "--precision", "float32", "--store", str(tmp_path / "store"),
            "--log", "tensorboard",
        ]
    )  # fmt: skip

    assert code == 0
    shown = capsys.readouterr()
    assert shown.out == f"{out}\n"
    assert "epoch   1" in shown.err
    assert "test clips of 1 speakers, protocol speaker" in shown.err
    lines = (tmp_path / "model.run" / "metrics.jsonl").read_text().splitlines()
    assert [json.loads(line)["epoch"] for line in lines] == [1]
    (log,) = (tmp_path / "model.run" / "lstm, speaker 1, seed 0").iterdir()
    assert [step for step, _ in read_events(log)] == [1]


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["--model", "svm"], 2, "'svm' cannot be exported"),
        (["--model", "deepcnn"], 5, "Did you mean 'deep_cnn'"),
        (["--model", "lstm", "--fold", "99"], 2, "has no fold 99"),
        (["--model", "lstm", "--epochs", "0"], 2, "epochs is 0"),
        (["--model", "lstm", "--schedule", "stairs"], 2, "schedule is 'stairs'"),
        (["--model", "lstm", "--augmentation", "lots"], 2, "no augmentation policy 'lots'"),
        pytest.param(
            ["--model", "lstm", "--log", "mlflow"],
            8,
            "emovox[mlflow]",
            marks=pytest.mark.skipif(find_spec("mlflow") is not None, reason="mlflow is here"),
        ),
    ],
)
def test_command_says_what_is_wrong(
    manifest: Path, tmp_path: Path, capsys, arguments: list[str], code: int, message: str
) -> None:
    out = tmp_path / "model.onnx"
    store = ["--store", str(tmp_path / "store")]

    assert run(["train", str(manifest), "--out", str(out), *store, *arguments]) == code

    assert message in capsys.readouterr().err
    assert not out.exists()
