"""Synthetic voices to plant leaks among."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from emovox.corpora import SyntheticOptions, make_synthetic_corpus, read_manifest, write_manifest
from emovox.types import Clip


@pytest.fixture(scope="session")
def voices(tmp_path_factory) -> tuple[Clip, ...]:
    """Six speakers, sixteen clips each; do not write into their folder."""
    folder = tmp_path_factory.mktemp("voices")
    options = SyntheticOptions(n_speakers=6, n_per_emotion=2)
    return read_manifest(make_synthetic_corpus(folder, options))


@pytest.fixture
def write(tmp_path) -> Callable[[Sequence[Clip]], Path]:
    """Write clips as a manifest and return its path."""

    def write_clips(clips: Sequence[Clip]) -> Path:
        path = tmp_path / "manifest.csv"
        write_manifest(path, clips)
        return path

    return write_clips
