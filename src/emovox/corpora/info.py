"""What a reader of a corpus declares: facts, how names are read, known faults."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Archive:
    """A file that the publisher offers for download.

    Attributes
    ----------
    name, url : str
        File name, and where it is.
    n_bytes : int or None
        Its size; None where the publisher does not say it.
    digest : str
        ``md5:...`` or ``sha256:...`` as the publisher states it; empty where he states none.
    """

    name: str
    url: str
    n_bytes: int | None = None
    digest: str = ""


@dataclass(frozen=True, slots=True)
class CorpusInfo:
    """Facts of a corpus.

    Attributes
    ----------
    name, title, language : str
        The short name used everywhere, the full one, the language spoken.
    citation : str
        How the authors wish to be cited.
    licence, licence_url : str
        In the publisher's words, and where they stand.
    emotions : tuple of str
        Those of the eight that it has, in their order.
    n_clips, n_speakers : int
        As published.
    home : str
        The publisher's page.
    archives : tuple of Archive
        What ``fetch`` can download; empty where it takes a registration or git.
    instructions : str
        How to get it where there are no archives.
    clips_per_speaker : int or None
        Where every speaker should have the same number.
    speakers_of : str
        The corpus whose speakers these are, where it is not this one.
    remarks : tuple of str
        What a user should know of the published files.
    """

    name: str
    title: str
    language: str
    citation: str
    licence: str
    licence_url: str
    emotions: tuple[str, ...]
    n_clips: int
    n_speakers: int
    home: str
    archives: tuple[Archive, ...] = ()
    instructions: str = ""
    clips_per_speaker: int | None = None
    speakers_of: str = ""
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ParsedName:
    """What the name of a clip says. Unknown text is empty.

    Attributes
    ----------
    key : str
        The published name without suffix, whatever the copy at hand calls it: two files with one
        key are copies of one clip.
    speaker, sex, emotion, intensity, sentence : str
        As in `emovox.types.Clip`, the speaker without the corpus.
    age : int or None
        In years.
    extra : mapping of str to str
        Further columns.
    excluded : str
        Why this is no clip of the corpus (``song``, ``video``, ``other-emotion``), or empty.
    """

    key: str
    speaker: str = ""
    emotion: str = ""
    sex: str = ""
    age: int | None = None
    intensity: str = ""
    sentence: str = ""
    extra: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    excluded: str = ""


@dataclass(frozen=True, slots=True)
class Fault:
    """A known fault of published files, found by name because copies may have other bytes.

    Attributes
    ----------
    keys : tuple of str
        The files: one, or those that are equal.
    code : str
        ``silent`` and ``conflict`` leave the files out, ``duplicate`` all but the first that is
        there; any other, such as ``near-copy`` (one take in two files), only makes a note.
    message : str
        What is wrong, as a clause: "is the same recording as ...".
    """

    keys: tuple[str, ...]
    code: str
    message: str


class CorpusReader(Protocol):
    """What each corpus's module offers."""

    INFO: CorpusInfo
    FAULTS: tuple[Fault, ...]

    def parse(self, name: str) -> ParsedName | None:
        """Read a clip's path, with ``/`` between folders; None if it is none of the corpus."""
        ...
