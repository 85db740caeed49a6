"""The recognizer's network: an encoder, states pooled over time, a head that knows the voice."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from emovox.training.encoder import WhisperEncoder
from emovox.training.rows import N_CLASSES
from emovox.training.speech.frontend import SpeechFrontEnd

_EPSILON = 1e-5

N_EXTRA = 2
"""Last of the states: the level, and 1. The mean of the latter over n clips of a voice, shrunk
towards a population that has 0 there, says how many clips the voice is known from."""

# Of the gate before training: half known where a voice is known from three clips.
_GATE_SLOPES, _GATE_BIAS = ((1.5, 0.0),), -1.5
# Clips at another level than the voice's by this much (in its deviations) are of another
# recording: their level says nothing.
_LEVEL_WIDTH = 3.0
_LEVEL_DEVIATION = 0.5
_TINY = 1e-6


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkOptions:
    """Shape of the network.

    Attributes
    ----------
    n_frozen : int, default=2
        First layers of the encoder that keep the weights they came with (its convolutions
        always do). Their states can be computed once for all trainings.
    pooled : tuple of int, default=(2, 3, 4)
        Layers whose states are pooled over time, each to a mean and a deviation. None may be
        below ``n_frozen``.
    hidden : int, default=256
        Units of each expert of the head.
    dropout : float, default=0.3
        Of the head, in training.
    """

    n_frozen: int = 2
    pooled: tuple[int, ...] = (2, 3, 4)
    hidden: int = 256
    dropout: float = 0.3


class VoiceHead(nn.Module):
    """From pooled states, and what is known of the voice, to logits.

    Two experts: one for voices that are not known, which must not mind how a voice lies; one for
    known voices, which sees the states relative to the voice. (It does not see how the voice
    itself lies: shown that, it learnt the training speakers by heart.) A gate goes from the first
    to the second as more is known: an unknown voice has the first expert alone. Level counts
    beside the voice's own level only; the first expert never sees it.

    Parameters
    ----------
    n_states : int
        ``N_EXTRA`` included.
    options : NetworkOptions
    """

    def __init__(self, n_states: int, options: NetworkOptions) -> None:
        super().__init__()
        self.register_buffer("mean", torch.zeros(n_states))
        self.register_buffer("deviation", torch.ones(n_states))
        self.register_buffer("offsets", torch.zeros(N_CLASSES, n_states))
        self.mean: Tensor
        self.deviation: Tensor
        self.offsets: Tensor
        self.unknown = _Expert(n_states - N_EXTRA, options)
        self.known = _Expert(n_states, options)
        self.gate = nn.Linear(2, 1)
        with torch.no_grad():
            self.gate.weight.copy_(torch.tensor(_GATE_SLOPES))
            self.gate.bias.fill_(_GATE_BIAS)

    def forward(self, states: Tensor, voice_mean: Tensor, voice_deviation: Tensor) -> Tensor:
        """Return logits (batch, 8); the arguments have shape (batch, n_states)."""
        unknown = self.classify_unknown(states)
        heard = voice_mean[:, -1:]
        evidence = (heard.clamp_min(_TINY) / (1 - heard).clamp_min(_TINY)).log()
        relative = (states - voice_mean) / voice_deviation
        level = _compare_level(states[:, -2:-1], voice_mean[:, -2:-1], self.mean[-2], heard)
        inputs = torch.cat([relative[:, :-N_EXTRA], level, heard], dim=1)
        narrowing = (voice_deviation / self.deviation)[:, :-N_EXTRA].log().mean(1, keepdim=True)
        share = self.gate(torch.cat([evidence, 10 * narrowing], dim=1)).sigmoid()
        mixed: Tensor = unknown + torch.where(heard > 0, share, 0.0) * (
            self.known(inputs) - unknown
        )
        return mixed

    def classify_unknown(self, states: Tensor) -> Tensor:
        """Return logits (batch, 8) of states whose voice is not known."""
        standard = (states - self.mean) / self.deviation
        logits: Tensor = self.unknown(standard[:, :-N_EXTRA])
        return logits

    def neutralize(self, states: Tensor, logits: Tensor) -> Tensor:
        """Take from states what their emotion adds to them, as far as the logits know it.

        What remains is the voice. Its mean over clips hardly depends on which emotions they
        happen to carry: ten angry clips do not make anger the middle of a voice.

        Parameters
        ----------
        states : Tensor, shape (batch, n_states)
        logits : Tensor, shape (batch, 8)
            Of the same clips, their voice unknown.
        """
        neutral: Tensor = states - logits.softmax(dim=1) @ self.offsets
        return neutral


def _compare_level(level: Tensor, voice_level: Tensor, population: Tensor, heard: Tensor) -> Tensor:
    """Return how loud clips are beside their voice, (batch, 1); 0 where that says nothing.

    ``voice_level`` is shrunk towards a population whose level is that of its microphones: that
    is undone, so that only the voice's own clips count.
    """
    own = population + (voice_level - population) / heard.clamp_min(_TINY)
    louder = (level - own) / _LEVEL_DEVIATION
    compared = louder * (-((louder / _LEVEL_WIDTH) ** 2)).exp()
    return torch.where(heard > 0, compared, 0.0)


class _Expert(nn.Module):
    """One hidden layer, from standardized states to logits."""

    def __init__(self, n_states: int, options: NetworkOptions) -> None:
        super().__init__()
        self.hidden = nn.Linear(n_states, options.hidden)
        self.out = nn.Linear(options.hidden, N_CLASSES)
        self.dropout = nn.Dropout(options.dropout)

    def forward(self, states: Tensor) -> Tensor:
        """Return logits (batch, 8)."""
        hidden = functional.gelu(self.hidden(self.dropout(states)))
        logits: Tensor = self.out(self.dropout(hidden))
        return logits


class SpeechNetwork(nn.Module):
    """Waveform to logits and voice states.

    Parameters
    ----------
    encoder : WhisperEncoder
        Its layers above the highest pooled one are dropped.
    options : NetworkOptions
    """

    def __init__(self, encoder: WhisperEncoder, options: NetworkOptions) -> None:
        super().__init__()
        self.options = options
        self.front_end = SpeechFrontEnd(encoder.shape.n_mels)
        self.encoder = encoder
        self.head = VoiceHead(2 * encoder.shape.width * len(options.pooled) + N_EXTRA, options)
        for module in (encoder.conv1, encoder.conv2, *encoder.layers[: options.n_frozen]):
            module.requires_grad_(False)

    @property
    def n_states(self) -> int:
        """Number of pooled states."""
        return int(self.head.mean.shape[0])

    def encode_frozen(self, log_mel: Tensor, n_frames: Tensor) -> tuple[Tensor, Tensor]:
        """Return the states after the frozen layers and their mask, as `encode_rest` takes them.

        Parameters
        ----------
        log_mel : Tensor, shape (batch, n_mels, n_frames)
        n_frames : Tensor of int64, shape (batch,)
        """
        states, mask = self.encoder.embed(log_mel, n_frames)
        for layer in self.encoder.layers[: self.options.n_frozen]:
            states = layer(states, mask[:, None, None, :])
        return states, mask

    def encode_rest(self, states: Tensor, mask: Tensor, level: Tensor) -> Tensor:
        """Return pooled states (batch, n_states) from the states after the frozen layers.

        Parameters
        ----------
        states : Tensor, shape (batch, n_frames, width)
        mask : Tensor of bool, shape (batch, n_frames)
            True where a frame belongs to its clip.
        level : Tensor, shape (batch,)
            As the front-end took it away.
        """
        everything = {self.options.n_frozen: states}
        n_layers = len(self.encoder.layers)
        for number in range(self.options.n_frozen + 1, max(self.options.pooled) + 1):
            states = self.encoder.layers[number - 1](states, mask[:, None, None, :])
            everything[number] = states
        if n_layers in everything:
            everything[n_layers] = self.encoder.layer_norm(states)
        pooled = pool([everything[number] for number in self.options.pooled], mask)
        return torch.cat([pooled, level.float()[:, None], torch.ones_like(pooled[:, :1])], dim=1)

    def forward(
        self, waveform: Tensor, length: Tensor, voice_mean: Tensor, voice_deviation: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Return logits (batch, 8) and voice states (batch, n_states), as an artefact does."""
        log_mel, n_frames, level = self.front_end(waveform, length)
        states = self.encode_rest(*self.encode_frozen(log_mel, n_frames), level)
        logits = self.head(states, voice_mean, voice_deviation)
        voice_states = self.head.neutralize(states, self.head.classify_unknown(states))
        return logits, voice_states


def pool(layers: Sequence[Tensor], mask: Tensor) -> Tensor:
    """Return mean and deviation over time of each layer's states, side by side.

    Parameters
    ----------
    layers : sequence of Tensor, shape (batch, n_frames, width) each
    mask : Tensor of bool, shape (batch, n_frames)

    Returns
    -------
    Tensor, shape (batch, 2 * width * n_layers)
        Float32: mean and deviation of the first layer, then of the next.
    """
    weight = (mask / mask.sum(dim=1, keepdim=True))[:, None, :].float()
    pooled = []
    for states in layers:
        values = states.float()
        mean = weight @ values
        variance = weight @ (values - mean).square()
        pooled += [mean[:, 0], (variance[:, 0] + _EPSILON).sqrt()]
    return torch.cat(pooled, dim=1)
