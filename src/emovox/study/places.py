"""Where a study is, and where what it reads is: written down, so that its folder says it all."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from emovox.files import write_text
from emovox.study.plan import StudyPlan, read_study

STUDY_NAME = "study.toml"
"""The whole study, defaults written out, in its folder."""

_PLACES_NAME = "places.json"
"""Where recordings and features are, so that a study can be taken up by its folder alone."""


@dataclass(frozen=True, slots=True)
class StudyOptions:
    """Where and how a study runs.

    Attributes
    ----------
    root : Path
        Folder that everything is written to.
    data : Path or None
        Recordings: a folder that has a folder for each corpus, or a manifest.
    store : Path or None
        Folder of the feature store; None: as the study says, else ``store`` below ``root``.
    n_jobs : int
        Runs side by side; 0: as many as processors.
    logs : tuple of str
        Where the curves of trainings go besides the run folders: ``tensorboard``, ``mlflow``.
    """

    root: Path
    data: Path | None = None
    store: Path | None = None
    n_jobs: int = 0
    logs: tuple[str, ...] = ()

    def get_n_jobs(self) -> int:
        """Return the number of runs side by side."""
        return self.n_jobs or os.cpu_count() or 1


def write_call(plan: StudyPlan, options: StudyOptions) -> None:
    """Write into the folder of a study what it is and where its recordings are."""
    write_text(options.root / STUDY_NAME, plan.to_toml())
    places: dict[str, Any] = {
        name: None if path is None else str(path.resolve())
        for name, path in (("data", options.data), ("store", options.store))
    }
    places["logs"] = options.logs
    write_text(options.root / _PLACES_NAME, json.dumps(places, indent=2))


def read_call(root: Path, n_jobs: int = 0) -> tuple[StudyPlan, StudyOptions]:
    """Return what `write_call` wrote into a folder.

    Parameters
    ----------
    root : Path
        Folder of a study, in any state.
    n_jobs : int, default=0
        Runs side by side from now on; 0: as many as processors.

    Returns
    -------
    StudyPlan
    StudyOptions

    Raises
    ------
    ConfigError
        If the folder holds no study.
    """
    plan = read_study(root / STUDY_NAME)
    path = root / _PLACES_NAME
    places = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    data, store = (Path(places[n]) if places.get(n) else None for n in ("data", "store"))
    logs = tuple(places.get("logs", ()))
    return plan, StudyOptions(root=root, data=data, store=store, n_jobs=n_jobs, logs=logs)
