"""Manifests: one row a clip, as CSV; rows for those who keep them as Parquet.

Columns: ``path, corpus, speaker_id, sex, age, emotion, intensity, sentence, duration_s, sha256``.
Only ``path`` must be there. Unknown is empty. Columns emovox does not know are kept in
``Clip.extra``. Paths are absolute or relative to the manifest's folder.
"""

from __future__ import annotations

import csv
import math
import os
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from itertools import count
from pathlib import Path
from typing import Any

from emovox.emotions import EMOTIONS
from emovox.errors import ManifestError, suggest
from emovox.files import replacing
from emovox.types import Clip

COLUMNS: tuple[str, ...] = (
    "path",
    "corpus",
    "speaker_id",
    "sex",
    "age",
    "emotion",
    "intensity",
    "sentence",
    "duration_s",
    "sha256",
)
"""The columns every manifest is written with, in this order."""

SEXES: tuple[str, ...] = ("female", "male")
"""What ``sex`` may hold, besides nothing."""

_SHA256 = re.compile(r"[0-9a-f]{64}")
_PARQUET_MAGIC = b"PAR1"


def read_manifest(path: str | os.PathLike[str]) -> tuple[Clip, ...]:
    """Read a manifest from CSV.

    Parameters
    ----------
    path : path-like
        A CSV file in UTF-8 with a header.

    Returns
    -------
    tuple of Clip
        In the order of the file. ``Clip.path`` can be opened: it is absolute, or relative to
        the current folder as ``path`` itself is.

    Raises
    ------
    ManifestError
        If the file is missing, not a CSV table, lacks the column ``path``, names a clip twice,
        or a value is not allowed; the message names the line.
    """
    source = Path(path)
    rows = read_csv(source)
    return rows_to_clips(
        rows.values(), source.parent, places=[f"{source}, line {line}" for line in rows]
    )


def write_manifest(path: str | os.PathLike[str], clips: Sequence[Clip]) -> None:
    """Write a manifest as CSV, atomically.

    Parameters
    ----------
    path : path-like
        Where to. Paths of clips below its folder are written relative to it, so that the folder
        can be moved; others are written absolute.
    clips : sequence of Clip
        One row each, in this order.

    Raises
    ------
    ManifestError
        If an extra column has the name of a known one.
    """
    target = Path(path)
    rows = clips_to_rows(clips, target.parent)
    columns = list(rows[0]) if rows else list(COLUMNS)
    with replacing(target) as temporary, temporary.open("w", encoding="utf-8", newline="") as out:
        writer = csv.DictWriter(out, columns, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def read_csv(path: Path) -> dict[int, dict[str, str]]:
    """Read any CSV table with a header; raise ManifestError where it is none.

    Returns
    -------
    dict of int to dict
        The line in which a row ends -> column -> cell.
    """
    try:
        with path.open("rb") as stream:
            if stream.read(4) == _PARQUET_MAGIC:
                raise ManifestError(
                    f"{path}: this is Parquet, CSV is read here.",
                    hint="Save it as CSV, or read it with emovox.study and rows_to_clips.",
                )
        with path.open(encoding="utf-8-sig", newline="") as text:
            reader = csv.DictReader(text, strict=True)
            if not reader.fieldnames:
                raise ManifestError(f"{path}: empty; the first line must name the columns.")
            twice = [name for name, n in Counter(reader.fieldnames).items() if name and n > 1]
            if twice:
                raise ManifestError(f"{path}: the column {twice[0]!r} stands there twice.")
            numbered = ((reader.line_num, row) for row in reader)
            return {line: _complete_row(row, f"{path}, line {line}") for line, row in numbered}
    except FileNotFoundError:
        raise ManifestError(
            f"no manifest at {path}.", hint="Make one with: emovox corpora index DIR --out FILE"
        ) from None
    except IsADirectoryError:
        raise ManifestError(
            f"{path} is a folder, not a manifest.",
            hint="Make one with: emovox corpora index DIR --out FILE",
        ) from None
    except OSError as error:
        raise ManifestError(f"{path} cannot be read: {error.strerror or error}.") from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise ManifestError(f"{path}: not a CSV table in UTF-8 ({error}).") from error


def _complete_row(row: dict[Any, Any], place: str) -> dict[str, str]:
    # csv puts surplus cells under None and fills missing ones with None.
    if None in row or None in row.values():
        raise ManifestError(f"{place}: the number of cells differs from the header's.")
    return row


def clips_to_rows(
    clips: Iterable[Clip], folder: str | os.PathLike[str] | None = None
) -> list[dict[str, str]]:
    """Return one mapping a clip, all with the same columns, all values text.

    Parameters
    ----------
    clips : iterable of Clip
        What to write.
    folder : path-like, optional
        Paths below it become relative to it, others absolute. Without it they stay as they are.

    Raises
    ------
    ManifestError
        If an extra column has the name of a known one.
    """
    clips = list(clips)
    extra = dict.fromkeys(name for clip in clips for name in clip.extra)
    taken = sorted(set(extra) & set(COLUMNS))
    if taken:
        raise ManifestError(f"extra columns may not have the names of known ones: {taken}.")
    # absolute(), not resolve(): a link to a recording stays the name its owner gave it.
    base = None if folder is None else Path(folder).absolute()
    return [_clip_to_row(clip, tuple(extra), base) for clip in clips]


def _clip_to_row(clip: Clip, extra: Sequence[str], base: Path | None) -> dict[str, str]:
    path = Path(clip.path)
    if base is not None:
        path = path.absolute()
        path = path.relative_to(base) if path.is_relative_to(base) else path
    row = {
        "path": path.as_posix(),
        "corpus": clip.corpus,
        "speaker_id": clip.speaker_id,
        "sex": clip.sex,
        "age": "" if clip.age is None else str(clip.age),
        "emotion": clip.emotion,
        "intensity": clip.intensity,
        "sentence": clip.sentence,
        "duration_s": "" if clip.duration_s is None else f"{clip.duration_s:.6f}",
        "sha256": clip.sha256,
    }
    return row | {name: clip.extra.get(name, "") for name in extra}


def rows_to_clips(
    rows: Iterable[Mapping[str, Any]],
    folder: str | os.PathLike[str] = "",
    *,
    places: Iterable[str] | None = None,
) -> tuple[Clip, ...]:
    """Return the clips that rows of a manifest describe.

    Parameters
    ----------
    rows : iterable of mapping
        Column -> value. None and NaN count as empty.
    folder : path-like
        What relative paths are relative to.
    places : iterable of str, optional
        Where each row stands, for messages; ``line 2`` and so on without it.

    Raises
    ------
    ManifestError
        If the column ``path`` is missing, a clip is named twice or a value is not allowed; the
        message says where.
    """
    base = Path(folder)
    clips = []
    first: dict[str, str] = {}
    where = (f"line {line}" for line in count(2)) if places is None else places
    for place, row in zip(where, rows, strict=places is not None):
        clip = _row_to_clip({name: to_text(value) for name, value in row.items()}, base, place)
        if clip.path in first:
            raise ManifestError(f"{place}: {clip.path} stands in {first[clip.path]} too.")
        first[clip.path] = place
        clips.append(clip)
    return tuple(clips)


def to_text(value: Any) -> str:
    """Return a cell as text; None and NaN are empty."""
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return ""
    return str(value).strip()


def _row_to_clip(row: dict[str, str], base: Path, place: str) -> Clip:
    if "path" not in row:
        raise ManifestError(
            f"no column 'path'; the columns are: {', '.join(row)}.",
            hint="A table of your own becomes a manifest with: emovox corpora index TABLE",
        )
    if not row["path"]:
        raise ManifestError(f"{place}: the path is empty.")
    _require_known("emotion", row.get("emotion", ""), EMOTIONS, place)
    _require_known("sex", row.get("sex", ""), SEXES, place)
    sha256 = row.get("sha256", "").lower()
    if sha256 and not _SHA256.fullmatch(sha256):
        raise ManifestError(f"{place}: sha256 {sha256!r} is not 64 hexadecimal digits.")
    age = parse_number("age", row.get("age", ""), place)
    return Clip(
        path=str(base / row["path"]),
        corpus=row.get("corpus", ""),
        speaker_id=row.get("speaker_id", ""),
        sex=row.get("sex", ""),
        # A table program may have written 51 as 51.0.
        age=None if age is None else int(age),
        emotion=row.get("emotion", ""),
        intensity=row.get("intensity", ""),
        sentence=row.get("sentence", ""),
        duration_s=parse_number("duration_s", row.get("duration_s", ""), place),
        sha256=sha256,
        extra={name: value for name, value in row.items() if name not in COLUMNS},
    )


def _require_known(column: str, value: str, legal: Sequence[str], place: str) -> None:
    if value and value not in legal:
        raise ManifestError(f"{place}: unknown {column} {value!r}.", hint=suggest(value, legal))


def parse_number(column: str, text: str, place: str) -> float | None:
    """Return a number of 0 or more, or None for an empty cell; else raise ManifestError."""
    if not text:
        return None
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not (math.isfinite(number) and number >= 0):
        raise ManifestError(f"{place}: {column} {text!r} is not a number of 0 or more.")
    return number
