from __future__ import annotations

from pathlib import Path

import pytest

from emovox.models import Population
from emovox.recognizer import Recognizer
from emovox.testing import make_tiny_metadata, write_tiny_artefact

# Synthetic voices with a peak of 0.9 are loud for it (angry), 0.3 is usual, 0.05 quiet (sad).
VOICE_POPULATION = Population(mean=(0.06, 0.3), deviation=(0.03, 0.1))


@pytest.fixture
def voice_model(tmp_path: Path) -> Path:
    """Give a tiny artefact that hears how loud a synthetic voice is, for a usual one."""
    path = tmp_path / "voices.onnx"
    write_tiny_artefact(path, make_tiny_metadata(population=VOICE_POPULATION))
    return path


@pytest.fixture
def voice_recognizer(voice_model: Path) -> Recognizer:
    return Recognizer(voice_model)
