"""Learning models: networks (torch), classical models (scikit-learn), the loop, export.

Names are loaded on first use, so that listing models needs neither torch nor scikit-learn.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from emovox.training.registry import import_optional

if TYPE_CHECKING:
    from emovox.training.calibration import fit_temperature
    from emovox.training.classifier import EmotionClassifier
    from emovox.training.dataset import RowTable, build_rows
    from emovox.training.export import export_artefact
    from emovox.training.extractor import FeatureExtractor
    from emovox.training.history import (
        EpochRecord,
        History,
        RunContext,
        Scores,
        read_records,
    )
    from emovox.training.job import Job, JobResult, Workplace, train_artefact
    from emovox.training.logs import LOGS, LogPlan, open_logs, validate_logs
    from emovox.training.model import Model
    from emovox.training.networks import create_network
    from emovox.training.options import TrainingOptions
    from emovox.training.registry import (
        MODELS,
        ModelSpec,
        create_model,
        default_options,
        get_model_spec,
        list_models,
    )
    from emovox.training.rows import Rows
    from emovox.training.scaling import StandardScaler
    from emovox.training.speech.own import OwnJob, OwnResult, train_from
    from emovox.training.speech.tuning import HeadTuning

_PUBLIC = {
    "LOGS": "logs",
    "MODELS": "registry",
    "EmotionClassifier": "classifier",
    "EpochRecord": "history",
    "FeatureExtractor": "extractor",
    "HeadTuning": "speech.tuning",
    "History": "history",
    "Job": "job",
    "JobResult": "job",
    "LogPlan": "logs",
    "Model": "model",
    "ModelSpec": "registry",
    "OwnJob": "speech.own",
    "OwnResult": "speech.own",
    "RowTable": "dataset",
    "Rows": "rows",
    "RunContext": "history",
    "Scores": "history",
    "StandardScaler": "scaling",
    "TrainingOptions": "options",
    "Workplace": "job",
    "build_rows": "dataset",
    "create_model": "registry",
    "create_network": "networks",
    "default_options": "registry",
    "export_artefact": "export",
    "fit_temperature": "calibration",
    "get_model_spec": "registry",
    "list_models": "registry",
    "open_logs": "logs",
    "read_records": "history",
    "train_artefact": "job",
    "validate_logs": "logs",
    "train_from": "speech.own",
}
"""Public name -> the module that holds it."""

__all__ = [
    "LOGS",
    "MODELS",
    "EmotionClassifier",
    "EpochRecord",
    "FeatureExtractor",
    "HeadTuning",
    "History",
    "Job",
    "JobResult",
    "LogPlan",
    "Model",
    "ModelSpec",
    "OwnJob",
    "OwnResult",
    "RowTable",
    "Rows",
    "RunContext",
    "Scores",
    "StandardScaler",
    "TrainingOptions",
    "Workplace",
    "build_rows",
    "create_model",
    "create_network",
    "default_options",
    "export_artefact",
    "fit_temperature",
    "get_model_spec",
    "list_models",
    "open_logs",
    "read_records",
    "train_artefact",
    "train_from",
    "validate_logs",
]


def __getattr__(name: str) -> Any:
    if name in _PUBLIC:
        return getattr(import_optional(f"emovox.training.{_PUBLIC[name]}"), name)
    raise AttributeError(f"module 'emovox.training' has no attribute {name!r}")
