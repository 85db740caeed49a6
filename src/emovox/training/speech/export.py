"""The recognizer's network as an artefact: one ONNX file, in float32 or with 8-bit weights."""

from __future__ import annotations

import copy
import os
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from emovox.emotions import EMOTIONS
from emovox.errors import ConfigError
from emovox.models import ArtefactMetadata, Frontend
from emovox.models.quantize import quantize_weights
from emovox.training.encoder import WhisperEncoder
from emovox.training.export import export_graph, write_artefact
from emovox.training.speech.ensemble import SpeechEnsemble
from emovox.training.speech.frontend import MARGIN_FRAMES, SpeechFrontEnd
from emovox.training.speech.network import SpeechNetwork, VoiceHead
from emovox.training.speech.products import PREFIX, name_products

FRONTENDS = {
    version: Frontend("speech", "encoder", f"log-mel 80, level and silence removed, {version}")
    for version in MARGIN_FRAMES
}
"""How a waveform becomes what the network hears, by the front-end's version."""

SHORTEST_S = 0.1
"""Shorter recordings are padded to this: the front-end mirrors 12.5 ms at the ends."""

_EXAMPLE_SAMPLES = 8000
_MEASURES = ("gate", "trust")
_NEVER = -1e4


class SpeechArtefact(nn.Module):
    """What the artefact computes: the network, with nothing for emotions it never met.

    Parameters
    ----------
    network : SpeechNetwork or SpeechEnsemble
        Copied; it stays as it is.
    metadata : ArtefactMetadata
    """

    def __init__(self, network: SpeechNetwork | SpeechEnsemble, metadata: ArtefactMetadata) -> None:
        super().__init__()
        self.network = copy.deepcopy(network).cpu().eval()
        for encoder in [m for m in self.network.modules() if isinstance(m, WhisperEncoder)]:
            encoder.conv1 = _Windows(encoder.conv1)  # type: ignore[assignment]
            encoder.conv2 = _Windows(encoder.conv2)  # type: ignore[assignment]
        known = torch.tensor([emotion in metadata.emotions for emotion in EMOTIONS])
        self.register_buffer("known", known, persistent=False)
        self.known: Tensor

    def forward(
        self, waveform: Tensor, length: Tensor, voice_mean: Tensor, voice_deviation: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Return logits (batch, 8) and voice states (batch, n_states)."""
        logits, states = self.network(waveform, length, voice_mean, voice_deviation)
        return torch.where(self.known, logits, _NEVER), states


class _Windows(nn.Module):
    """A convolution of three steps as a matrix product over windows, which int8 can hold."""

    def __init__(self, convolution: nn.Conv1d) -> None:
        super().__init__()
        self.stride = convolution.stride[0]
        n_out, n_in, width = convolution.weight.shape
        self.product = nn.Linear(width * n_in, n_out)
        flat = convolution.weight.detach().permute(0, 2, 1).reshape(n_out, width * n_in)
        self.product.weight = nn.Parameter(flat.contiguous())
        self.product.bias.data = convolution.state_dict()["bias"]

    def forward(self, values: Tensor) -> Tensor:
        """Return (batch, n_out, n_steps_out) of (batch, n_in, n_steps)."""
        padded = functional.pad(values.transpose(1, 2), (0, 0, 1, 1))
        n_steps = (values.shape[2] - 1) // self.stride + 1
        windows = [
            padded[:, first : first + self.stride * (n_steps - 1) + 1 : self.stride]
            for first in range(3)
        ]
        product: Tensor = self.product(torch.cat(windows, dim=2))
        return product.transpose(1, 2)


def _list_kept(complete: SpeechArtefact, model: Any, precise: Sequence[str]) -> list[str]:
    """Return the weights that stay in float32: front-end, measures of evidence, and the precise."""
    modules = list(complete.named_modules())
    heads = [name for name, module in modules if isinstance(module, VoiceHead)]
    wanted = tuple(f"{PREFIX}{name}." for name in precise)
    kept = (
        *(name for name, module in modules if isinstance(module, SpeechFrontEnd)),
        *(f"{head}.{measure}" for head in heads for measure in _MEASURES),
        *wanted,
    )
    weights = [item.name for item in model.graph.initializer]
    names = name_products(model.graph, weights)
    for name, prefix in zip(precise, wanted, strict=True):
        if not any(own.startswith(prefix) for own in names.values()):
            raise ConfigError(
                f"no product of the network belongs to {name!r}, which shall stay precise.",
                hint="Say encoder.layers.0.self_attn, for one.",
            )
    return [weight for weight in weights if names.get(weight, weight).startswith(kept)]


def export_speech(
    path: str | os.PathLike[str],
    network: SpeechNetwork | SpeechEnsemble,
    metadata: ArtefactMetadata,
    *,
    quantize: bool = False,
    precise: Sequence[str] = (),
) -> None:
    """Write a network and its metadata as one ONNX file.

    Parameters
    ----------
    path : path-like
        Where to.
    network : SpeechNetwork or SpeechEnsemble
        Trained.
    metadata : ArtefactMetadata
        ``population`` is that of the network's head, or heads.
    quantize : bool, default=False
        With int8 weights; the front-end stays in float32.
    precise : sequence of str
        Parts of the network whose products stay in float32 nevertheless, such as
        ``encoder.layers.0.self_attn``.

    Raises
    ------
    ConfigError
        If a part that shall stay precise is none of the network.
    ModelIntegrityError
        If the metadata is wrong, or does not fit.
    """
    complete = SpeechArtefact(network, metadata).eval()
    model = export_graph(complete, network.n_states, n_samples=_EXAMPLE_SAMPLES)
    if quantize:
        model = quantize_weights(model, keep=_list_kept(complete, model, precise))
    write_artefact(path, model, metadata)
