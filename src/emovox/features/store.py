"""A folder of computed features, addressed by what they were computed from."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import numpy as np

from emovox.files import replacing
from emovox.types import FloatArray


def make_store_key(audio_sha256: str, alteration_key: str, feature_key: str) -> str:
    """Return the address of features: a hash of the recording, the alteration and the features.

    Parameters
    ----------
    audio_sha256 : str
        Of the recording's bytes.
    alteration_key : str
        ``Alteration.key``, or empty.
    feature_key : str
        ``FeatureSet.key``, with the kind of output.

    Returns
    -------
    str
        SHA-256 in hexadecimal.
    """
    content = "\n".join((audio_sha256, alteration_key, feature_key))
    return hashlib.sha256(content.encode()).hexdigest()


class FeatureStore:
    """Arrays on disk, one ``.npy`` file each, in folders by the first two digits of the key.

    Several processes may use one store at a time: a file is written beside its place and
    renamed into it. Entries never change; deleting any of them, or all, is always safe.

    Parameters
    ----------
    folder : path-like
        Made when the first entry is written.
    """

    def __init__(self, folder: str | os.PathLike[str]) -> None:
        self.folder = Path(folder)

    def get(self, key: str) -> FloatArray | None:
        """Return the array stored under a key, or None where there is none or it is damaged."""
        try:
            array: FloatArray = np.load(self._path(key), allow_pickle=False)
        except (FileNotFoundError, ValueError, EOFError):
            return None
        return array

    def put(self, key: str, array: FloatArray) -> None:
        """Store an array under a key."""
        with replacing(self._path(key)) as temporary:
            np.save(temporary, array, allow_pickle=False)

    def _path(self, key: str) -> Path:
        return self.folder / key[:2] / f"{key}.npy"
