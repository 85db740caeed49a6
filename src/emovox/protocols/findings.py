"""What an audit finds: what, of which clips or speakers, how bad, and what to do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Literal, TypeAlias

Severity: TypeAlias = Literal["leak", "warning"]
"""A leak makes figures flatter; a warning says what they do not tell, or what could go wrong."""


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of finding.

    Attributes
    ----------
    severity : str
        ``leak`` or ``warning``.
    text : str
        What was found; ``{n}`` and other values in braces are filled in.
    advice : str
        What to do.
    """

    severity: Severity
    text: str
    advice: str


_BY_SPEAKER = "Divide by speaker: --protocol speaker."

KINDS: Mapping[str, Kind] = MappingProxyType(
    {
        "shared-speaker": Kind("leak", "{n} speakers are in more than one split", _BY_SPEAKER),
        "shared-sentence-of-speaker": Kind(
            "leak",
            "{n} sentences of speakers divided between train and dev are in both",
            "Give every sentence of such a speaker to one side.",
        ),
        "unknown-speaker": Kind(
            "leak",
            "{n} clips that are used have no speaker: nobody can say whether they leak",
            "Fill the column speaker_id, or leave those clips out.",
        ),
        "sister-rows": Kind(
            "leak",
            "{n} recordings have copies of themselves, clean or altered, in more than one split",
            "Split first, augment the training clips afterwards.",
        ),
        "altered-test": Kind(
            "leak",
            "{n} recordings are dev or test clips as altered copies",
            "Judge on recordings as they are; alter training clips only.",
        ),
        "duplicate-across": Kind(
            "leak",
            "{n} sets of files with the same bytes are in more than one split",
            "Keep one file of each set, or divide by speaker.",
        ),
        "near-duplicate-across": Kind(
            "leak",
            "{n} sets of files that sound like one recording, coded or altered, are in more than "
            "one split",
            "Listen to them; keep one of each set, or give the set to one split.",
        ),
        "duplicate": Kind(
            "warning",
            "{n} sets of files with the same bytes are in one split together; a split by rows "
            "would leak, and their clips count more than once",
            "Keep one file of each set; 'emovox corpora index' does.",
        ),
        "near-duplicate": Kind(
            "warning",
            "{n} sets of files that sound like one recording, coded or altered, are in one split "
            "together; a split by rows would leak",
            "Listen to them; keep one of each set, or keep them together.",
        ),
        "two-labels": Kind(
            "warning",
            "{n} recordings are there twice with different emotions: one of the labels is wrong",
            "Leave these clips out.",
        ),
        "shared-sentence": Kind(
            "warning",
            "{share:.0%} of the test clips say a sentence that is in train too ({n} sentences); "
            "words alone would score a UAR of {words:.3f}, chance is {chance:.3f}",
            "What this is worth is measured by --protocol speaker-sentence; --ladder does it.",
        ),
        "telling-sentence": Kind(
            "warning",
            "the words give the emotion away: guessing by the sentence alone scores a UAR of "
            "{words:.3f} on test clips, chance is {chance:.3f}",
            "Never read a model's figure on these clips as what the voice tells. Use protocol "
            "speaker-sentence, or corpora where every sentence is said in every emotion.",
        ),
        "test-fitted-scaler": Kind(
            "leak",
            "the features were standardized with statistics of {rows}, not of training rows alone",
            "Fit the scaler on training rows, and train again.",
        ),
        "unknown-scaler": Kind(
            "warning",
            "the stored scaler is neither that of the training rows nor of any larger part; it "
            "was fitted on something else",
            "Check how the model was trained; --augmentation names altered training rows.",
        ),
        "selection-on-test": Kind(
            "leak",
            "{n} trainings chose their epoch or setting by test rows",
            "Choose on dev speakers: any protocol with a dev part does.",
        ),
        "test-watched": Kind(
            "warning",
            "{n} trainings had no dev rows and watched test rows; the last epoch counted, but "
            "whoever changes a setting after a look at these figures selects on test",
            "Use a protocol with dev speakers, such as 'speaker'.",
        ),
        "unreadable": Kind(
            "warning",
            "{n} files could not be read; they were compared by their bytes only",
            "See 'emovox corpora index' for what is wrong with them.",
        ),
    }
)
"""Code -> kind, in the order of a report."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that an audit found.

    Attributes
    ----------
    code : str
        One of ``KINDS``.
    message : str
        What was found, in words.
    where : str
        In which split or run, such as ``notebook, fold 1``; empty: in the clips themselves.
    names : tuple of str
        Clips, speakers, sentences or runs; sorted.
    values : mapping of str to float or str
        Figures that the message quotes.
    """

    code: str
    message: str
    where: str = ""
    names: tuple[str, ...] = ()
    values: Mapping[str, float | str] = field(default_factory=dict)

    @classmethod
    def of(cls, code: str, names: Sequence[str] = (), where: str = "", **values: Any) -> Finding:
        """Make a finding; ``values`` are what the text of its kind asks for."""
        names = tuple(sorted(set(names)))
        message = KINDS[code].text.format(n=f"{len(names):,}", **values)
        return cls(code, message, where, names, values)

    @property
    def severity(self) -> Severity:
        """``leak`` or ``warning``."""
        return KINDS[self.code].severity

    @property
    def advice(self) -> str:
        """What to do."""
        return KINDS[self.code].advice

    def to_dict(self) -> dict[str, Any]:
        """Return plain values."""
        return {
            "code": self.code,
            "severity": self.severity,
            "where": self.where,
            "message": self.message,
            "advice": self.advice,
            "n": len(self.names),
            "names": list(self.names),
            "values": dict(self.values),
        }


def sort_findings(findings: Sequence[Finding]) -> tuple[Finding, ...]:
    """Return findings in the order of ``KINDS``, leaks first."""
    order = {code: number for number, code in enumerate(KINDS)}
    return tuple(sorted(findings, key=lambda f: (f.severity != "leak", order[f.code], f.where)))
