"""emovox: which emotion does this voice carry, and which idea recognises it better.

The public surface, loaded on first use: ``import emovox`` costs next to nothing.
"""

from __future__ import annotations

import importlib
from typing import Any

_PUBLIC = {
    "EMOTIONS": "emovox.emotions",
    "Clip": "emovox.types",
    "Decision": "emovox.types",
    "EmovoxError": "emovox.errors",
    "Recognizer": "emovox.recognizer",
    "Recording": "emovox.types",
    "Voice": "emovox.recognizer",
    "VoiceStore": "emovox.recognizer",
    "list_models": "emovox.models",
    "load_artefact": "emovox.models",
    "read_audio": "emovox.audio",
}
"""Public name -> the module that holds it."""

__all__ = ["__version__", *sorted(_PUBLIC)]


def __getattr__(name: str) -> Any:
    if name == "__version__":
        from importlib.metadata import version  # noqa: PLC0415 - 20 ms that few need

        return version("emovox")
    if name in _PUBLIC:
        return getattr(importlib.import_module(_PUBLIC[name]), name)
    raise AttributeError(f"module 'emovox' has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__
