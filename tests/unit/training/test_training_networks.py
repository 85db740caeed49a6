from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from emovox.errors import ParameterError
from emovox.training import MODELS, TrainingOptions, create_model, create_network, default_options
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


SHAPED = [name for name in NETWORKS if MODELS[name].shape]


def find(network: nn.Module, *kinds: type[nn.Module]) -> list[nn.Module]:
    return [module for module in network.modules() if isinstance(module, kinds)]


@pytest.mark.parametrize("name", SHAPED)
def test_a_network_takes_the_shape_it_is_told(name: str) -> None:
    bare = create_network(name, 20, TrainingOptions(dropout=0.0, batch_norm=False))
    full = create_network(name, 20, TrainingOptions(dropout=0.4, batch_norm=True))
    half = create_network(name, 20, TrainingOptions(dropout=0.4, batch_norm=True, width=0.5))

    assert {drop.p for drop in find(bare, nn.Dropout)} == {0.0}
    assert {drop.p for drop in find(full, nn.Dropout)} == {0.4}
    assert not find(bare, nn.BatchNorm1d, nn.BatchNorm2d)
    assert len(find(full, nn.BatchNorm1d, nn.BatchNorm2d)) == 4
    # Most parameters lie between two layers that both have half as many channels.
    assert count(half) < 0.6 * count(full)


def test_what_a_network_cannot_change_is_refused() -> None:
    with pytest.raises(ParameterError, match="'lstm' has no width to set"):
        create_model("lstm", default_options("lstm", width=0.5))
    with pytest.raises(ParameterError, match="'logistic' has no dropout to set"):
        create_model("logistic", default_options("logistic", dropout=0.5))
    for wrong in ({"dropout": 1.0}, {"width": 0.0}, {"keep": "first"}):
        with pytest.raises(ParameterError):
            create_model("notebook_cnn", default_options("notebook_cnn", **wrong))


def test_options_that_came_later_are_named_only_where_they_are_set() -> None:
    assert not {"keep", "dropout", "batch_norm", "width"} & set(TrainingOptions().to_dict())
    assert TrainingOptions(dropout=0.0).to_dict()["dropout"] == 0.0


def test_padding_does_not_reach_the_convolutions_over_time() -> None:
    torch.manual_seed(0)
    network = create_network("time_cnn", 5).eval()
    frames, lengths = torch.randn(2, 40, 5), torch.tensor([40, 13])
    other = frames.clone()
    other[1, 13:] = 9.0

    # Padding of whatever kind, and none at all; float32 sums in another order.
    torch.testing.assert_close(network(other, lengths), network(frames, lengths))
    alone = network(frames[1:, :13], lengths[1:])
    torch.testing.assert_close(alone[0], network(frames, lengths)[1], atol=1e-6, rtol=0)


def test_padding_does_not_enter_the_mean_of_a_batch() -> None:
    torch.manual_seed(0)
    network = create_network("time_cnn", 5, TrainingOptions(dropout=0.0)).train()
    frames, lengths = torch.randn(3, 12, 5), torch.tensor([12, 12, 12])
    padded = torch.cat([frames, torch.zeros(3, 30, 5)], dim=1)

    torch.testing.assert_close(
        network(padded, lengths), network(frames, lengths), atol=1e-6, rtol=1e-5
    )
