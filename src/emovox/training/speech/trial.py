"""One training of the recognizer from prepared clips, kept in a folder, and what it says."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors import safe_open
from safetensors.torch import load_file, save_file

from emovox.augment import Policy
from emovox.emotions import encode_emotions
from emovox.errors import ConfigError
from emovox.files import replacing, write_text
from emovox.training.checkpoints import CHECKPOINT_NAME
from emovox.training.device import NUMBER_FORMATS, choose_encoding_precision, derive_seed
from emovox.training.encoder import load_encoder
from emovox.training.speech.answers import Answers
from emovox.training.speech.data import SpeechData
from emovox.training.speech.distill import Lesson
from emovox.training.speech.finetune import fine_tune
from emovox.training.speech.frozen import (
    FrozenStates,
    build_frozen_states,
    encode_clips,
    measure_states,
)
from emovox.training.speech.judge import judge_clips
from emovox.training.speech.logmels import LogMels, build_log_mels
from emovox.training.speech.network import NetworkOptions, SpeechNetwork
from emovox.training.speech.options import FineTuning
from emovox.training.speech.pooled import build_pooled_states, select_layers
from emovox.training.speech.targets import build_targets, find_known, number_sentences
from emovox.types import Clip, FloatArray, IntArray, Progress

WEIGHTS_NAME = "network.safetensors"
PRECISION_NAME = "precision"
_FINGERPRINT = "fingerprint"


@dataclass(frozen=True, slots=True, eq=False)
class PreparedClips:
    """Clips with everything that all trainings share.

    Attributes
    ----------
    clips : tuple of Clip
        Labelled and readable.
    frozen : FrozenStates
        Without frames where no training moves the encoder.
    pooled : ndarray of float16, shape (n_clips, n_variants + 1, n_states)
        Pooled states of the encoder as it came.
    options : NetworkOptions
    encoder : Path
        The file the encoder came from.
    encoder_sha256 : str
    labels, speakers : ndarray of int64, shape (n_clips,)
    """

    clips: tuple[Clip, ...]
    frozen: FrozenStates
    pooled: NDArray[np.float16]
    options: NetworkOptions
    encoder: Path
    encoder_sha256: str
    labels: IntArray
    speakers: IntArray

    def create_network(self, seed: int) -> SpeechNetwork:
        """Return a network with the encoder as it came and a new head."""
        torch.manual_seed(derive_seed(seed, 0))
        return SpeechNetwork(load_encoder(self.encoder)[0], self.options)


@dataclass(frozen=True, slots=True, kw_only=True)
class Workshop:
    """Where preparation happens, and whom it tells how far it is.

    Attributes
    ----------
    encoder : Path
        A file that ``load_encoder`` reads.
    folder : Path
        Where what is computed is kept.
    n_jobs : int, default=1
        Processes that read and alter recordings.
    tell : callable, optional
        Called with (what, done, total).
    """

    encoder: Path
    folder: Path
    n_jobs: int = 1
    tell: Callable[[str, int, int], None] | None = None

    def track(self, what: str) -> Progress:
        """Return what tells the progress of one kind of work."""
        tell = self.tell
        return lambda done, total: None if tell is None else tell(what, done, total)


def prepare_clips(
    clips: Sequence[Clip],
    policy: Policy,
    options: NetworkOptions,
    shop: Workshop,
    *,
    with_frames: bool = False,
) -> PreparedClips:
    """Compute, or find, what all trainings share. A killed run goes on where it was.

    Parameters
    ----------
    clips : sequence of Clip
        Labelled. Those that cannot be read are left out.
    policy : Policy
        Of the altered copies.
    options : NetworkOptions
    shop : Workshop
    with_frames : bool, default=False
        Keep the states after the frozen layers: trainings that move the others need them.
    """
    lesson, sha256 = _prepare(clips, policy, options, shop, with_frames=with_frames)
    there = lesson.rows
    kept = tuple(clips[int(i)] for i in there)
    speakers = np.unique([clip.speaker_id for clip in kept], return_inverse=True)[1]
    return PreparedClips(
        clips=kept,
        frozen=lesson.frozen.take(there),
        pooled=lesson.pooled[there],
        options=options,
        encoder=shop.encoder,
        encoder_sha256=sha256,
        labels=encode_emotions([clip.emotion for clip in kept]),
        speakers=speakers.astype(np.int64),
    )


def prepare_lesson(
    clips: Sequence[Clip], policy: Policy, options: NetworkOptions, shop: Workshop
) -> Lesson:
    """Compute, or find, what a distillation from all clips that can be read needs."""
    return _prepare(clips, policy, options, shop, with_frames=True)[0]


def find_log_mels(
    clips: Sequence[Clip], policy: Policy, options: NetworkOptions, shop: Workshop
) -> LogMels:
    """Compute, or find, the log-mels of all clips and of their altered copies."""
    return build_log_mels(
        clips,
        policy,
        shop.folder / "log-mels",
        front_end=options.front_end,
        n_jobs=shop.n_jobs,
        progress=shop.track("log-mels"),
    )


def _prepare(
    clips: Sequence[Clip],
    policy: Policy,
    options: NetworkOptions,
    shop: Workshop,
    *,
    with_frames: bool,
) -> tuple[Lesson, str]:
    """Return everything about the clips that can be read, and the encoder's SHA-256."""
    log_mels = find_log_mels(clips, policy, options, shop)
    encoder, sha256 = load_encoder(shop.encoder)
    precision = _settle_precision(shop.folder)
    layers = build_pooled_states(
        log_mels,
        encoder,
        shop.folder / "pooled",
        encoder_sha256=sha256,
        precision=precision,
        progress=shop.track("pooled states"),
    )
    pooled = select_layers(layers, options.pooled, log_mels.level)
    frozen = measure_states(log_mels)
    if with_frames:
        frozen = build_frozen_states(
            log_mels,
            SpeechNetwork(encoder, options).eval(),
            shop.folder / "frozen",
            encoder_sha256=sha256,
            precision=precision,
            progress=shop.track("frozen layers"),
        )
    return Lesson(log_mels, frozen, pooled, np.flatnonzero(frozen.length[:, 0] > 0)), sha256


def _settle_precision(folder: Path) -> str:
    """Return in which precision the states of this folder are encoded: as they were begun.

    On a busy machine it may be measured otherwise the next time; the states would then be others,
    and trainings from the first ones could not be gone on with.
    """
    note = folder / PRECISION_NAME
    begun = note.read_text(encoding="utf-8").strip() if note.exists() else ""
    if begun in NUMBER_FORMATS:
        return begun
    precision = choose_encoding_precision()
    write_text(note, f"{precision}\n")
    return precision


def train_trial(
    prepared: PreparedClips,
    rows: IntArray,
    options: FineTuning,
    folder: Path,
    *,
    answers: Answers | None = None,
    on_epoch: Callable[[dict[str, Any]], None] | None = None,
) -> SpeechNetwork:
    """Train on some of the clips, or read what was trained before.

    Parameters
    ----------
    prepared : PreparedClips
    rows : ndarray of int64, shape (n_train,)
        Clips that train.
    options : FineTuning
    folder : Path
        For checkpoint and weights.
    answers : Answers, optional
        Of teachers who never heard what this training does not.
    on_epoch : callable, optional
        As for ``fine_tune``.

    Raises
    ------
    ConfigError
        If the folder holds another training.
    """
    network = prepared.create_network(options.seed)
    targets = build_targets(prepared.clips, smoothing=options.label_smoothing, votes=options.votes)
    data = SpeechData(
        prepared.frozen,
        prepared.pooled,
        rows,
        prepared.labels,
        prepared.speakers,
        targets,
        find_known(prepared.clips),
        number_sentences(prepared.clips),
        answers,
    )
    fingerprint = data.compute_fingerprint([asdict(options), asdict(prepared.options)])
    weights = folder / WEIGHTS_NAME
    if weights.exists():
        _check_fingerprint(weights, fingerprint)
        network.load_state_dict(load_file(weights), strict=False)
        return network.eval()
    fine_tune(network, data, options, folder=folder, on_epoch=on_epoch)
    moving = {name: p.detach() for name, p in network.named_parameters() if p.requires_grad}
    buffers = {f"head.{name}": buffer for name, buffer in network.head.named_buffers()}
    with replacing(weights) as temporary:
        tensors = {n: t.contiguous() for n, t in {**moving, **buffers}.items()}
        save_file(tensors, temporary, metadata={_FINGERPRINT: fingerprint})
    (folder / CHECKPOINT_NAME).unlink(missing_ok=True)
    return network


def _check_fingerprint(weights: Path, fingerprint: str) -> None:
    with safe_open(weights, framework="pt") as content:
        there = (content.metadata() or {}).get(_FINGERPRINT)
    if there != fingerprint:
        raise ConfigError(
            f"{weights} is of a training with other clips, options or states.",
            hint="Choose another folder, or delete it to train again.",
        )


def judge_trial(
    prepared: PreparedClips, network: SpeechNetwork, rows: IntArray, *, tuned: bool = True
) -> dict[str, FloatArray]:
    """Return logits of held-out clips under each condition of ``judge_clips``.

    Parameters
    ----------
    prepared : PreparedClips
    network : SpeechNetwork
    rows : ndarray of int64, shape (n_test,)
    tuned : bool, default=True
        False if the encoder stayed as it came: its pooled states are there already.
    """
    if tuned:
        states = encode_clips(network, prepared.frozen, rows, precision=choose_encoding_precision())
    else:
        states = torch.from_numpy(prepared.pooled[rows, 0]).float()
    return judge_clips(network, states, prepared.speakers[rows], prepared.labels[rows])
