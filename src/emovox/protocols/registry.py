"""The protocols by name."""

from __future__ import annotations

import dataclasses
from types import MappingProxyType
from typing import Any

from emovox.errors import ParameterError, suggest
from emovox.protocols.base import SplitProtocol
from emovox.protocols.corpus import CorpusPairsProtocol, LeaveCorpusOutProtocol
from emovox.protocols.given import GivenProtocol
from emovox.protocols.notebook import NotebookProtocol
from emovox.protocols.published import PublishedProtocol
from emovox.protocols.random import RandomProtocol
from emovox.protocols.sentence import SentenceProtocol
from emovox.protocols.speaker import SpeakerProtocol

_EMOBOX = "EmoBox, INTERSPEECH 2024, arXiv 2406.07162"
_AUDEERING = "audEERING, crema-d 1.3.0 of audb"

_PROTOCOLS: MappingProxyType[str, SplitProtocol] = MappingProxyType(
    {
        protocol.name: protocol
        for protocol in (
            NotebookProtocol(
                name="notebook",
                description="Faulty on purpose: augmented first, then all rows shuffled, "
                "75 % train and 25 % test.",
                source="S. Burnwal, Speech Emotion Recognition, kaggle.com",
            ),
            RandomProtocol(
                name="random",
                description="Faulty on purpose: clips shuffled, 75 % train and 25 % test, "
                "augmented afterwards; speakers are in both.",
                source="common practice",
            ),
            SpeakerProtocol(
                name="speaker",
                description="Cross-validation over speakers, balanced over corpora and sex, "
                "with other speakers for dev.",
                source="emovox",
            ),
            SentenceProtocol(
                name="speaker-sentence",
                description="Cross-validation over speakers and sentences at once: what is "
                "tested is of voices and words that were not heard.",
                source="emovox",
            ),
            LeaveCorpusOutProtocol(
                name="corpus",
                description="Each corpus is tested by a model of all others, on the emotions "
                "they share.",
                source="common practice",
            ),
            CorpusPairsProtocol(
                name="corpus-pairs",
                description="Each corpus is tested by a model of each other one alone, on the "
                "emotions the two share.",
                source="common practice",
            ),
            GivenProtocol(
                name="given",
                description="One fold, as the column split of the manifest has it.",
                source="the manifest",
            ),
            PublishedProtocol(
                name="ravdess-emobox",
                description="RAVDESS in 6 folds of 4 actors.",
                source=_EMOBOX,
                corpus="ravdess",
                table="ravdess-emobox",
            ),
            PublishedProtocol(
                name="ravdess-luna-jimenez",
                description="RAVDESS in 5 folds of 4 or 5 actors, with published dev actors.",
                source="Luna-Jimenez et al., Applied Sciences 2022, 12:327; dev actors of "
                "Krasnoproshin and Vashkevich, arXiv 2606.03359",
                corpus="ravdess",
                table="ravdess-luna-jimenez",
                dev_table="ravdess-luna-jimenez-dev",
            ),
            PublishedProtocol(
                name="savee-loso",
                description="SAVEE, leave one speaker out, in 4 folds.",
                source=_EMOBOX,
                corpus="savee",
                table="savee-loso",
            ),
            PublishedProtocol(
                name="crema-d-audeering",
                description="CREMA-D, 56 speakers to train, 18 dev, 17 test.",
                source=_AUDEERING,
                corpus="crema-d",
                table="crema-d-audeering",
                by_fold=False,
            ),
            PublishedProtocol(
                name="crema-d-audeering-dev",
                description="The same, tested on its 18 dev speakers; dev is drawn from the 56.",
                source=_AUDEERING,
                corpus="crema-d",
                table="crema-d-audeering",
                by_fold=False,
                dev_as_test=True,
            ),
            PublishedProtocol(
                name="crema-d-evar",
                description="CREMA-D, 63 speakers to train, 9 dev, 19 test.",
                source="EVAR, nttcslab/eval-audio-repr",
                corpus="crema-d",
                table="crema-d-evar",
                by_fold=False,
            ),
            PublishedProtocol(
                name="tess-by-actress",
                description="TESS, each actress in turn; dev is a part of the other's sentences.",
                source="emovox",
                corpus="tess",
                table="tess-by-actress",
            ),
            PublishedProtocol(
                name="emodb-loso",
                description="EmoDB, leave one speaker out, in 10 folds.",
                source="common practice",
                corpus="emodb",
                table="emodb-loso",
            ),
            PublishedProtocol(
                name="nemo-loso",
                description="nEMO, leave one speaker out, in 9 folds.",
                source="common practice",
                corpus="nemo",
                table="nemo-loso",
            ),
        )
    }
)


def list_protocols() -> tuple[str, ...]:
    """Return the names of all protocols."""
    return tuple(_PROTOCOLS)


def get_protocol(name: str, /, **options: Any) -> SplitProtocol:
    """Return a protocol by name.

    Parameters
    ----------
    name : str
        One of `list_protocols`.
    **options
        Those that the protocol has: ``n_folds``, ``dev_share`` (``speaker``,
        ``speaker-sentence``), ``classes``, ``dev_share`` (``corpus``, ``corpus-pairs``),
        ``others``, ``dev_share`` (the published ones).

    Raises
    ------
    ParameterError
        If the name or an option is not known, or a value is not allowed.

    Examples
    --------
    >>> get_protocol("speaker", n_folds=3).leaky
    False
    """
    if name not in _PROTOCOLS:
        raise ParameterError(f"unknown protocol {name!r}.", hint=suggest(name, _PROTOCOLS))
    protocol = _PROTOCOLS[name]
    for option in options:
        if option not in protocol.options:
            hint = suggest(option, protocol.options) if protocol.options else "It has no options."
            raise ParameterError(f"protocol {name!r} has no option {option!r}.", hint=hint)
    return dataclasses.replace(protocol, **options)
