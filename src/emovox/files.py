"""Files: written beside their place and renamed into it; hashed."""

from __future__ import annotations

import hashlib
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from emovox.errors import ParameterError


@contextmanager
def replacing(path: str | os.PathLike[str]) -> Iterator[Path]:
    """Give a temporary path beside ``path``; rename it there when the block ends well.

    Readers see the old file or the whole new one, never a part. If the block raises, the
    temporary file is removed and the old one stays. Missing parent folders are made.

    Parameters
    ----------
    path : path-like
        Where the file shall be.

    Yields
    ------
    Path
        Where to write it. It keeps the suffix of ``path``.

    Raises
    ------
    ParameterError
        If it cannot be written there.
    """
    target = Path(path)
    # Not tempfile: its files are readable by their owner alone, and a result is to be shared.
    temporary = target.with_name(f".{target.stem[:40]}-{secrets.token_hex(4)}{target.suffix}")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        yield temporary
        temporary.replace(target)
    except OSError as error:
        # What the block reads may be missing too: that is another error.
        named = Path(error.filename) if isinstance(error.filename, str) else temporary
        if named != temporary and not target.absolute().is_relative_to(named.absolute()):
            raise
        exists = isinstance(error, FileExistsError)
        why = f"{named} is no folder" if exists else error.strerror or error
        raise ParameterError(
            f"cannot write {target}: {why}.",
            hint="Is there room, and may you write there? Or give another place.",
        ) from error
    finally:
        with suppress(OSError):  # there is none where it could not be made
            temporary.unlink(missing_ok=True)


def write_text(path: str | os.PathLike[str], text: str) -> None:
    """Write UTF-8 text atomically."""
    with replacing(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def hash_file(path: str | os.PathLike[str]) -> str:
    """Return the SHA-256 of a file's bytes, in hexadecimal."""
    with Path(path).open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
