"""A recurrent network over frames: two layers of 128 (the notebook's commented alternative).

The layers run forwards only, so frames of padding at the end cannot reach the frames before
them: masking is left to the pooling, and the graph stays free of packed sequences.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from emovox.training.options import TrainingOptions
from emovox.training.rows import N_CLASSES

N_HIDDEN = 128
N_DENSE = 64
DROPOUT = 0.4


class LstmNetwork(nn.Module):
    """Two recurrent layers, mean and maximum over the valid frames, two dense layers.

    Parameters
    ----------
    n_features : int
        Of a frame.
    """

    def __init__(self, n_features: int) -> None:
        super().__init__()
        self.dropout = nn.Dropout(DROPOUT)
        self.first = nn.LSTM(n_features, N_HIDDEN, batch_first=True)
        self.second = nn.LSTM(N_HIDDEN, N_HIDDEN, batch_first=True)
        self.head = nn.Sequential(
            nn.Linear(2 * N_HIDDEN, N_DENSE),
            nn.ReLU(),
            nn.Dropout(DROPOUT),
            nn.Linear(N_DENSE, N_CLASSES),
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
        hidden, _ = self.first(frames)
        hidden, _ = self.second(self.dropout(hidden))
        places = torch.arange(frames.shape[1], device=frames.device)
        valid = (places[None, :] < lengths[:, None])[:, :, None]
        mean = (hidden * valid).sum(dim=1) / lengths[:, None]
        # Hidden states are above -1, so -1 never wins.
        highest = torch.where(valid, hidden, -1.0).amax(dim=1)
        logits: Tensor = self.head(self.dropout(torch.cat([mean, highest], dim=1)))
        return logits


def build(n_features: int, options: TrainingOptions) -> nn.Module:  # noqa: ARG001 - one signature
    """Make the network."""
    return LstmNetwork(n_features)
