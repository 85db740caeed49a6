"""The package data: published checksums, the actors of CREMA-D, what listeners heard in them."""

from __future__ import annotations

import csv
import functools
import io
import lzma
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from types import MappingProxyType


@dataclass(frozen=True, slots=True)
class Published:
    """A published file.

    Attributes
    ----------
    file, sha256 : str
        Its name, and the SHA-256 of its bytes.
    n_bytes : int
        Its size.
    evidence : str
        Where the checksum comes from.
    """

    file: str
    sha256: str
    n_bytes: int
    evidence: str


@dataclass(frozen=True, slots=True)
class Actor:
    """An actor of CREMA-D."""

    sex: str
    age: int
    race: str
    ethnicity: str


def read_checksums(corpus: str) -> Mapping[str, Published]:
    """Return the published files of a corpus: name without suffix -> checksum.

    Empty for a corpus whose checksums are not known.
    """
    return _read_all_checksums().get(corpus, MappingProxyType({}))


# Tables that never change, and take 0.2 s to unpack.
@functools.cache
def _read_all_checksums() -> Mapping[str, Mapping[str, Published]]:
    tables: dict[str, dict[str, Published]] = {}
    for row in _read_table("checksums"):
        published = Published(row["file"], row["sha256"], int(row["bytes"]), row["evidence"])
        tables.setdefault(row["corpus"], {})[row["file"].rpartition(".")[0]] = published
    return MappingProxyType({name: MappingProxyType(table) for name, table in tables.items()})


@functools.cache
def read_crema_d_actors() -> Mapping[str, Actor]:
    """Return the actors of CREMA-D: number -> sex, age, race, ethnicity."""
    return MappingProxyType(
        {
            row["speaker"]: Actor(row["sex"], int(row["age"]), row["race"], row["ethnicity"])
            for row in _read_table("crema-d-actors")
        }
    )


def read_crema_d_votes() -> Mapping[str, Mapping[str, int]]:
    """Return what listeners heard in the voice alone: clip -> emotion -> number of votes."""
    return MappingProxyType(
        {
            row.pop("file"): MappingProxyType({name: int(n) for name, n in row.items()})
            for row in _read_table("crema-d-voice-votes")
        }
    )


def _read_table(name: str) -> csv.DictReader[str]:
    packed = resources.files("emovox.corpora").joinpath("data", f"{name}.csv.xz").read_bytes()
    return csv.DictReader(io.StringIO(lzma.decompress(packed).decode("utf-8")))
