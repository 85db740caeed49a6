"""Models as files: artefacts (one ONNX file each), what they say of themselves, their cards."""

from emovox.models.artefact import (
    Artefact,
    ArtefactOutput,
    compute_probabilities,
    load_artefact,
    seal_artefact,
)
from emovox.models.card import format_card
from emovox.models.metadata import (
    METADATA_KEY,
    Adaptation,
    ArtefactMetadata,
    Calibration,
    Encoder,
    Frontend,
    Population,
    Score,
    TrainingCorpus,
    TrainingRun,
)
from emovox.models.reading import read_metadata, validate_metadata
from emovox.models.registry import DEFAULT_MODEL, get_model, list_models

__all__ = [
    "DEFAULT_MODEL",
    "METADATA_KEY",
    "Adaptation",
    "Artefact",
    "ArtefactMetadata",
    "ArtefactOutput",
    "Calibration",
    "Encoder",
    "Frontend",
    "Population",
    "Score",
    "TrainingCorpus",
    "TrainingRun",
    "compute_probabilities",
    "format_card",
    "get_model",
    "list_models",
    "load_artefact",
    "read_metadata",
    "seal_artefact",
    "validate_metadata",
]
