"""Fixtures for all tests."""

from __future__ import annotations

import os
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def shared() -> Path:
    """Folder with the real recordings; skips on a machine that has none, fails in CI."""
    default = Path(__file__).resolve().parents[2] / "shared"
    folder = Path(os.environ.get("EMOVOX_SHARED", default))
    if not (folder / "corpora").is_dir():
        message = f"no recordings at {folder}; set EMOVOX_SHARED to the folder that holds them"
        if os.environ.get("CI"):
            pytest.fail(message)
        pytest.skip(message)
    return folder
