"""From a finished trial to the artefact that users get: calibration, scores, card, one file."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from emovox.emotions import EMOTIONS
from emovox.errors import ConfigError
from emovox.files import hash_file
from emovox.models import (
    ArtefactMetadata,
    Calibration,
    Encoder,
    Population,
    Score,
    TrainingRun,
)
from emovox.models.metadata import UNSEALED
from emovox.study.trials.calibration import fit_calibration
from emovox.study.trials.plan import Trial, TrialPlan
from emovox.study.trials.run import METRICS_NAME, divide, train_planned
from emovox.study.trials.scores import (
    ProtocolScore,
    read_trial_predictions,
    score_protocols,
)
from emovox.training.encoder import name_encoder
from emovox.training.job import describe_corpora
from emovox.training.speech.ensemble import put_together
from emovox.training.speech.export import FRONTENDS, SHORTEST_S, export_speech
from emovox.training.speech.network import SpeechNetwork
from emovox.training.speech.reading import is_quantized, list_precise, read_members
from emovox.training.speech.trial import WEIGHTS_NAME, PreparedClips
from emovox.training.speech.voices import ADAPTATION
from emovox.types import Clip

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
    answers : Path, optional
        Folder of the answers that it learnt from.
    """

    prepared: PreparedClips
    plan: TrialPlan
    name: str
    root: Path
    answers: Path | None = None

    @property
    def trial(self) -> Trial:
        """Which clips it trained on."""
        return self.plan.get(self.name)


@dataclass(frozen=True, slots=True)
class Judged:
    """Folders of predictions for who was held out, as trials or ``write_scores`` leave them.

    Attributes
    ----------
    speakers : tuple of Path
        Speakers were held out, of corpora that trained.
    corpora : tuple of Path
        Whole corpora were. A user's recording is of none that trained: where there are any, they
        alone calibrate.
    """

    speakers: tuple[Path, ...]
    corpora: tuple[Path, ...] = ()

    def score(self) -> tuple[Score, ...]:
        """Return all figures."""
        # Apart: a corpus that is left out is judged among the emotions that others have.
        parts = [read_trial_predictions(part) for part in (self.speakers, self.corpora) if part]
        scores = [score for part in parts for score in score_protocols(part)]
        return tuple(_to_score(score) for score in scores if score.voice in _TOLD)

    def calibrate(self) -> Calibration:
        """Return temperatures and threshold."""
        predictions = read_trial_predictions(self.corpora or self.speakers, among_all=True)
        fitted_on = "corpora that no training heard" if self.corpora else "speakers held out"
        return dataclasses.replace(fit_calibration(predictions), fitted_on=fitted_on)


def write_trial_artefact(
    path: Path,
    sources: Sequence[TrialSource],
    judged: Judged,
    *,
    command: str,
    quantize: bool = True,
) -> None:
    """Write the network of a trial as an artefact, or those of several side by side.

    Parameters
    ----------
    path : Path
        Where to; its stem is the model's name.
    sources : sequence of TrialSource
        One, or several that were trained on the same clips.
    judged : Judged
        For scores and calibration.
    command : str
        Which makes it; for the card.
    quantize : bool, default=True
        With int8 weights.

    Raises
    ------
    ConfigError
        If several were not trained on the same clips with the same front-end.
    """
    members = [_read_member(source) for source in sources]
    clips = members[0].clips
    if len({_hash_clips(member.clips) for member in members}) > 1:
        raise ConfigError("networks side by side must be trained on the same clips.")
    networks = [member.network for member in members]
    present = {clip.emotion for clip in clips}
    front_end, seed = sources[0].plan.network.front_end, sources[0].trial.seed
    metadata = ArtefactMetadata(
        name=path.stem,
        frontend=FRONTENDS[front_end],
        population=Population(
            mean=_round([v for n in networks for v in n.head.mean.tolist()]),
            deviation=_round([v for n in networks for v in n.head.deviation.tolist()]),
        ),
        emotions=tuple(emotion for emotion in EMOTIONS if emotion in present),
        corpora=describe_corpora(clips),
        data_sha256=_hash_clips(clips),
        seed=seed,
        code_version=version("emovox"),
        training=TrainingRun(command, round(sum(map(count_hours, sources)), 3)),
        scores=judged.score(),
        encoder=Encoder(
            name=" + ".join(name_encoder(source.prepared.encoder) for source in sources),
            licence=_LICENCE,
            sha256=" + ".join(hash_file(source.prepared.encoder) for source in sources),
        ),
        adaptation=ADAPTATION,
        calibration=judged.calibrate(),
        shortest_s=SHORTEST_S,
    )
    precise = [
        f"members.{number}.{name}" if len(sources) > 1 else name
        for number, source in enumerate(sources)
        for name in source.plan.artefact.precise
    ]
    export_speech(path, put_together(networks), metadata, quantize=quantize, precise=precise)


def renew_artefact(path: Path, start: Path, judged: Judged) -> None:
    """Write an artefact's networks anew: the same weights in today's graph, as new predictions say.

    Parameters
    ----------
    path : Path
        Where to; its stem is the model's name.
    start : Path
        The artefact as it was; may be ``path``.
    judged : Judged
        For scores and calibration.

    Raises
    ------
    ModelIntegrityError, ParameterError
        If ``start`` cannot be read back as networks.
    """
    members, artefact = read_members(start)
    metadata = dataclasses.replace(
        artefact.metadata,
        name=path.stem,
        code_version=version("emovox"),
        scores=judged.score(),
        calibration=judged.calibrate(),
        seal=UNSEALED,
    )
    quantize, precise = is_quantized(start), list_precise(start)
    export_speech(path, put_together(members), metadata, quantize=quantize, precise=precise)


@dataclass(frozen=True, slots=True, eq=False)
class _Member:
    network: SpeechNetwork
    clips: list[Clip]


def count_hours(source: TrialSource) -> float:
    """Return how long a finished trial was trained, preparation apart."""
    text = (source.root / source.name / METRICS_NAME).read_text(encoding="utf-8")
    seconds = 0.0
    for record in map(json.loads, text.splitlines()):
        # The head alone comes first: what stands before it is of a network that was deleted.
        seconds = (seconds if record["epoch"] else 0.0) + record["seconds"]
    return seconds / 3600


def _read_member(source: TrialSource) -> _Member:
    """Return the trained network of a trial, and the clips that trained it."""
    train, _ = divide(source.prepared.clips, source.trial)
    return _Member(read_trained(source), [source.prepared.clips[int(i)] for i in train])


def read_trained(source: TrialSource) -> SpeechNetwork:
    """Return the trained network of a trial; raise ConfigError if it is not finished."""
    if not (source.root / source.name / WEIGHTS_NAME).exists():
        raise ConfigError(
            f"the trial {source.name!r} in {source.root} is not finished.",
            hint="scripts/train_recognizer.py trains it, or goes on with it.",
        )
    return train_planned(source.plan, source.name, source.prepared, source.root, source.answers)


def _round(values: Sequence[float]) -> tuple[float, ...]:
    """Six digits: what float32 holds, in half the text."""
    return tuple(float(f"{value:.6g}") for value in values)


def _hash_clips(clips: Sequence[Clip]) -> str:
    """Return a hash of which recordings were trained on, whatever their order."""
    lines = sorted(f"{clip.sha256} {clip.emotion}" for clip in clips)
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def _to_score(score: ProtocolScore) -> Score:
    voice = "" if score.voice == "unknown" else f", voice known from {score.voice} clips"
    return Score(
        metric="uar",
        value=round(score.uar, 6),
        protocol=score.protocol + voice,
        corpus=score.corpus,
        n_folds=score.n_folds,
        n_speakers=score.n_speakers,
        n_clips=score.n_clips,
    )
