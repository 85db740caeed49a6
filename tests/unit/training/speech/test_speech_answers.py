from pathlib import Path

import numpy as np
import pytest
import torch

from emovox.errors import ConfigError
from emovox.training.encoder import EncoderShape, WhisperEncoder
from emovox.training.speech.answers import (
    Answers,
    Teaching,
    answer_clips,
    read_answers,
    write_answers,
)
from emovox.training.speech.network import NetworkOptions, SpeechNetwork
from emovox.types import Clip

CLIPS = [Clip(f"{n}.wav", "own", "me", emotion="sad", sha256=f"{n:064d}") for n in range(3)]


def make_network(seed: int) -> SpeechNetwork:
    torch.manual_seed(seed)
    encoder = WhisperEncoder(EncoderShape(n_layers=1, width=64, n_heads=1, n_mels=80))
    return SpeechNetwork(encoder, NetworkOptions(pooled=(1,), hidden=8)).eval()


def test_answers_are_the_mean_of_what_networks_say_of_unknown_voices() -> None:
    networks = [make_network(0), make_network(1)]
    rng = np.random.default_rng(0)
    pooled = [rng.normal(0, 1, (3, 2, n.n_states)).astype(np.float16) for n in networks]
    answers = answer_clips(networks, pooled)
    with torch.inference_mode():
        said = [
            n.head.classify_unknown(torch.from_numpy(p[2, 1:]).float())
            for n, p in zip(networks, pooled, strict=True)
        ]
    np.testing.assert_allclose(answers[2, 1], (said[0] + said[1])[0].numpy() / 2, atol=1e-5)


def test_answers_share_the_targets_with_the_labels() -> None:
    logits = np.zeros((3, 2, 8), np.float16)
    logits[1, 1, 4] = 4.0
    answers = Answers(logits, Teaching(weight=0.25, temperature=2.0))
    label, lowered = torch.eye(8)[[3]], torch.tensor([[0.0] * 7 + [40.0]])
    target = answers.blend(label, np.array([1]), np.array([1]), lowered)[0]
    total = 6 + np.exp(2)  # of seven emotions that the corpus has
    assert target[4] == pytest.approx(0.25 * np.exp(2) / total)
    assert target[3] == pytest.approx(0.75 + 0.25 / total)
    assert target[7] == pytest.approx(0, abs=1e-6)
    assert target.sum() == pytest.approx(1)


def test_answers_are_read_for_the_clips_they_were_written_for(tmp_path: Path) -> None:
    logits = np.random.default_rng(0).normal(0, 1, (3, 2, 8)).astype(np.float32)
    path, rows, teaching = tmp_path / "1.npz", np.array([0, 2]), Teaching(weight=1.0)
    write_answers(path, CLIPS, rows, logits)
    read = read_answers(path, CLIPS, rows, teaching)
    np.testing.assert_allclose(read.logits, logits, atol=2e-3)
    with pytest.raises(ConfigError, match="other clips"):
        read_answers(path, CLIPS[::-1], rows, teaching)
    with pytest.raises(ConfigError, match="heard clips that this training holds out"):
        read_answers(path, CLIPS, np.array([0, 1]), teaching)
    with pytest.raises(ConfigError, match="no answers at"):
        read_answers(tmp_path / "2.npz", CLIPS, rows, teaching)


@pytest.mark.parametrize("teaching", [{"weight": 1.5}, {"temperature": 0.0}])
def test_a_teaching_that_makes_no_sense_is_refused(teaching: dict[str, float]) -> None:
    with pytest.raises(ConfigError, match=next(iter(teaching))):
        Teaching(**teaching)
