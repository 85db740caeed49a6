"""Manifests as tables of other programs: nkululeko's, and audformat's with a segmented index.

Both are read by `index_table`.
"""

from __future__ import annotations

import csv
import os
from collections.abc import Sequence
from pathlib import Path

from emovox.corpora.manifest import clips_to_rows
from emovox.corpora.segments import END, START
from emovox.errors import ManifestError, ParameterError, suggest
from emovox.files import replacing
from emovox.types import Clip

LAYOUTS = ("nkululeko", "audformat")
"""How a table may be laid out: ``file, speaker, ...``, or ``file, start, end, speaker, ...``."""

# Our name of a column -> theirs, in their order.
_RENAMED = {"path": "file", "speaker_id": "speaker", "sex": "gender"}
_COLUMNS = ("path", "speaker_id", "sex", "age", "emotion", "corpus", "intensity", "sentence")
# Facts of the file, which is the better witness.
_LEFT_OUT = ("duration_s", "sha256")


def export_table(
    path: str | os.PathLike[str], clips: Sequence[Clip], layout: str = "nkululeko"
) -> None:
    """Write clips as a table that nkululeko or audformat reads, atomically.

    Parameters
    ----------
    path : path-like
        A CSV file. Recordings below its folder are named relative to it, as audformat wants (and
        nkululeko, with ``absolute_path = False``); others by their absolute path.
    clips : sequence of Clip
        One row each, in this order.
    layout : {"nkululeko", "audformat"}, default="nkululeko"
        With ``audformat`` the columns ``start`` and ``end`` say that each file is used whole.

    Raises
    ------
    ParameterError
        If the layout is not known.
    ManifestError
        If an extra column has the name of one that is written.
    """
    if layout not in LAYOUTS:
        raise ParameterError(f"no layout {layout!r}.", hint=suggest(layout, LAYOUTS))
    target = Path(path)
    rows = clips_to_rows(clips, target.parent)
    extra = [name for name in (rows[0] if rows else ()) if name not in (*_COLUMNS, *_LEFT_OUT)]
    names = {name: _RENAMED.get(name, name) for name in (*_COLUMNS, *extra)}
    times = {START: "0 days 00:00:00", END: ""} if layout == "audformat" else {}
    taken = sorted(set(extra) & {*_RENAMED.values(), START, END})
    if taken:
        raise ManifestError(
            f"extra columns may not have the names of those that are written: {taken}.",
            hint="Rename them in the manifest.",
        )
    file, *others = names.values()
    with replacing(target) as temporary, temporary.open("w", encoding="utf-8", newline="") as out:
        writer = csv.DictWriter(out, [file, *times, *others], lineterminator="\n")
        writer.writeheader()
        for row in rows:
            writer.writerow({new: row[old] for old, new in names.items()} | times)
