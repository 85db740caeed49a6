"""Unpacking archives from strangers: nothing leaves the folder, nothing is a link, nothing swells.

Every name and size is looked at before the first byte is written, and the archive is unpacked
beside its place and renamed into it: a bad one leaves nothing behind.
"""

from __future__ import annotations

import gzip
import lzma
import os
import secrets
import shutil
import stat
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from emovox.errors import CorpusError
from emovox.types import Progress

_BLOCK = 1 << 20
# What the unpackers raise of a damaged archive; the last two of a file where a folder should be.
_BROKEN = (
    zipfile.BadZipFile,
    tarfile.TarError,
    gzip.BadGzipFile,
    lzma.LZMAError,
    zlib.error,
    EOFError,
    NotImplementedError,
    FileExistsError,
    NotADirectoryError,
)


@dataclass(frozen=True, slots=True)
class ExtractLimits:
    """What an archive may unpack to.

    Attributes
    ----------
    max_bytes : int
        All files together.
    max_files : int
        Number of entries.
    max_ratio : float
        Unpacked by packed size; recordings hardly shrink, a bomb shrinks a thousandfold.
    """

    max_bytes: int = 8 << 30
    max_files: int = 100_000
    max_ratio: float = 50.0


@dataclass(frozen=True, slots=True)
class _Member:
    name: str
    n_bytes: int
    kind: str  # "file", "folder", or what it should not be
    open: Callable[[], IO[bytes]]


def extract_archive(
    archive: str | os.PathLike[str],
    folder: str | os.PathLike[str],
    *,
    limits: ExtractLimits | None = None,
    progress: Progress | None = None,
) -> None:
    """Unpack a zip or tar archive into a new folder.

    Parameters
    ----------
    archive : path-like
        What to unpack; the content decides on the format.
    folder : path-like
        Where to; it must not exist.
    limits : ExtractLimits, optional
        How large it may be.
    progress : callable, optional
        Called with (bytes done, bytes in all).

    Raises
    ------
    CorpusError
        If the archive is broken, or holds a name that leaves the folder, a link, a device, two
        entries of one name, or more than the limits allow. Nothing is left behind.
    """
    source, target = Path(archive), Path(folder)
    if target.exists():
        raise CorpusError(f"{target} is already there.", hint="Move it away first.")
    target.parent.mkdir(parents=True, exist_ok=True)
    temporary = target.with_name(f".{target.name}-{secrets.token_hex(4)}")
    try:
        with _open_archive(source) as members:
            _validate(source, members, limits or ExtractLimits())
            _write(members, temporary, progress)
        temporary.replace(target)
    except _BROKEN as error:
        raise CorpusError(f"{source} is a broken archive: {error}.") from error
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


@contextmanager
def _open_archive(source: Path) -> Iterator[list[_Member]]:
    if zipfile.is_zipfile(source):
        with zipfile.ZipFile(source) as packed:
            yield [_read_zip_entry(packed, entry) for entry in packed.infolist()]
    elif tarfile.is_tarfile(source):
        with tarfile.open(source) as tar:
            yield [_read_tar_entry(tar, entry) for entry in tar]
    else:
        raise CorpusError(f"{source} is neither a zip nor a tar archive.")


def _read_zip_entry(packed: zipfile.ZipFile, entry: zipfile.ZipInfo) -> _Member:
    mode = entry.external_attr >> 16
    if entry.flag_bits & 1:
        kind = "an encrypted file"
    elif stat.S_ISLNK(mode):
        kind = "a link"
    elif entry.is_dir():
        kind = "folder"
    elif stat.S_IFMT(mode) in (0, stat.S_IFREG):
        kind = "file"
    else:
        kind = "a device"
    return _Member(entry.orig_filename, entry.file_size, kind, lambda: packed.open(entry))


def _read_tar_entry(tar: tarfile.TarFile, entry: tarfile.TarInfo) -> _Member:
    def open_entry() -> IO[bytes]:
        stream = tar.extractfile(entry)
        if stream is None:
            raise tarfile.TarError(f"{entry.name} cannot be read")
        return stream

    if entry.isreg():
        kind = "file"
    elif entry.isdir():
        kind = "folder"
    else:
        kind = "a link" if entry.issym() or entry.islnk() else "a device"
    return _Member(entry.name, entry.size, kind, open_entry)


def _validate(source: Path, members: list[_Member], limits: ExtractLimits) -> None:
    def refuse(problem: str) -> CorpusError:
        return CorpusError(
            f"{source} is refused: {problem}.",
            hint="It is not what the publisher offers; delete it and tell him.",
        )

    if len(members) > limits.max_files:
        raise refuse(f"it holds {len(members)} entries, at most {limits.max_files} are allowed")
    seen: set[str] = set()
    for member in members:
        if not _is_safe(member.name):
            raise refuse(f"the name {member.name!r} leaves the folder")
        if member.kind not in ("file", "folder"):
            raise refuse(f"{member.name!r} is {member.kind}")
        # Some file systems do not tell cases apart: the second would overwrite the first.
        name = member.name.rstrip("/").casefold()
        if member.kind == "file" and name in seen:
            raise refuse(f"it holds {member.name!r} twice")
        seen.add(name)
    total = sum(member.n_bytes for member in members)
    if total > min(limits.max_bytes, limits.max_ratio * source.stat().st_size):
        raise refuse(f"its {source.stat().st_size:,} bytes would unpack to {total:,}")


def _is_safe(name: str) -> bool:
    """Tell whether a name stays in the folder on every system."""
    parts = name.rstrip("/").split("/")
    return not (
        any(part in ("", ".", "..") for part in parts) or any(sign in name for sign in "\\:\0")
    )


def _write(members: list[_Member], folder: Path, progress: Progress | None) -> None:
    total = sum(member.n_bytes for member in members)
    done = 0
    folder.mkdir()
    for member in members:
        target = folder / member.name
        if member.kind == "folder":
            target.mkdir(parents=True, exist_ok=True)
            continue
        target.parent.mkdir(parents=True, exist_ok=True)
        with member.open() as stream, target.open("xb") as out:
            left = member.n_bytes
            # Never more than was declared, whatever the packed stream goes on to give.
            while block := stream.read(min(_BLOCK, left)):
                out.write(block)
                left -= len(block)
        if left:
            raise EOFError(f"{member.name} ends early")
        done += member.n_bytes
        if progress is not None:
            progress(done, total)
