"""The files of a folder: recordings apart from what lies beside them."""

from __future__ import annotations

import os
import re
from pathlib import Path, PurePosixPath

from emovox.corpora.found import LeftOut
from emovox.errors import CorpusError

_AUDIO = re.compile(r"\.(wave?|flac|og[ga]|opus|mp3|aif[fc]?|au|caf|w64|m4a|aac|wma)", re.I)
_VIDEO = re.compile(r"\.(mp4|m4v|flv|avi|mov|mkv|webm|mpe?g|wmv)", re.I)
_SYSTEM_FILES = frozenset({"thumbs.db", "desktop.ini"})
_SYSTEM_FOLDERS = frozenset({"__MACOSX"})


def find_recordings(folder: str | os.PathLike[str]) -> tuple[list[str], list[LeftOut]]:
    """Walk a folder.

    Parameters
    ----------
    folder : path-like
        Where to look, at any depth. Hidden folders are passed by, linked ones not followed.

    Returns
    -------
    list of str
        Paths of files with a suffix of audio, relative to ``folder``, with ``/``, sorted.
    list of LeftOut
        All others.

    Raises
    ------
    CorpusError
        If it is no folder.
    """
    root = Path(folder)
    if not root.is_dir():
        raise CorpusError(f"{root} is not a folder.", hint="Give the folder of the corpus.")
    recordings: list[str] = []
    left_out: list[LeftOut] = []

    def note(error: OSError) -> None:
        name = Path(error.filename).relative_to(root).as_posix()
        left_out.append(LeftOut(name, "unreadable", f"cannot be read: {error.strerror}"))

    for place, folders, files in os.walk(root, onerror=note):
        base = PurePosixPath(Path(place).relative_to(root).as_posix())
        for name in folders:
            if (Path(place) / name).is_symlink():
                left_out.append(LeftOut(str(base / name), "linked-folder", "is a link to a folder"))
        folders[:] = [name for name in folders if not name.startswith(".")]
        for name in files:
            reason = _judge(base / name)
            if reason is None:
                recordings.append(str(base / name))
            else:
                left_out.append(LeftOut(str(base / name), *reason))
    return sorted(recordings), left_out


def _judge(path: PurePosixPath) -> tuple[str, str] | None:
    """Return why a file is no recording, or None."""
    hidden = path.name.startswith(".") or path.name.lower() in _SYSTEM_FILES
    if hidden or _SYSTEM_FOLDERS & set(path.parts):
        return "system-file", "was made by a file manager"
    if _VIDEO.fullmatch(path.suffix):
        return "video", "is a video"
    if not _AUDIO.fullmatch(path.suffix):
        return "not-a-recording", f"is no recording by its suffix {path.suffix!r}"
    return None
