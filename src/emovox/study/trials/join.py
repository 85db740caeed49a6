"""What networks side by side say, from what each said of the same clips: the mean of their logits.

They need not be run together for it: ``SpeechEnsemble`` averages the same logits.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from emovox.emotions import EMOTIONS
from emovox.errors import ManifestError
from emovox.study.tables import write_table
from emovox.study.trials.run import PREDICTIONS_NAME
from emovox.study.trials.scores import TrialPredictions, read_trial_predictions
from emovox.types import IntArray

_NAMED_BY = ("trial", "held_out", "voice", "corpus", "clip")


def join_predictions(members: Sequence[Sequence[Path]], folder: Path) -> None:
    """Write the predictions of networks side by side, as those of a trial are.

    Parameters
    ----------
    members : sequence of sequence of Path
        Of each network, the folders of its trials, or of their scores. Trials of the same name
        held out the same clips.
    folder : Path
        Where ``predictions.parquet`` goes.

    Raises
    ------
    ManifestError
        If the members did not judge the same clips.
    """
    judged = [read_trial_predictions(paths, among_all=True) for paths in members]
    names, places = zip(*map(_sort_names, judged), strict=True)
    for number, others in enumerate(names[1:], start=2):
        differ = np.setxor1d(names[0], others)
        if len(differ) or len(names[0]) != len(others):
            raise ManifestError(
                f"network {number} judged other clips than the first: {len(differ)} judgements "
                f"differ, such as {' '.join(differ[:1].tolist()) or 'one made twice'}.",
                hint="Name the folders of the same trials for each.",
            )
    logits = np.empty_like(judged[0].logits)
    # In the first one's order.
    logits[places[0]] = np.mean(
        [one.logits[place] for one, place in zip(judged, places, strict=True)], axis=0
    )
    columns = {
        name: values
        for name, values in judged[0].columns.items()
        if all(name in one.columns for one in judged)
    }
    said = {f"logit_{emotion}": logits[:, i] for i, emotion in enumerate(EMOTIONS)}
    folder.mkdir(parents=True, exist_ok=True)
    write_table(folder / PREDICTIONS_NAME, {**columns, **said})


def _sort_names(predictions: TrialPredictions) -> tuple[NDArray[np.str_], IntArray]:
    """Return what names each judgement, sorted, and the row of each."""
    parts = [predictions.columns[name].astype(str) for name in _NAMED_BY]
    names = np.array(["/".join(row) for row in zip(*parts, strict=True)])
    # Clips of one name stay in the manifest's order, the same for all.
    places = np.argsort(names, kind="stable")
    return names[places], places
