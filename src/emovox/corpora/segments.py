"""Parts of recordings: the ``start`` and ``end`` of tables in the manner of audformat.

A clip of emovox is a whole file. A row that means a part of one is refused, or the part is cut
out into a file of its own.
"""

from __future__ import annotations

import hashlib
import math
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from emovox.audio import probe_audio, read_audio, write_audio
from emovox.corpora.found import Candidate, LeftOut
from emovox.errors import AudioError, ManifestError

START, END = "start", "end"
"""Columns of audformat's segmented tables, after ``file``."""

SEGMENT_COLUMNS = ("segment_of", "segment_start_s", "segment_end_s")
"""Columns that a clip cut out of a recording has, to tell where it comes from."""

_CLOCK = re.compile(r"(?:(\d+) days?,? ?)?(?:(\d+):(\d\d?):(\d\d?(?:\.\d*)?))?")
_NUMBER = re.compile(r"(\d+(?:\.\d*)?|\.\d+) ?(s|ms|)")
_NONE = ("", "nat", "nan", "none")
# An end so near to that of the file is that of the file: tables round.
_TOLERANCE_S = 1e-3


@dataclass(frozen=True, slots=True)
class Segment:
    """A part of a recording.

    Attributes
    ----------
    start_s : float
        Where it begins.
    end_s : float or None
        Where it ends; None: with the recording.
    """

    start_s: float
    end_s: float | None

    def __str__(self) -> str:
        end = "its end" if self.end_s is None else f"{self.end_s:g} s"
        return f"from {self.start_s:g} s to {end}"

    def is_whole(self, path: Path) -> bool:
        """Return whether it is all of the recording, as far as its header can be read."""
        if self.start_s > 0 or self.end_s is None:
            return self.start_s == 0
        try:
            return self.end_s >= probe_audio(path).duration_s - _TOLERANCE_S
        except AudioError:
            return False


def parse_time(column: str, text: str, place: str) -> float | None:
    """Return seconds, or None for an empty cell or NaT.

    A number is seconds, as audformat reads it; ``0 days 00:00:01.5``, ``00:00:01.5``, ``1.5s``
    and ``1500ms`` are understood too.

    Raises
    ------
    ManifestError
        If it is none of these.
    """
    word = text.strip().lower()
    if word in _NONE:
        return None
    number = _NUMBER.fullmatch(word)
    if number:
        return float(number[1]) / (1000 if number[2] == "ms" else 1)
    clock = _CLOCK.fullmatch(word)
    if clock is None:
        raise ManifestError(
            f"{place}: {column} {text!r} is no time of 0 or more.",
            hint="Write seconds, or 0 days 00:00:01.5; nothing means the end of the recording.",
        )
    days, hours, minutes, seconds = (float(part or 0) for part in clock.groups())
    return math.fsum((days * 86400, hours * 3600, minutes * 60, seconds))


def take_part(
    candidate: Candidate, row: Mapping[str, str], place: str, folder: str | os.PathLike[str] | None
) -> Candidate | LeftOut:
    """Return the clip that a row of a table means: a file, or a part of it cut out.

    Parameters
    ----------
    candidate : Candidate
        The file.
    row : mapping of str to str
        The row; ``start`` and ``end`` where it has them.
    place : str
        Of the row, for messages.
    folder : path-like or None
        Where parts are written, each as a file of its own, samples as they are, mixed down.

    Raises
    ------
    ManifestError
        If a time is not understood, the end is not after the start, or a part is meant and there
        is no folder.
    """
    segment = _read_segment(row, place)
    path, parsed = candidate.path, candidate.parsed
    if parsed.excluded or not path.is_file() or segment.is_whole(path):
        return candidate
    if folder is None:
        raise ManifestError(
            f"{place}: {candidate.name} is to be used {segment}; a clip is a whole file.",
            hint="Have such parts cut out into files of their own: --segments DIR.",
        )
    try:
        part = _cut(path, candidate.name, segment, Path(folder))
    except AudioError as error:
        return LeftOut(candidate.name, error.code, f"has no usable part {segment}: {error.message}")
    end = "" if segment.end_s is None else f"{segment.end_s:g}"
    origin = zip(SEGMENT_COLUMNS, (candidate.name, f"{segment.start_s:g}", end), strict=True)
    return replace(
        candidate,
        path=part,
        name=part.name,
        parsed=replace(parsed, extra={**parsed.extra, **dict(origin)}),
    )


def _read_segment(row: Mapping[str, str], place: str) -> Segment:
    times = {name.strip().lower(): value for name, value in row.items()}
    start = parse_time(START, times.get(START, ""), place) or 0.0
    end = parse_time(END, times.get(END, ""), place)
    if end is not None and end <= start:
        raise ManifestError(f"{place}: the end, {end:g} s, is not after the start, {start:g} s.")
    return Segment(start, end)


def _cut(source: Path, name: str, segment: Segment, folder: Path) -> Path:
    duration = None if segment.end_s is None else segment.end_s - segment.start_s
    part = read_audio(source, sampling_rate=None, offset_s=segment.start_s, duration_s=duration)
    # Recordings of one name in different folders, and parts of one recording, stay apart.
    identity = f"{name} {segment.start_s!r} {segment.end_s!r}"
    key = hashlib.sha256(identity.encode()).hexdigest()[:10]
    target = folder / f"{PurePosixPath(name).stem}-{key}.wav"
    write_audio(target, part.samples, part.sampling_rate, encoding="float32")
    return target
