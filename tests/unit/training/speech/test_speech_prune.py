import itertools
from pathlib import Path

import numpy as np
import pytest
import torch

from emovox.errors import ConfigError
from emovox.training.encoder import (
    EncoderShape,
    WhisperEncoder,
    load_encoder,
    name_encoder,
    write_encoder,
)
from emovox.training.speech.logmels import LogMels
from emovox.training.speech.prune import Pruning, eliminate, prune_encoder

SHAPE = EncoderShape(n_layers=2, width=128, n_heads=2, n_mels=80)


def make_encoder() -> WhisperEncoder:
    torch.manual_seed(0)
    return WhisperEncoder(SHAPE).eval()


def make_log_mels(n_clips: int = 40, n_frames: int = 60) -> LogMels:
    rng = np.random.default_rng(0)
    mels = rng.normal(0, 1, (n_clips * n_frames, 80)).astype(np.float16)
    start, zeros = np.arange(n_clips)[:, None] * n_frames, np.zeros((n_clips, 1), np.float32)
    who = np.zeros(n_clips, np.int64)
    return LogMels(mels, start, np.full((n_clips, 1), n_frames), zeros, who, who)


def encode(encoder: WhisperEncoder) -> list[torch.Tensor]:
    log_mel = torch.from_numpy(np.random.default_rng(1).normal(0, 1, (4, 80, 60))).float()
    with torch.inference_mode():
        return encoder.encode(log_mel, torch.tensor([60, 60, 60, 60]))[0]


def prune(encoder: WhisperEncoder, **options: int) -> WhisperEncoder:
    whole = {"n_layers": 2, "n_heads": 2, "hidden": 512, "channels": 128}
    return prune_encoder(encoder, make_log_mels(), np.arange(40), Pruning(**{**whole, **options}))


def test_what_others_make_up_for_goes_first() -> None:
    rng = np.random.default_rng(0)
    features = rng.normal(0, 1, (500, 6))
    features[:, 1] = features[:, 0] + 0.01 * rng.normal(0, 1, 500)
    targets = features @ rng.normal(0, 1, (6, 3))
    covariance, cross = (torch.from_numpy(features.T @ v / 500) for v in (features, targets))
    kept = eliminate(covariance, cross, torch.arange(6)[:, None], 5)
    errors = {
        left: np.linalg.lstsq(features[:, left], targets, rcond=None)[1].sum()
        for left in itertools.combinations(range(6), 5)
    }
    assert tuple(kept) == min(errors, key=lambda left: errors[left])
    assert {0, 1} - set(kept)


def test_groups_stay_and_go_together() -> None:
    rng = np.random.default_rng(0)
    features = torch.from_numpy(rng.normal(0, 1, (500, 6)))
    targets = features[:, [2, 3]]  # all in one group
    covariance, cross = features.T @ features, features.T @ targets
    assert eliminate(covariance, cross, torch.arange(6).view(3, 2), 1) == [1]


def test_an_encoder_cut_to_its_own_shape_says_the_same() -> None:
    encoder = make_encoder()
    for mine, theirs in zip(encode(prune(encoder)), encode(encoder), strict=True):
        torch.testing.assert_close(mine, theirs, atol=5e-3, rtol=0)  # the ridge


def test_what_says_nothing_is_cut_out_without_loss() -> None:
    encoder = make_encoder()
    with torch.no_grad():
        for layer in encoder.layers:
            layer.fc2.weight[:, 100:] = 0
            layer.self_attn["out_proj"].weight[:, 64:] = 0
        encoder.conv2.weight[:, 32:] = 0
    pruned = prune(encoder, n_heads=1, hidden=100, channels=32)
    assert (pruned.shape.n_heads, pruned.shape.hidden, pruned.shape.channels) == (1, 100, 32)
    for mine, theirs in zip(encode(pruned), encode(encoder), strict=True):
        torch.testing.assert_close(mine, theirs, atol=1e-2, rtol=0)


def test_the_first_layers_come_without_the_last_norm_and_are_read_again(tmp_path: Path) -> None:
    encoder = make_encoder()
    pruned = prune(encoder, n_layers=1, hidden=200)
    path = tmp_path / "piece.safetensors"
    write_encoder(path, pruned, origin="cut from whisper-tiny.en")
    assert name_encoder(path) == "an encoder cut from whisper-tiny.en"
    read, _ = load_encoder(path)
    assert read.shape == pruned.shape
    for mine, theirs in zip(encode(read), encode(pruned), strict=True):
        torch.testing.assert_close(mine, theirs, atol=0.02, rtol=0.02)  # float16 in the file
    # As the whole encoder says it after its first layer, less what 312 units could add.
    whole, part = encode(encoder)[1], encode(pruned)[1]
    assert (whole - part).square().mean() < 0.1 * whole.var()


@pytest.mark.parametrize("options", [{"n_layers": 3}, {"hidden": 513}, {"n_heads": 0}])
def test_more_than_there_is_cannot_be_cut_out(options: dict[str, int]) -> None:
    with pytest.raises(ConfigError, match=f"{next(iter(options))} .* cannot be cut to"):
        prune(make_encoder(), **options)
