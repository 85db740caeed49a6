"""The third try: deeper than the notebook's network, batch normalization, more dropout.

Seven convolutions in four stages. Inside a stage the input is added to the output of its
second convolution, so that depth does not cost gradient. The head sees every place of the
feature vector on its own (no global pooling): a place is a certain feature, not a moment.
About the notebook network's arithmetic.
"""

from __future__ import annotations

from torch import Tensor, nn

from emovox.training.networks.layers import ChannelsLastConv, SamePool, to_image
from emovox.training.options import TrainingOptions
from emovox.training.rows import N_CLASSES

STEM_CHANNELS = 64
STAGE_CHANNELS = (128, 192, 192)
KERNEL = 5
STAGE_DROPOUT = 0.3
HEAD_DROPOUT = 0.5


def _convolve(n_in: int, n_out: int) -> nn.Sequential:
    # The normalization has a shift of its own, so the convolution needs no bias.
    return nn.Sequential(
        ChannelsLastConv(n_in, n_out, KERNEL, bias=False), nn.BatchNorm2d(n_out), nn.ReLU()
    )


class Stage(nn.Module):
    """Two convolutions, the second with a way around it; then pooling and dropout."""

    def __init__(self, n_in: int, n_out: int, length: int) -> None:
        super().__init__()
        self.first = _convolve(n_in, n_out)
        self.second = _convolve(n_out, n_out)
        self.pool = SamePool(length)
        # Whole channels: neighbouring places are alike, so single ones would hide nothing.
        self.dropout = nn.Dropout2d(STAGE_DROPOUT)

    def forward(self, values: Tensor) -> Tensor:
        """Return (batch, n_out, 1, (length + 1) // 2)."""
        values = self.first(values)
        dropped: Tensor = self.dropout(self.pool(values + self.second(values)))
        return dropped


class DeepCnn(nn.Module):
    """Seven convolutions over the feature vector.

    Parameters
    ----------
    n_features : int
        Length of the feature vector.
    """

    def __init__(self, n_features: int) -> None:
        super().__init__()
        self.stem = nn.Sequential(_convolve(1, STEM_CHANNELS), SamePool(n_features))
        n_in, length = STEM_CHANNELS, (n_features + 1) // 2
        stages: list[nn.Module] = []
        for n_out in STAGE_CHANNELS:
            stages.append(Stage(n_in, n_out, length))
            n_in, length = n_out, (length + 1) // 2
        self.stages = nn.Sequential(*stages)
        self.head = nn.Sequential(
            nn.Flatten(),
            nn.Linear(n_in * length, 128, bias=False),
            nn.BatchNorm1d(128),
            nn.ReLU(),
            nn.Dropout(HEAD_DROPOUT),
            nn.Linear(128, N_CLASSES),
        )

    def forward(self, features: Tensor) -> Tensor:
        """Return logits (batch, 8) for standardized features (batch, n_features)."""
        logits: Tensor = self.head(self.stages(self.stem(to_image(features))))
        return logits


def build(n_features: int, options: TrainingOptions) -> nn.Module:  # noqa: ARG001 - one signature
    """Make the network."""
    return DeepCnn(n_features)
