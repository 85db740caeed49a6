"""Whatever the corpora are, folds are disjoint."""

from __future__ import annotations

from collections import Counter

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from emovox.protocols import DEV, TEST, TRAIN, combine_folds, get_protocol, validate_fold
from emovox.protocols.voices import collect_voices
from emovox.types import Clip


@st.composite
def draw_clips(draw: st.DrawFn) -> list[Clip]:
    """Up to four corpora of up to nine speakers, some of whom may share a file."""
    clips = []
    for corpus in "abcd"[: draw(st.integers(1, 4))]:
        for speaker in range(draw(st.integers(1, 9))):
            sex = draw(st.sampled_from(("female", "male", "")))
            for number in range(draw(st.integers(1, 4))):
                # Mostly unique content; one of five bytes that may turn up anywhere.
                shared = draw(st.integers(0, 19))
                path = f"{corpus}/{speaker}/{number}"
                digest = f"shared-{shared}" if shared < 5 else path
                clips.append(
                    Clip(
                        path,
                        corpus,
                        f"{corpus}-{speaker}",
                        sex,
                        sentence=str(number),
                        sha256=digest,
                    )
                )
    return clips


def speakers(fold, clips, split):
    return {clips[number].speaker_id for number in fold.clips(split)}


@settings(deadline=None)
@given(draw_clips(), st.integers(0, 2**32), st.integers(2, 7), st.integers(0, 2))
def test_speaker_folds(clips, seed, n_folds, n_variants):
    voices = collect_voices(clips)
    assume(len(voices) >= 2)
    folds = get_protocol("speaker", n_folds=n_folds).folds(clips, seed=seed, n_variants=n_variants)
    assert len(folds) == min(n_folds, len(voices))
    tested = Counter()
    for fold in folds:
        train, dev, test = (speakers(fold, clips, split) for split in (TRAIN, DEV, TEST))
        assert train
        assert test
        assert not test & (train | dev)
        assert train & dev == fold.divided
        assert train | dev | test == {clip.speaker_id for clip in clips}
        tested.update(test)
        # A corpus of two voices or more goes on training.
        training = {voice.corpus for voice in voices if set(voice.speakers) & train}
        counts = Counter(voice.corpus for voice in voices)
        assert {corpus for corpus, n in counts.items() if n > 1} <= training
    assert set(tested.values()) == {1}
    assert set(tested) == {clip.speaker_id for clip in clips}


@settings(deadline=None)
@given(draw_clips(), st.integers(0, 2**32), st.data())
def test_combined_folds_are_as_disjoint_as_their_parts(clips, seed, data):
    assume(len(collect_voices(clips)) >= 3)
    folds = get_protocol("speaker", n_folds=3, dev_share=0).folds(clips, seed=seed)
    chosen = data.draw(st.lists(st.sampled_from(folds), min_size=1, max_size=2, unique=True))
    both = combine_folds(*chosen)
    validate_fold(both, clips)
    assert speakers(both, clips, TEST) == set().union(
        *(speakers(fold, clips, TEST) for fold in chosen)
    )


@settings(deadline=None)
@given(st.integers(1, 60), st.integers(0, 3), st.integers(0, 2**32))
def test_notebook_rows(n_clips, n_variants, seed):
    clips = [Clip(str(number)) for number in range(n_clips)]
    (fold,) = get_protocol("notebook").folds(clips, seed=seed, n_variants=n_variants)
    n_rows = n_clips * (n_variants + 1)
    n_test = len(fold.rows(TEST)[0])
    assert n_test == -(-n_rows // 4)
    assert len(fold.rows(TRAIN)[0]) == n_rows - n_test
