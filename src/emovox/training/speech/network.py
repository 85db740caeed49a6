"""The recognizer's network: an encoder, states pooled over time, a head that knows the voice."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from emovox.errors import ConfigError
from emovox.training.encoder import WhisperEncoder
from emovox.training.rows import N_CLASSES
from emovox.training.speech.frontend import NEWEST, SpeechFrontEnd

POOL_EPSILON = 1e-5
"""Added to variances over time before their root is taken."""

N_EXTRA = 1 + N_CLASSES + 1
"""Last of the states: the level, what emotion the clip seems to carry (probabilities), and 1.

The population has 0 in the last nine. So a voice's mean, shrunk towards the population's, says
there how many clips it is known from and which emotions they seemed to carry."""

_LEVEL, _HEARD = -N_EXTRA, -1
SEEMED = slice(_LEVEL + 1, _HEARD)
"""Where the states say what emotion a clip seems to carry."""

# Before training, the known expert has half a say where a voice is known from three clips, and
# what the clips' emotions add is taken from the voice where they carry mostly one.
_GATE_SLOPES, _GATE_BIAS = (1.5, 0.0, 0.0), -1.5
_TRUST_SLOPES, _TRUST_BIAS = (0.0, 0.0, 10.0), -4.0
# How far emotions are discounted that a voice seems to carry too often: nearly all the way (1)
# where its clips seem to carry every emotion, hardly where they carry mostly one. Emotions that it
# seems to lack gain little: its recordings may lack them.
_DISCOUNT_BY_CLIPS, _DISCOUNT_BY_PURITY, _DISCOUNT_BIAS = 0.2, -6.0, 1.0
_LEAST_SHARE = 0.6
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
    n_frozen : int, default=1
        First layers of the encoder that keep the weights they came with (its convolutions
        always do). Their states can be computed once for all trainings.
    pooled : tuple of int, default=(1, 2, 3)
        Layers whose states are pooled over time, each to a mean and a deviation. None may be
        below ``n_frozen``.
    hidden : int, default=256
        Units of each expert of the head.
    dropout : float, default=0.3
        Of the head, in training.
    front_end : int, default=3
        Version of the front-end.
    """

    n_frozen: int = 1
    pooled: tuple[int, ...] = (1, 2, 3)
    hidden: int = 256
    dropout: float = 0.3
    front_end: int = NEWEST

    def __post_init__(self) -> None:
        if not self.pooled or min(self.pooled) < self.n_frozen:
            raise ConfigError(
                f"pooled is {list(self.pooled)}; it must name layers, none below n_frozen, which "
                f"is {self.n_frozen}."
            )


class VoiceHead(nn.Module):
    """From pooled states, and what is known of the voice, to logits.

    Two experts: one for voices that are not known, which must not mind how a voice lies; one for
    known voices, which sees the states relative to the voice. (It does not see how the voice
    itself lies: shown that, it learnt the training speakers by heart.) A gate goes from the first
    to the second as more is known: an unknown voice has the first expert alone. Level counts
    beside the voice's own level only; the first expert never sees it.

    Ten angry clips must not make anger the middle of a voice. But a voice that always seems angry
    must not be excused either: that is what adaptation is for. So what the emotions add is taken
    from the voice's mean in the measure that the clips seem to carry one emotion alone. What a
    voice seems to carry too often is then discounted in each of its clips, in the opposite measure:
    see ``compute_discount``.

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
        self.register_buffer("offsets", torch.zeros(N_CLASSES, n_states - N_EXTRA + 1))
        self.mean: Tensor
        self.deviation: Tensor
        self.offsets: Tensor
        self.unknown = _Expert(n_states - N_EXTRA, options)
        self.known = _Expert(n_states - N_EXTRA + 1, options)
        self.gate = _create_measure(_GATE_SLOPES, _GATE_BIAS)
        self.trust = _create_measure(_TRUST_SLOPES, _TRUST_BIAS)

    def forward(self, states: Tensor, voice_mean: Tensor, voice_deviation: Tensor) -> Tensor:
        """Return logits (batch, 8); the arguments have shape (batch, n_states)."""
        unknown = self.classify_unknown(states)
        known = self.classify_known(states, voice_mean, voice_deviation)
        share = self.gate(self._weigh_evidence(voice_mean, voice_deviation)).sigmoid()
        nothing = voice_mean[:, _HEARD:] == 0
        mixed: Tensor = unknown + torch.where(nothing, 0.0, share) * (known - unknown)
        # Learning with it would teach the experts to undo it, on voices that they know by heart.
        return mixed if self.training else mixed - compute_discount(voice_mean)

    def classify_unknown(self, states: Tensor) -> Tensor:
        """Return logits (batch, 8) of states whose voice is not known."""
        standard = (states - self.mean) / self.deviation
        logits: Tensor = self.unknown(standard[:, :_LEVEL])
        return logits

    def classify_known(self, states: Tensor, voice_mean: Tensor, voice_deviation: Tensor) -> Tensor:
        """Return logits (batch, 8) of states beside their voice; any, where it is not known."""
        trust = self.trust(self._weigh_evidence(voice_mean, voice_deviation)).sigmoid()
        # The population seems to carry nothing: these are shrunk as the rest of the mean is.
        added = trust * (voice_mean[:, SEEMED] @ self.offsets)
        pooled = slice(None, _LEVEL)
        relative = states[:, pooled] - voice_mean[:, pooled] + added[:, :-1]
        heard = voice_mean[:, _HEARD:].clamp_min(_TINY)
        # Levels of a population are those of its microphones: the voice's own counts alone.
        shrunk = voice_mean[:, _LEVEL] - added[:, -1] - self.mean[_LEVEL]
        own_level = self.mean[_LEVEL] + shrunk / heard[:, 0]
        louder = _compare_level(states[:, _LEVEL] - own_level)
        logits: Tensor = self.known(
            torch.cat([relative / self.deviation[pooled], louder[:, None]], dim=1)
        )
        return logits

    def _weigh_evidence(self, voice_mean: Tensor, voice_deviation: Tensor) -> Tensor:
        """Return how much is known of a voice and how one-sided that is, shape (batch, 3)."""
        n_clips, purity = _weigh_clips(voice_mean)
        pooled = slice(None, _LEVEL)
        spread = (voice_deviation / self.deviation)[:, pooled].log().mean(1, keepdim=True)
        return torch.cat([n_clips, 10 * spread, purity], dim=1)

    def listen(self, states: Tensor) -> Tensor:
        """Return states with what emotion each clip seems to carry, its voice unknown."""
        seemed = self.classify_unknown(states).softmax(dim=1)
        return torch.cat([states[:, : _LEVEL + 1], seemed, states[:, _HEARD:]], dim=1)


def compute_discount(voice_mean: Tensor) -> Tensor:
    """Return what the logits of emotions lose that voices seem to carry too often.

    Voices are taken to carry all emotions alike in the long run: one that seems to be there more
    often is how this voice always sounds. For a voice of many clips that carry every emotion this
    comes near dividing its probabilities by their mean over the clips.

    Parameters
    ----------
    voice_mean : Tensor, shape (batch, n_states)
        See ``VoiceHead.listen`` and ``N_EXTRA``; only the last nine values count.

    Returns
    -------
    Tensor, shape (batch, 8)
        0 for an unknown voice.

    References
    ----------
    Saerens, Latinne and Decaestecker, "Adjusting the Outputs of a Classifier to New a Priori
    Probabilities", 2002, eq. 2.4: with even priors, in a measure.
    """
    shares = N_CLASSES * voice_mean[:, SEEMED] + 1 - voice_mean[:, _HEARD:]
    n_clips, purity = _weigh_clips(voice_mean)
    measure = _DISCOUNT_BY_CLIPS * n_clips + _DISCOUNT_BY_PURITY * purity + _DISCOUNT_BIAS
    return functional.softplus(measure) * shares.clamp_min(_LEAST_SHARE).log()


def _weigh_clips(voice_mean: Tensor) -> tuple[Tensor, Tensor]:
    """Return from how many clips a voice is known (log of n / 2), and how one-sided they seem."""
    heard = voice_mean[:, _HEARD:].clamp_min(_TINY)
    n_clips = (heard / (1 - heard).clamp_min(_TINY)).log()
    purity = (voice_mean[:, SEEMED] / heard).square().sum(1, keepdim=True)
    return n_clips, purity


def _create_measure(slopes: Sequence[float], bias: float) -> nn.Linear:
    measure = nn.Linear(len(slopes), 1)
    with torch.no_grad():
        measure.weight.copy_(torch.tensor([slopes]))
        measure.bias.fill_(bias)
    return measure


def _compare_level(difference: Tensor) -> Tensor:
    """Return how loud clips are beside their voice; 0 where they are of another recording."""
    louder = difference / _LEVEL_DEVIATION
    return louder * (-((louder / _LEVEL_WIDTH) ** 2)).exp()


class _Expert(nn.Module):
    """One hidden layer, from standardized states to logits."""

    def __init__(self, n_states: int, options: NetworkOptions) -> None:
        super().__init__()
        self.hidden = nn.Linear(n_states, options.hidden)
        self.out = nn.Linear(options.hidden, N_CLASSES)
        self.dropout = options.dropout

    def forward(self, states: Tensor) -> Tensor:
        """Return logits (batch, 8)."""
        hidden = functional.gelu(self.hidden(self._drop(states)))
        logits: Tensor = self.out(self._drop(hidden))
        return logits

    def _drop(self, values: Tensor) -> Tensor:
        # Four times as fast on a CPU as torch's own dropout, which was a third of a training.
        if not self.training or not self.dropout:
            return values
        return values * (torch.rand_like(values) >= self.dropout) / (1 - self.dropout)


class SpeechNetwork(nn.Module):
    """Waveform to logits and voice states.

    Parameters
    ----------
    encoder : WhisperEncoder
        Layers above the highest pooled one are not run, nor exported.
    options : NetworkOptions
    """

    def __init__(self, encoder: WhisperEncoder, options: NetworkOptions) -> None:
        super().__init__()
        if max(options.pooled) > len(encoder.layers):
            raise ConfigError(
                f"pooled is {list(options.pooled)}; the encoder has {len(encoder.layers)} layers."
            )
        self.options = options
        self.front_end = SpeechFrontEnd(encoder.shape.n_mels, options.front_end)
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

        What emotion they seem to carry is not among them yet: see ``VoiceHead.listen``.

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
        # Shapes taken from a tensor: numbers would be fixed in the exported graph.
        nothing, one = torch.zeros_like(pooled[:, :N_CLASSES]), torch.ones_like(pooled[:, :1])
        return torch.cat([pooled, level.float()[:, None], nothing, one], dim=1)

    def forward(
        self, waveform: Tensor, length: Tensor, voice_mean: Tensor, voice_deviation: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Return logits (batch, 8) and voice states (batch, n_states), as an artefact does."""
        log_mel, n_frames, level = self.front_end(waveform, length)
        states = self.encode_rest(*self.encode_frozen(log_mel, n_frames), level)
        return self.head(states, voice_mean, voice_deviation), self.head.listen(states)


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
        pooled += [mean[:, 0], (variance[:, 0] + POOL_EPSILON).sqrt()]
    return torch.cat(pooled, dim=1)
