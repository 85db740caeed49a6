"""What every transform and every policy keeps to."""

from __future__ import annotations

import inspect
import json
import pickle

import numpy as np
import pytest

from emovox.augment import (
    Chain,
    DrawnCodec,
    get_policy,
    get_transform,
    list_policies,
    list_transforms,
    rebuild_alteration,
)
from emovox.errors import EmptyAudioError, ParameterError

RATE = 16000
LENGTHS = (1, 100, 2048, 12345)
"""One sample, less than a hop, one frame, no whole number of hops."""


def make_voice(n_samples: int) -> np.ndarray:
    time = np.arange(n_samples) / RATE
    voice = sum(np.sin(2 * np.pi * 140 * k * time) / k for k in range(1, 12))
    return (0.1 * voice + 0.02).astype(np.float32)


def draw_each() -> list:
    """One alteration of every transform, and all of every policy."""
    rng = np.random.default_rng(5)
    drawn = [get_transform(name).draw(rng) for name in list_transforms()]
    for name in list_policies():
        drawn += get_policy(name).draw("a clip", 3)
    drawn.append(Chain((drawn[0], Chain((drawn[1], drawn[2])))))
    drawn.append(DrawnCodec("mp3", 24.0))
    return drawn


DRAWN = draw_each()
alterations = pytest.mark.parametrize("alteration", DRAWN, ids=lambda one: one.describe()["name"])
transforms = pytest.mark.parametrize("name", list_transforms())
policies = pytest.mark.parametrize("name", list_policies())


def test_alterations_cover_all_transforms():
    described = json.dumps([one.describe() for one in DRAWN])
    assert all(f'"{name}"' in described for name in list_transforms())


@transforms
def test_same_generator_draws_the_same(name):
    transform = get_transform(name)
    first = transform.draw(np.random.default_rng(1))
    assert transform.draw(np.random.default_rng(1)) == first
    assert transform.draw(np.random.default_rng(2)) != first


@transforms
def test_name_is_that_of_transform_and_alteration(name):
    transform = get_transform(name)
    assert transform.name == name
    assert transform.draw(np.random.default_rng(0)).describe()["name"] == name


@transforms
def test_drawn_value_keeps_to_the_range(name):
    transform = get_transform(name)
    ranges = {
        field: getattr(transform, field)
        for field in inspect.signature(type(transform)).parameters
        if isinstance(getattr(transform, field), tuple)
    }
    rng = np.random.default_rng(0)
    for _ in range(200):
        described = transform.draw(rng).describe()
        assert all(low <= described[field] <= high for field, (low, high) in ranges.items())


@transforms
def test_keys_of_different_draws_differ(name):
    rng = np.random.default_rng(0)
    keys = {get_transform(name).draw(rng).key for _ in range(20)}
    assert len(keys) == 20


def test_keys_of_different_alterations_differ():
    assert len({one.key for one in DRAWN}) == len(DRAWN)


@alterations
def test_result_is_float32_finite_and_new(alteration):
    samples = make_voice(12345)
    before = samples.copy()
    samples.flags.writeable = False
    altered = alteration.apply(samples, RATE)
    assert altered.dtype == np.float32
    assert altered.ndim == 1
    assert np.isfinite(altered).all()
    assert not np.shares_memory(altered, samples)
    np.testing.assert_array_equal(samples, before)


@alterations
def test_same_input_gives_same_bits(alteration):
    samples = make_voice(9000)
    first = alteration.apply(samples, RATE)
    np.testing.assert_array_equal(alteration.apply(samples, RATE), first)


@alterations
@pytest.mark.parametrize("n_samples", LENGTHS)
def test_any_length_can_be_altered(alteration, n_samples):
    altered = alteration.apply(make_voice(n_samples), RATE)
    assert altered.size > 0
    assert np.isfinite(altered).all()


@alterations
@pytest.mark.parametrize("rate", [8000, 22050, 48000])
def test_any_sampling_rate_is_taken(alteration, rate):
    samples = make_voice(rate // 2)
    altered = alteration.apply(samples, rate)
    # Speed and stretch change the length by a quarter at most, silence adds a second at most, cut
    # leaves half a second whole.
    assert 0.75 * len(samples) <= len(altered) <= 1.3 * len(samples) + rate
    # The voice is there still: nothing draws more than 20 dB of gain.
    assert np.std(altered) > 0.05 * np.std(samples)


@alterations
def test_silence_stays_silence(alteration):
    altered = alteration.apply(np.zeros(5000, dtype=np.float32), RATE)
    assert altered.size > 0
    assert not altered.any()


@alterations
def test_barely_audible_sound_stays_finite(alteration):
    # The smallest numbers that float32 holds: their inverse is infinite.
    samples = np.full(5000, 1e-42, dtype=np.float32)
    assert np.isfinite(alteration.apply(samples, RATE)).all()


@alterations
def test_survives_pickling(alteration):
    copy = pickle.loads(pickle.dumps(alteration))
    assert copy == alteration
    assert copy.key == alteration.key


@alterations
def test_rebuilds_from_its_key(alteration):
    copy = rebuild_alteration(json.loads(alteration.key))
    assert copy == alteration
    assert copy.key == alteration.key
    samples = make_voice(4000)
    np.testing.assert_array_equal(copy.apply(samples, RATE), alteration.apply(samples, RATE))


@alterations
def test_description_is_plain_json(alteration):
    described = alteration.describe()
    assert json.loads(json.dumps(described, allow_nan=False)) == described
    assert "\n" not in alteration.key


@alterations
def test_is_hashable_and_frozen(alteration):
    assert alteration in {alteration}
    field = next(iter(inspect.signature(type(alteration)).parameters))
    with pytest.raises(AttributeError):
        setattr(alteration, field, 1)


@alterations
def test_refuses_no_samples_and_two_channels(alteration):
    with pytest.raises(EmptyAudioError, match="without samples"):
        alteration.apply(np.zeros(0, dtype=np.float32), RATE)
    with pytest.raises(ParameterError, match="one channel"):
        alteration.apply(np.zeros((100, 2), dtype=np.float32), RATE)


@policies
def test_policy_hangs_on_clip_and_seed_alone(name):
    policy = get_policy(name)
    first = policy.draw("clip-a", 7)
    policy.draw("clip-b", 7)
    assert policy.draw("clip-a", 7) == first
    assert len(first) == policy.n_variants


@pytest.mark.parametrize("name", [name for name in list_policies() if name != "none"])
def test_policy_draws_otherwise_for_other_clips_and_seeds(name):
    policy = get_policy(name)
    assert policy.draw("clip-a", 7) != policy.draw("clip-b", 7)
    assert policy.draw("clip-a", 7) != policy.draw("clip-a", 8)


@policies
def test_policy_refuses_negative_seed(name):
    with pytest.raises(ParameterError, match="seed is -1"):
        get_policy(name).draw("clip", -1)


@policies
def test_policy_is_named_and_described(name):
    policy = get_policy(name)
    assert policy.name == name
    assert policy.description.endswith(".")
