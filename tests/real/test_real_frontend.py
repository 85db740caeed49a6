from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from emovox.audio import read_audio
from emovox.features import get_feature_set
from emovox.training.frontend import FrontEnd

pytestmark = pytest.mark.real


@pytest.mark.parametrize("corpus", ["ravdess", "crema-d", "tess", "savee", "nemo"])
def test_an_artefact_sees_what_training_saw(shared: Path, corpus: str) -> None:
    """Compare on recordings, whose digital silence and clipping no synthesizer thinks of."""
    feature_set = get_feature_set("notebook-16k")
    front_end = FrontEnd(feature_set)
    paths = sorted((shared / "corpora" / corpus).rglob("*.opus"))
    for path in paths[:: max(1, len(paths) // 8)]:
        samples = read_audio(path).samples
        expected = feature_set.compute(samples, 16000)
        states = front_end(torch.from_numpy(samples)[None], torch.tensor([len(samples)]))[2]
        # Float32 Fourier transforms; coefficients are sums of decibels, some of them near zero.
        np.testing.assert_allclose(states[0], expected, rtol=1e-4, atol=1e-4 * expected.max())
