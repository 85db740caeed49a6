from __future__ import annotations

from functools import reduce

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from emovox.models import Adaptation, ArtefactMetadata, Population
from emovox.recognizer import Voice, compute_statistics, estimate_voice
from emovox.testing import make_tiny_metadata

_VALUES = st.floats(-1e3, 1e3, width=32)
_POSITIVE = st.floats(2**-10, 1e3, width=32)
_PRIORS = st.floats(1e-3, 1e3)
# The steps of a merge round in float64, at sizes up to 1e3 and squares up to 1e6.
_ROUNDING = {"rtol": 1e-9, "atol": 1e-7}


@st.composite
def metadatas(draw: st.DrawFn) -> ArtefactMetadata:
    mean = draw(st.lists(_VALUES, min_size=3, max_size=3))
    deviation = draw(st.lists(_POSITIVE, min_size=3, max_size=3))
    return make_tiny_metadata(
        population=Population(tuple(mean), tuple(deviation)),
        adaptation=Adaptation(draw(_PRIORS), draw(_PRIORS)),
    )


def _states(min_clips: int = 0) -> st.SearchStrategy[np.ndarray]:
    shapes = st.tuples(st.integers(min_clips, 12), st.just(3))
    return arrays(np.float32, shapes, elements=_VALUES)


def _assert_same(voice: Voice, other: Voice) -> None:
    assert voice.n_clips == other.n_clips
    np.testing.assert_allclose(voice.mean, other.mean, **_ROUNDING)
    np.testing.assert_allclose(voice.variance, other.variance, **_ROUNDING)


@given(metadatas())
def test_no_clip_is_exactly_the_population(metadata: ArtefactMetadata) -> None:
    voice = estimate_voice(np.zeros((0, 3), np.float32), metadata)
    mean, deviation = compute_statistics(voice, metadata)
    np.testing.assert_array_equal(mean, np.float32(metadata.population.mean))
    np.testing.assert_array_equal(deviation, np.float32(metadata.population.deviation))


@given(metadatas(), _states(), st.randoms(use_true_random=False))
def test_the_order_of_clips_does_not_matter(metadata, states, random) -> None:
    order = list(range(len(states)))
    random.shuffle(order)
    one_by_one = (estimate_voice(states[[i]], metadata) for i in order)
    nothing = estimate_voice(states[:0], metadata)
    _assert_same(reduce(Voice.merge, one_by_one, nothing), estimate_voice(states, metadata))


@given(metadatas(), _states(), st.integers(0, 12))
def test_two_parts_merged_equal_the_whole(metadata, states, cut) -> None:
    parts = [estimate_voice(part, metadata) for part in (states[:cut], states[cut:])]
    _assert_same(parts[0].merge(parts[1]), estimate_voice(states, metadata))
    _assert_same(parts[1].merge(parts[0]), estimate_voice(states, metadata))


@given(metadatas(), _states(min_clips=1))
def test_statistics_lie_between_the_population_and_the_voice(metadata, states) -> None:
    voice = estimate_voice(states, metadata)
    mean, deviation = compute_statistics(voice, metadata)
    population = metadata.population
    for value, ends in (
        (mean, (population.mean, voice.mean)),
        (deviation, (population.deviation, np.sqrt(voice.variance))),
    ):
        room = 1e-6 * (1 + np.abs(value))  # float32
        assert (value >= np.minimum(*ends) - room).all()
        assert (value <= np.maximum(*ends) + room).all()
    assert (deviation > 0).all()


@given(metadatas(), _states(min_clips=1))
def test_the_formula_of_the_contract(metadata, states) -> None:
    voice = estimate_voice(states, metadata)
    mean, deviation = compute_statistics(voice, metadata)
    n, values = len(states), states.astype(np.float64)
    k_mean = metadata.adaptation.prior_mean_clips
    k_deviation = metadata.adaptation.prior_deviation_clips
    population = metadata.population
    expected = (k_mean * np.array(population.mean) + values.sum(axis=0)) / (k_mean + n)
    variance = (k_deviation * np.square(population.deviation) + n * values.var(axis=0)) / (
        k_deviation + n
    )
    # float32 of sums up to 1e3 whose terms may cancel
    assert mean == pytest.approx(expected, rel=1e-6, abs=1e-6)
    assert deviation == pytest.approx(np.sqrt(variance), rel=1e-6)
