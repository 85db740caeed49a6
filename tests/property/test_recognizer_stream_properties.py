from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emovox.recognizer import Recognizer, Stream
from emovox.testing import make_recording, write_tiny_artefact


@pytest.fixture(scope="module")
def recognizer(tmp_path_factory: pytest.TempPathFactory) -> Recognizer:
    path = tmp_path_factory.mktemp("stream") / "model.onnx"
    write_tiny_artefact(path)
    return Recognizer(path)


@pytest.fixture(scope="module")
def speech() -> np.ndarray:
    """Loud, quiet and silent stretches of a voice and of noise, so that segments change."""
    voice = make_recording("happy").samples[:8000]
    noise = 0.2 * np.random.default_rng(0).normal(size=4000)
    parts = [3 * voice, 0 * voice, noise, 0.2 * voice, voice, noise, 3 * voice]
    return np.clip(np.concatenate(parts), -1, 1).astype(np.float32)


@given(
    sampling_rate=st.sampled_from([8000, 16000, 22050]),
    n_samples=st.integers(200, 48000),
    cuts=st.lists(st.integers(0, 48000), max_size=12),
    window_s=st.floats(0.1, 1.5),
    hop=st.floats(0.15, 1.0),
)
@settings(deadline=None, max_examples=30)
def test_a_stream_in_any_pieces_equals_the_timeline(
    recognizer, speech, sampling_rate, n_samples, cuts, window_s, hop
):
    samples = speech[:n_samples]
    choice = {"window_s": window_s, "hop_s": hop * window_s}
    stream = Stream(recognizer, sampling_rate=sampling_rate, **choice)
    segments = []
    for piece in np.split(samples, sorted(cuts)):
        segments += stream.push(piece)
    segments += stream.finish()
    assert segments == list(recognizer.timeline((samples, sampling_rate), **choice))
    # Without gaps, from the beginning to the end.
    assert segments[0].start_s == 0
    assert all(a.end_s == b.start_s for a, b in itertools.pairwise(segments))
    # Resampling rounds to a sample.
    assert segments[-1].end_s == pytest.approx(len(samples) / sampling_rate, abs=1 / 16000)
