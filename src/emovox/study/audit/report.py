"""What an audit is asked, and what it answers."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from emovox.protocols import Copies, CopyOptions, Finding, find_copies
from emovox.study.data import Stage
from emovox.types import Clip, Progress


def no_stage(label: str) -> AbstractContextManager[Progress | None]:  # noqa: ARG001 - a `Stage`
    """Tell nobody what is being done."""
    return nullcontext()


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditOptions:
    """How an audit goes about it.

    Attributes
    ----------
    protocol : str
        How a manifest is divided; empty: as its column ``split`` has it, else ``speaker``.
    augmentation : str
        Policy whose altered copies are divided with the clips of a manifest.
    seed : int
        Of the protocol.
    by_sound : bool
        Whether near-duplicates are looked for; every recording is read then.
    n_jobs : int
        Processes.
    data : Path or None
        Recordings of a study file; see `emovox.study.StudyOptions`.
    model : Path or None
        An artefact that was trained on a manifest: its scaler is checked.
    store : Path or None
        Folder of computed features.
    stage : callable
        Told what is being done.
    """

    protocol: str = ""
    augmentation: str = "none"
    seed: int = 0
    by_sound: bool = True
    n_jobs: int = 1
    data: Path | None = None
    model: Path | None = None
    store: Path | None = None
    stage: Stage = no_stage

    def find_copies(self, clips: tuple[Clip, ...]) -> Copies:
        """Return the copies among clips, and tell the stage how far it is."""
        if not self.by_sound:
            return find_copies(clips, CopyOptions(by_sound=False))
        with self.stage("listening for copies") as progress:
            options = CopyOptions(n_jobs=self.n_jobs, on_read=progress, on_compare=progress)
            return find_copies(clips, options)


@dataclass(frozen=True, slots=True)
class AuditReport:
    """What an audit found.

    Attributes
    ----------
    target : str
        What was audited.
    n_clips, n_speakers : int
        Looked at.
    findings : tuple of Finding
        Leaks first.
    checked : tuple of str
        What was looked for.
    not_checked : tuple of str
        What could not be, and why.
    """

    target: str
    n_clips: int
    n_speakers: int
    findings: tuple[Finding, ...]
    checked: tuple[str, ...]
    not_checked: tuple[str, ...] = ()

    @property
    def leaks(self) -> tuple[Finding, ...]:
        """The findings that make figures flatter."""
        return tuple(finding for finding in self.findings if finding.severity == "leak")

    @property
    def ok(self) -> bool:
        """Whether nothing leaks."""
        return not self.leaks

    def to_dict(self) -> dict[str, Any]:
        """Return plain values."""
        return {
            "target": self.target,
            "ok": self.ok,
            "n_clips": self.n_clips,
            "n_speakers": self.n_speakers,
            "findings": [finding.to_dict() for finding in self.findings],
            "checked": list(self.checked),
            "not_checked": list(self.not_checked),
        }
