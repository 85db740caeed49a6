"""How long runs will take, judged by those that are finished."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

from emovox.augment import get_policy
from emovox.features import get_feature_set
from emovox.study.execute import Source
from emovox.study.runs import SUMMARY_NAME, Run, RunConfig
from emovox.study.settings import read_toml
from emovox.training import get_model_spec

_TYPICAL_S = {
    "notebook_cnn": 5.0e-3,
    "deep_cnn": 4.5e-3,
    "lstm": 6.0e-3,
    "time_cnn": 3.0e-3,
    "logistic": 1.0e-3,
    "svm": 10e-3,
    "random_forest": 12e-3,
    "mlp": 15e-3,
}
"""Seconds a row and epoch (of classical models: a row and training) on one thread of an ordinary
processor, in float32, of 162 features or of 74 a frame. Good for a factor of three."""

_TYPICAL_FEATURES_S = 10e-3
"""Seconds for the features of one recording of a few seconds, or of one altered copy."""

_USUAL_FEATURES = 162
_HALF_PRECISION = 0.5
"""What bfloat16 leaves of the time, on processors that have it."""

Kind = tuple[str, str, float, str]
"""Model, features, width, precision: runs that agree in these cost the same a row and epoch."""


class CostModel:
    """Seconds a row and epoch of each kind of run, learnt from what was seen so far.

    Parameters
    ----------
    typical : bool, default=False
        Whether a kind never seen is judged by what it takes elsewhere.
    """

    def __init__(self, *, typical: bool = False) -> None:
        self._typical = typical
        self._seconds: dict[Kind, float] = defaultdict(float)
        self._row_epochs: dict[Kind, float] = defaultdict(float)

    @classmethod
    def of_folder(cls, root: Path, *, typical: bool = False) -> CostModel:
        """Learn from all finished runs below the folder of a study, of any plan."""
        model = cls(typical=typical)
        for path in sorted(root.glob(f"runs/*/{SUMMARY_NAME}")):
            summary = json.loads(path.read_text(encoding="utf-8"))
            config = RunConfig.from_dict(read_toml(path.with_name("config.toml")))
            model.learn(config, summary["n_train"], summary["epochs"], summary["seconds"])
        return model

    def learn(self, config: RunConfig, n_train: int, epochs: int, seconds: float) -> None:
        """Take in what some epochs of a run took; 0 epochs: a whole classical training."""
        kind = _find_kind(config)
        self._seconds[kind] += seconds
        self._row_epochs[kind] += n_train * max(1, epochs)

    def expect(self, run: Run) -> float | None:
        """Return the seconds a run takes at most, or None where its kind is not known."""
        kind = _find_kind(run.config)
        each = _guess(run.config) if self._typical else None
        if self._row_epochs[kind]:
            each = self._seconds[kind] / self._row_epochs[kind]
        epochs = run.config.training.epochs if run.is_network else 1
        return None if each is None else each * run.n_train * epochs

    def has_seen(self, runs: Sequence[Run]) -> bool:
        """Return whether every one of these kinds was seen here, so that no guess is typical."""
        return all(self._row_epochs[_find_kind(run.config)] for run in runs)

    def expect_all(self, runs: Sequence[Run], n_jobs: int = 1) -> tuple[float, int]:
        """Return the wall seconds of several runs, at most, and how many are not in it: unknown."""
        each = [self.expect(run) for run in runs]
        known = [seconds for seconds in each if seconds is not None]
        return sum(known) / n_jobs, len(each) - len(known)


def expect_features(runs: Sequence[Run], n_jobs: int = 1) -> float:
    """Return about the wall seconds that features of all runs take, where none is stored yet."""
    versions = {
        (source.features, source.kind, version): run.n_clips
        for run in runs
        for source in (Source.of(run.config),)
        for version in _list_versions(source)
    }
    return sum(versions.values()) * _TYPICAL_FEATURES_S / n_jobs


def _list_versions(source: Source) -> list[str]:
    """Return names of the recording as it is and of its copies; the same name, the same copy."""
    parts = source.augmentation.split("+")
    n_variants = get_policy(source.augmentation).n_variants
    if len(parts) != n_variants:
        parts = [f"{source.augmentation} {number}" for number in range(n_variants)]
    return ["", *(f"{part}, seed {source.seed}" for part in parts)]


def _find_kind(config: RunConfig) -> Kind:
    training = config.training
    return config.model, config.features, training.width, training.precision


def _guess(config: RunConfig) -> float | None:
    seconds = _TYPICAL_S.get(config.model)
    if seconds is None:
        return None
    spec = get_model_spec(config.model)
    if spec.input == "statistics":
        seconds *= get_feature_set(config.features).n_features / _USUAL_FEATURES
    if spec.kind == "network":
        # Between two layers that both grow: the square; at the ends, and for small things: less.
        width = config.training.width
        seconds *= 0.9 * width**2 + 0.1 * width
        if config.training.precision == "bfloat16":
            seconds *= _HALF_PRECISION
    return seconds
