"""Convolutions over time: what the notebook's network does along the feature vector, along frames.

Features are channels here, so a filter sees all of them over a short while, as speech makes them.
The convolutions are of the same kinds as the notebook's, the first of stride 2 (a frame is 16 ms,
of which neighbours overlap by three quarters).
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from emovox.training.networks.layers import scale_channels
from emovox.training.options import TrainingOptions
from emovox.training.rows import N_CLASSES

CHANNELS = (128, 128, 128, 128)
STRIDES = (2, 1, 2, 1)
KERNEL = 5
N_DENSE = 64
DROPOUT = 0.3


class _Convolution(nn.Module):
    """One convolution over time, normalized, then relu; frames of padding are and stay 0."""

    def __init__(self, n_in: int, n_out: int, stride: int, options: TrainingOptions) -> None:
        super().__init__()
        self.stride = stride
        self.convolve = nn.Conv1d(n_in, n_out, KERNEL, stride=stride, padding=KERNEL // 2)
        wanted = options.batch_norm is None or options.batch_norm
        self.normalize = nn.BatchNorm1d(n_out) if wanted else None

    def forward(self, values: Tensor, lengths: Tensor) -> tuple[Tensor, Tensor]:
        """Return (batch, n_out, ceil(n_frames / stride)), and how many of them are valid."""
        values = self.convolve(values)
        lengths = (lengths + self.stride - 1) // self.stride
        valid = mask_frames(values.shape[2], lengths)
        if self.normalize is not None:
            values = self._normalize(values, valid)
        return values.relu() * valid, lengths

    def _normalize(self, values: Tensor, valid: Tensor) -> Tensor:
        assert self.normalize is not None
        if not self.training:
            normalized: Tensor = self.normalize(values)
            return normalized
        # The batch's mean must be that of speech: how much padding there is, is chance.
        there = valid[:, 0]
        frames = values.transpose(1, 2)
        spoken = self.normalize(frames[there])
        return torch.zeros_like(frames, dtype=spoken.dtype).masked_scatter(
            there[:, :, None], spoken
        ).transpose(1, 2)  # fmt: skip


def mask_frames(n_frames: int, lengths: Tensor) -> Tensor:
    """Return 1 at valid frames and 0 at padding, shape (batch, 1, n_frames)."""
    places = torch.arange(n_frames, device=lengths.device)
    return (places[None, :] < lengths[:, None])[:, None, :]


class TimeCnn(nn.Module):
    """Four convolutions over time, mean and maximum over the valid frames, two dense layers.

    Parameters
    ----------
    n_features : int
        Of a frame.
    options : TrainingOptions
        Its ``dropout``, ``batch_norm`` and ``width`` change the network.
    """

    def __init__(self, n_features: int, options: TrainingOptions) -> None:
        super().__init__()
        layers = []
        n_in = n_features
        for n_full, stride in zip(CHANNELS, STRIDES, strict=True):
            n_out = scale_channels(n_full, options.width)
            layers.append(_Convolution(n_in, n_out, stride, options))
            n_in = n_out
        self.convolutions = nn.ModuleList(layers)
        rate = DROPOUT if options.dropout is None else options.dropout
        self.dropout = nn.Dropout(rate)
        self.head = nn.Sequential(
            nn.Linear(2 * n_in, N_DENSE), nn.ReLU(), nn.Dropout(rate), nn.Linear(N_DENSE, N_CLASSES)
        )

    def forward(self, frames: Tensor, lengths: Tensor) -> Tensor:
        """Return logits (batch, 8).

        Parameters
        ----------
        frames : Tensor, shape (batch, n_frames, n_features)
            Standardized; padded at the end.
        lengths : Tensor of int64, shape (batch,)
            Valid frames of each row, at least 1.
        """
        values = frames.transpose(1, 2) * mask_frames(frames.shape[1], lengths)
        for convolution in self.convolutions:
            values, lengths = convolution(values, lengths)
        mean = values.sum(dim=2) / lengths[:, None]
        # Relu leaves nothing below 0, so the zeros of padding never win.
        logits: Tensor = self.head(self.dropout(torch.cat([mean, values.amax(dim=2)], dim=1)))
        return logits


def build(n_features: int, options: TrainingOptions) -> nn.Module:
    """Make the network."""
    return TimeCnn(n_features, options)
