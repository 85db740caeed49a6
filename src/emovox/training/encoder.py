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
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor, nn
from torch.nn import functional

from emovox.errors import ModelIntegrityError, UnknownModelError
from emovox.files import hash_file
from emovox.training.logmel import LogMelFrontEnd

PREFIX = "model.encoder."
"""Of the tensors' names."""

TEACHER_KEY = "emovox.teacher"
"""In the metadata of a distilled encoder's file: whom it learnt from."""

_NAMES = {384: "whisper-tiny.en", 512: "whisper-base"}


@dataclass(frozen=True, slots=True)
class EncoderShape:
    """What the tensors of an encoder file say of its architecture.

    Attributes
    ----------
    n_layers, width, n_heads, n_mels : int
        Transformer layers, channels, attention heads (64 channels each), mel bands of the input.
    """

    n_layers: int
    width: int
    n_heads: int
    n_mels: int


class EncoderLayer(nn.Module):
    """A pre-norm transformer layer whose keys have no bias."""

    def __init__(self, width: int, n_heads: int) -> None:
        super().__init__()
        self.n_heads = n_heads
        self.self_attn_layer_norm = nn.LayerNorm(width)
        self.self_attn = nn.ModuleDict(
            {
                "q_proj": nn.Linear(width, width),
                "k_proj": nn.Linear(width, width, bias=False),
                "v_proj": nn.Linear(width, width),
                "out_proj": nn.Linear(width, width),
            }
        )
        self.final_layer_norm = nn.LayerNorm(width)
        self.fc1 = nn.Linear(width, 4 * width)
        self.fc2 = nn.Linear(4 * width, width)

    def forward(self, states: Tensor, mask: Tensor | None) -> Tensor:
        """Return the states after this layer, shape (batch, n_frames, width).

        ``mask`` is true where a frame may be attended to, shape (batch, 1, 1, n_frames).
        """
        normed = self.self_attn_layer_norm(states)
        states = states + self._attend(normed, mask)
        hidden = functional.gelu(self.fc1(self.final_layer_norm(states)))
        mixed: Tensor = states + self.fc2(hidden)
        return mixed

    def _attend(self, normed: Tensor, mask: Tensor | None) -> Tensor:
        batch, n_frames, width = normed.shape

        def split(name: str) -> Tensor:
            projected: Tensor = self.self_attn[name](normed)
            return projected.reshape(batch, n_frames, self.n_heads, -1).transpose(1, 2)

        mixed = functional.scaled_dot_product_attention(
            split("q_proj"), split("k_proj"), split("v_proj"), attn_mask=mask
        )
        joined: Tensor = self.self_attn["out_proj"](
            mixed.transpose(1, 2).reshape(batch, n_frames, width)
        )
        return joined


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
        self.conv1 = nn.Conv1d(shape.n_mels, shape.width, 3, padding=1)
        self.conv2 = nn.Conv1d(shape.width, shape.width, 3, stride=2, padding=1)
        self.layers = nn.ModuleList(
            EncoderLayer(shape.width, shape.n_heads) for _ in range(shape.n_layers)
        )
        self.layer_norm = nn.LayerNorm(shape.width)

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
        inside = torch.arange(log_mel.shape[2], device=log_mel.device) < n_frames[:, None]
        # Padding must look like the end of the clip to the convolutions: zeros, as at the edge.
        hidden = functional.gelu(self.conv1(log_mel * inside[:, None]))
        hidden = functional.gelu(self.conv2(hidden * inside[:, None]))
        mask = torch.arange(hidden.shape[2], device=hidden.device) < (n_frames[:, None] + 1) // 2
        steps = torch.arange(hidden.shape[2], device=hidden.device)
        states = hidden.transpose(1, 2) + compute_positions(steps, self.shape.width)
        return states, mask


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
        encoder = WhisperEncoder(_read_shape(tensors))
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
    """Return what to call the encoder in a .safetensors file: after its teacher, if it had one."""
    with safe_open(path, framework="pt") as content:
        teacher = (content.metadata() or {}).get(TEACHER_KEY)
        width = content.get_slice(f"{PREFIX}conv1.weight").get_shape()[0]
    if teacher:
        return f"distilled from {teacher}"
    return _NAMES.get(width, Path(path).stem)


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


def _read_shape(tensors: dict[str, Tensor]) -> EncoderShape:
    width, n_mels, _ = tensors["conv1.weight"].shape
    n_layers = 1 + max(int(n.split(".")[1]) for n in tensors if n.startswith("layers."))
    # Every Whisper encoder has heads of 64 channels.
    return EncoderShape(n_layers=n_layers, width=width, n_heads=width // 64, n_mels=n_mels)
