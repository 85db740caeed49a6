"""Fixtures for all tests."""

from __future__ import annotations

import os
import struct
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

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


@pytest.fixture(scope="session")
def read_events() -> Callable[[Path], list[tuple[int, dict[str, float]]]]:
    """A reader of TensorBoard's event files that shares no code with the writer."""
    return _read_events


def _read_events(path: Path) -> list[tuple[int, dict[str, float]]]:
    """Return step and scalars of each event; everything that is written must be understood."""
    data, events = path.read_bytes(), []
    while data:
        (length,) = struct.unpack_from("<Q", data)
        content = data[12 : 12 + length]
        assert data[8:12] == _checksum(data[:8])
        assert data[12 + length : 16 + length] == _checksum(content)
        data = data[16 + length :]
        event = dict(_read_fields(content))
        if 3 in event:
            assert event[3] == b"brain.Event:2"
            assert not events
            continue
        values = [dict(_read_fields(value)) for _, value in _read_fields(event[5])]
        events.append((event[2], {value[1].decode(): value[2] for value in values}))
    return events


def _read_fields(content: bytes) -> Iterator[tuple[int, Any]]:
    position = 0

    def read_varint() -> int:
        nonlocal position
        value = shift = 0
        while True:
            byte = content[position]
            position += 1
            value |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                return value

    while position < len(content):
        key = read_varint()
        kind, number = key & 7, key >> 3
        if kind == 0:
            yield number, read_varint()
            continue
        size = {1: 8, 5: 4}.get(kind) or read_varint()
        part = content[position : position + size]
        assert len(part) == size
        position += size
        yield number, part if kind == 2 else struct.unpack("<d" if kind == 1 else "<f", part)[0]


def _checksum(content: bytes) -> bytes:
    """CRC-32C bit by bit, by its definition; masked as TFRecord has it."""
    crc = 0xFFFFFFFF
    for byte in content:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ 0x82F63B78 * (crc & 1)
    crc ^= 0xFFFFFFFF
    return struct.pack("<I", (crc >> 15 | crc << 17) + 0xA282EAD8 & 0xFFFFFFFF)
