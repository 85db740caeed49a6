"""How long runs will take, judged by those that are finished."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

from emovox.study.runs import SUMMARY_NAME, Run
from emovox.study.settings import read_toml

_TYPICAL_S = {
    "notebook_cnn": 5.0e-3,
    "deep_cnn": 4.5e-3,
    "logistic": 1.0e-3,
    "random_forest": 12e-3,
}
"""Seconds a row and epoch on one thread of an ordinary processor, in float32; measured with
``studies/demo.toml``. Good for a factor of three."""


class CostModel:
    """Seconds a row and epoch of each model, learnt from what was seen so far.

    Parameters
    ----------
    typical : bool, default=False
        Whether a model never seen is judged by what it takes elsewhere.
    """

    def __init__(self, *, typical: bool = False) -> None:
        self._typical = _TYPICAL_S if typical else {}
        self._seconds: dict[str, float] = defaultdict(float)
        self._row_epochs: dict[str, float] = defaultdict(float)

    @classmethod
    def of_folder(cls, root: Path, *, typical: bool = False) -> CostModel:
        """Learn from all finished runs below the folder of a study, of any plan."""
        model = cls(typical=typical)
        for path in sorted(root.glob(f"runs/*/{SUMMARY_NAME}")):
            summary = json.loads(path.read_text(encoding="utf-8"))
            name = read_toml(path.with_name("config.toml"))["model"]
            model.learn(name, summary["n_train"], summary["epochs"], summary["seconds"])
        return model

    def learn(self, model: str, n_train: int, epochs: int, seconds: float) -> None:
        """Take in what some epochs of a run took; 0 epochs: a whole classical training."""
        self._seconds[model] += seconds
        self._row_epochs[model] += n_train * max(1, epochs)

    def expect(self, run: Run) -> float | None:
        """Return the seconds a run takes at most, or None where its model is not known."""
        model = run.config.model
        each: float | None = self._typical.get(model)
        if self._row_epochs[model]:
            each = self._seconds[model] / self._row_epochs[model]
        epochs = run.config.training.epochs if run.is_network else 1
        return None if each is None else each * run.n_train * epochs

    def has_seen(self, runs: Sequence[Run]) -> bool:
        """Return whether every one of these models was seen here, so that no guess is typical."""
        return all(self._row_epochs[run.config.model] for run in runs)

    def expect_all(self, runs: Sequence[Run], n_jobs: int = 1) -> tuple[float, int]:
        """Return the wall seconds of several runs, at most, and how many are not in it: unknown."""
        each = [self.expect(run) for run in runs]
        known = [seconds for seconds in each if seconds is not None]
        return sum(known) / n_jobs, len(each) - len(known)
