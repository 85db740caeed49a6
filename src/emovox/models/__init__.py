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
    ArtefactMetadata,
    Encoder,
    Frontend,
    Population,
    Score,
    TrainingCorpus,
    read_metadata,
    validate_metadata,
)

__all__ = [
    "METADATA_KEY",
    "Artefact",
    "ArtefactMetadata",
    "ArtefactOutput",
    "Encoder",
    "Frontend",
    "Population",
    "Score",
    "TrainingCorpus",
    "compute_probabilities",
    "format_card",
    "load_artefact",
    "read_metadata",
    "seal_artefact",
    "validate_metadata",
]
