"""The reference notebook's network: 557,288 parameters for 162 features and 8 emotions.

Shivam Burnwal, "Speech Emotion Recognition" (Kaggle): Conv1D 256, 256, 128, 64, kernel 5, relu,
each followed by MaxPooling1D(5, stride 2, same); dropout 0.2 after the third; dense 32; dropout
0.3; dense 8.
"""

from __future__ import annotations

from torch import Tensor, nn

from emovox.training.networks.layers import (
    ChannelsLastConv,
    SamePool,
    initialize_like_keras,
    to_image,
)
from emovox.training.options import TrainingOptions
from emovox.training.rows import N_CLASSES

CHANNELS = (256, 256, 128, 64)
KERNEL = 5


class NotebookCnn(nn.Module):
    """Four convolutions over the feature vector.

    Parameters
    ----------
    n_features : int
        Length of the feature vector.
    """

    def __init__(self, n_features: int) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        n_in, length = 1, n_features
        for number, n_out in enumerate(CHANNELS, start=1):
            # Relu after the maximum instead of before: the same values, on half as many places.
            layers += [ChannelsLastConv(n_in, n_out, KERNEL), SamePool(length), nn.ReLU()]
            if number == 3:
                layers.append(nn.Dropout(0.2))
            n_in, length = n_out, (length + 1) // 2
        self.convolutions = nn.Sequential(*layers)
        self.head = nn.Sequential(
            nn.Flatten(),
            nn.Linear(n_in * length, 32),
            nn.ReLU(),
            nn.Dropout(0.3),
            nn.Linear(32, N_CLASSES),
        )
        initialize_like_keras(self)

    def forward(self, features: Tensor) -> Tensor:
        """Return logits (batch, 8) for standardized features (batch, n_features)."""
        logits: Tensor = self.head(self.convolutions(to_image(features)))
        return logits


def build(n_features: int, options: TrainingOptions) -> nn.Module:  # noqa: ARG001 - one signature
    """Make the network."""
    return NotebookCnn(n_features)
