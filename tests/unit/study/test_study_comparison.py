from __future__ import annotations

import numpy as np
import pytest

from emovox.errors import ManifestError
from emovox.metrics import ResamplingOptions, compare_paired, correct_pvalues
from emovox.study.comparison import can_decide, compare_experiments, format_pairs, match_rows
from emovox.study.mistakes import find_mistakes
from emovox.study.scored import Scored
from emovox.types import Clip

N_SPEAKERS = 12


def make_rows(share_right: float, seed: int = 0, n_clips: int = 240, variant: int = 0) -> Scored:
    """Make rows of which a share is right, the same clips each time, in some order."""
    truth = np.arange(n_clips) % 4
    rng = np.random.default_rng(seed)
    right = rng.random(n_clips) < share_right
    order = rng.permutation(n_clips)
    rows = Scored(
        clip=np.arange(n_clips),
        variant=np.full(n_clips, variant),
        truth=truth,
        prediction=np.where(right, truth, (truth + 1) % 4),
        confidence=rng.random(n_clips, dtype=np.float32),
        corpus=np.full(n_clips, "a"),
        speaker=np.array([f"a-{i // 4 % N_SPEAKERS}" for i in range(n_clips)]),
    )
    return rows.take(order)


def compare(**shares: float):
    tests = {(n, "speaker", 0): make_rows(s, seed=i) for i, (n, s) in enumerate(shares.items())}
    return compare_experiments(tests, list(shares), "speaker")


def test_a_large_difference_is_believed_and_a_small_one_is_not():
    better, same, _ = compare(first=0.4, good=0.9, alike=0.42)
    assert (better.a, better.b, same.a, same.b) == ("good", "first", "alike", "first")
    assert better.difference == pytest.approx(0.5, abs=0.1)
    assert better.low > 0
    assert better.is_believed
    assert not same.is_believed
    assert better.n_rows == 240
    assert better.n_speakers == N_SPEAKERS
    assert better.difference == pytest.approx(better.value_a - better.value_b)


def test_rows_are_matched_by_clip_whatever_their_order():
    a, b = make_rows(0.5, seed=1), make_rows(0.8, seed=2, n_clips=100)
    first, second = match_rows(a, b)
    np.testing.assert_array_equal(first.clip, np.arange(100))
    np.testing.assert_array_equal(second.clip, first.clip)
    np.testing.assert_array_equal(second.truth, first.truth)


def test_copies_match_their_own_kind_only():
    with pytest.raises(ManifestError, match="no clip in common"):
        match_rows(make_rows(0.5), make_rows(0.5, variant=1))


def test_the_figures_are_those_of_the_metrics():
    a, b = match_rows(make_rows(0.8, seed=1), make_rows(0.5, seed=0))
    wanted = compare_paired(a.truth, a.prediction, b.prediction, a.speaker.tolist())
    (found,) = compare(b=0.5, a=0.8)
    assert (found.difference, found.low, found.high, found.p_value) == (
        wanted.difference.value, wanted.difference.low, wanted.difference.high, wanted.p_value
    )  # fmt: skip


def test_p_values_are_corrected_over_all_pairs():
    pairs = compare(a=0.5, b=0.6, c=0.7, d=0.7)
    assert len(pairs) == 6
    wanted = correct_pvalues([pair.p_value for pair in pairs]).tolist()
    assert [pair.p_corrected for pair in pairs] == wanted


def test_many_ideas_are_compared_with_the_first_alone():
    pairs = compare(**{f"idea{i}": 0.5 for i in range(9)})
    assert [(pair.a, pair.b) for pair in pairs] == [(f"idea{i}", "idea0") for i in range(1, 9)]


def test_seeds_that_both_have_are_put_together():
    tests = {("a", "speaker", s): make_rows(0.5, seed=s) for s in (0, 1)}
    tests |= {("b", "speaker", s): make_rows(0.6, seed=9 + s) for s in (0, 1, 2)}
    (pair,) = compare_experiments(tests, ["a", "b"], "speaker", ResamplingOptions(n_draws=200))
    assert pair.n_rows == 2 * 240
    assert pair.n_speakers == N_SPEAKERS


def test_without_speakers_nothing_is_compared():
    rows = make_rows(0.5)
    nobody = Scored(rows.clip, rows.variant, rows.truth, rows.prediction, rows.confidence,
                    rows.corpus, np.full(len(rows), ""))  # fmt: skip
    tests = {("a", "speaker", 0): nobody, ("b", "speaker", 0): nobody}
    assert compare_experiments(tests, ["a", "b"], "speaker") == ()


def test_few_speakers_can_decide_nothing():
    import dataclasses

    pairs = compare(a=0.5, b=0.9)
    assert can_decide(pairs)
    few = [dataclasses.replace(pairs[0], n_speakers=4)]  # the smallest p-value is 2 / 2 ** 4
    assert not can_decide(few)
    assert "4 speakers no difference" in format_pairs(few)
    assert not can_decide(())


def test_the_table_is_markdown_with_its_conditions():
    text = format_pairs(compare(a=0.5, b=0.9))
    assert text.startswith("| a ")
    assert "protocol speaker" in text
    assert "Holm" in text


def test_the_surest_mistakes_come_first_each_clip_once_and_no_copy():
    clips = [Clip(path=f"{i}.wav", emotion="neutral") for i in range(240)]
    clean, copies = make_rows(0.5, seed=3), make_rows(0.1, seed=4, variant=1)
    tests = {("a", "speaker", 0): Scored.join([clean, copies])}
    found = find_mistakes(tests, clips, ("a", "speaker"), n_mistakes=5)
    wrong = clean.confidence[clean.truth != clean.prediction]
    assert [m.confidence for m in found] == pytest.approx(sorted(wrong, reverse=True)[:5])
    assert len({m.clip.path for m in found}) == 5
    assert find_mistakes(tests, clips, ("b", "speaker")) == ()
