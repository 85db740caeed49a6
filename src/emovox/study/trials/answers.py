"""What finished trials answer to the clips of their study: the teachers of a smaller network."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from emovox.errors import ConfigError
from emovox.study.trials.artefact import TrialSource, read_trained
from emovox.study.trials.run import divide, name_answers
from emovox.training.speech.answers import answer_clips, write_answers


def write_trial_answers(sources: Sequence[TrialSource], folder: Path) -> None:
    """Write what networks of the same trial answer together.

    Parameters
    ----------
    sources : sequence of TrialSource
        Finished trials of the same name and clips, whose encoders stayed as they came.
    folder : Path
        Where to.

    Raises
    ------
    ConfigError
        If they held out different clips, or an encoder moved.
    """
    first = sources[0]
    for source in sources:
        if source.plan.training.epochs:
            raise ConfigError("teachers must be trials whose encoder stayed as it came.")
        if source.trial != first.trial or source.prepared.clips != first.prepared.clips:
            raise ConfigError("teachers must have held out the same clips.")
    networks = [read_trained(source) for source in sources]
    logits = answer_clips(networks, [source.prepared.pooled for source in sources])
    heard, _ = divide(first.prepared.clips, first.trial)
    write_answers(name_answers(folder, first.name), first.prepared.clips, heard, logits)
