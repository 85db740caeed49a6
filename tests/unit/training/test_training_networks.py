from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from emovox.errors import ParameterError
from emovox.training import MODELS, create_network
from emovox.training.networks.layers import ChannelsLastConv, SamePool

NETWORKS = [spec.name for spec in MODELS.values() if spec.kind == "network"]


def count(network: nn.Module) -> int:
    return sum(parameter.numel() for parameter in network.parameters())


def test_the_notebook_s_network_has_its_parameters() -> None:
    network = create_network("notebook_cnn", 162)

    # Keras counts the same for input (162, 1) and 8 classes.
    assert count(network) == 557_288
    assert network(torch.zeros(3, 162)).shape == (3, 8)


def test_the_notebook_s_network_starts_as_in_keras() -> None:
    torch.manual_seed(0)
    network = create_network("notebook_cnn", 162)

    for layer in network.modules():
        if isinstance(layer, nn.Conv2d | nn.Linear):
            assert (layer.bias == 0).all()
            fan_in, fan_out = nn.init._calculate_fan_in_and_fan_out(layer.weight)
            limit = (6 / (fan_in + fan_out)) ** 0.5
            assert layer.weight.abs().max() <= limit
            # Uniform in [-limit, limit]: 256 draws and more come near the ends.
            assert layer.weight.abs().max() > 0.9 * limit


def test_the_notebook_s_lengths() -> None:
    lengths = []
    network = create_network("notebook_cnn", 162)
    for module in network.modules():
        if isinstance(module, SamePool):
            module.register_forward_hook(lambda _, __, out: lengths.append(out.shape[-1]))

    network(torch.zeros(1, 162))

    assert lengths == [81, 41, 21, 11]


@pytest.mark.parametrize("length", [1, 2, 5, 6, 7, 21, 41, 81, 162])
def test_pooling_pads_as_keras_does(length: int) -> None:
    values = torch.randn(2, 3, 1, length, generator=torch.Generator().manual_seed(length))

    pooled = SamePool(length)(values)

    # Keras: ceil(n / 2) windows; the padding they need, its smaller half first.
    n_windows = -(-length // 2)
    padding = max((n_windows - 1) * 2 + 5 - length, 0)
    padded = np.full((2, 3, length + padding), -np.inf, dtype=np.float32)
    padded[..., padding // 2 : padding // 2 + length] = values[:, :, 0]
    expected = [padded[..., 2 * i : 2 * i + 5].max(axis=-1) for i in range(n_windows)]
    np.testing.assert_array_equal(pooled[:, :, 0], np.stack(expected, axis=-1))


def test_convolution_equals_the_plain_one() -> None:
    torch.manual_seed(0)
    layer = ChannelsLastConv(4, 6, 5)
    plain = nn.Conv1d(4, 6, 5, padding=2)
    plain.weight.data, plain.bias.data = layer.weight.data[:, :, 0], layer.bias.data
    values = torch.randn(2, 4, 30)

    # Sums of 20 products of size 1 in another order.
    torch.testing.assert_close(layer(values[:, :, None])[:, :, 0], plain(values), atol=1e-6, rtol=0)


def test_the_deep_network_costs_about_as_much() -> None:
    def count_products(network: nn.Module) -> int:
        products = 0

        def add(module: nn.Module, _: object, out: torch.Tensor) -> None:
            nonlocal products
            products += module.weight.numel() * (out.numel() // out.shape[1])

        for module in network.modules():
            if isinstance(module, nn.Conv2d | nn.Linear):
                module.register_forward_hook(add)
        network.eval()(torch.zeros(1, 162))
        return products

    deep, notebook = (
        count_products(create_network(name, 162)) for name in ("deep_cnn", "notebook_cnn")
    )

    assert 0.5 < deep / notebook < 1.5
    layers = [m for m in create_network("deep_cnn", 162).modules() if isinstance(m, nn.Conv2d)]
    assert len(layers) > 4


@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize("n_features", [1, 7, 40])
def test_any_number_of_features(name: str, n_features: int) -> None:
    network = create_network(name, n_features)
    values = torch.randn(4, n_features)
    if MODELS[name].input == "frames":
        logits = network(values[:, None].expand(4, 6, n_features), torch.tensor([6, 1, 3, 2]))
    else:
        logits = network(values)

    assert logits.shape == (4, 8)
    logits.sum().backward()
    assert all(parameter.grad is not None for parameter in network.parameters())


def test_padding_does_not_reach_the_recurrent_network() -> None:
    torch.manual_seed(0)
    network = create_network("lstm", 5).eval()
    frames = torch.randn(2, 9, 5)
    lengths = torch.tensor([4, 9])
    padded = frames.clone()
    padded[0, 4:] = 1e3

    with torch.inference_mode():
        plain, disturbed = network(frames, lengths), network(padded, lengths)
        alone = network(frames[:1, :4], lengths[:1])

    torch.testing.assert_close(disturbed, plain, rtol=0, atol=0)
    # Another batch size: sums in another order, float32.
    torch.testing.assert_close(alone, plain[:1], rtol=0, atol=1e-6)


def test_refuses_what_is_no_network() -> None:
    with pytest.raises(ParameterError, match="classical"):
        create_network("svm", 162)
    with pytest.raises(ParameterError, match="n_features is 0"):
        create_network("deep_cnn", 0)
