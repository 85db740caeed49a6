"""The reference notebook's network: 557,288 parameters for 162 features and 8 emotions.

Shivam Burnwal, "Speech Emotion Recognition" (Kaggle): Conv1D 256, 256, 128, 64, kernel 5, relu,
each followed by MaxPooling1D(5, stride 2, same); dropout 0.2 after the third; dense 32; dropout
0.3; dense 8. Batch normalization, another dropout and another width are for those who ask what each
of them brings.
"""

from __future__ import annotations

from torch import Tensor, nn

from emovox.training.networks.layers import (
    ChannelsLastConv,
    SamePool,
    initialize_like_keras,
    scale_channels,
    to_image,
)
from emovox.training.options import TrainingOptions
from emovox.training.rows import N_CLASSES

CHANNELS = (256, 256, 128, 64)
KERNEL = 5
DROPOUT = (0.2, 0.3)
"""After the third convolution, and before the last layer."""


class NotebookCnn(nn.Module):
    """Four convolutions over the feature vector.

    Parameters
    ----------
    n_features : int
        Length of the feature vector.
    options : TrainingOptions
        Its ``dropout``, ``batch_norm`` and ``width`` change the network.
    """

    def __init__(self, n_features: int, options: TrainingOptions) -> None:
        super().__init__()
        early, late = (own if options.dropout is None else options.dropout for own in DROPOUT)
        layers: list[nn.Module] = []
        n_in, length = 1, n_features
        for number, n_full in enumerate(CHANNELS, start=1):
            n_out = scale_channels(n_full, options.width)
            layers.append(ChannelsLastConv(n_in, n_out, KERNEL))
            if options.batch_norm:
                layers.append(nn.BatchNorm2d(n_out))
            # Relu after the maximum instead of before: the same values, on half as many places.
            layers += [SamePool(length), nn.ReLU()]
            if number == 3:
                layers.append(nn.Dropout(early))
            n_in, length = n_out, (length + 1) // 2
        self.convolutions = nn.Sequential(*layers)
        self.head = nn.Sequential(
            nn.Flatten(),
            nn.Linear(n_in * length, 32),
            nn.ReLU(),
            nn.Dropout(late),
            nn.Linear(32, N_CLASSES),
        )
        initialize_like_keras(self)

    def forward(self, features: Tensor) -> Tensor:
        """Return logits (batch, 8) for standardized features (batch, n_features)."""
        logits: Tensor = self.head(self.convolutions(to_image(features)))
        return logits


def build(n_features: int, options: TrainingOptions) -> nn.Module:
    """Make the network."""
    return NotebookCnn(n_features, options)
