"""Whether a run chose its epoch or setting by test rows: read off what the run stored."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeAlias

import numpy as np

from emovox.metrics import compute_uar
from emovox.protocols import DEV, TEST, Fold
from emovox.study.execute import PREDICTIONS_NAME, SEEN_NAME
from emovox.study.runs import SUMMARY_NAME, has_dev
from emovox.study.scored import Labels, Scored, read_scored
from emovox.training.history import METRICS_NAME, EpochRecord

Watched: TypeAlias = Literal["dev", "test", "nothing", "unknown"]

_SAME = 0.005
"""UARs nearer than this are taken for one: half precision may flip a clip or two."""


@dataclass(frozen=True, slots=True)
class Selection:
    """What a run looked at while it trained, and whether that decided anything.

    Attributes
    ----------
    watched : str
        ``dev``, ``test``, ``nothing``, or ``unknown`` where the stored figures do not tell.
    selected : bool
        Whether an epoch or setting was chosen by it.
    """

    watched: Watched
    selected: bool

    @property
    def code(self) -> str:
        """The code of the finding; empty where all is well."""
        if self.watched != "test":
            return ""
        return "selection-on-test" if self.selected else "test-watched"


def read_selection(folder: Path, fold: Fold, labels: Labels) -> Selection:
    """Find out what a finished run watched.

    What the run says of itself is not believed: the UAR it noted for the epoch that it kept is
    compared with that of its stored predictions on dev and on test rows. It was computed by the
    same weights, so it equals one of them.

    Parameters
    ----------
    folder : Path
        Of the run.
    fold : Fold
        As the run stored it.
    labels : Labels
        Of the clips.
    """
    summary = json.loads((folder / SUMMARY_NAME).read_text(encoding="utf-8"))
    lines = (folder / METRICS_NAME).read_text(encoding="utf-8").splitlines()
    records = [EpochRecord.from_dict(json.loads(line)) for line in lines if line]
    watch = [record.watch.uar if record.watch else None for record in records]
    if not records or all(uar is None for uar in watch):
        return Selection("nothing", selected=False)
    is_network = bool(summary["epochs"])
    kept = summary["selected_epoch"] - 1 if is_network else _find_kept(watch)
    noted = watch[kept] if 0 <= kept < len(watch) else None
    # The last epoch counts where nothing is chosen; of settings the first.
    unchosen = len(records) - 1 if is_network else 0
    selected = kept != unchosen or summary["stopped_early"] or (not is_network and len(watch) > 1)
    return Selection(_identify(noted, folder, fold, labels), bool(selected))


def _find_kept(watch: list[float | None]) -> int:
    """Return which setting a classical model kept: the best, the only one if there is one."""
    return int(np.argmax([-1.0 if uar is None else uar for uar in watch]))


def _identify(noted: float | None, folder: Path, fold: Fold, labels: Labels) -> Watched:
    if noted is None:
        return "unknown"
    test, _ = read_scored(folder / PREDICTIONS_NAME, labels)
    on_test = abs(_score(test) - noted)
    if not has_dev(fold):
        return "test" if on_test < _SAME else "unknown"
    seen, is_train = read_scored(folder / SEEN_NAME, labels)
    on_dev = abs(_score(seen.take(~is_train)) - noted)
    if min(on_dev, on_test) >= _SAME:
        return "unknown"
    # Where both agree by chance, a run with dev rows is believed.
    return "dev" if on_dev <= on_test or on_dev < _SAME else "test"


def _score(rows: Scored) -> float:
    return float(compute_uar(rows.truth, rows.prediction)) if len(rows) else -1.0


def plan_selection(fold: Fold) -> str:
    """Return the code of what a study would do in a fold that has no dev rows; empty if it has."""
    return "" if (fold.splits == DEV).any() or not (fold.splits == TEST).any() else "test-watched"
