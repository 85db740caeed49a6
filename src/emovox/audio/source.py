"""From a path, bytes or file object to a seekable stream whose content looks like audio."""

from __future__ import annotations

import io
import os
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, TypeAlias

import numpy as np
from numpy.typing import NDArray

from emovox.errors import AudioError, EmptyAudioError, NotAudioError, ParameterError, TooLargeError

AudioSource: TypeAlias = (
    str
    | os.PathLike[str]
    | bytes
    | bytearray
    | memoryview
    | BinaryIO
    | tuple[NDArray[np.generic], int]
)
"""A path, the bytes of a file, a binary file object, or ``(samples, sampling_rate)``."""

# A file up to this size is read in one go: for clips that is twice as fast as small reads.
_WHOLE_BYTES = 4 * 2**20
# A pipe is copied to memory up to here and to a temporary file above.
_SPOOL_BYTES = 32 * 2**20
_MAX_PIPE_BYTES = 4 * 2**30
_HEAD_BYTES = 4096

_FOREIGN = (
    (0, b"PK\x03\x04", "a ZIP archive"),
    (0, b"PK\x05\x06", "a ZIP archive"),
    (0, b"\x1f\x8b", "a gzip archive"),
    (0, b"7z\xbc\xaf\x27\x1c", "a 7z archive"),
    (0, b"Rar!", "a RAR archive"),
    (0, b"%PDF", "a PDF document"),
    (0, b"\x89PNG", "a PNG picture"),
    (0, b"\xff\xd8\xff", "a JPEG picture"),
    (8, b"WEBP", "a WebP picture"),
)
_CONVERTIBLE = (
    (4, b"ftyp", "an MP4 or M4A file"),
    (0, b"\x1aE\xdf\xa3", "a WebM or Matroska file"),
    (0, b"\x30\x26\xb2\x75\x8e\x66\xcf\x11", "a WMA or ASF file"),
    (0, b"#!AMR", "an AMR file"),
    (0, b"FLV", "a Flash video"),
    (8, b"AVI ", "an AVI video"),
)


@dataclass(frozen=True, slots=True)
class Opened:
    """A stream that can be decoded.

    Attributes
    ----------
    name : str
        The path, or ``<bytes>``, ``<stream>``.
    stream : binary file object
        Seekable.
    head : bytes
        Its first bytes.
    size : int
        In bytes.
    kind : str
        ``wav``, ``aiff``, ``flac``, ``ogg``, ``mp3`` or ``other``, by content.
    """

    name: str
    stream: BinaryIO
    head: bytes
    size: int
    kind: str

    def read_at(self, position: int, n_bytes: int) -> bytes:
        """Return the bytes there, fewer at the end."""
        if position + n_bytes <= len(self.head):
            return self.head[position : position + n_bytes]
        self.stream.seek(position)
        return self.stream.read(n_bytes)


@contextmanager
def open_source(source: AudioSource) -> Iterator[Opened]:
    """Open a source that is not an array and see that it looks like audio.

    A file object that can seek is read from its beginning, wherever it stands; it is left open.

    Raises
    ------
    AudioError
        If it cannot be read.
    EmptyAudioError
        If it holds no bytes.
    NotAudioError
        If its content is something else.
    ParameterError
        If it is nothing of the kind.
    """
    if isinstance(source, bytes | bytearray | memoryview):
        yield _inspect("<bytes>", io.BytesIO(source))
    elif isinstance(source, str | os.PathLike):
        name = os.fspath(source)
        with _open_path(name) as stream, _make_seekable(name, stream) as seekable:
            yield _inspect(name, seekable)
    elif not isinstance(source, tuple) and callable(getattr(source, "read", None)):
        given = getattr(source, "name", None)
        name = given if isinstance(given, str) else "<stream>"
        with _make_seekable(name, source) as seekable:
            yield _inspect(name, seekable)
    else:
        raise ParameterError(
            f"cannot read audio from {type(source).__name__}: a path, bytes, a binary file "
            "object or a tuple (samples, sampling_rate) is needed."
        )


@contextmanager
def _open_path(name: str) -> Iterator[BinaryIO]:
    try:
        raw = Path(name).open("rb", buffering=0)  # noqa: SIM115 - closed below
    except FileNotFoundError:
        raise AudioError(f"there is no file {name!r}.", hint="Check the path.") from None
    except IsADirectoryError:
        raise NotAudioError(f"{name!r} is a folder, not a recording.") from None
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise AudioError(f"{name!r} cannot be opened: {reason}.") from None
    with raw:
        yield raw


@contextmanager
def _make_seekable(name: str, stream: BinaryIO) -> Iterator[BinaryIO]:
    """Give the content from its beginning, in memory where it is small."""
    with ExitStack() as stack:
        try:
            seekable = _take(name, stream, stack)
        except OSError as error:
            raise AudioError(f"{name} cannot be read: {error.strerror or error}.") from None
        yield seekable


def _take(name: str, stream: BinaryIO, stack: ExitStack) -> BinaryIO:
    if getattr(stream, "seekable", bool)():
        size = stream.seek(0, os.SEEK_END)
        stream.seek(0)
        if size > _WHOLE_BYTES:
            return stream
        head = _read_head(name, stream)
        return io.BytesIO(head + stream.read(max(0, size - len(head))))
    head = _read_head(name, stream)
    # Before the rest is copied: it may be endless, and something else.
    _recognize(name, head)
    copy = stack.enter_context(tempfile.SpooledTemporaryFile(_SPOOL_BYTES))  # noqa: SIM115
    copy.write(head)
    while block := stream.read(2**20):
        copy.write(block)
        if copy.tell() > _MAX_PIPE_BYTES:
            raise TooLargeError(
                f"{name} brings more than {_MAX_PIPE_BYTES:,} bytes.",
                hint="Save it as a file and read that.",
            )
    return copy  # type: ignore[return-value]


def _read_head(name: str, stream: BinaryIO) -> bytes:
    head = b""
    while len(head) < _HEAD_BYTES and (block := stream.read(_HEAD_BYTES - len(head))):
        if not isinstance(block, bytes):
            raise ParameterError(
                f"{name} gives {type(block).__name__}, not bytes: open it in binary mode ('rb')."
            )
        head += block
    return head


def _inspect(name: str, stream: BinaryIO) -> Opened:
    size = stream.seek(0, os.SEEK_END)
    stream.seek(0)
    head = _read_head(name, stream)
    kind = _recognize(name, head)
    return Opened(name, stream, head, size, kind)


def _recognize(name: str, head: bytes) -> str:
    """Return the kind of audio, or raise saying what it is instead."""
    if not head:
        raise EmptyAudioError(f"{name} is empty: it holds no bytes.")
    if kind := _find_kind(head):
        return kind
    if head.startswith(b"version https://git-lfs"):
        raise NotAudioError(
            f"{name} is not the recording but a Git LFS pointer to it.",
            hint="Install Git LFS and run git lfs pull in that repository.",
        )
    for at, magic, what in _CONVERTIBLE:
        if head.startswith(magic, at):
            raise NotAudioError(
                f"{name} is {what}, which cannot be decoded.",
                hint="Convert it first, for example: ffmpeg -i INPUT output.wav",
            )
    what = next((what for at, magic, what in _FOREIGN if head.startswith(magic, at)), "")
    if not what and _is_text(head):
        what = "text"
    raise NotAudioError(
        f"{name} is {what}, not audio." if what else f"{name} is not audio in a known format.",
        hint="wav, aiff, flac, ogg, opus, mp3, au, caf and w64 can be read.",
    )


def _find_kind(head: bytes) -> str:
    if head[:4] in (b"RIFF", b"RIFX", b"RF64") and head[8:12] == b"WAVE":
        return "wav"
    if head[:4] == b"FORM" and head[8:12] in (b"AIFF", b"AIFC"):
        return "aiff"
    if head[:4] == b"fLaC":
        return "flac"
    if head[:4] == b"OggS":
        return "ogg"
    if head[:3] == b"ID3" or (head[:1] == b"\xff" and len(head) > 3 and _is_mp3_frame(head)):
        return "mp3"
    others = (b".snd", b"caff", b"NIST_1A", b"riff\x2e\x91\xcf\x11")
    return "other" if head.startswith(others) else ""


def _is_mp3_frame(head: bytes) -> bool:
    """Whether the four bytes can be the header of an MPEG audio frame."""
    version, layer = head[1] >> 3 & 3, head[1] >> 1 & 3
    bit_rate, rate = head[2] >> 4, head[2] >> 2 & 3
    # Layer I is left out: nobody uses it, and UTF-16 text begins like it.
    return head[1] >= 0xE0 and version != 1 and layer in (1, 2) and bit_rate != 15 and rate != 3


def _is_text(head: bytes) -> bool:
    if head[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return True
    # The last character may be cut in two.
    text = head.decode("utf-8", "replace").removesuffix("\ufffd")
    return "\ufffd" not in text and all(c.isprintable() or c.isspace() for c in text)
