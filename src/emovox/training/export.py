"""A trained network and its front-end as one ONNX file (``emovox.models.artefact``)."""

from __future__ import annotations

import copy
import logging
import os
import warnings
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import onnx
import onnxscript  # noqa: F401 - torch's exporter needs it; missing, it is missed here
import torch
from torch import Tensor, nn

from emovox.emotions import EMOTIONS
from emovox.errors import ParameterError
from emovox.features import get_feature_set
from emovox.files import replacing
from emovox.models import (
    METADATA_KEY,
    ArtefactMetadata,
    load_artefact,
    seal_artefact,
    validate_metadata,
)
from emovox.training.frontend import FrontEnd

OPSET = 20
"""Of the exported graphs. The Fourier operator needs 17; onnxruntime 1.20 reads up to 21."""

_EXAMPLE_CLIPS, _EXAMPLE_SAMPLES = 6, 1100

_NEVER = -1e4
"""Logit of an emotion that training did not have: its probability is 0 in float32."""


class ArtefactNetwork(nn.Module):
    """What an artefact computes: features, standardization by a voice, the network.

    Parameters
    ----------
    network : Module
        From standardized features to logits (batch, 8).
    metadata : ArtefactMetadata
        Says which front-end the network was trained on, and for which emotions.

    Raises
    ------
    ParameterError
        If the front-end cannot be exported, or does not fit the population or the network.
    """

    def __init__(self, network: nn.Module, metadata: ArtefactMetadata) -> None:
        super().__init__()
        feature_set = get_feature_set(metadata.frontend.name)
        self.front_end = FrontEnd(feature_set)
        if metadata.frontend.key != feature_set.key:
            raise ParameterError(
                f"the network was trained on other features than {feature_set.name!r} is now: "
                f"{metadata.frontend.key}, not {feature_set.key}."
            )
        if self.front_end.n_features != metadata.n_states:
            raise ParameterError(
                f"the front-end computes {self.front_end.n_features} features, the population "
                f"has {metadata.n_states}."
            )
        self.network = network
        self.takes_frames = metadata.frontend.kind == "frames"
        known = torch.tensor([emotion in metadata.emotions for emotion in EMOTIONS])
        self.register_buffer("known", known, persistent=False)
        self.known: Tensor

    def forward(
        self, waveform: Tensor, length: Tensor, voice_mean: Tensor, voice_deviation: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Return logits (batch, 8) and states (batch, n_states)."""
        frames, n_frames, states = self.front_end(waveform, length)
        if self.takes_frames:
            standardized = (frames - voice_mean[:, None]) / voice_deviation[:, None]
            logits = self.network(standardized, n_frames)
        else:
            logits = self.network((states - voice_mean) / voice_deviation)
        if logits.shape[1] != len(EMOTIONS):
            raise ParameterError(
                f"the network returns {logits.shape[1]} logits; {len(EMOTIONS)} are needed."
            )
        return torch.where(self.known, logits, _NEVER), states


def export_artefact(
    path: str | os.PathLike[str], network: nn.Module, metadata: ArtefactMetadata
) -> None:
    """Write a network, its front-end and its metadata as one ONNX file.

    Parameters
    ----------
    path : path-like
        Where to.
    network : Module
        From standardized features to logits (batch, 8). It is exported as in evaluation (no
        dropout), and left as it was.
    metadata : ArtefactMetadata
        ``frontend`` names what the network was trained on; ``population`` is the scaler.

    Raises
    ------
    ParameterError
        If the front-end cannot be exported, or does not fit the population or the network.
    ModelIntegrityError
        If the metadata is wrong.
    """
    validate_metadata(metadata)
    complete = ArtefactNetwork(copy.deepcopy(network).cpu(), metadata).eval()
    write_artefact(path, export_graph(complete, metadata.n_states), metadata)


def write_artefact(
    path: str | os.PathLike[str], model: onnx.ModelProto, metadata: ArtefactMetadata
) -> None:
    """Write a graph with its metadata, sealed, atomically.

    Raises
    ------
    ModelIntegrityError
        If the metadata is wrong, or does not fit the graph: nothing is written that will not
        load.
    """
    validate_metadata(metadata)
    _strip(model)
    onnx.helper.set_model_props(model, {METADATA_KEY: metadata.to_json()})
    content = seal_artefact(model.SerializeToString())
    with replacing(path) as temporary:
        temporary.write_bytes(content)
        load_artefact(temporary)


def export_graph(
    complete: nn.Module, n_states: int, *, n_samples: int = _EXAMPLE_SAMPLES
) -> onnx.ModelProto:
    """Return the graph of a module from waveforms and voices to logits and states.

    Parameters
    ----------
    complete : Module
        On the CPU, in evaluation; takes ``waveform, length, voice_mean, voice_deviation``.
    n_states : int
    n_samples : int
        Of the clips it is traced with. Short, for the exporter walks through a recurrent layer
        frame by frame. Sizes stay open, as long as no two of them (clips, frames, hops of a
        clip) are equal there, nor any 1.
    """
    example = (
        torch.zeros(_EXAMPLE_CLIPS, n_samples),
        torch.full((_EXAMPLE_CLIPS,), n_samples),
        torch.zeros(_EXAMPLE_CLIPS, n_states),
        torch.ones(_EXAMPLE_CLIPS, n_states),
    )
    with torch.no_grad():
        complete(*example)  # what does not fit is better said here than by the exporter
    batch = torch.export.Dim("batch")
    with _silence():
        program = torch.onnx.export(
            complete,
            example,
            dynamo=True,
            opset_version=OPSET,
            input_names=["waveform", "length", "voice_mean", "voice_deviation"],
            output_names=["logits", "states"],
            dynamic_shapes=(
                {0: batch, 1: torch.export.Dim("n_samples")},
                *({0: batch} for _ in range(3)),
            ),
            verbose=False,
        )
    assert program is not None  # only the old exporter returns nothing
    return program.model_proto


def _strip(message: Any) -> None:
    """Remove what the exporter notes for its own debugging: it holds paths of this machine."""
    for field, value in message.ListFields():
        if field.name in ("metadata_props", "doc_string", "value_info"):
            message.ClearField(field.name)
        elif field.message_type is not None:
            for part in value if isinstance(value, Iterable) else [value]:
                _strip(part)


@contextmanager
def _silence() -> Iterator[None]:
    """Keep the exporter's notes about itself from the user."""
    logger = logging.getLogger("torch.onnx")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logger.setLevel(level)
