"""A tiny study on a tiny synthetic corpus, run once for all tests that look at its results."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from emovox.study import Run, StudyOptions, read_study, run_study

TINY = textwrap.dedent(
    """
    [study]
    name = "tiny"
    title = "A tiny study"
    corpora = ["synthetic"]
    protocols = ["notebook", "speaker"]

    [synthetic]
    n_speakers = 5
    n_per_emotion = 1

    [training]
    epochs = 3
    batch_size = 16
    device = "cpu"
    precision = "float32"

    [experiments.network]
    title = "A network"
    model = "notebook_cnn"
    augmentation = "notebook"

    [experiments.linear]
    model = "logistic"
    """
)


class Watch:
    """Remembers what a study told."""

    def __init__(self) -> None:
        self.stages: list[str] = []
        self.runs: Sequence[Run] = ()
        self.pending: Sequence[Run] = ()
        self.events: list[tuple[Run, Mapping[str, Any]]] = []

    @contextmanager
    def stage(self, label: str) -> Iterator[None]:
        self.stages.append(label)
        yield

    def show_plan(self, runs: Sequence[Run], pending: Sequence[Run]) -> None:
        self.runs, self.pending = runs, pending

    def show_event(self, run: Run, event: Mapping[str, Any]) -> None:
        self.events.append((run, event))


@pytest.fixture
def watch() -> Watch:
    return Watch()


@pytest.fixture(scope="session")
def tiny_study(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("tiny") / "tiny.toml"
    path.write_text(TINY)
    return path


@pytest.fixture(scope="session")
def tiny_root(tiny_study: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of the finished tiny study; do not write into it."""
    root = tmp_path_factory.mktemp("tiny-run")
    run_study(read_study(tiny_study), StudyOptions(root=root, n_jobs=2), Watch())
    return root
