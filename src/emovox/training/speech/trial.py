"""One training of the recognizer from prepared clips, kept in a folder, and what it says."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.torch import load_file, save_file

from emovox.augment import Policy
from emovox.emotions import encode_emotions
from emovox.files import replacing
from emovox.training.checkpoints import CHECKPOINT_NAME
from emovox.training.device import autocast, derive_seed
from emovox.training.encoder import load_encoder
from emovox.training.speech.distill import Lesson
from emovox.training.speech.finetune import SpeechData, encode_clips, fine_tune
from emovox.training.speech.frozen import (
    FrozenStates,
    build_frozen_states,
    iter_batches,
    read_halves,
)
from emovox.training.speech.judge import judge_clips
from emovox.training.speech.logmels import LogMels, build_log_mels
from emovox.training.speech.network import NetworkOptions, SpeechNetwork
from emovox.training.speech.options import FineTuning
from emovox.training.speech.targets import build_targets, find_known
from emovox.types import Clip, FloatArray, IntArray, Progress

WEIGHTS_NAME = "network.safetensors"
_BATCH_FRAMES = 6000


@dataclass(frozen=True, slots=True, eq=False)
class PreparedClips:
    """Clips with everything that all trainings share.

    Attributes
    ----------
    clips : tuple of Clip
        Labelled and readable.
    frozen : FrozenStates
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
    clips: Sequence[Clip], policy: Policy, options: NetworkOptions, shop: Workshop
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
    """
    _, frozen, pooled, sha256 = _prepare(clips, policy, options, shop)
    there = np.flatnonzero(frozen.length[:, 0] > 0)
    kept = tuple(clips[int(i)] for i in there)
    speakers = np.unique([clip.speaker_id for clip in kept], return_inverse=True)[1]
    return PreparedClips(
        clips=kept,
        frozen=frozen.take(there),
        pooled=pooled[there],
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
    log_mels, frozen, pooled, _ = _prepare(clips, policy, options, shop)
    return Lesson(log_mels, frozen, pooled, np.flatnonzero(frozen.length[:, 0] > 0))


def _prepare(
    clips: Sequence[Clip], policy: Policy, options: NetworkOptions, shop: Workshop
) -> tuple[LogMels, FrozenStates, NDArray[np.float16], str]:
    """Return log-mels, states after the frozen layers, pooled ones, and the encoder's SHA-256."""
    log_mels = build_log_mels(
        clips,
        policy,
        shop.folder / "log-mels",
        n_jobs=shop.n_jobs,
        progress=shop.track("log-mels"),
    )
    loaded, sha256 = load_encoder(shop.encoder)
    network = SpeechNetwork(loaded, options).eval()
    frozen = build_frozen_states(
        log_mels,
        network,
        shop.folder / "frozen",
        encoder_sha256=sha256,
        precision="bfloat16",
        progress=shop.track("frozen layers"),
    )
    return log_mels, frozen, _find_pooled(network, frozen, shop), sha256


def _find_pooled(
    network: SpeechNetwork, frozen: FrozenStates, shop: Workshop
) -> NDArray[np.float16]:
    key = hashlib.sha256(f"{frozen.key} {network.options.pooled}".encode()).hexdigest()
    path = shop.folder / "pooled" / f"{key[:32]}.npy"
    pooled = read_halves(path)
    if pooled is None:
        pooled = _pool_frozen(network, frozen, shop.track("pooled states"))
        with replacing(path) as temporary:
            np.save(temporary, pooled, allow_pickle=False)
    return pooled


def _pool_frozen(
    network: SpeechNetwork, frozen: FrozenStates, progress: Progress
) -> NDArray[np.float16]:
    """Return the pooled states of all copies, (n_clips, n_variants + 1, n_states)."""
    lengths = frozen.length.ravel()
    pooled = np.zeros((lengths.size, network.n_states), np.float16)
    done = 0
    for batch in iter_batches(lengths, _BATCH_FRAMES):
        clip, variant = np.divmod(batch, frozen.length.shape[1])
        inputs = frozen.collate(clip, variant, np.zeros(len(batch), np.int64), 1500)
        with torch.inference_mode(), autocast(torch.device("cpu"), "bfloat16"):
            pooled[batch] = network.encode_rest(*inputs).half().numpy()
        done += len(batch)
        progress(done, lengths.size)
    return pooled.reshape(*frozen.length.shape, -1)


def train_trial(
    prepared: PreparedClips,
    rows: IntArray,
    options: FineTuning,
    folder: Path,
    *,
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
    on_epoch : callable, optional
        As for ``fine_tune``.
    """
    network = prepared.create_network(options.seed)
    weights = folder / WEIGHTS_NAME
    if weights.exists():
        network.load_state_dict(load_file(weights), strict=False)
        return network.eval()
    targets = build_targets(prepared.clips, smoothing=options.label_smoothing, votes=options.votes)
    data = SpeechData(
        prepared.frozen,
        prepared.pooled,
        rows,
        prepared.labels,
        prepared.speakers,
        targets,
        find_known(prepared.clips),
    )
    fine_tune(network, data, options, folder=folder, on_epoch=on_epoch)
    moving = {name: p.detach() for name, p in network.named_parameters() if p.requires_grad}
    buffers = {f"head.{name}": buffer for name, buffer in network.head.named_buffers()}
    with replacing(weights) as temporary:
        save_file({n: t.contiguous() for n, t in {**moving, **buffers}.items()}, temporary)
    (folder / CHECKPOINT_NAME).unlink(missing_ok=True)
    return network


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
        states = encode_clips(network, prepared.frozen, rows, precision="bfloat16")
    else:
        states = torch.from_numpy(prepared.pooled[rows, 0]).float()
    return judge_clips(network, states, prepared.speakers[rows], prepared.labels[rows])
