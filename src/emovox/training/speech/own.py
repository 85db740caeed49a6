"""From a table of one's own recordings and a finished model to a model that knows them better.

Clips are held out in turn: they say how long to train, how good the result is, and how far it may
be believed. Then all clips train.
"""

from __future__ import annotations

import copy
import dataclasses
import os
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path

import numpy as np

from emovox.corpora import read_manifest
from emovox.emotions import EMOTIONS, encode_emotions
from emovox.errors import ManifestError, ParameterError
from emovox.files import hash_file
from emovox.models import ArtefactMetadata, Encoder, get_model, load_artefact
from emovox.models.metadata import UNSEALED
from emovox.training.job import describe_corpora
from emovox.training.speech.ensemble import put_together
from emovox.training.speech.export import export_speech
from emovox.training.speech.holding import AUTO, hold_out, validate_kind
from emovox.training.speech.listening import HeardClips, hear_clips
from emovox.training.speech.network import SpeechNetwork
from emovox.training.speech.own_trial import OwnTrial
from emovox.training.speech.reading import is_quantized, list_precise, read_members
from emovox.training.speech.tuning import HeadTuning, OwnStates, tune_head
from emovox.types import Clip, FloatArray, IntArray, Progress

FEWEST_CLIPS, FEWEST_OF_EMOTION = 20, 4
"""Fewer clips than this, in all and of an emotion, teach nothing that can be checked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnJob:
    """What to start from, and how to go on.

    Attributes
    ----------
    start : str or path-like
        A model: its name, or an artefact's path.
    tuning : HeadTuning
        How the head learns; its seed decides what is held out when, too.
    hold_out : str, default="auto"
        ``speaker``, ``sentence`` or ``clip``; ``auto`` takes the first that the clips allow.
    n_folds : int, default=5
        In how many parts clips are held out in turn.
    """

    start: str | os.PathLike[str]
    tuning: HeadTuning = field(default_factory=HeadTuning)
    hold_out: str = AUTO
    n_folds: int = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnResult:
    """What came of it.

    Attributes
    ----------
    metadata : ArtefactMetadata
        As the artefact carries it.
    held_out : str
        ``speaker``, ``sentence`` or ``clip``.
    n_steps : int
        Of training, as held-out clips advised. 0: nothing helped, the weights are those before.
    before, after : float
        UAR of held-out clips.
    failures : tuple of str
        Messages about clips that could not be used.
    """

    metadata: ArtefactMetadata
    held_out: str
    n_steps: int
    before: float
    after: float
    failures: tuple[str, ...]


def train_from(
    manifest: Path, out: Path, job: OwnJob, *, progress: Progress | None = None
) -> OwnResult:
    """Train a finished model further on the clips of a manifest; write it as one ONNX file.

    Parameters
    ----------
    manifest : Path
        Labelled clips; speakers and sentences where they are known.
    out : Path
        The artefact; its stem is the model's name.
    job : OwnJob
    progress : callable, optional
        Called with (done, total) of clips heard and training steps together.

    Raises
    ------
    ManifestError
        If there are too few clips, in all or of an emotion.
    ParameterError
        If the model cannot be trained further, or does not know an emotion.
    UnknownModelError, ModelIntegrityError
        If there is no such model, or it is damaged.
    """
    validate_kind(job.hold_out)
    if job.n_folds < 2:
        raise ParameterError(f"n_folds is {job.n_folds}; it must be at least 2.")
    job.tuning.validate()
    clips = [clip for clip in read_manifest(manifest) if clip.emotion]
    _validate_clips(clips, manifest)
    start = get_model(job.start)
    members, artefact = read_members(start)
    _validate_emotions(clips, artefact.metadata)
    n_heard = len(members) * len(clips)
    total = n_heard + len(members) * (job.n_folds + 1) * job.tuning.n_steps
    everything = [
        hear_clips(member, clips, progress=_shift(progress, number * len(clips), total))
        for number, member in enumerate(members)
    ]
    heard = everything[0]
    _validate_clips(heard.clips, manifest, heard.failures)
    trial = learn_clips(members, everything, job, progress=_shift(progress, n_heard, total))
    metadata = dataclasses.replace(
        artefact.metadata,
        name=out.stem,
        corpora=(*artefact.metadata.corpora, *describe_corpora(heard.clips)),
        data_sha256=hash_file(manifest),
        seed=job.tuning.seed,
        code_version=version("emovox"),
        training=None,  # that was the start's
        scores=trial.score(),
        encoder=_describe_start(start, artefact.metadata),
        calibration=trial.calibrate(artefact.metadata.calibration),
        seal=UNSEALED,
    )
    export_speech(
        out,
        put_together(members),
        metadata,
        quantize=is_quantized(start),
        precise=list_precise(start),
    )
    return OwnResult(
        metadata=load_artefact(out).metadata,
        held_out=trial.held_out,
        n_steps=trial.best * job.tuning.every,
        before=trial.compute_uar(trial.logits[0]),
        after=trial.compute_uar(trial.select()),
        failures=heard.failures,
    )


def learn_clips(
    members: Sequence[SpeechNetwork],
    heard: Sequence[HeardClips],
    job: OwnJob,
    *,
    progress: Progress | None = None,
) -> OwnTrial:
    """Train the networks of a model in place on clips that they heard; return how it went.

    Parameters
    ----------
    members : sequence of SpeechNetwork
        One, or several side by side.
    heard : sequence of HeardClips
        The same labelled clips, as each of them heard them.
    job : OwnJob
        Its ``start`` is their model.
    progress : callable, optional
        Called with (steps done, steps in all).

    Raises
    ------
    ManifestError
        If the clips cannot be held out so.
    """
    data, options = [_collect(one) for one in heard], job.tuning
    clips = heard[0].clips
    kind, fold = hold_out(
        clips, data[0].labels, job.hold_out, n_folds=job.n_folds, seed=options.seed
    )
    each = job.n_folds * options.n_steps
    total = len(members) * (each + options.n_steps)
    logits = [
        _try_out(member, own, fold, options, _shift(progress, number * each, total))
        for number, (member, own) in enumerate(zip(members, data, strict=True))
    ]
    mean: FloatArray = np.mean(logits, axis=0)
    trial = OwnTrial(clips, data[0], kind, fold, mean)
    options = dataclasses.replace(options, n_steps=trial.best * options.every)
    for left, member, own in zip(range(len(members), 0, -1), members, data, strict=True):
        done = total - left * options.n_steps
        tune_head(member, own, options, progress=_shift(progress, done, total))
    return trial


def _try_out(
    network: SpeechNetwork,
    data: OwnStates,
    fold: IntArray,
    options: HeadTuning,
    progress: Progress | None,
) -> FloatArray:
    """Train without each fold in turn; return what is said of it at every look."""
    n_looks = 1 + options.n_steps // options.every
    logits = np.zeros((n_looks, len(fold), len(EMOTIONS)), np.float32)
    for one in range(int(fold.max()) + 1):
        held = np.flatnonzero(fold == one)
        logits[:, held] = tune_head(
            copy.deepcopy(network),
            data.take(np.flatnonzero(fold != one)),
            options,
            watch=data.take(held).states,
            progress=_shift(progress, one * options.n_steps, 0),
        )
    return logits


def _collect(heard: HeardClips) -> OwnStates:
    # A clip whose speaker is unknown is nobody else's.
    names = [clip.speaker_id or f"? {number}" for number, clip in enumerate(heard.clips)]
    speakers = np.unique(names, return_inverse=True)[1].astype(np.int64)
    labels = encode_emotions([clip.emotion for clip in heard.clips])
    return OwnStates(heard.states, labels, speakers)


def _describe_start(path: Path, metadata: ArtefactMetadata) -> Encoder:
    before = metadata.encoder
    from_encoder = f", itself from {before.name}" if before else ""
    licence = before.licence if before else "see its training data"
    return Encoder(f"{metadata.name}{from_encoder}", licence, hash_file(path))


def _validate_clips(clips: Sequence[Clip], manifest: Path, failures: Sequence[str] = ()) -> None:
    lost = f" ({len(failures)} cannot be used, the first: {failures[0]})" if failures else ""
    if len(clips) < FEWEST_CLIPS:
        raise ManifestError(
            f"{manifest} has {len(clips)} clips with an emotion{lost}; at least {FEWEST_CLIPS} are "
            "needed.",
            hint="A hundred are a good beginning.",
        )
    count = Counter(clip.emotion for clip in clips)
    few = [f"{name} ({n})" for name, n in sorted(count.items()) if n < FEWEST_OF_EMOTION]
    if few:
        raise ManifestError(
            f"{manifest} has fewer than {FEWEST_OF_EMOTION} clips of: {', '.join(few)}{lost}.",
            hint="Add some, or leave these out: what the model knows of them it keeps.",
        )
    if len(count) < 2:
        raise ManifestError(
            f"{manifest} has clips of {next(iter(count))} alone{lost}; at least two emotions are "
            "needed."
        )


def _validate_emotions(clips: Sequence[Clip], metadata: ArtefactMetadata) -> None:
    unknown = sorted({clip.emotion for clip in clips} - set(metadata.emotions))
    if unknown:
        raise ParameterError(
            f"{metadata.name!r} does not know: {', '.join(unknown)}.",
            hint=f"Leave these clips out, or start from another model. It knows "
            f"{', '.join(metadata.emotions)}.",
        )


def _shift(progress: Progress | None, done_before: int, total: int) -> Progress | None:
    """Return what tells the progress of one part of the work as that of all."""
    if progress is None:
        return None
    return lambda done, _: progress(done_before + done, total)
