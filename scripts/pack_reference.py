"""Pack reference tables into the package data of emovox.corpora.

    python scripts/pack_reference.py FOLDER

FOLDER holds ``checksums.csv`` (corpus, file, sha256, bytes, evidence), ``crema-d-actors.csv``
(speaker, age, sex, race, ethnicity) and ``crema-d-voice-votes.csv`` (file and a column an
emotion). The same tables give the same bytes.
"""

from __future__ import annotations

import csv
import lzma
import sys
from pathlib import Path

DATA = Path(__file__).resolve().parents[1] / "src" / "emovox" / "corpora" / "data"
TABLES = {
    "checksums": ["corpus", "file", "sha256", "bytes", "evidence"],
    "crema-d-actors": ["speaker", "age", "sex", "race", "ethnicity"],
    "crema-d-voice-votes": ["file", "angry", "disgust", "fear", "happy", "neutral", "sad"],
}


def pack(source: Path, target: Path, columns: list[str]) -> None:
    """Compress a table after looking at its header."""
    text = source.read_text(encoding="utf-8")
    header = next(csv.reader([text.partition("\n")[0]]))
    if header != columns:
        sys.exit(f"{source}: columns {header}, expected {columns}")
    packed = lzma.compress(text.encode("utf-8"), preset=9 | lzma.PRESET_EXTREME)
    target.write_bytes(packed)
    sys.stdout.write(f"{target.name}: {len(text):,} -> {len(packed):,} bytes\n")


def main(arguments: list[str]) -> None:
    """Pack every table."""
    if len(arguments) != 1:
        sys.exit(__doc__)
    DATA.mkdir(exist_ok=True)
    for name, columns in TABLES.items():
        pack(Path(arguments[0]) / f"{name}.csv", DATA / f"{name}.csv.xz", columns)


if __name__ == "__main__":
    main(sys.argv[1:])
