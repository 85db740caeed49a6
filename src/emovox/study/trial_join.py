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
from emovox.study.trial_scores import TrialPredictions, read_trial_predictions
from emovox.study.trials import PREDICTIONS_NAME

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
    ordered = [_order(read_trial_predictions(paths, among_all=True)) for paths in members]
    names, first = ordered[0]
    for number, (others, _) in enumerate(ordered[1:], start=2):
        missing = np.setxor1d(names, others)
        if len(missing) or len(names) != len(others):
            raise ManifestError(
                f"network {number} judged other clips than the first: {len(missing)} judgements "
                f"differ, such as {' '.join(missing[:1].tolist()) or 'one made twice'}.",
                hint="Name the folders of the same trials for each.",
            )
    logits = np.mean([predictions.logits for _, predictions in ordered], axis=0)
    columns = {
        name: values
        for name, values in first.columns.items()
        if all(name in predictions.columns for _, predictions in ordered)
    }
    said = {f"logit_{emotion}": logits[:, i] for i, emotion in enumerate(EMOTIONS)}
    folder.mkdir(parents=True, exist_ok=True)
    write_table(folder / PREDICTIONS_NAME, {**columns, **said})


def _order(predictions: TrialPredictions) -> tuple[NDArray[np.str_], TrialPredictions]:
    """Return what names each judgement, in order, and the judgements in that order."""
    parts = [predictions.columns[name].astype(str) for name in _NAMED_BY]
    names = np.array(["/".join(row) for row in zip(*parts, strict=True)])
    # Clips of one name stay in the manifest's order, the same for all.
    order = np.argsort(names, kind="stable")
    return names[order], predictions.take(order)
