"""A tiny model and synthetic voices, evaluated once for all tests that look at the outcome."""

from __future__ import annotations

from contextlib import nullcontext
from pathlib import Path

import pytest

from emovox.corpora import make_synthetic_corpus
from emovox.corpora.synthetic import SyntheticOptions
from emovox.models import Calibration, Population
from emovox.study.evaluation import Acquaintance, EvaluationOptions, Outcome, predict_all
from emovox.testing import make_tiny_metadata, write_tiny_artefact

OPTIONS = EvaluationOptions(
    acquaintances=(Acquaintance(2), Acquaintance(None)), robustness=False, seed=3
)


@pytest.fixture(scope="session")
def tiny_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model that finds these voices loud, usual or quiet; half sure is too unsure for it."""
    path = tmp_path_factory.mktemp("model") / "tiny.onnx"
    population = Population(mean=(0.06, 0.5), deviation=(0.03, 0.3))
    calibration = Calibration(threshold=0.5)
    write_tiny_artefact(path, make_tiny_metadata(population=population, calibration=calibration))
    return path


@pytest.fixture(scope="session")
def voices(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Manifest of 4 speakers with 8 clips each."""
    folder = tmp_path_factory.mktemp("voices")
    make_synthetic_corpus(folder, SyntheticOptions(n_speakers=4, n_per_emotion=1))
    return folder / "manifest.csv"


@pytest.fixture(scope="session")
def evaluated(tiny_model: Path, voices: Path, tmp_path_factory) -> tuple[Path, Outcome]:
    """Folder and outcome; do not write into it."""
    folder = tmp_path_factory.mktemp("evaluated")
    return folder, predict_all(str(tiny_model), voices, folder, OPTIONS, lambda _: nullcontext())
