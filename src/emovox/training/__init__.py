"""Learning models: networks (torch), classical models (scikit-learn), the loop, export.

Names are loaded on first use, so that listing models needs neither torch nor scikit-learn.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from emovox.training.registry import import_optional

if TYPE_CHECKING:
    from emovox.training.calibration import fit_temperature
    from emovox.training.dataset import RowTable, build_rows
    from emovox.training.export import export_artefact
    from emovox.training.history import EpochRecord, History, RunContext, Scores
    from emovox.training.job import Job, JobResult, Workplace, train_artefact
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
    "MODELS": "registry",
    "EpochRecord": "history",
    "HeadTuning": "speech.tuning",
    "History": "history",
    "Job": "job",
    "JobResult": "job",
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
    "train_artefact": "job",
    "train_from": "speech.own",
}
"""Public name -> the module that holds it."""

__all__ = [
    "MODELS",
    "EpochRecord",
    "HeadTuning",
    "History",
    "Job",
    "JobResult",
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
    "train_artefact",
    "train_from",
]


def __getattr__(name: str) -> Any:
    if name in _PUBLIC:
        return getattr(import_optional(f"emovox.training.{_PUBLIC[name]}"), name)
    raise AttributeError(f"module 'emovox.training' has no attribute {name!r}")
