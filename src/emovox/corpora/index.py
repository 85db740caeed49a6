"""Indexing: a folder as it was found -> clips, what was left out and why, what is noteworthy."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from emovox.corpora.found import Candidate, Found, IndexResult, LeftOut, Note
from emovox.corpora.info import CorpusReader, ParsedName
from emovox.corpora.notes import note_contents, note_counts, note_names
from emovox.corpora.registry import get_corpus, list_corpora
from emovox.corpora.scan import scan_files
from emovox.corpora.settle import (
    OTHER_EMOTION,
    settle_copies,
    settle_duplicates,
    settle_emotions,
    settle_faults,
)
from emovox.corpora.walk import find_recordings
from emovox.errors import CorpusError
from emovox.types import Progress

_EXCLUDED = {
    "video": "holds the picture, or sound and picture",
    "song": "is song; it is the corpus 'ravdess-song'",
    "speech": "is speech; it is the corpus 'ravdess'",
}
# What lies beside recordings and does not explain why there are none.
_HARMLESS = ("system-file", "not-a-recording", "unknown-name")


@dataclass(frozen=True, slots=True)
class IndexOptions:
    """How to index.

    Attributes
    ----------
    measure : bool
        Decode every file and note quiet, clipped and offset ones. Slower by about 10 ms a clip.
    n_jobs : int or None
        Threads; None for one a core.
    segments : path-like or None
        Folder for parts of recordings that a table names by ``start`` and ``end``; see
        `index_table`. None: such a table is refused.
    """

    measure: bool = False
    n_jobs: int | None = None
    segments: str | os.PathLike[str] | None = None


def index_corpus(
    folder: str | os.PathLike[str],
    *,
    corpus: str | None = None,
    options: IndexOptions | None = None,
    progress: Progress | None = None,
) -> IndexResult:
    """Find the clips of one or several corpora below a folder, in any known layout.

    Files are hashed and their headers read; only what looks silent is decoded.

    Parameters
    ----------
    folder : path-like
        Where the recordings are, at any depth.
    corpus : str, optional
        Take files of this corpus only. Without it every file's name tells its corpus.
    options : IndexOptions, optional
        Whether to measure levels; threads.
    progress : callable, optional
        Called with (files done, files in all).

    Returns
    -------
    IndexResult
        At least one clip.

    Raises
    ------
    CorpusError
        If there is no folder, no file in it has the name of a clip, or none can be used.
    ParameterError
        If ``corpus`` is not known.
    """
    root = Path(folder)
    readers = [get_corpus(name) for name in ((corpus,) if corpus else list_corpora())]
    names, left_out = find_recordings(root)
    candidates = []
    for name in names:
        candidate = _read_name(root, name, readers)
        if isinstance(candidate, LeftOut):
            left_out.append(candidate)
        else:
            candidates.append(candidate)
    if not candidates:
        raise _nothing_found(root, corpus, left_out)
    found = scan_candidates(candidates, options, progress)
    result = _settle(found, left_out, readers)
    if not result.clips:
        raise nothing_usable(root, result)
    return result


def scan_candidates(
    candidates: Sequence[Candidate], options: IndexOptions | None, progress: Progress | None
) -> list[Found]:
    """Scan the files of candidates, in their order."""
    options = options or IndexOptions()
    scans = scan_files(
        [candidate.path for candidate in candidates],
        measure=options.measure,
        n_jobs=options.n_jobs,
        progress=progress,
    )
    return [Found(*pair) for pair in zip(candidates, scans, strict=True)]


def _read_name(root: Path, name: str, readers: Sequence[CorpusReader]) -> Candidate | LeftOut:
    excluded = ""
    for reader in readers:
        parsed = reader.parse(name)
        if parsed is None:
            continue
        # Of the corpus, but of none of the eight emotions: counted, then left out.
        if parsed.excluded in ("", OTHER_EMOTION):
            return _make_candidate(root, name, reader, parsed)
        excluded = excluded or parsed.excluded
    if excluded:
        return LeftOut(name, excluded, _EXCLUDED[excluded])
    which = readers[0].INFO.name if len(readers) == 1 else "a known corpus"
    return LeftOut(name, "unknown-name", f"has no name of {which}")


def _make_candidate(root: Path, name: str, reader: CorpusReader, parsed: ParsedName) -> Candidate:
    info = reader.INFO
    return Candidate(
        path=root / name,
        name=name,
        corpus=info.name,
        speaker_id=f"{info.speakers_of or info.name}-{parsed.speaker}",
        parsed=parsed,
    )


def _settle(
    found: list[Found], left_out: list[LeftOut], readers: Sequence[CorpusReader]
) -> IndexResult:
    kept, out = settle_copies(found)
    left_out += out
    notes: list[Note] = []
    clips = []
    n_found = 0
    # Corpora apart: the same bytes in two of them are not for one corpus to judge.
    for reader in readers:
        name = reader.INFO.name
        here = {one.key: one for one in found if one.key[0] == name}
        if not here:
            continue
        n_found += len(here)
        own, out = settle_emotions([one for one in kept if one.candidate.corpus == name])
        left_out += out
        own, out = settle_duplicates(own)
        left_out += out
        own, out = settle_faults(own, name, reader.FAULTS)
        left_out += out
        clips += [one.to_clip() for one in sorted(own, key=lambda one: one.candidate.name)]
        shown = list(note_contents(own))
        seen = {(note.path, note.code) for note in shown}
        # What the content shows need not be told again from memory.
        known = [n for n in note_names(own, reader.FAULTS) if (n.path, n.code) not in seen]
        notes += [*shown, *known, *note_counts(list(here.values()), reader.INFO)]
    return IndexResult(
        tuple(clips), tuple(sorted(left_out, key=lambda one: one.path)), tuple(notes), n_found
    )


def _nothing_found(root: Path, corpus: str | None, left_out: Sequence[LeftOut]) -> CorpusError:
    return CorpusError(
        f"{root} holds no clip of {corpus or 'a known corpus'}; found: {_count(left_out)}.",
        hint=f"Known corpora: {', '.join(list_corpora())}. Your own recordings are indexed from "
        "a table with the columns path and emotion, or from a folder for each emotion.",
    )


def nothing_usable(source: Path, result: IndexResult) -> CorpusError:
    """Return the error for an index without clips."""
    first = next((one for one in result.left_out if one.reason_code not in _HARMLESS), None)
    return CorpusError(
        f"{source}: none of {result.n_found} clips can be used: {_count(result.left_out)}.",
        hint=f"{first.path} {first.message}." if first else "",
    )


def _count(left_out: Sequence[LeftOut]) -> str:
    reasons = Counter(one.reason_code for one in left_out)
    return ", ".join(f"{n} {code}" for code, n in reasons.most_common()) or "no file"
