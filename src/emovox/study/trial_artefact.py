"""From a finished trial to the artefact that users get: calibration, scores, card, one file."""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from emovox.emotions import EMOTIONS
from emovox.files import hash_file
from emovox.models import (
    ArtefactMetadata,
    Encoder,
    Population,
    Score,
)
from emovox.study.trial_calibration import fit_calibration
from emovox.study.trial_scores import (
    ProtocolScore,
    read_trial_predictions,
    score_protocols,
)
from emovox.study.trials import TrialPlan, divide
from emovox.training.job import describe_corpora
from emovox.training.speech.export import FRONTENDS, SHORTEST_S, export_speech
from emovox.training.speech.trial import PreparedClips, train_trial
from emovox.training.speech.voices import ADAPTATION
from emovox.types import Clip

_ENCODERS = {
    192: "distilled from whisper-tiny.en",
    384: "whisper-tiny.en",
    512: "whisper-base",
}
_TOLD = ("unknown", "10", "all")
_LICENCE = "MIT, Copyright (c) 2022 OpenAI"


@dataclass(frozen=True, slots=True, eq=False)
class TrialSource:
    """A finished trial.

    Attributes
    ----------
    prepared : PreparedClips
    plan : TrialPlan
    name : str
        Which of its trials.
    root : Path
        Folder of the trials.
    """

    prepared: PreparedClips
    plan: TrialPlan
    name: str
    root: Path


def write_trial_artefact(
    path: Path, source: TrialSource, judged: Sequence[Path], *, quantize: bool = True
) -> None:
    """Write the network of a trial as an artefact.

    Parameters
    ----------
    path : Path
        Where to; its stem is the model's name.
    source : TrialSource
    judged : sequence of Path
        Folders of trials with speakers held out, for calibration and scores.
    quantize : bool, default=True
        With int8 weights.
    """
    prepared, plan, name, root = source.prepared, source.plan, source.name, source.root
    train, _ = divide(prepared.clips, plan.get(name))
    options = dataclasses.replace(plan.training, seed=plan.get(name).seed)
    network = train_trial(prepared, train, options, root / name)
    clips = [prepared.clips[int(i)] for i in train]
    present = {clip.emotion for clip in clips}
    head = network.head
    metadata = ArtefactMetadata(
        name=path.stem,
        frontend=FRONTENDS[plan.network.front_end],
        population=Population(
            # Six digits: what float32 holds, in half the text.
            mean=tuple(float(f"{v:.6g}") for v in head.mean.tolist()),
            deviation=tuple(float(f"{v:.6g}") for v in head.deviation.tolist()),
        ),
        emotions=tuple(emotion for emotion in EMOTIONS if emotion in present),
        corpora=describe_corpora(clips),
        data_sha256=_hash_clips(clips),
        seed=plan.get(name).seed,
        code_version=version("emovox"),
        scores=tuple(
            _to_score(score)
            for score in score_protocols(read_trial_predictions(judged))
            if score.voice in _TOLD
        ),
        encoder=Encoder(
            name=_ENCODERS.get(network.encoder.shape.width, prepared.encoder.stem),
            licence=_LICENCE,
            sha256=hash_file(prepared.encoder),
        ),
        adaptation=ADAPTATION,
        calibration=fit_calibration(read_trial_predictions(judged, among_all=True)),
        shortest_s=SHORTEST_S,
    )
    export_speech(path, network, metadata, quantize=quantize)


def _hash_clips(clips: Sequence[Clip]) -> str:
    """Return a hash of which recordings were trained on, whatever their order."""
    lines = sorted(f"{clip.sha256} {clip.emotion}" for clip in clips)
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def _to_score(score: ProtocolScore) -> Score:
    voice = "" if score.voice == "unknown" else f", voice known from {score.voice} clips"
    return Score(
        metric="uar",
        value=round(score.uar, 4),
        protocol=score.protocol + voice,
        corpus=score.corpus,
        n_folds=score.n_folds,
        n_speakers=score.n_speakers,
        n_clips=score.n_clips,
    )
