"""What an artefact says of itself: frozen records, and one JSON value that holds them all."""

from __future__ import annotations

import dataclasses
import json
import math
import types
import typing
from dataclasses import dataclass
from typing import Any

from emovox.emotions import EMOTIONS
from emovox.errors import ModelIntegrityError

FORMAT_VERSION = 1
"""Of the artefact: raised whenever an older emovox could not use a newer file."""

METADATA_KEY = "emovox"
"""Under which an ONNX file carries the JSON value."""

SAMPLING_RATE = 16_000
"""Of the waveform an artefact takes, in Hz."""


UNSEALED = "0" * 64
"""In the place of the seal while it is computed."""


@dataclass(frozen=True, slots=True)
class Frontend:
    """How a waveform becomes what the network sees.

    Attributes
    ----------
    name : str
        Name of the feature set computed in the graph, such as ``notebook-16k``.
    kind : str
        ``statistics`` (one vector a clip) or ``frames`` (a sequence).
    key : str
        The feature set's key: its configuration and code version, one line of JSON.
    """

    name: str
    kind: str
    key: str


@dataclass(frozen=True, slots=True)
class Encoder:
    """The pretrained network that training started from."""

    name: str
    licence: str
    sha256: str


@dataclass(frozen=True, slots=True)
class TrainingCorpus:
    """A corpus the model was trained on; its licence binds the model too."""

    name: str
    licence: str
    n_clips: int
    n_speakers: int


@dataclass(frozen=True, slots=True)
class Score:
    """A figure, and all that is needed to know what it means."""

    metric: str
    value: float
    protocol: str
    corpus: str
    n_folds: int
    n_speakers: int
    n_clips: int


@dataclass(frozen=True, slots=True)
class Population:
    """Mean and deviation of each state over the training rows: the voice of nobody in particular.

    Attributes
    ----------
    mean, deviation : tuple of float, length n_states
        What ``voice_mean`` and ``voice_deviation`` are where no voice is known.
    """

    mean: tuple[float, ...]
    deviation: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class ArtefactMetadata:
    """Everything an artefact says of itself.

    Attributes
    ----------
    name : str
        Of the model, as ``architecture.tag``.
    frontend : Frontend
        How a waveform becomes states.
    population : Population
        Mean and deviation of the states.
    emotions : tuple of str
        Those seen in training; the others have probability 0.
    corpora : tuple of TrainingCorpus
        What it was trained on.
    data_sha256 : str
        Of the training manifest.
    seed : int
        Of the training.
    code_version : str
        Version of emovox that trained it.
    scores : tuple of Score, default=()
        How well it did, and on whom.
    encoder : Encoder or None, default=None
        The pretrained network it started from.
    temperature : float, default=1.0
        Logits are divided by it before the softmax (calibration on the dev speakers).
    threshold : float, default=0.5
        A decision less confident than this is not accepted (``low_confidence``). Calibrated,
        one below 0.5 is wrong more often than right.
    shortest_s : float, default=0.0
        Shorter recordings are padded with silence to this length, in seconds.
    labels : tuple of str
        What the columns of ``logits`` mean.
    sampling_rate : int, default=16000
        Of the waveform, in Hz.
    format_version : int
        Of the artefact.
    seal : str
        SHA-256 of the whole file with zeros in this place; ``seal_artefact`` writes it.
    """

    name: str
    frontend: Frontend
    population: Population
    emotions: tuple[str, ...]
    corpora: tuple[TrainingCorpus, ...]
    data_sha256: str
    seed: int
    code_version: str
    scores: tuple[Score, ...] = ()
    encoder: Encoder | None = None
    temperature: float = 1.0
    threshold: float = 0.5
    shortest_s: float = 0.0
    labels: tuple[str, ...] = EMOTIONS
    sampling_rate: int = SAMPLING_RATE
    format_version: int = FORMAT_VERSION
    seal: str = UNSEALED

    @property
    def n_states(self) -> int:
        """Number of states of a clip."""
        return len(self.population.mean)

    def to_json(self) -> str:
        """Return the one JSON value, on one line."""
        return json.dumps(dataclasses.asdict(self), ensure_ascii=False, allow_nan=False)


def read_metadata(text: str) -> ArtefactMetadata:
    """Return the metadata that ``text`` holds, checked.

    Parameters
    ----------
    text : str
        As :meth:`ArtefactMetadata.to_json` writes it. Every field must be there, none else.

    Raises
    ------
    ModelIntegrityError
        If it is not JSON, of another format version, incomplete, or contradicts itself.
    """
    try:
        raw = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ModelIntegrityError(f"the metadata is not JSON: {error}.") from None
    version = raw.get("format_version") if isinstance(raw, dict) else None
    if version != FORMAT_VERSION:
        # Before anything else: the other fields may be different ones in another version.
        raise ModelIntegrityError(
            f"the artefact has format version {version!r}; this emovox reads {FORMAT_VERSION}.",
            hint="Export the model again, or install the emovox that wrote it.",
        )
    metadata: ArtefactMetadata = _build(ArtefactMetadata, raw, "metadata")
    validate_metadata(metadata)
    return metadata


def validate_metadata(metadata: ArtefactMetadata) -> None:
    """Raise unless the values agree with each other and with what emovox can use.

    Raises
    ------
    ModelIntegrityError
        Naming the first field that is wrong, its value, and what would be right.
    """
    population = metadata.population
    finite = all(map(math.isfinite, (*population.mean, *population.deviation)))
    wrong = [
        message
        for right, message in (
            (metadata.labels == EMOTIONS, f"labels are {metadata.labels}, not {EMOTIONS}"),
            (
                bool(metadata.emotions) and set(metadata.emotions) <= set(EMOTIONS),
                f"emotions are {metadata.emotions}, not some of {EMOTIONS}",
            ),
            (
                metadata.sampling_rate == SAMPLING_RATE,
                f"sampling_rate is {metadata.sampling_rate} Hz, not {SAMPLING_RATE}",
            ),
            (
                metadata.frontend.kind in ("statistics", "frames"),
                f"frontend.kind is {metadata.frontend.kind!r}, not 'statistics' or 'frames'",
            ),
            (metadata.n_states > 0, "population.mean is empty"),
            (
                len(population.mean) == len(population.deviation),
                f"population has {len(population.mean)} means, "
                f"{len(population.deviation)} deviations",
            ),
            (finite, "population has values that are not finite"),
            (min(population.deviation, default=1.0) > 0, "population.deviation is not above 0"),
            (
                0 < metadata.temperature < math.inf,
                f"temperature is {metadata.temperature}, not above 0",
            ),
            (0 <= metadata.threshold <= 1, f"threshold is {metadata.threshold}, not in [0, 1]"),
            (
                0 <= metadata.shortest_s < math.inf,
                f"shortest_s is {metadata.shortest_s}, below 0",
            ),
        )
        if not right
    ]
    if wrong:
        raise ModelIntegrityError(f"the artefact's metadata is wrong: {wrong[0]}.")


def _build(kind: Any, value: Any, where: str) -> Any:
    """Return ``value``, parsed JSON, as an instance of the annotation ``kind``."""
    if isinstance(kind, types.UnionType):  # the only union here: something or None
        return None if value is None else _build(typing.get_args(kind)[0], value, where)
    if dataclasses.is_dataclass(kind):
        return _build_record(kind, value, where)
    if typing.get_origin(kind) is tuple and isinstance(value, list):
        item = typing.get_args(kind)[0]
        return tuple(_build(item, v, f"{where}[{i}]") for i, v in enumerate(value))
    if kind is float and type(value) is int:
        return float(value)
    if type(value) is kind:
        return value
    raise ModelIntegrityError(
        f"the artefact's {where} is {_show(value)}, not of type {_name(kind)}."
    )


def _build_record(kind: Any, value: Any, where: str) -> Any:
    if not isinstance(value, dict):
        raise ModelIntegrityError(f"the artefact's {where} is {_show(value)}, not an object.")
    hints = typing.get_type_hints(kind)
    if missing := sorted(hints.keys() - value.keys()):
        raise ModelIntegrityError(f"the artefact's {where} lacks {', '.join(missing)}.")
    if unknown := sorted(value.keys() - hints.keys()):
        raise ModelIntegrityError(f"the artefact's {where} has unknown {', '.join(unknown)}.")
    return kind(**{key: _build(hints[key], value[key], f"{where}.{key}") for key in hints})


def _name(kind: Any) -> str:
    return "list" if typing.get_origin(kind) is tuple else str(kind.__name__)


def _show(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
