"""Fetching a corpus from its publisher: licence first, then download, verify, unpack, compare."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from emovox.corpora.check import check_corpus
from emovox.corpora.data import read_checksums
from emovox.corpora.download import download_archive
from emovox.corpora.extract import extract_archive
from emovox.corpora.info import CorpusInfo
from emovox.corpora.registry import get_corpus
from emovox.errors import CorpusError
from emovox.types import Progress


@dataclass(frozen=True, slots=True)
class FetchOptions:
    """How to fetch.

    Attributes
    ----------
    accept_licence : bool
        That the user has read the licence and accepts it; nothing is fetched without.
    keep_archive : bool
        Keep what was downloaded after unpacking it.
    n_attempts : int
        How often to go on after the connection broke.
    timeout_s : float
        How long to wait for the server, in seconds.
    """

    accept_licence: bool = False
    keep_archive: bool = False
    n_attempts: int = 3
    timeout_s: float = 60.0


def fetch_corpus(
    name: str,
    folder: str | os.PathLike[str],
    options: FetchOptions | None = None,
    *,
    progress: Progress | None = None,
) -> Path:
    """Fetch a corpus from its publisher.

    Parameters
    ----------
    name : str
        One of ``list_corpora()``.
    folder : path-like
        The corpus becomes a folder of its name in it, which must not exist.
    options : FetchOptions, optional
        ``accept_licence`` must be set.
    progress : callable, optional
        Called with (bytes done, bytes in all), first of the download, then of the unpacking.

    Returns
    -------
    Path
        Where the corpus is.

    Raises
    ------
    CorpusError
        If the licence is not accepted, the corpus is given only on registration or through git
        (the hint says how), the download fails, or is not what was published.
    ParameterError
        If the corpus is not known.
    """
    return fetch_archives(get_corpus(name).INFO, folder, options or FetchOptions(), progress)


def fetch_archives(
    info: CorpusInfo,
    folder: str | os.PathLike[str],
    options: FetchOptions,
    progress: Progress | None = None,
) -> Path:
    """Fetch what ``info`` says, as `fetch_corpus` does."""
    if not info.archives:
        raise CorpusError(f"{info.name} cannot be fetched by emovox.", hint=info.instructions)
    if not options.accept_licence:
        raise CorpusError(
            f"{info.name} comes under a licence: {info.licence} ({info.licence_url}).",
            hint="Read it; if you accept it, add --accept-licence.",
        )
    target = Path(folder) / info.name
    if target.exists():
        raise CorpusError(
            f"{target} is already there.", hint=f"Compare it: emovox corpora check {target}"
        )
    for archive in info.archives:
        packed = download_archive(
            archive,
            folder,
            n_attempts=options.n_attempts,
            timeout_s=options.timeout_s,
            progress=progress,
        )
        extract_archive(packed, target, progress=progress)
        if not options.keep_archive:
            packed.unlink()
    _validate_files(info, target)
    return target


def _validate_files(info: CorpusInfo, folder: Path) -> None:
    """Compare with the published checksums where they are known of every clip."""
    if len(read_checksums(info.name)) < info.n_clips:
        return
    report = check_corpus(folder, corpus=info.name)
    if not report.is_whole:
        raise CorpusError(
            f"{folder} is not the published corpus: {len(report.changed)} files changed, "
            f"{len(report.missing)} missing.",
            hint=f"See which: emovox corpora check {folder}",
        )
