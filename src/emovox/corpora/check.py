"""Checking: are the files of a folder the published ones, byte for byte."""

from __future__ import annotations

import os
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from emovox.corpora.data import Published, read_checksums
from emovox.corpora.registry import get_corpus, list_corpora
from emovox.corpora.scan import LFS_POINTER
from emovox.corpora.walk import find_recordings
from emovox.errors import CorpusError
from emovox.files import hash_file
from emovox.types import Progress


@dataclass(frozen=True, slots=True)
class CheckReport:
    """What became of the published files, by name; each tuple is sorted.

    Attributes
    ----------
    corpora : tuple of str
        What was compared with.
    ok : tuple of str
        Files that are byte for byte the published ones.
    changed : tuple of str
        Files with the published name and suffix but other bytes.
    re_encoded : tuple of str
        Files with a published name but another suffix, so in another encoding: their bytes
        cannot be compared.
    pointers : tuple of str
        Git LFS pointers: the recording itself has yet to be pulled.
    unreadable : tuple of str
        Files with a published name that cannot be opened, such as links to nothing.
    unknown : tuple of str
        Recordings that were not published under this name.
    missing : tuple of str
        Published names for which there is no file at all.
    """

    corpora: tuple[str, ...]
    ok: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    re_encoded: tuple[str, ...] = ()
    pointers: tuple[str, ...] = ()
    unreadable: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()
    missing: tuple[str, ...] = field(default=(), repr=False)

    @property
    def is_whole(self) -> bool:
        """Whether every published file is there, unchanged."""
        faults = (self.changed, self.re_encoded, self.pointers, self.unreadable, self.missing)
        return not any(faults)


def check_corpus(
    folder: str | os.PathLike[str],
    *,
    corpus: str | None = None,
    n_jobs: int | None = None,
    progress: Progress | None = None,
) -> CheckReport:
    """Compare the files of a folder with the published checksums.

    Parameters
    ----------
    folder : path-like
        Where the recordings are, in any layout.
    corpus : str, optional
        Compare with this corpus only; without it with those whose names are found.
    n_jobs : int, optional
        Threads; None for one a core.
    progress : callable, optional
        Called with (files done, files in all).

    Returns
    -------
    CheckReport

    Raises
    ------
    CorpusError
        If there is no folder, no file with a name of the corpus, or no published checksums.
    """
    root = Path(folder)
    readers = [get_corpus(name) for name in ((corpus,) if corpus else list_corpora())]
    published = {reader.INFO.name: read_checksums(reader.INFO.name) for reader in readers}
    if corpus and not published[corpus]:
        raise CorpusError(f"no published checksums of {corpus!r} are known.")
    names, _ = find_recordings(root)
    groups: dict[str, list[str]] = defaultdict(list)
    expected: dict[str, Published] = {}
    seen: dict[str, set[str]] = defaultdict(set)
    for name in names:
        for reader in readers:
            own = published[reader.INFO.name]
            parsed = reader.parse(name)
            if parsed is not None and parsed.key in own:
                expected[name] = own[parsed.key]
                seen[reader.INFO.name].add(parsed.key)
                break
        else:
            groups["unknown"].append(name)
    if not expected:
        raise CorpusError(
            f"{root} holds no file with a published name of {corpus or 'any corpus'}.",
            hint=f"Checksums are known of: {', '.join(n for n in published if published[n])}.",
        )
    todo = list(expected)
    with ThreadPoolExecutor(n_jobs or min(8, os.cpu_count() or 1)) as pool:
        verdicts = pool.map(lambda name: _compare(root / name, expected[name]), todo)
        for done, (name, verdict) in enumerate(zip(todo, verdicts, strict=True), start=1):
            groups[verdict].append(name)
            if progress is not None:
                progress(done, len(todo))
    groups["missing"] = sorted(
        published[name][key].file for name in seen for key in published[name].keys() - seen[name]
    )
    return CheckReport(tuple(seen), **{name: tuple(found) for name, found in groups.items()})


def _compare(path: Path, published: Published) -> str:
    try:
        with path.open("rb") as stream:
            if stream.read(len(LFS_POINTER)) == LFS_POINTER:
                return "pointers"
        if path.suffix.lower() != PurePosixPath(published.file).suffix:
            return "re_encoded"
        return "ok" if hash_file(path) == published.sha256 else "changed"
    except OSError:
        return "unreadable"
