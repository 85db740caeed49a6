"""A smaller encoder cut out of a pretrained one, from recordings alone.

Channels of the first convolution, attention heads and hidden units are left out one by one,
always the one whose loss the others make up for best, and what follows is fitted anew to what the
whole encoder says: the optimal brain surgeon, which for a linear layer is exact.

References
----------
Hassibi and Stork, "Second Order Derivatives for Network Pruning: Optimal Brain Surgeon", NIPS
1992, equation 5.
"""

from __future__ import annotations

import copy
import dataclasses
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from emovox.errors import ConfigError
from emovox.training.encoder import (
    CHANNELS_A_HEAD,
    EncoderLayer,
    EncoderShape,
    WhisperEncoder,
    pass_inside,
)
from emovox.training.speech.frozen import collate_log_mels, iter_batches
from emovox.training.speech.logmels import LogMels
from emovox.types import IntArray

_BATCH_FRAMES = 9_000
_RIDGE = 1e-4
"""Of the features' mean variance, added to each of them."""

Batch = tuple[Tensor, Tensor]
"""Log-mels (batch, n_mels, n_frames) and the frames of each clip."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pruning:
    """What is left of an encoder, and what it is fitted on.

    Attributes
    ----------
    n_layers, n_heads, hidden, channels : int
        As of ``EncoderShape``.
    corpora : tuple of str
        Heard, without labels.
    hold_out : tuple of str
        ``protocol:fold`` whose test clips are not heard.
    n_clips : int
        Of them, at most, drawn with equal chance.
    seed : int
    """

    n_layers: int = 1
    n_heads: int = 3
    hidden: int = 512
    channels: int = 256
    corpora: tuple[str, ...] = ()
    hold_out: tuple[str, ...] = ()
    n_clips: int = 1500
    seed: int = 0


@dataclass(frozen=True, slots=True)
class _Moments:
    """Mean and covariance over frames of features and targets.

    Attributes
    ----------
    mean : Tensor, shape (n_features + n_targets,)
    covariance : Tensor, shape (n_features + n_targets, n_features + n_targets)
    n_features : int
    """

    mean: Tensor
    covariance: Tensor
    n_features: int


@dataclass(frozen=True, slots=True)
class _Fit:
    """Features kept, and the linear layer from them to the targets."""

    kept: Tensor
    weight: Tensor
    bias: Tensor


def prune_encoder(
    encoder: WhisperEncoder, log_mels: LogMels, clips: IntArray, options: Pruning
) -> WhisperEncoder:
    """Return the first layers of an encoder with fewer channels, heads and hidden units.

    Parameters
    ----------
    encoder : WhisperEncoder
        It stays as it is.
    log_mels : LogMels
    clips : ndarray of int64, shape (n_clips,)
        Clips that may be heard, clean and altered.
    options : Pruning

    Raises
    ------
    ConfigError
        If the encoder has less than is wanted.
    """
    shape = _choose_shape(encoder.shape, options)
    pruned = WhisperEncoder(shape).eval()
    if shape.n_layers < encoder.shape.n_layers:
        pruned.omit_norm()
    else:
        pruned.layer_norm = copy.deepcopy(encoder.layer_norm)
    rng = np.random.default_rng([options.seed, 5])
    heard = rng.choice(clips, min(options.n_clips, len(clips)), replace=False)
    batches = _Batches(log_mels, np.sort(heard))
    with torch.inference_mode():
        _prune_convolutions(encoder, pruned, batches)
        for number in range(shape.n_layers):
            _prune_attention(encoder, pruned, number, batches)
            _prune_hidden(encoder, pruned, number, batches)
    return pruned


def _choose_shape(there: EncoderShape, options: Pruning) -> EncoderShape:
    wanted = {
        name: getattr(options, name) for name in ("n_layers", "n_heads", "hidden", "channels")
    }
    for name, asked in wanted.items():
        own = getattr(there, name)
        if not 0 < asked <= own:
            raise ConfigError(f"an encoder with {name} {own} cannot be cut to {name} {asked}.")
    return dataclasses.replace(there, **wanted)


@dataclass(frozen=True, slots=True)
class _Batches:
    log_mels: LogMels
    clips: IntArray

    def __iter__(self) -> Iterator[Batch]:
        n_copies = self.log_mels.length.shape[1]
        copies = [(int(clip), copy) for clip in self.clips for copy in range(n_copies)]
        length = np.array([self.log_mels.length[copy] for copy in copies])
        for batch in iter_batches(length, _BATCH_FRAMES):
            mels = [self.log_mels.get(*copies[i]) for i in batch]
            yield collate_log_mels(mels, mels[0].shape[1])


def _prune_convolutions(encoder: WhisperEncoder, pruned: WhisperEncoder, batches: _Batches) -> None:
    def look(batch: Batch) -> tuple[Tensor, Tensor]:
        log_mel, n_frames = batch
        inside = pass_inside(log_mel, n_frames)
        hidden = functional.gelu(encoder.conv1(log_mel * inside)) * inside
        _, mask = encoder.embed(log_mel, n_frames)
        windows = functional.pad(hidden, (1, 1)).unfold(2, 3, 2).permute(0, 2, 1, 3).flatten(2)
        return windows[mask], encoder.conv2(hidden).transpose(1, 2)[mask]

    groups = torch.arange(3 * encoder.shape.channels).view(-1, 3)
    fit = _fit(_measure(batches, look), groups, pruned.shape.channels)
    _take_outputs(encoder.conv1, pruned.conv1, fit.kept[:, 0] // 3)
    _set_fit(pruned.conv2, fit)


def _prune_attention(
    encoder: WhisperEncoder, pruned: WhisperEncoder, number: int, batches: _Batches
) -> None:
    source, target = _get_layer(encoder, number), _get_layer(pruned, number)

    def look(batch: Batch) -> tuple[Tensor, Tensor]:
        whole, states, mask, allowed = _reach(encoder, pruned, number, batch)
        heads = source.mix(source.self_attn_layer_norm(states), allowed)
        return heads[mask], (source.attend(whole, allowed) - states)[mask]

    groups = torch.arange(CHANNELS_A_HEAD * encoder.shape.n_heads).view(-1, CHANNELS_A_HEAD)
    fit = _fit(_measure(batches, look), groups, pruned.shape.n_heads)
    target.self_attn_layer_norm.load_state_dict(source.self_attn_layer_norm.state_dict())
    for name in ("q_proj", "k_proj", "v_proj"):
        _take_outputs(source.self_attn[name], target.self_attn[name], fit.kept.flatten())
    _set_fit(target.self_attn["out_proj"], fit)


def _prune_hidden(
    encoder: WhisperEncoder, pruned: WhisperEncoder, number: int, batches: _Batches
) -> None:
    source, target = _get_layer(encoder, number), _get_layer(pruned, number)

    def look(batch: Batch) -> tuple[Tensor, Tensor]:
        whole, states, mask, allowed = _reach(encoder, pruned, number, batch)
        states = target.attend(states, allowed)
        hidden = functional.gelu(source.fc1(source.final_layer_norm(states)))
        return hidden[mask], (source(whole, allowed) - states)[mask]

    groups = torch.arange(encoder.shape.hidden)[:, None]
    fit = _fit(_measure(batches, look), groups, pruned.shape.hidden)
    target.final_layer_norm.load_state_dict(source.final_layer_norm.state_dict())
    _take_outputs(source.fc1, target.fc1, fit.kept.flatten())
    _set_fit(target.fc2, fit)


def _reach(
    encoder: WhisperEncoder, pruned: WhisperEncoder, number: int, batch: Batch
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Return both encoders' states before a layer, their mask, and it as layers take it."""
    whole, mask = encoder.embed(*batch)
    states, _ = pruned.embed(*batch)
    allowed = mask[:, None, None, :]
    for before in range(number):
        whole = encoder.layers[before](whole, allowed)
        states = pruned.layers[before](states, allowed)
    return whole, states, mask, allowed


def _measure(batches: _Batches, look: Callable[[Batch], tuple[Tensor, Tensor]]) -> _Moments:
    total, product = torch.zeros(1), torch.zeros(1, 1)
    count, n_features = 0, 0
    for batch in batches:
        features, targets = look(batch)
        values = torch.cat([features, targets], dim=1).double()
        total, product = total + values.sum(0), product + values.T @ values
        count, n_features = count + len(values), features.shape[1]
    mean = total / count
    return _Moments(mean, product / count - torch.outer(mean, mean), n_features)


def _fit(moments: _Moments, groups: Tensor, n_kept: int) -> _Fit:
    """Leave out groups of features until ``n_kept`` are left; fit the targets from those.

    Parameters
    ----------
    moments : _Moments
    groups : Tensor of int64, shape (n_groups, n_features_a_group)
    n_kept : int
    """
    n = moments.n_features
    covariance, cross = moments.covariance[:n, :n], moments.covariance[:n, n:]
    covariance = covariance + _RIDGE * covariance.diagonal().mean() * torch.eye(n)
    # Every channel of the states counts alike, as it does in the head.
    spread = moments.covariance.diagonal()[n:].clamp_min(1e-8).sqrt()
    kept = groups[eliminate(covariance, cross / spread, groups, n_kept)]
    flat = kept.flatten()
    weight = torch.linalg.solve(covariance[flat][:, flat], cross[flat]).T
    return _Fit(kept, weight, moments.mean[n:] - weight @ moments.mean[flat])


def eliminate(covariance: Tensor, cross: Tensor, groups: Tensor, n_kept: int) -> list[int]:
    """Return which groups of features to keep so that targets are still fitted well.

    At each step the group goes without which the squared error of the best fit grows least.

    Parameters
    ----------
    covariance : Tensor, shape (n_features, n_features)
        Of the features; positive definite.
    cross : Tensor, shape (n_features, n_targets)
        Their covariance with the targets.
    groups : Tensor of int64, shape (n_groups, n_features_a_group)
    n_kept : int

    Returns
    -------
    list of int
        In rising order.
    """
    inverse = torch.linalg.inv(covariance)
    weight = inverse @ cross
    left = list(range(len(groups)))
    while len(left) > n_kept:
        places = groups[left]
        blocks = inverse[places[:, :, None], places[:, None, :]]
        own = weight[places]
        growth = (own * torch.linalg.solve(blocks, own)).sum((1, 2))
        gone = places[int(growth.argmin())]
        block = torch.linalg.inv(inverse[gone][:, gone])
        weight = weight - inverse[:, gone] @ block @ weight[gone]
        inverse = inverse - inverse[:, gone] @ block @ inverse[gone]
        del left[int(growth.argmin())]
    return left


def _get_layer(encoder: WhisperEncoder, number: int) -> EncoderLayer:
    layer = encoder.layers[number]
    assert isinstance(layer, EncoderLayer)
    return layer


def _take_outputs(source: nn.Module, target: nn.Module, kept: Tensor) -> None:
    target.load_state_dict({key: value[kept] for key, value in source.state_dict().items()})


def _set_fit(module: nn.Module, fit: _Fit) -> None:
    weight: Tensor = module.get_parameter("weight")
    module.load_state_dict({"weight": fit.weight.view(weight.shape), "bias": fit.bias})
