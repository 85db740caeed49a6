"""TensorBoard's event files, written without TensorBoard.

A file is a row of frames: length, its checksum, content, its checksum. A content is a protocol
buffer ``Event``. Of it this writes what scalars need, one event an epoch, which has been the same
since TensorFlow 0.x.
"""

from __future__ import annotations

import struct
import time
from collections.abc import Sequence
from pathlib import Path

from emovox.training.history import EpochRecord
from emovox.training.logs import list_scalars

EVENTS_NAME = "events.out.tfevents.emovox"
"""TensorBoard knows its files by ``tfevents`` in their names."""

_VERSION = b"brain.Event:2"
_POLYNOMIAL = 0x82F63B78  # of Castagnoli, bits reversed


class TensorBoardLog:
    """The event file of one training.

    Parameters
    ----------
    folder : Path
        Of the file; made with it. Its name is what TensorBoard calls the training.
    """

    def __init__(self, folder: Path) -> None:
        self.path = folder / EVENTS_NAME

    def start(self, records: Sequence[EpochRecord]) -> None:
        """Keep what the file has of these epochs, drop what is torn or too much, add the rest."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        content = self.path.read_bytes() if self.path.exists() else b""
        # The version comes first, then one frame an epoch.
        ends = _find_ends(content)[: 1 + len(records)]
        with self.path.open("r+b" if content else "wb") as stream:
            # In its place: a TensorBoard that watches the file goes on reading it.
            stream.truncate(ends[-1] if ends else 0)
            stream.seek(0, 2)
            if not ends:
                stream.write(make_frame(encode_event(time.time(), version=_VERSION)))
        for record in records[max(0, len(ends) - 1) :]:
            self.add(record)

    def add(self, record: EpochRecord) -> None:
        """Append one epoch; what is written can be seen at once."""
        event = encode_event(time.time(), step=record.epoch, scalars=list_scalars(record))
        with self.path.open("ab") as stream:
            stream.write(make_frame(event))

    def close(self, *, finished: bool) -> None:
        """Do nothing: the file is never open."""


def encode_event(
    wall_time: float,
    *,
    step: int = 0,
    scalars: dict[str, float] | None = None,
    version: bytes = b"",
) -> bytes:
    """Return an ``Event`` as a protocol buffer.

    Parameters
    ----------
    wall_time : float
        Seconds since 1970.
    step : int
        The epoch.
    scalars : dict of str to float
        Values by tag.
    version : bytes
        Of the file; in its first event only.
    """
    event = b"\x09" + struct.pack("<d", wall_time)
    if step:
        event += b"\x10" + _encode_varint(step)
    if version:
        event += b"\x1a" + _encode_bytes(version)
    if scalars:
        summary = b""
        for tag, value in scalars.items():
            summary += b"\x0a" + _encode_bytes(
                b"\x0a" + _encode_bytes(tag.encode()) + b"\x15" + struct.pack("<f", value)
            )
        event += b"\x2a" + _encode_bytes(summary)
    return event


def make_frame(content: bytes) -> bytes:
    """Return a content with its length and both checksums."""
    length = struct.pack("<Q", len(content))
    return length + _mask(length) + content + _mask(content)


def _find_ends(data: bytes) -> list[int]:
    """Return where each whole frame ends; a file is whole up to where it was torn."""
    ends: list[int] = []
    start = 0
    while start + 12 <= len(data):
        header = data[start : start + 8]
        end = start + 16 + struct.unpack("<Q", header)[0]
        content = data[start + 12 : end - 4]
        if data[start + 8 : start + 12] != _mask(header) or data[end - 4 : end] != _mask(content):
            break
        ends.append(end)
        start = end
    return ends


def _encode_bytes(content: bytes) -> bytes:
    return _encode_varint(len(content)) + content


def _encode_varint(value: int) -> bytes:
    groups = bytearray()
    while value > 0x7F:
        groups.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes((*groups, value))


def _make_table() -> tuple[int, ...]:
    table = []
    for value in range(256):
        for _ in range(8):
            value = value >> 1 ^ (_POLYNOMIAL if value & 1 else 0)
        table.append(value)
    return tuple(table)


_TABLE = _make_table()


def _mask(content: bytes) -> bytes:
    """Return the checksum CRC-32C, turned and shifted as the format wants it."""
    crc = 0xFFFFFFFF
    for byte in content:
        crc = crc >> 8 ^ _TABLE[(crc ^ byte) & 0xFF]
    crc ^= 0xFFFFFFFF
    return struct.pack("<I", ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF)
