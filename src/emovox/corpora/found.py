"""Records that indexing passes on and gives back."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from emovox.corpora.info import ParsedName
from emovox.corpora.scan import Scan
from emovox.types import Clip


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A file that became no clip.

    Attributes
    ----------
    path : str
        Relative to what was indexed.
    reason_code : str
        Stable: ``system-file``, ``not-a-recording``, ``unknown-name``, ``video``, ``song``,
        ``speech``, ``other-emotion``, ``copy``, ``duplicate``, ``conflict``, ``silent``,
        ``lfs-pointer``, ``unreadable``, ``missing``, ``linked-folder``, or the code of an audio
        error.
    message : str
        Why, as a clause that goes on from the path: "holds only zeros".
    """

    path: str
    reason_code: str
    message: str


@dataclass(frozen=True, slots=True)
class Note:
    """Something worth knowing of what was kept.

    Attributes
    ----------
    path : str
        Relative to what was indexed; empty where it is about more than one file.
    code, message : str
        As in `LeftOut`.
    """

    path: str
    code: str
    message: str


@dataclass(frozen=True, slots=True)
class IndexResult:
    """What indexing found.

    Attributes
    ----------
    clips : tuple of Clip
        In the order of their corpora and paths.
    left_out : tuple of LeftOut
        Every file that became no clip, in the order of their paths.
    notes : tuple of Note
        What was kept but is noteworthy.
    n_found : int
        Clips of the corpora that were there, copies counted once, usable or not.
    """

    clips: tuple[Clip, ...]
    left_out: tuple[LeftOut, ...]
    notes: tuple[Note, ...]
    n_found: int


@dataclass(frozen=True, slots=True)
class Candidate:
    """A file whose name is that of a clip; scanned or not yet.

    Attributes
    ----------
    path : Path
        Can be opened.
    name : str
        Relative to what is indexed, with ``/``.
    corpus, speaker_id : str
        As in `emovox.types.Clip`.
    parsed : ParsedName
        What the name, or the table, says.
    """

    path: Path
    name: str
    corpus: str
    speaker_id: str
    parsed: ParsedName


@dataclass(frozen=True, slots=True)
class Found:
    """A candidate and what its file holds."""

    candidate: Candidate
    scan: Scan

    @property
    def key(self) -> tuple[str, str]:
        """Which clip it is: corpus and published name."""
        return self.candidate.corpus, self.candidate.parsed.key

    @property
    def label(self) -> tuple[str, str]:
        """Speaker and emotion."""
        return self.candidate.speaker_id, self.candidate.parsed.emotion

    def leave_out(self, code: str, message: str) -> LeftOut:
        """Say why it becomes no clip."""
        return LeftOut(self.candidate.name, code, message)

    def to_clip(self) -> Clip:
        """Return the row of the manifest."""
        parsed = self.candidate.parsed
        info = self.scan.info
        return Clip(
            path=str(self.candidate.path),
            corpus=self.candidate.corpus,
            speaker_id=self.candidate.speaker_id,
            sex=parsed.sex,
            age=parsed.age,
            emotion=parsed.emotion,
            intensity=parsed.intensity,
            sentence=parsed.sentence,
            duration_s=None if info is None else info.duration_s,
            sha256=self.scan.sha256,
            extra=dict(parsed.extra),
        )
