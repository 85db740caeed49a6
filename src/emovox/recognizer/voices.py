"""Enrolled voices: kept by name, for this user, as one JSON file each."""

from __future__ import annotations

import os
import re
import unicodedata
from collections.abc import Iterable
from pathlib import Path

from emovox.audio import AudioSource
from emovox.errors import AudioError, ParameterError, suggest
from emovox.recognizer.recognizer import Recognizer
from emovox.recognizer.voice import Voice, read_voice, write_voice

_SUFFIX = ".json"
# Letters and digits of any script. No dot and no separator: a name is never a path.
_NAME = re.compile(r"\w[\w-]{0,63}")


class VoiceStore:
    """The voices that were enrolled.

    They tell people apart, so that the folder is made readable by its owner alone.

    Parameters
    ----------
    folder : path-like, optional
        Where they are kept. Default: in the user's data folder.
    """

    def __init__(self, folder: str | os.PathLike[str] | None = None) -> None:
        self.folder = _find_default() if folder is None else Path(folder)

    def names(self) -> tuple[str, ...]:
        """Return the names of all enrolled voices, sorted."""
        return tuple(sorted(_normalize(path.stem) for path in self.folder.glob(f"[!.]*{_SUFFIX}")))

    def read(self, name: str) -> Voice:
        """Return an enrolled voice.

        Raises
        ------
        ParameterError
            If no voice has this name, or its file is damaged.
        """
        return read_voice(self._find(name))

    def write(self, name: str, voice: Voice) -> None:
        """Keep a voice under this name, in place of an older one.

        Raises
        ------
        ParameterError
            If the name is not of 1 to 64 letters, digits, ``-`` and ``_``.
        """
        path = self._locate(name)
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_voice(path, voice)

    def enroll(
        self,
        name: str,
        clips: Iterable[AudioSource],
        recognizer: Recognizer,
        *,
        add: bool = False,
    ) -> Voice:
        """Learn a voice from recordings of everyday speech, keep it and return it.

        Parameters
        ----------
        name : str
            What to call it.
        clips : iterable of path, bytes, binary file object, or (samples, sampling_rate)
            Of this speaker; no labels are needed.
        recognizer : Recognizer
            Of the model that shall know the voice.
        add : bool, default=False
            Add the clips to what is known of the voice, rather than begin anew.

        Raises
        ------
        AudioError
            If a clip cannot be decoded, or none has speech that can be judged.
        ParameterError
            If the name cannot be one, or the model cannot adapt; with ``add`` if the voice is not
            known, or was heard by another model.
        """
        self._locate(name)  # a wrong name is said before anything is read
        known = self.read(name) if add else None
        voice = recognizer.estimate_voice(clips)
        if not voice.n_clips:
            raise AudioError(
                "none of the recordings has speech that can be judged.",
                hint="Give a few sentences, recorded at a usual level.",
            )
        voice = voice if known is None else known.merge(voice)
        self.write(name, voice)
        return voice

    def remove(self, name: str) -> None:
        """Forget a voice.

        Raises
        ------
        ParameterError
            If no voice has this name.
        """
        self._find(name).unlink(missing_ok=True)

    def _find(self, name: str) -> Path:
        path = self._locate(name)
        if not path.exists():
            known = self.names()
            raise ParameterError(
                f"no voice {name!r} is enrolled.",
                hint=suggest(name, known) if known else "Enrol one: emovox enroll NAME FILE...",
            )
        return path

    def _locate(self, name: str) -> Path:
        name = _normalize(name)
        if not _NAME.fullmatch(name):
            raise ParameterError(
                f"a voice cannot be called {name!r}; 1 to 64 letters, digits, '-' and '_' make a "
                "name."
            )
        return self.folder / f"{name}{_SUFFIX}"


def _normalize(name: str) -> str:
    # Some systems keep file names with their accents apart.
    return unicodedata.normalize("NFC", name)


def _find_default() -> Path:
    from platformdirs import user_data_path  # noqa: PLC0415 - 20 ms that few need

    return user_data_path("emovox") / "voices"
