"""How long runs will take, judged by those that are finished."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

from emovox.study.runs import SUMMARY_NAME, Run
from emovox.study.settings import read_toml


class CostModel:
    """Seconds a row and epoch of each model, learnt from what was seen so far."""

    def __init__(self) -> None:
        self._seconds: dict[str, float] = defaultdict(float)
        self._row_epochs: dict[str, float] = defaultdict(float)

    @classmethod
    def of_folder(cls, root: Path) -> CostModel:
        """Learn from all finished runs below the folder of a study, of any plan."""
        model = cls()
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
        """Return the seconds a run takes at most, or None where its model was never seen."""
        model = run.config.model
        if not self._row_epochs[model]:
            return None
        epochs = run.config.training.epochs if run.is_network else 1
        return self._seconds[model] / self._row_epochs[model] * run.n_train * epochs

    def expect_all(self, runs: Sequence[Run], n_jobs: int = 1) -> tuple[float, int]:
        """Return the wall seconds of several runs, at most, and how many are not in it: unknown."""
        each = [self.expect(run) for run in runs]
        known = [seconds for seconds in each if seconds is not None]
        return sum(known) / n_jobs, len(each) - len(known)
