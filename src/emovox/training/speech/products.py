"""Which matrix products of an exported speech network are which: they come out nameless."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Mapping
from typing import Any

PREFIX = "network."
"""Of every weight that kept its name."""

_PRODUCTS = ("MatMul", "MatMulInteger", "Gemm")
# Between a product and its bias: what undoes the quantization.
_BETWEEN = ("Cast", "Mul")


def name_products(graph: Any, weights: Collection[str]) -> dict[str, str]:
    """Return the names of weights that the exporter folded into constants without one.

    A weight is called after the bias that is added to its product. Keys have no bias: theirs is
    the product of the same states as the queries'.

    Parameters
    ----------
    graph : onnx.GraphProto
    weights : collection of str
        Its float values, those kept in 8 bits among them.
    """
    users = defaultdict(list)
    for node in graph.node:
        for name in node.input:
            users[name].append(node)
    named, nameless = {}, {}
    of_states = {}
    for node in graph.node:
        weight = node.input[1].removesuffix("_quantized") if node.op_type in _PRODUCTS else ""
        if weight not in weights or weight.startswith(PREFIX):
            continue
        bias = _find_bias(node, users)
        if bias:
            named[weight] = bias.removesuffix("bias") + "weight"
            if bias.endswith("q_proj.bias"):
                of_states[node.input[0]] = named[weight]
        else:
            nameless[weight] = node.input[0]
    for weight, states in nameless.items():
        if states in of_states:
            named[weight] = of_states[states].replace("q_proj", "k_proj")
    return named


def _find_bias(node: Any, users: Mapping[str, list[Any]]) -> str:
    while True:
        following = users[node.output[0]]
        if len(following) != 1:
            return ""
        node = following[0]
        if node.op_type == "Add":
            return next((n for n in node.input if re.fullmatch(rf"{PREFIX}.*\.bias", n)), "")
        if node.op_type not in _BETWEEN:
            return ""
