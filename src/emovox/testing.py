"""Small stand-ins for tests, ours and those of emovox's users: a tiny model, synthetic voices.

Nothing here says anything about people or about how well emovox recognises emotion.
"""

from __future__ import annotations

import os
from dataclasses import replace
from typing import Any

import numpy as np

from emovox.corpora.synthetic import make_voice
from emovox.corpora.synthetic_voice import SAMPLING_RATE, synthesize_clip
from emovox.emotions import EMOTIONS
from emovox.errors import MissingExtraError
from emovox.files import replacing
from emovox.models import (
    METADATA_KEY,
    Adaptation,
    ArtefactMetadata,
    Calibration,
    Frontend,
    Population,
    TrainingCorpus,
    seal_artefact,
)
from emovox.types import Recording

__all__ = ["make_recording", "make_tiny_metadata", "write_tiny_artefact"]

_OPSET = 20
_IR_VERSION = 10


def make_recording(
    emotion: str = "happy", *, speaker: int = 0, seed: int = 0, peak: float | None = None
) -> Recording:
    """Return a sentence spoken by a synthetic voice.

    Parameters
    ----------
    emotion : str, default="happy"
        One of the eight.
    speaker : int, default=0
        Women have even numbers, men odd ones.
    seed : int, default=0
        The same numbers give the same samples.
    peak : float, optional
        Height of the loudest sample; 1 is full scale. Default: louder or softer by emotion.
    """
    rng = np.random.default_rng(np.random.SeedSequence((seed, speaker)))
    samples = synthesize_clip(emotion, make_voice(speaker), rng)
    if peak is not None:
        samples *= np.float32(peak) / np.abs(samples).max()
    return Recording(samples, SAMPLING_RATE, "<synthetic>", SAMPLING_RATE)


def make_tiny_metadata(**changes: Any) -> ArtefactMetadata:
    """Return the metadata of the tiny model, with some fields changed."""
    metadata = ArtefactMetadata(
        name="tiny.testing",
        frontend=Frontend("tiny", "statistics", "{}"),
        population=Population(mean=(0.1, 0.5), deviation=(0.05, 0.25)),
        emotions=EMOTIONS,
        corpora=(TrainingCorpus("none", "none", 0, 0),),
        data_sha256="",
        seed=0,
        code_version="0",
        adaptation=Adaptation(prior_mean_clips=0.5, prior_deviation_clips=50.0),
        calibration=Calibration(threshold=0.0),
    )
    return replace(metadata, **changes)


def write_tiny_artefact(
    path: str | os.PathLike[str], metadata: ArtefactMetadata | None = None
) -> None:
    """Write an artefact of a few kilobytes that hears how loud a clip is, and nothing else.

    Its two states are the root mean square and the peak. Louder than the population is angry,
    quieter is sad, in between is neutral. It adapts: a few clips of somebody who is always loud
    make another one as loud neutral.

    Parameters
    ----------
    path : path-like
        Where to.
    metadata : ArtefactMetadata, optional
        What it shall say of itself; ``make_tiny_metadata()`` where not given. It is written as
        it is, right or wrong, for tests of models that are wrong.

    Raises
    ------
    MissingExtraError
        If onnx is not installed.
    """
    try:
        import onnx  # noqa: PLC0415 - part of an extra
    except ModuleNotFoundError:
        raise MissingExtraError("train") from None
    metadata = metadata or make_tiny_metadata()
    model = onnx.helper.make_model(
        _make_graph(onnx),
        opset_imports=[onnx.helper.make_opsetid("", _OPSET)],
        ir_version=_IR_VERSION,
        producer_name="emovox",
    )
    onnx.helper.set_model_props(model, {METADATA_KEY: metadata.to_json()})
    with replacing(path) as temporary:
        temporary.write_bytes(seal_artefact(model.SerializeToString()))


def _make_graph(onnx: Any) -> Any:
    node, tensor, types = onnx.helper.make_node, onnx.numpy_helper.from_array, onnx.TensorProto
    weights = np.zeros((2, len(EMOTIONS)), dtype=np.float32)
    weights[0, [EMOTIONS.index("angry"), EMOTIONS.index("sad")]] = (2.0, -2.0)
    bias = np.full(len(EMOTIONS), -2.0, dtype=np.float32)
    bias[EMOTIONS.index("neutral")] = 1.0

    def describe(name: str, kind: int, *shape: str | int) -> Any:
        return onnx.helper.make_tensor_value_info(name, kind, shape)

    nodes = [
        node("Shape", ["waveform"], ["width"], start=1, end=2),
        node("Squeeze", ["width"], ["n_samples"]),
        node("Range", ["zero", "n_samples", "one"], ["place"]),
        node("Unsqueeze", ["length", "last"], ["ends"]),
        node("Less", ["place", "ends"], ["inside"]),
        node("Where", ["inside", "waveform", "silence"], ["clip"]),
        node("ReduceSumSquare", ["clip", "last"], ["energy"]),
        node("Cast", ["ends"], ["size"], to=types.FLOAT),
        node("Div", ["energy", "size"], ["power"]),
        node("Sqrt", ["power"], ["loudness"]),
        node("Abs", ["clip"], ["magnitude"]),
        node("ReduceMax", ["magnitude", "last"], ["peak"]),
        node("Concat", ["loudness", "peak"], ["states"], axis=1),
        node("Sub", ["states", "voice_mean"], ["centred"]),
        node("Div", ["centred", "voice_deviation"], ["standardized"]),
        node("Gemm", ["standardized", "weights", "bias"], ["logits"]),
    ]
    return onnx.helper.make_graph(
        nodes,
        "tiny",
        [
            describe("waveform", types.FLOAT, "batch", "n_samples"),
            describe("length", types.INT64, "batch"),
            describe("voice_mean", types.FLOAT, "batch", 2),
            describe("voice_deviation", types.FLOAT, "batch", 2),
        ],
        [
            describe("logits", types.FLOAT, "batch", len(EMOTIONS)),
            describe("states", types.FLOAT, "batch", 2),
        ],
        [
            tensor(np.array(0, dtype=np.int64), "zero"),
            tensor(np.array(1, dtype=np.int64), "one"),
            tensor(np.array([1], dtype=np.int64), "last"),
            tensor(np.array(0, dtype=np.float32), "silence"),
            tensor(weights, "weights"),
            tensor(bias, "bias"),
        ],
    )
