"""What an artefact says of itself: frozen records, and one JSON value that holds them all."""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass, field

from emovox.emotions import EMOTIONS

FORMAT_VERSION = 4
"""Of the artefact: raised whenever an older emovox could not use a newer file."""

READABLE_VERSIONS = (1, 2, 3, 4)
"""Older files lack the fields that are marked with the version they came with."""

SINCE = "since"
"""Key of a field's metadata: the format version it came with, where it is not the first."""

METADATA_KEY = "emovox"
"""Under which an ONNX file carries the JSON value."""

SAMPLING_RATE = 16_000
"""Of the waveform an artefact takes, in Hz."""

FRONTEND_KINDS = ("statistics", "frames", "encoder")
"""What a network may be given; see ``Frontend.kind``."""

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
        ``statistics`` (one vector a clip), ``frames`` (a sequence) or ``encoder`` (log-mels into a
        pretrained encoder).
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
class TrainingRun:
    """How a model was trained.

    Attributes
    ----------
    command : str
        What was run, with names in capitals where others have their own paths.
    hours : float >= 0
        Of training alone; of several networks, together.
    """

    command: str
    hours: float


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
class Adaptation:
    """How slowly a model goes from the population's statistics to a voice's own.

    Attributes
    ----------
    prior_mean_clips, prior_deviation_clips : float > 0
        As many clips of the voice weigh as much as the population: in the mean of the states,
        and in their variance.
    """

    prior_mean_clips: float
    prior_deviation_clips: float

    def compute_knowledge(self, n_clips: int) -> float:
        """Return the weight of a voice's own mean after so many clips, in [0, 1)."""
        return n_clips / (n_clips + self.prior_mean_clips)


@dataclass(frozen=True, slots=True)
class Calibration:
    """From logits to what may be believed; fitted on speakers who did not train.

    Attributes
    ----------
    temperature : float > 0, default=1.0
        Logits are divided by it before the softmax.
    threshold : float, default=0.5
        A decision less confident than this is not accepted (``low_confidence``). Calibrated,
        one below 0.5 is wrong more often than right.
    error_rate : float or None, default=None
        The share of wrong ones among the accepted that the threshold was chosen for; None
        where it was not chosen so.
    coverage : float or None, default=None
        Share of their decisions that the threshold accepts, where measured.
    known_temperature : float > 0 or None, default=None
        In the place of ``temperature`` once a voice is fully known; see `get_temperature`.
        None: the same.
    fitted_on : str, default="dev speakers"
        Who they were: whose confidences it makes honest.
    """

    temperature: float = 1.0
    threshold: float = 0.5
    error_rate: float | None = None
    coverage: float | None = None
    known_temperature: float | None = field(default=None, metadata={SINCE: 2})
    fitted_on: str = field(default="dev speakers", metadata={SINCE: 3})

    def get_temperature(self, knowledge: float = 0.0) -> float:
        """Return the temperature for a voice that is known so far.

        Parameters
        ----------
        knowledge : float, default=0.0
            From 0, an unknown voice, to 1: see `Adaptation.compute_knowledge`. In between the
            logarithm of the temperature goes evenly from one to the other.
        """
        known = self.known_temperature or self.temperature
        return float(self.temperature ** (1 - knowledge) * known**knowledge)


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
    training : TrainingRun or None, default=None
        How it was trained; None where nobody said.
    scores : tuple of Score, default=()
        How well it did, and on whom.
    encoder : Encoder or None, default=None
        The pretrained network it started from.
    adaptation : Adaptation or None, default=None
        How it adapts to a voice; None where it cannot.
    calibration : Calibration
        How far its decisions may be believed.
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
    training: TrainingRun | None = field(default=None, metadata={SINCE: 4})
    scores: tuple[Score, ...] = ()
    encoder: Encoder | None = None
    adaptation: Adaptation | None = None
    calibration: Calibration = field(default_factory=Calibration)
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
