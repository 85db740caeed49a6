"""Downloading one file: goes on where it stopped, and is what the publisher says, or is not there.

The part received lies beside the place as ``.part`` until its size and hash are right.
"""

from __future__ import annotations

import hashlib
import http.client
import os
import time
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path

from emovox.corpora.info import Archive
from emovox.errors import CorpusError, ParameterError
from emovox.types import Progress

_BLOCK = 1 << 18
_AGENT = "emovox (speech emotion corpora)"
_SCHEMES = ("https", "http")


def download_archive(
    archive: Archive,
    folder: str | os.PathLike[str],
    *,
    n_attempts: int = 3,
    timeout_s: float = 60.0,
    max_bytes: int = 4 << 30,
    progress: Progress | None = None,
) -> Path:
    """Download a file, going on from what an earlier call left.

    Parameters
    ----------
    archive : Archive
        Address, size and hash; without a stated hash only the size is verified.
    folder : path-like
        Where to.
    n_attempts : int, default=3
        How often to go on after the connection broke.
    timeout_s : float, default=60.0
        How long to wait for the server, in seconds.
    max_bytes : int
        Where the publisher states no size, refuse more than this.
    progress : callable, optional
        Called with (bytes done, bytes in all; 0 if unknown).

    Returns
    -------
    Path
        The file. One that is already there and right is not fetched again.

    Raises
    ------
    CorpusError
        If the server fails, sends too much or too little, or the hash is wrong.
    """
    if urllib.parse.urlsplit(archive.url).scheme not in _SCHEMES:
        raise ParameterError(f"only http and https are fetched, not {archive.url!r}.")
    target = Path(folder) / archive.name
    if target.exists() and _is_right(target, archive):
        return target
    part = target.with_name(target.name + ".part")
    part.parent.mkdir(parents=True, exist_ok=True)
    for attempt in range(1, n_attempts + 1):
        try:
            _receive(archive, part, timeout_s, max_bytes, progress)
            break
        except (OSError, http.client.HTTPException) as error:
            if attempt == n_attempts or isinstance(error, urllib.error.HTTPError):
                raise _broken(archive, part, error) from error
            time.sleep(attempt)
    if not _is_right(part, archive):
        # Going on from wrong bytes would never make them right.
        part.unlink()
        raise CorpusError(
            f"{archive.url} is not what was published: its hash is not {archive.digest}.",
            hint="It was deleted; fetch it again. If that does not help, the publisher changed it.",
        )
    part.replace(target)
    return target


def _receive(
    archive: Archive, part: Path, timeout_s: float, max_bytes: int, progress: Progress | None
) -> None:
    have = part.stat().st_size if part.exists() else 0
    if have and have == archive.n_bytes:
        return
    request = urllib.request.Request(archive.url, headers={"User-Agent": _AGENT})
    if have and (archive.n_bytes is None or have < archive.n_bytes):
        request.add_header("Range", f"bytes={have}-")
    with _open(request, timeout_s) as response:
        if response.status != http.HTTPStatus.PARTIAL_CONTENT or not _starts_at(response, have):
            have = 0  # the server sends it all
        length = response.headers.get("Content-Length")
        total = archive.n_bytes or (have + int(length) if length else 0)
        limit = archive.n_bytes or max_bytes
        with part.open("r+b" if have else "wb") as out:
            out.seek(have)
            while block := response.read(_BLOCK):
                have += len(block)
                if have > limit:
                    out.close()
                    part.unlink()
                    raise CorpusError(f"{archive.url} sends more than {limit:,} bytes.")
                out.write(block)
                if progress is not None:
                    progress(have, total)
    if total and have < total:
        raise http.client.IncompleteRead(b"", total - have)


def _open(request: urllib.request.Request, timeout_s: float) -> http.client.HTTPResponse:
    try:
        response: http.client.HTTPResponse = urllib.request.urlopen(request, timeout=timeout_s)
        return response
    except urllib.error.HTTPError as error:
        if error.code != http.HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE:
            raise
        # What lies here is no beginning of what the server has.
        request.remove_header("Range")
        whole: http.client.HTTPResponse = urllib.request.urlopen(request, timeout=timeout_s)
        return whole


def _starts_at(response: http.client.HTTPResponse, position: int) -> bool:
    return str(response.headers.get("Content-Range", "")).startswith(f"bytes {position}-")


def _is_right(path: Path, archive: Archive) -> bool:
    if archive.n_bytes is not None and path.stat().st_size != archive.n_bytes:
        return False
    kind, _, digest = archive.digest.partition(":")
    if not digest:
        return True
    with path.open("rb") as stream:
        # MD5 where the publisher states nothing better: it guards against accidents only.
        return hashlib.file_digest(stream, kind).hexdigest() == digest


def _broken(archive: Archive, part: Path, error: Exception) -> CorpusError:
    if isinstance(error, http.client.IncompleteRead):
        reason = f"{error.expected:,} bytes are missing"
    else:
        reason = str(getattr(error, "reason", error))
    have = part.stat().st_size if part.exists() else 0
    kept = f"{have:,} bytes are kept in {part}; the same command goes on from there."
    return CorpusError(
        f"{archive.url} could not be fetched whole: {reason}.",
        hint=kept if have else "Try again later, or look at the publisher's page.",
    )
