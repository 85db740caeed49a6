"""Weights of an ONNX graph as 8-bit integers: a quarter of the size, twice the speed.

Only training calls this; it needs the library onnx besides onnxruntime.
"""

from __future__ import annotations

import logging
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

_KINDS = ("MatMul", "Gemm")


def quantize_weights(model: Any, *, keep: Sequence[str]) -> Any:
    """Return the graph with int8 weights in its matrix products.

    Each output channel has a scale of its own; activations are quantized as they come, by their
    range in the batch (dynamic quantization), and sums are made in 32 bits.

    Parameters
    ----------
    model : onnx.ModelProto
        In float32.
    keep : sequence of str
        Products with one of these weights stay as they are: what works on raw samples or powers,
        or on a few values of different kinds, has a range that 8 bits cannot hold.

    Returns
    -------
    onnx.ModelProto
    """
    import onnx  # noqa: PLC0415 - only where an artefact is written
    from onnxruntime.quantization import QuantType, quantize_dynamic  # noqa: PLC0415

    kept = [node.name for node in model.graph.node if not set(keep).isdisjoint(node.input)]
    # What onnxruntime calls the product that it makes of a Gemm, before it asks what to leave out.
    kept += [f"{name}_MatMul" for name in kept]
    with tempfile.TemporaryDirectory() as folder, _silence():
        path = Path(folder) / "quantized.onnx"
        quantize_dynamic(
            model,
            path,
            op_types_to_quantize=list(_KINDS),
            per_channel=True,
            weight_type=QuantType.QInt8,
            nodes_to_exclude=kept,
        )
        return onnx.load(path)


@contextmanager
def _silence() -> Iterator[None]:
    """Keep the advice to pre-process the model from the user: the exporter has done it."""
    logger = logging.getLogger()
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        logger.setLevel(level)
