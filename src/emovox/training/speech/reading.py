"""An artefact read back as the network it was made from, so that training can go on from it."""

from __future__ import annotations

import dataclasses
import itertools
import os
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from torch import Tensor

from emovox.corpora.synthetic import make_voice
from emovox.corpora.synthetic_voice import synthesize_clip
from emovox.errors import ModelIntegrityError, ParameterError
from emovox.models import Artefact, load_artefact
from emovox.training.encoder import EncoderShape, WhisperEncoder, read_shape
from emovox.training.speech.export import FRONTENDS
from emovox.training.speech.frontend import NEWEST
from emovox.training.speech.network import NetworkOptions, SpeechNetwork
from emovox.training.speech.products import PREFIX, name_products
from emovox.types import FloatArray

_TURNED = "_Transposed"
_MEMBER = re.compile(r"members\.(\d+)\.")
_ATTENTION = re.compile(rf"{re.escape(PREFIX)}(.*\.self_attn)\.")
_FRONT_END = re.compile(rf"({_MEMBER.pattern})?front_end\.")

LARGEST_DIFFERENCE = 0.15
"""Between the states of a network read back and of its artefact, in the population's deviations,
on average. 8-bit activations make 0.06, one layer mistaken for another 0.7 or more."""


def read_members(path: str | os.PathLike[str]) -> tuple[list[SpeechNetwork], Artefact]:
    """Return the networks that an artefact holds side by side, their 8-bit weights as float32.

    Which layers are pooled stands nowhere in the file: the first choice whose states
    are the artefact's own is taken, so that a network wrongly read never comes out.

    Parameters
    ----------
    path : path-like
        As `export_speech` writes it.

    Returns
    -------
    members : list of SpeechNetwork
        One, mostly. In evaluation mode. They compute with the weights of the artefact, but in
        float32 throughout: states differ by what 8-bit activations lose.
    artefact : Artefact

    Raises
    ------
    UnknownModelError, ModelIntegrityError
        If there is no such artefact, or it is damaged.
    ParameterError
        If it is none of a speech network.
    """
    artefact = load_artefact(path)
    versions = [v for v, known in FRONTENDS.items() if known == artefact.metadata.frontend]
    if not versions:
        raise ParameterError(
            f"{artefact.metadata.name!r} hears by {artefact.metadata.frontend}; training can start "
            f"from models alone that hear by {FRONTENDS[NEWEST]}, or one before it.",
            hint="emovox-small is one; so are models that were trained from it.",
        )
    members: list[SpeechNetwork] = []
    for tensors in _divide(read_tensors(path)):
        first = sum(member.n_states for member in members)
        members.append(_read_member(tensors, versions[0], artefact, first, path))
    return members, artefact


def read_network(path: str | os.PathLike[str]) -> tuple[SpeechNetwork, Artefact]:
    """Return the only network of an artefact; as `read_members`.

    Raises
    ------
    ParameterError
        If it is none of a speech network, or of several side by side.
    """
    members, artefact = read_members(path)
    if len(members) > 1:
        raise ParameterError(
            f"{artefact.metadata.name!r} is {len(members)} networks side by side, not one."
        )
    return members[0], artefact


def _divide(tensors: Mapping[str, Tensor]) -> list[dict[str, Tensor]]:
    """Return the weights of each network of an ensemble; of a network alone, its own."""
    members: dict[str, dict[str, Tensor]] = defaultdict(dict)
    for name, tensor in tensors.items():
        found = _MEMBER.match(name)
        members[found[1] if found else ""][name[found.end() if found else 0 :]] = tensor
    return [members[number] for number in sorted(members, key=lambda n: int(n or 0))]


def _read_member(
    tensors: Mapping[str, Tensor],
    version: int,
    artefact: Artefact,
    first: int,
    path: str | os.PathLike[str],
) -> SpeechNetwork:
    for options in _list_options(tensors):
        network = _build(tensors, dataclasses.replace(options, front_end=version))
        if measure_difference(network, artefact, first) < LARGEST_DIFFERENCE:
            return network
    raise ModelIntegrityError(
        f"{os.fspath(path)!r} cannot be read back: no network of this emovox says what it says.",
        hint="It was made by another version; train from a model of this one.",
    )


def read_tensors(path: str | os.PathLike[str]) -> dict[str, Tensor]:
    """Return the weights of a speech network's artefact, named as in its ``state_dict``."""
    graph = onnx.load(Path(path)).graph
    values = _dequantize(
        {item.name: onnx.numpy_helper.to_array(item) for item in graph.initializer}
    )
    names = {name: name for name in values if name.startswith(PREFIX)}
    names |= name_products(graph, values)
    tensors = {}
    for name, right in names.items():
        key = right.removeprefix(PREFIX).removesuffix(_TURNED)
        value = values[name]
        # A product has (n_in, n_out), a layer of torch (n_out, n_in).
        turned = name.endswith(_TURNED) or name != right
        tensors[key] = torch.from_numpy(np.ascontiguousarray(value.T if turned else value).copy())
    return {key: value for key, value in _to_convolutions(tensors) if not _FRONT_END.match(key)}


def is_quantized(path: str | os.PathLike[str]) -> bool:
    """Return whether an artefact's weights are kept in 8 bits."""
    return any(node.op_type == "MatMulInteger" for node in onnx.load(Path(path)).graph.node)


def list_precise(path: str | os.PathLike[str]) -> tuple[str, ...]:
    """Return the attentions whose weights an artefact keeps in float32; see `export_speech`."""
    graph = onnx.load(Path(path)).graph
    floats = {i.name for i in graph.initializer if i.data_type == onnx.TensorProto.FLOAT}
    found = (_ATTENTION.match(name) for name in name_products(graph, floats).values())
    return tuple(dict.fromkeys(match[1] for match in found if match))


def measure_difference(network: SpeechNetwork, artefact: Artefact, first: int = 0) -> float:
    """Return how far states of a network lie from its artefact's, in deviations, on average.

    Parameters
    ----------
    network : SpeechNetwork
    artefact : Artefact
        Among its states are the network's own.
    first : int, default=0
        Where they begin.
    """
    rng = np.random.default_rng(0)
    clip = synthesize_clip("happy", make_voice(0), rng)
    head = network.head
    with torch.inference_mode():
        voice = head.mean[None], head.deviation[None]
        _, states = network(torch.from_numpy(clip)[None], torch.tensor([len(clip)]), *voice)
        there = torch.from_numpy(artefact.run([clip]).states[:, first : first + network.n_states])
        return float(((states - there) / head.deviation).abs().mean())


def _dequantize(values: Mapping[str, NDArray[Any]]) -> dict[str, FloatArray]:
    """Return all float values, those kept in 8 bits among them; one scale each output channel."""
    floats = {n: v for n, v in values.items() if v.dtype == np.float32 and not n.endswith("_scale")}
    for name, value in values.items():
        base = name.removesuffix("_quantized")
        if base != name:
            steps = value.astype(np.float32) - values[f"{base}_zero_point"].astype(np.float32)
            floats[base] = steps * values[f"{base}_scale"]
    return floats


def _to_convolutions(tensors: Mapping[str, Tensor]) -> Iterator[tuple[str, Tensor]]:
    """Undo what the export did to convolutions: a product over windows of three steps."""
    for key, value in tensors.items():
        if key.endswith("product.weight"):
            windows = value.reshape(len(value), 3, -1)
            yield key.replace("product.", ""), windows.permute(0, 2, 1).contiguous()
        else:
            yield key.replace("product.", ""), value


def _list_options(tensors: Mapping[str, Tensor]) -> Iterator[NetworkOptions]:
    """Yield the shapes that have such tensors, the likeliest first: the last layers pooled."""
    shape = _read_encoder_shape(tensors)
    n_layers = shape.n_layers
    n_pooled = len(tensors["head.mean"]) // (2 * shape.width)
    hidden = next(len(v) for k, v in tensors.items() if k.endswith("unknown.hidden.bias"))
    lower = itertools.combinations(range(n_layers - 1, -1, -1), n_pooled - 1)
    for others in lower:
        pooled = (*sorted(others), n_layers)
        yield NetworkOptions(n_frozen=pooled[0], pooled=pooled, hidden=hidden)


def _build(tensors: Mapping[str, Tensor], options: NetworkOptions) -> SpeechNetwork:
    encoder = WhisperEncoder(_read_encoder_shape(tensors))
    if "encoder.layer_norm.weight" not in tensors:
        encoder.omit_norm()
    network = SpeechNetwork(encoder, options)
    try:
        network.load_state_dict(tensors)
    except RuntimeError as error:
        raise ModelIntegrityError(
            f"the artefact's weights are not those of a speech network: {error}"
        ) from None
    return network.eval()


def _read_encoder_shape(tensors: Mapping[str, Tensor]) -> EncoderShape:
    return read_shape({name.removeprefix("encoder."): t for name, t in tensors.items()})
