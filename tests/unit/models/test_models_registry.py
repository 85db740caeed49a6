from __future__ import annotations

from pathlib import Path

import pytest

from emovox.errors import UnknownModelError
from emovox.models import DEFAULT_MODEL, get_model, list_models, load_artefact
from emovox.testing import write_tiny_artefact


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in (DEFAULT_MODEL, "another"):
        write_tiny_artefact(tmp_path / f"{name}.onnx")
    (tmp_path / "README.md").touch()
    return tmp_path


def test_models_are_listed_by_name(folder: Path) -> None:
    assert list_models(folder=folder) == ("another", DEFAULT_MODEL)


def test_a_name_is_a_file_of_the_folder(folder: Path) -> None:
    assert get_model("another", folder=folder) == folder / "another.onnx"


def test_nothing_named_is_the_default(folder: Path) -> None:
    assert get_model(folder=folder) == folder / f"{DEFAULT_MODEL}.onnx"


@pytest.mark.parametrize(
    "path", ["mine.onnx", "./another", "models/another", "another.onnx", Path("another")]
)
def test_what_looks_like_a_path_is_one(folder: Path, path: str | Path) -> None:
    assert get_model(path, folder=folder) == Path(path)


def test_a_file_lying_about_takes_no_models_place(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "here").mkdir()
    monkeypatch.chdir(folder / "here")
    Path("another").touch()
    assert get_model("another", folder=folder) == folder / "another.onnx"


def test_an_unknown_name_is_told_the_nearest(folder: Path) -> None:
    with pytest.raises(UnknownModelError, match="Did you mean 'emovox-small'") as info:
        get_model("emovox-smal", folder=folder)
    assert "emovox-smal.onnx" in info.value.hint


def test_where_there_is_no_model_it_says_so(tmp_path: Path) -> None:
    for model in (None, "any"):
        with pytest.raises(UnknownModelError, match="none comes with this installation") as info:
            get_model(model, folder=tmp_path / "none")
        assert "emovox train" in info.value.hint


@pytest.mark.parametrize("name", list_models())
def test_every_model_that_comes_along_can_be_loaded(name: str) -> None:
    metadata = load_artefact(get_model(name)).metadata
    assert metadata.name == name
    assert metadata.scores
    assert metadata.encoder is None or "MIT" in metadata.encoder.licence
