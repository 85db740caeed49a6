"""Whether a file ends before it says it does, told from its own structure without decoding."""

from __future__ import annotations

import struct

from emovox.audio.mp3 import find_mp3_tag
from emovox.audio.source import Opened
from emovox.errors import TruncatedAudioError

# What writers that cannot go back (a pipe) put in place of the length: not known.
_UNKNOWN_FROM = 0x7FFFF000
_MAX_CHUNKS = 1000
# An Ogg page is at most 27 + 255 + 255 * 255 bytes.
_MAX_OGG_PAGE = 65307


def validate_complete(opened: Opened) -> None:
    """Raise if the file is cut off, as far as its structure tells.

    A wav or aiff file says how many bytes of sound it holds, an Ogg file ends with a whole page,
    an MP3 file may say its size in its first frame. FLAC says its length in samples: what is
    missing there is seen when it is decoded. Of au, caf and w64 nothing is said here.

    Raises
    ------
    TruncatedAudioError
        Naming what is announced and what is there.
    """
    find = _FINDERS.get(opened.kind)
    gap = find(opened) if find else None
    if gap:
        announced, present = gap
        raise TruncatedAudioError(
            f"{opened.name} is cut off: it announces {announced:,} bytes of sound, "
            f"{present:,} are there.",
            hint="Copy or download it again.",
        )


def _find_riff_gap(opened: Opened) -> tuple[int, int] | None:
    """Walk the chunks to the one that holds the sound (RIFF, RIFX, RF64, AIFF)."""
    form = opened.head[:4]
    order = ">" if form in (b"RIFX", b"FORM") else "<"
    wanted = b"SSND" if form == b"FORM" else b"data"
    position, long_size = 12, 0
    for _ in range(_MAX_CHUNKS):
        header = opened.read_at(position, 8)
        if len(header) < 8:
            break
        name, size = struct.unpack(f"{order}4sI", header)
        position += 8
        if name == b"ds64":
            long_size = int.from_bytes(opened.read_at(position + 8, 8), "little")
        if name == wanted:
            if form == b"RF64" and size == 0xFFFFFFFF:
                size = long_size
            elif size >= _UNKNOWN_FROM:
                return None
            present = opened.size - position
            return (size, present) if size > present else None
        position += size + size % 2
    # No sound met. Cut off inside the header, if the whole is shorter than it says.
    whole = int.from_bytes(opened.head[4:8], "big" if order == ">" else "little") + 8
    return (whole, opened.size) if opened.size < whole < _UNKNOWN_FROM else None


def _find_ogg_gap(opened: Opened) -> tuple[int, int] | None:
    """See that the last page is whole."""
    start = max(0, opened.size - _MAX_OGG_PAGE)
    tail = opened.read_at(start, opened.size - start)
    page = tail.rfind(b"OggS")
    if page < 0:
        return None
    n_segments = tail[page + 26] if len(tail) > page + 26 else 1
    segments = tail[page + 27 : page + 27 + n_segments]
    if len(segments) < n_segments:
        # Not even the page's own header is whole.
        return start + page + 27 + n_segments, opened.size
    end = page + 27 + n_segments + sum(segments)
    if end < len(tail) and b"OggS".startswith(tail[end:]):
        # A page has begun, by less than its four letters.
        end += 27
    return (start + end, opened.size) if end > len(tail) else None


def _find_mp3_gap(opened: Opened) -> tuple[int, int] | None:
    tag = find_mp3_tag(opened)
    return (tag.announced, tag.present) if tag and tag.announced > tag.present else None


_FINDERS = {
    "wav": _find_riff_gap,
    "aiff": _find_riff_gap,
    "ogg": _find_ogg_gap,
    "mp3": _find_mp3_gap,
}
