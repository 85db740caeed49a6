"""Which files are meant: folders are searched for recordings."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path

SUFFIXES: tuple[str, ...] = (
    *(".aif", ".aifc", ".aiff", ".au", ".caf", ".flac", ".mp3"),
    *(".oga", ".ogg", ".opus", ".w64", ".wav", ".wave"),
)
"""Of the files that count as recordings within a folder. A file named outright always counts."""


def find_recordings(paths: Iterable[str | os.PathLike[str]]) -> Iterator[str]:
    """Yield each path, and in place of a folder the recordings below it, sorted by name.

    Hidden files and folders below a folder are passed over. A folder without recordings, one that
    cannot be looked into, and a path where nothing is, are yielded as they are: reading them says
    what is wrong.

    Parameters
    ----------
    paths : iterable of path-like
        Files and folders.
    """
    for path in paths:
        if not _is_folder(path):
            yield os.fspath(path)
            continue
        unread: list[OSError] = []
        empty = True
        for folder, folders, names in os.walk(path, onerror=unread.append):
            folders[:] = sorted(name for name in folders if not name.startswith("."))
            for name in sorted(names):
                if Path(name).suffix.lower() in SUFFIXES and not name.startswith("."):
                    empty = False
                    yield str(Path(folder, name))
        yield from (str(error.filename) for error in unread)
        if empty and not unread:
            yield os.fspath(path)


def _is_folder(path: str | os.PathLike[str]) -> bool:
    try:
        return Path(path).is_dir()
    except OSError:  # nobody may look there, or no name is so long
        return False
