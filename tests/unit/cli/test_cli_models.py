from __future__ import annotations

from pathlib import Path

import pytest

from emovox.cli.app import run
from emovox.models import DEFAULT_MODEL, Score, TrainingCorpus
from emovox.testing import make_tiny_metadata, write_tiny_artefact

Captured = pytest.CaptureFixture[str]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    metadata = make_tiny_metadata(
        name="emovox-small.1",
        corpora=(
            TrainingCorpus("ravdess", "CC BY-NC-SA 4.0", 1440, 24),
            TrainingCorpus("crema-d", "ODbL 1.0", 7442, 91),
        ),
        scores=(Score("uar", 0.8124, "ravdess-emobox", "ravdess", 6, 24, 1440),),
    )
    write_tiny_artefact(tmp_path / f"{DEFAULT_MODEL}.onnx", metadata)
    write_tiny_artefact(tmp_path / "other.onnx", make_tiny_metadata(adaptation=None))
    return tmp_path


def test_models_are_listed_with_size_licences_and_scores(folder: Path, capsys: Captured) -> None:
    assert run(["models", "--folder", str(folder)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split() == [DEFAULT_MODEL, "0.0", "MB", "default,", "adapts"]
    assert lines[1].endswith(": CC BY-NC-SA 4.0, ODbL 1.0")
    assert lines[2].strip() == "uar 0.812  ravdess, ravdess-emobox (24 speakers)"
    assert lines[3].split() == ["other", "0.0", "MB"]


@pytest.mark.parametrize("by_path", [False, True])
def test_a_name_or_a_path_prints_the_card(folder: Path, capsys: Captured, by_path: bool) -> None:
    name = str(folder / f"{DEFAULT_MODEL}.onnx") if by_path else DEFAULT_MODEL
    assert run(["models", name, "--folder", str(folder)]) == 0
    card = capsys.readouterr().out
    assert card.startswith("# emovox-small.1\n")
    assert "| crema-d | 7442 | 91 | ODbL 1.0 |" in card


def test_an_unknown_name(folder: Path, capsys: Captured) -> None:
    assert run(["models", "othr", "--folder", str(folder)]) == 5
    assert "Did you mean 'other'?" in capsys.readouterr().err


def test_where_there_is_none_it_says_so(tmp_path: Path, capsys: Captured) -> None:
    assert run(["models", "--folder", str(tmp_path)]) == 0
    output = capsys.readouterr()
    assert output.out == ""
    assert "No model comes with this installation" in output.err
