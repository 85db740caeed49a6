"""Names of corpora -> their readers, imported when asked for."""

from __future__ import annotations

import importlib
from typing import cast

from emovox.corpora.info import CorpusReader
from emovox.errors import ParameterError, suggest

_MODULES = {
    "ravdess": "ravdess",
    "ravdess-song": "ravdess_song",
    "crema-d": "crema_d",
    "tess": "tess",
    "savee": "savee",
    "emodb": "emodb",
    "nemo": "nemo",
    "ased": "ased",
}


def list_corpora() -> tuple[str, ...]:
    """Return the names of all corpora that emovox can read."""
    return tuple(_MODULES)


def get_corpus(name: str) -> CorpusReader:
    """Return the reader of a corpus.

    Parameters
    ----------
    name : str
        One of ``list_corpora()``.

    Raises
    ------
    ParameterError
        If there is no corpus of this name.
    """
    if name not in _MODULES:
        raise ParameterError(f"unknown corpus {name!r}.", hint=suggest(name, _MODULES))
    return cast(CorpusReader, importlib.import_module(f"emovox.corpora.{_MODULES[name]}"))
