"""Fingerprints tell copies of a recording from other takes, on synthetic voices."""

from __future__ import annotations

import numpy as np
import pytest

from emovox.audio import resample, transcode
from emovox.augment import get_policy
from emovox.errors import EmptyAudioError
from emovox.features import (
    Likeness,
    compare_fingerprints,
    compute_fingerprint,
    find_alike,
    is_copy,
    read_fingerprint,
)
from emovox.features.fingerprint import FINGERPRINT_RATE, N_BANDS
from emovox.testing import make_recording

RATE = 16_000


def make_samples(speaker=0, seed=0, emotion="happy"):
    return make_recording(emotion, speaker=speaker, seed=seed).samples


def fingerprint(samples, rate=RATE):
    return compute_fingerprint(resample(samples, rate, FINGERPRINT_RATE))


def draw(policy, variant, samples):
    return get_policy(policy).draw("a clip", 0)[variant].apply(samples, RATE)


COPIES = {
    "itself": lambda s: s,
    "quieter": lambda s: s * np.float32(0.05),
    "trimmed": lambda s: s[len(s) // 8 : -len(s) // 10],
    "silence around": lambda s: np.pad(s, (4000, 7000)),
    "opus": lambda s: transcode(s, RATE, codec="opus", bit_rate_kbps=16),
    "mp3": lambda s: transcode(s, RATE, codec="mp3", bit_rate_kbps=32),
    "2 % faster": lambda s: resample(s, RATE, round(RATE / 1.02)),
    "the notebook's noise": lambda s: draw("notebook", 0, s),
    "standard augmentation": lambda s: draw("standard", 0, s),
}


@pytest.mark.parametrize("name", COPIES)
def test_a_copy_is_found_whatever_was_done_to_it(name):
    samples = make_samples()
    likeness = compare_fingerprints(fingerprint(samples), fingerprint(COPIES[name](samples)))
    assert is_copy(likeness, same_speaker=True)


@pytest.mark.parametrize("speaker", range(4))
def test_another_take_is_not_a_copy(speaker):
    takes = [fingerprint(make_samples(speaker, seed)) for seed in range(4)]
    for number, one in enumerate(takes):
        for other in takes[:number]:
            assert not is_copy(compare_fingerprints(one, other), same_speaker=True)


def test_the_pace_is_measured():
    samples = make_samples()
    slower = resample(samples, RATE, round(RATE * 1.1))
    # Rates are tried in steps of half a percent, and 1 % of this clip is less than a frame.
    likeness = compare_fingerprints(fingerprint(samples), fingerprint(slower))
    assert likeness.rate == pytest.approx(1.1, abs=0.011)


def test_the_level_does_not_matter_at_all():
    samples = make_samples()
    quiet = fingerprint(samples * np.float32(0.25))
    # A quarter decibel of rounding may fall to the other side.
    assert np.abs(fingerprint(samples).astype(int) - quiet).max() <= 1


def test_silence_and_clicks_have_no_fingerprint():
    assert compute_fingerprint(np.zeros(8000, np.float32)).shape == (0, N_BANDS)
    assert len(compute_fingerprint(np.ones(1000, np.float32))) == 0
    with pytest.raises(EmptyAudioError):
        compute_fingerprint(np.zeros(0, np.float32))
    nothing = compare_fingerprints(np.zeros((0, N_BANDS), np.int8), fingerprint(make_samples()))
    assert nothing.correlation == 0
    assert not is_copy(nothing, same_speaker=False)


def test_a_long_recording_is_cut():
    long = np.tile(make_samples(), 10)
    assert len(long) > 13 * RATE
    assert len(fingerprint(long)) == 600


def test_of_two_speakers_less_is_enough():
    likeness = Likeness(correlation=0.85, wobble=0.22, n_parts=8, rate=1.0)
    assert is_copy(likeness, same_speaker=False)
    assert not is_copy(likeness, same_speaker=True)


def test_all_copies_among_many_are_found_and_nothing_else():
    originals = [make_samples(n % 6, n, ("happy", "sad", "angry")[n % 3]) for n in range(60)]
    altered = {3: "opus", 20: "trimmed", 41: "the notebook's noise", 59: "quieter"}
    copies = [COPIES[name](originals[n]) for n, name in altered.items()]
    prints = [fingerprint(samples) for samples in (*originals, *copies)]
    seen = []
    pairs = find_alike(prints, progress=lambda done, total: seen.append((done, total)))
    found = {(p.first, p.second) for p in pairs if is_copy(p.likeness, same_speaker=True)}
    assert found == {(n, 60 + k) for k, n in enumerate(altered)}
    assert seen[-1][0] == seen[-1][1]


@pytest.mark.parametrize("pace", [0.92, 1.08])
def test_a_copy_at_another_pace_is_found_from_either_side(pace):
    originals = [make_samples(n % 6, n) for n in range(30)]
    altered = fingerprint(resample(originals[7], RATE, round(RATE * pace)))
    prints = [fingerprint(samples) for samples in originals]
    for order, expected in (([altered, *prints], (0, 8)), ([*prints, altered], (7, 30))):
        (pair,) = find_alike(order)
        assert (pair.first, pair.second) == expected


def test_several_processes_find_the_same():
    prints = [fingerprint(make_samples(n % 3, n // 2)) for n in range(12)]
    assert find_alike(prints, n_jobs=2) == find_alike(prints)


def test_too_few_to_compare():
    assert find_alike([]) == ()
    assert find_alike([fingerprint(make_samples())]) == ()
    assert find_alike([np.zeros((0, N_BANDS), np.int8)] * 3) == ()
    same = find_alike([fingerprint(make_samples())] * 2)
    assert [(p.first, p.second) for p in same] == [(0, 1)]


def test_a_file_is_read_at_the_rate_of_fingerprints(tmp_path):
    from emovox.audio import write_audio

    path = tmp_path / "one.wav"
    write_audio(path, make_samples(), RATE)
    likeness = compare_fingerprints(read_fingerprint(str(path)), fingerprint(make_samples()))
    # 16 bits of the file against 32.
    assert likeness.correlation > 0.99
