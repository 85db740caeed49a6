"""Where an encoder comes from: a file, a folder, or a name on the Hugging Face hub.

A name is fetched once into the user's cache. The hub keeps, beside each large file, a short text
with the file's size and SHA-256 (a Git LFS pointer); what was fetched must be that.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path

from emovox.corpora import Archive
from emovox.corpora.download import download_archive
from emovox.errors import CorpusError, ModelIntegrityError, UnknownModelError
from emovox.types import Progress

FILE_NAME = "model.safetensors"
"""Of the weights, in a folder and on the hub."""

_NAME = re.compile(r"[\w-][\w.-]*/[\w-][\w.-]*", re.ASCII)
_POINTER = re.compile(r"^oid (sha256:[0-9a-f]{64})$.*^size (\d{1,12})$", re.MULTILINE | re.DOTALL)
_POINTER_NAME = f"{FILE_NAME}.pointer"
_LONGEST_POINTER = 1024
_OFFLINE = "Without a network give a .safetensors file, or a folder that holds model.safetensors."


@dataclass(frozen=True, slots=True, kw_only=True)
class Hub:
    """A place that serves models as the Hugging Face hub does.

    Attributes
    ----------
    url : str
        Its address.
    revision : str, default="main"
        Of a model: a branch, or the commit itself.
    timeout_s : float, default=60.0
        How long to wait for an answer, in seconds.
    """

    url: str = "https://huggingface.co"
    revision: str = "main"
    timeout_s: float = 60.0


def find_encoder(
    name: str | os.PathLike[str],
    *,
    cache: str | os.PathLike[str] | None = None,
    hub: Hub | None = None,
    progress: Progress | None = None,
) -> Path:
    """Return the file that holds an encoder, fetching it where it must be.

    Parameters
    ----------
    name : str or path-like
        A .safetensors file, a folder that holds ``model.safetensors``, or a name on the hub, such
        as ``openai/whisper-tiny.en``. What lies at a path is taken before a name.
    cache : path-like, optional
        Folder of what was fetched. Default: in the user's cache.
    hub : Hub, optional
        Default: the Hugging Face hub.
    progress : callable, optional
        Called with (bytes done, bytes in all) while it is fetched.

    Raises
    ------
    UnknownModelError
        If there is no such file, or the hub cannot be reached or has no such model.
    ModelIntegrityError
        If the hub's answer is none that can be used.
    """
    path = Path(name)
    if path.is_dir() and (path / FILE_NAME).is_file():
        return path / FILE_NAME
    if path.is_file():
        return path
    text = os.fspath(name)
    if path.exists() or path.suffix == ".safetensors" or not _NAME.fullmatch(text):
        raise UnknownModelError(
            f"no encoder at {text!r}.",
            hint="Give a .safetensors file, a folder that holds model.safetensors, or a name on "
            "the Hugging Face hub, such as openai/whisper-tiny.en.",
        )
    folder = (_find_cache() if cache is None else Path(cache)) / text.replace("/", "--")
    return _fetch(text, folder, hub or Hub(), progress)


def _fetch(name: str, folder: Path, hub: Hub, progress: Progress | None) -> Path:
    """Return the file of a model on the hub: the one in the folder where that is right."""
    pointer = Archive(_POINTER_NAME, f"{hub.url}/{name}/raw/{hub.revision}/{FILE_NAME}")
    try:
        if not (folder / _POINTER_NAME).exists():
            download_archive(
                pointer, folder, timeout_s=hub.timeout_s, max_bytes=_LONGEST_POINTER, n_attempts=1
            )
        digest, n_bytes = _read_pointer(folder / _POINTER_NAME, name)
        weights = Archive(
            FILE_NAME, f"{hub.url}/{name}/resolve/{hub.revision}/{FILE_NAME}", n_bytes, digest
        )
        return download_archive(weights, folder, timeout_s=hub.timeout_s, progress=progress)
    except CorpusError as error:
        # What the hub says of the file may have changed since.
        (folder / _POINTER_NAME).unlink(missing_ok=True)
        raise UnknownModelError(
            f"the encoder {name!r} could not be fetched from the hub: {error.message}",
            hint=_OFFLINE,
        ) from error


def _read_pointer(path: Path, name: str) -> tuple[str, int]:
    text = path.read_text(encoding="utf-8", errors="replace")
    found = _POINTER.search(text)
    if found is None:
        path.unlink()
        raise ModelIntegrityError(
            f"the hub states no size and hash of {FILE_NAME} of {name!r}: {text[:60]!r}.",
            hint=_OFFLINE,
        )
    return found[1], int(found[2])


def _find_cache() -> Path:
    from platformdirs import user_cache_path  # noqa: PLC0415 - only where something is fetched

    return user_cache_path("emovox") / "encoders"
