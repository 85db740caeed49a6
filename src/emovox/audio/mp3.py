"""What the first frame of an MP3 file says of the whole."""

from __future__ import annotations

from dataclasses import dataclass

from emovox.audio.source import Opened

_MAX_FRAME_BYTES = 1441


@dataclass(frozen=True, slots=True)
class Mp3Tag:
    """The length tag (Xing, Info, VBRI) of a file.

    Attributes
    ----------
    announced : int
        Bytes the file should hold at least; not above 0 if the tag does not say.
    present : int
        Bytes it holds.
    """

    announced: int
    present: int


def find_mp3_tag(opened: Opened) -> Mp3Tag | None:
    """Return the length tag in the first frame, or None if it does not say the length."""
    start = _skip_id3(opened)
    present = opened.size - start
    frame = opened.read_at(start, _MAX_FRAME_BYTES)
    if frame[36:40] == b"VBRI":
        return Mp3Tag(int.from_bytes(frame[46:50], "big") - _MAX_FRAME_BYTES, present)
    mark = max(frame.find(b"Xing", 0, 64), frame.find(b"Info", 0, 64))
    flags = int.from_bytes(frame[mark + 4 : mark + 8], "big")
    if mark < 0 or not flags & 1:
        return None
    # Encoders disagree whether this first frame counts. It ends where the next one begins, with
    # the same two bytes; the table of 100 bytes before that is stepped over.
    end = frame.find(frame[:2], mark + 116)
    n_bytes = int.from_bytes(frame[mark + 12 : mark + 16], "big") if flags & 2 else 0
    return Mp3Tag(n_bytes - (end if end > 0 else _MAX_FRAME_BYTES), present)


def _skip_id3(opened: Opened) -> int:
    """Return where the sound begins: behind an ID3 tag, whose size has 7 bits a byte."""
    if not opened.head.startswith(b"ID3") or len(opened.head) < 10:
        return 0
    size = 0
    for byte in opened.head[6:10]:
        size = size << 7 | byte & 0x7F
    return size + 10
