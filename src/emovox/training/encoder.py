"""Pretrained speech encoders of the Whisper family: reading their weights, running them.

The encoder turns a waveform into 50 states a second after each of its layers. Its tensors are
named as in the hub's checkpoints (``model.encoder.*``), so one reader serves a file, a local
folder and a download.

Architecture: Radford et al., "Robust Speech Recognition via Large-Scale Weak Supervision",
2022 (arXiv 2212.04356), section 2.2. Weights: OpenAI, MIT licence; the notice goes with
everything made from them.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor, nn
from torch.nn import functional

from emovox.errors import ModelIntegrityError, UnknownModelError
from emovox.files import hash_file, replacing
from emovox.training.logmel import LogMelFrontEnd

CHANNELS_A_HEAD = 64
"""Of every Whisper encoder."""

PREFIX = "model.encoder."
"""Of the tensors' names."""

ORIGIN_KEY = "emovox.origin"
"""In the metadata of the file of an encoder made from another: how, and from which."""

_N_POSITIONS = 1500
_NAMES = {384: "whisper-tiny.en", 512: "whisper-base"}


@dataclass(frozen=True, slots=True)
class EncoderShape:
    """What the tensors of an encoder file say of its architecture.

    Attributes
    ----------
    n_layers, width, n_heads, n_mels : int
        Transformer layers, channels, attention heads (64 channels each), mel bands of the input.
    hidden : int
        Units between the two products of a layer; 0: four times the width, as they come.
    channels : int
        Between the two convolutions; 0: the width, as they come.
    """

    n_layers: int
    width: int
    n_heads: int
    n_mels: int
    hidden: int = 0
    channels: int = 0

    def __post_init__(self) -> None:
        object.__setattr__(self, "hidden", self.hidden or 4 * self.width)
        object.__setattr__(self, "channels", self.channels or self.width)


class EncoderLayer(nn.Module):
    """A pre-norm transformer layer whose keys have no bias."""

    def __init__(self, shape: EncoderShape) -> None:
        super().__init__()
        self.n_heads = shape.n_heads
        width, inner = shape.width, CHANNELS_A_HEAD * shape.n_heads
        self.self_attn_layer_norm = nn.LayerNorm(width)
        self.self_attn = nn.ModuleDict(
            {
                "q_proj": nn.Linear(width, inner),
                "k_proj": nn.Linear(width, inner, bias=False),
                "v_proj": nn.Linear(width, inner),
                "out_proj": nn.Linear(inner, width),
            }
        )
        self.final_layer_norm = nn.LayerNorm(width)
        self.fc1 = nn.Linear(width, shape.hidden)
        self.fc2 = nn.Linear(shape.hidden, width)

    def forward(self, states: Tensor, mask: Tensor | None) -> Tensor:
        """Return the states after this layer, shape (batch, n_frames, width).

        ``mask`` is true where a frame may be attended to, shape (batch, 1, 1, n_frames).
        """
        states = self.attend(states, mask)
        hidden = functional.gelu(self.fc1(self.final_layer_norm(states)))
        mixed: Tensor = states + self.fc2(hidden)
        return mixed

    def attend(self, states: Tensor, mask: Tensor | None) -> Tensor:
        """Return the states after this layer's attention; see ``forward``."""
        heads = self.mix(self.self_attn_layer_norm(states), mask)
        attended: Tensor = states + self.self_attn["out_proj"](heads)
        return attended

    def mix(self, normed: Tensor, mask: Tensor | None) -> Tensor:
        """Return what each head gathers, side by side, shape (batch, n_frames, 64 * n_heads)."""
        batch, n_frames, _ = normed.shape

        def split(name: str) -> Tensor:
            projected: Tensor = self.self_attn[name](normed)
            return projected.reshape(batch, n_frames, self.n_heads, -1).transpose(1, 2)

        mixed = functional.scaled_dot_product_attention(
            split("q_proj"), split("k_proj"), split("v_proj"), attn_mask=mask
        )
        return mixed.transpose(1, 2).reshape(batch, n_frames, CHANNELS_A_HEAD * self.n_heads)


class WhisperEncoder(nn.Module):
    """Log-mel front-end, two convolutions, transformer layers.

    A clip is encoded at its own length with the first positions: nothing forces the padding to
    30 s that the original uses, and without it a clip costs a tenth.

    Parameters
    ----------
    shape : EncoderShape
        Of the weights that will be read into it.
    """

    def __init__(self, shape: EncoderShape) -> None:
        super().__init__()
        self.shape = shape
        self.front_end = LogMelFrontEnd(n_mels=shape.n_mels)
        self.conv1 = nn.Conv1d(shape.n_mels, shape.channels, 3, padding=1)
        self.conv2 = nn.Conv1d(shape.channels, shape.width, 3, stride=2, padding=1)
        self.layers = nn.ModuleList(EncoderLayer(shape) for _ in range(shape.n_layers))
        self.layer_norm: nn.Module = nn.LayerNorm(shape.width)

    def omit_norm(self) -> None:
        """Leave the last states as they are: layers above were cut off, the norm was theirs."""
        self.layer_norm = nn.Identity()

    def forward(self, waveform: Tensor, length: Tensor) -> tuple[list[Tensor], Tensor]:
        """Encode a padded batch.

        Parameters
        ----------
        waveform : Tensor, shape (batch, n_samples)
            At 16 kHz, zeros after each clip's end.
        length : Tensor of int64, shape (batch,)
            Samples of each clip.

        Returns
        -------
        states : list of Tensor, each of shape (batch, n_frames, width)
            Before the first layer, then after each layer, the last one normalized: the states
            that readers of the encoder usually see.
        mask : Tensor of bool, shape (batch, n_frames)
            True where a frame belongs to its clip.
        """
        log_mel, n_frames = self.front_end(waveform, length)
        return self.encode(log_mel, n_frames)

    def encode(self, log_mel: Tensor, n_frames: Tensor) -> tuple[list[Tensor], Tensor]:
        """Encode log-mels, shape (batch, n_mels, n_frames_10ms); see ``forward``."""
        states, mask = self.embed(log_mel, n_frames)
        everything = [states]
        attention_mask = mask[:, None, None, :]
        for layer in self.layers:
            states = layer(states, attention_mask)
            everything.append(states)
        everything[-1] = self.layer_norm(states)
        return everything, mask

    def embed(self, log_mel: Tensor, n_frames: Tensor) -> tuple[Tensor, Tensor]:
        """Return the states before the first layer, and the mask; see ``forward``."""
        # Padding must look like the end of the clip to the convolutions: zeros, as at the edge.
        inside = pass_inside(log_mel, n_frames)
        hidden = functional.gelu(self.conv1(log_mel * inside))
        hidden = functional.gelu(self.conv2(hidden * inside))
        mask = torch.arange(hidden.shape[2], device=hidden.device) < (n_frames[:, None] + 1) // 2
        steps = torch.arange(hidden.shape[2], device=hidden.device)
        states = hidden.transpose(1, 2) + compute_positions(steps, self.shape.width)
        return states, mask


def pass_inside(log_mel: Tensor, n_frames: Tensor) -> Tensor:
    """Return where log-mels belong to their clip, shape (batch, 1, n_frames)."""
    inside: Tensor = torch.arange(log_mel.shape[2], device=log_mel.device) < n_frames[:, None]
    return inside[:, None]


def compute_positions(steps: Tensor, width: int) -> Tensor:
    """Return what is added to the states of each step, shape (n_steps, width).

    Sines, then cosines, of ``width / 2`` wavelengths from 2 pi to 20,000 pi steps: computed, for
    a table of them would weigh as much as a quarter of the small encoder in int8.

    References
    ----------
    Vaswani et al., "Attention Is All You Need", 2017, section 3.5.
    """
    half = width // 2
    rates = torch.exp(torch.arange(half, device=steps.device) * (-math.log(10_000) / (half - 1)))
    angles = steps[:, None].float() * rates
    return torch.cat([angles.sin(), angles.cos()], dim=1)


def load_encoder(path: str | Path) -> tuple[WhisperEncoder, str]:
    """Read an encoder from a safetensors file or a folder that holds ``model.safetensors``.

    Returns
    -------
    encoder : WhisperEncoder
        In evaluation mode, float32.
    sha256 : str
        Of the file.

    Raises
    ------
    UnknownModelError
        If there is no such file.
    ModelIntegrityError
        If the file is not an encoder of this family.
    """
    file = Path(path)
    if file.is_dir():
        file = file / "model.safetensors"
    if not file.is_file():
        raise UnknownModelError(
            f"no encoder at {file}.", hint="Give a .safetensors file or a folder that holds one."
        )
    try:
        tensors = _read_tensors(file)
        encoder = WhisperEncoder(read_shape(tensors))
        if "layer_norm.weight" not in tensors:
            encoder.omit_norm()
        _check_positions(tensors.pop("embed_positions.weight"), file)
        missing, unexpected = encoder.load_state_dict(tensors, strict=False)
    except (KeyError, RuntimeError, SafetensorError) as error:
        raise ModelIntegrityError(f"{file} is no Whisper encoder: {error}.") from error
    missing = [name for name in missing if not name.startswith("front_end.")]
    if missing or unexpected:
        raise ModelIntegrityError(
            f"{file} is no Whisper encoder: missing {missing[:3]}, unexpected {unexpected[:3]}."
        )
    return encoder.eval(), hash_file(file)


def name_encoder(path: str | Path) -> str:
    """Return what to call the encoder in a .safetensors file: after its origin, if it says one."""
    with safe_open(path, framework="pt") as content:
        origin = (content.metadata() or {}).get(ORIGIN_KEY)
        width = content.get_slice(f"{PREFIX}conv2.weight").get_shape()[0]
    if origin:
        return f"an encoder {origin}"
    return _NAMES.get(width, Path(path).stem)


def write_encoder(path: Path, encoder: WhisperEncoder, *, origin: str) -> None:
    """Write an encoder as ``load_encoder`` reads it, in float16.

    Parameters
    ----------
    path : Path
    encoder : WhisperEncoder
    origin : str
        How it was made, and from which encoder.
    """
    tensors = {
        f"{PREFIX}{name}": tensor.half().contiguous()
        for name, tensor in encoder.state_dict().items()
        if not name.startswith("front_end.")
    }
    positions = compute_positions(torch.arange(_N_POSITIONS), encoder.shape.width)
    tensors[f"{PREFIX}embed_positions.weight"] = positions.half()
    with replacing(path) as temporary:
        save_file(tensors, temporary, metadata={ORIGIN_KEY: origin})


def _read_tensors(file: Path) -> dict[str, Tensor]:
    """Return the encoder's tensors; a checkpoint of the hub has a decoder besides, left alone."""
    with safe_open(file, framework="pt") as content:
        return {
            name.removeprefix(PREFIX): content.get_tensor(name).float()
            for name in content.keys()  # noqa: SIM118 - not a mapping
            if name.startswith(PREFIX)
        }


def _check_positions(table: Tensor, file: Path) -> None:
    computed = compute_positions(torch.arange(len(table)), table.shape[1])
    # float16 in the file; sines of large angles in float32.
    if not torch.allclose(table, computed, atol=2e-3):
        raise ModelIntegrityError(
            f"{file} is no Whisper encoder: its positions are not the known sinusoids."
        )


def read_shape(tensors: Mapping[str, Tensor]) -> EncoderShape:
    """Return the shape of the encoder that has these weights, named as in its ``state_dict``."""
    channels, n_mels, _ = tensors["conv1.weight"].shape
    n_layers = 1 + max(int(n.split(".")[1]) for n in tensors if n.startswith("layers."))
    hidden, width = tensors["layers.0.fc1.weight"].shape
    inner = len(tensors["layers.0.self_attn.q_proj.weight"])
    return EncoderShape(
        n_layers=n_layers,
        width=width,
        n_heads=inner // CHANNELS_A_HEAD,
        n_mels=n_mels,
        hidden=hidden,
        channels=channels,
    )
