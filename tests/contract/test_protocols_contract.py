"""What every protocol promises, whoever made it."""

from __future__ import annotations

import random
from collections import Counter

import pytest

from emovox.errors import ParameterError, ProtocolError
from emovox.protocols import DEV, TEST, TRAIN, UNUSED, check_fold, get_protocol, list_protocols
from emovox.protocols.published import PublishedProtocol
from emovox.types import Clip

SPEAKERS = {
    "ravdess": [f"{actor:02d}" for actor in range(1, 25)],
    "crema-d": [str(actor) for actor in range(1001, 1092)],
    "savee": ["DC", "JE", "JK", "KL"],
    "tess": ["OAF", "YAF"],
    "emodb": ["03", "08", "09", "10", "11", "12", "13", "14", "15", "16"],
    "nemo": ["EB0", "IC0", "KD0", "KS0", "MK0", "MP0", "SM0", "TP0", "WR0"],
}
CLIPS = [
    Clip(
        f"{corpus}/{name}/{sentence}.wav",
        corpus,
        f"{corpus}-{name}",
        ("female", "male")[number % 2],
        sentence=str(sentence),
        sha256=f"{corpus}{name}{sentence}",
        extra={"split": ("test", "dev", "train")[min(number, 2)]},
    )
    for corpus, speakers in SPEAKERS.items()
    for number, name in enumerate(speakers)
    for sentence in range(4)
]
N_VARIANTS = 2

every = pytest.mark.parametrize("name", list_protocols())
HONEST = [name for name in list_protocols() if not get_protocol(name).leaky]
honest = pytest.mark.parametrize("name", HONEST)


def make_folds(name, clips=CLIPS, seed=0):
    return get_protocol(name).folds(clips, seed=seed, n_variants=N_VARIANTS)


def table(folds):
    return [fold.splits.tolist() for fold in folds]


def own_clips(name):
    protocol = get_protocol(name)
    if isinstance(protocol, PublishedProtocol):
        return [clip for clip in CLIPS if clip.corpus == protocol.corpus]
    return CLIPS


def test_two_protocols_are_leaky_on_purpose():
    assert set(list_protocols()) - set(HONEST) == {"notebook", "random"}


@every
def test_it_introduces_itself(name):
    protocol = get_protocol(name)
    assert protocol.name == name
    assert protocol.description.endswith(".")
    assert protocol.source


@every
def test_folds_have_the_shape_and_the_name(name):
    folds = make_folds(name)
    assert folds
    assert len({fold.index for fold in folds}) == len(folds)
    for fold in folds:
        assert fold.protocol == name
        assert fold.splits.shape == (len(CLIPS), N_VARIANTS + 1)
        assert fold.leaky == get_protocol(name).leaky


@every
def test_every_fold_trains_and_tests(name):
    for fold in make_folds(name):
        assert len(fold.clips(TRAIN))
        assert len(fold.clips(TEST))


@honest
def test_every_fold_has_dev(name):
    assert all(len(fold.clips(DEV)) for fold in make_folds(name))


@honest
def test_a_clip_is_in_exactly_one_split(name):
    for fold in make_folds(name):
        for row in fold.splits.tolist():
            assert len(set(row) - {UNUSED}) <= 1


@honest
def test_altered_copies_train_or_are_unused(name):
    for fold in make_folds(name):
        for clean, *copies in fold.splits.tolist():
            assert set(copies) == ({TRAIN} if clean == TRAIN else {UNUSED})


@honest
def test_no_test_speaker_is_heard_before(name):
    for fold in make_folds(name):
        heard = {CLIPS[n].speaker_id for split in (TRAIN, DEV) for n in fold.clips(split)}
        assert not heard & {CLIPS[n].speaker_id for n in fold.clips(TEST)}


@honest
def test_dev_speakers_do_not_train_unless_divided_by_sentence(name):
    for fold in make_folds(name):
        train, dev = ({CLIPS[n].speaker_id for n in fold.clips(s)} for s in (TRAIN, DEV))
        assert train & dev == fold.divided
        train, dev = ({CLIPS[n].sentence for n in fold.clips(s)} for s in (TRAIN, DEV))
        assert not fold.divided or not train & dev


@every
def test_the_audit_agrees(name):
    assert all(check_fold(fold, CLIPS).ok != fold.leaky for fold in make_folds(name))


@pytest.mark.parametrize("name", sorted({*HONEST} - {"corpus-pairs"}))
def test_every_speaker_is_tested_once(name):
    folds = make_folds(name)
    tested = Counter(
        speaker for fold in folds for speaker in {CLIPS[n].speaker_id for n in fold.clips(TEST)}
    )
    assert set(tested.values()) == {1}
    if len(folds) > 1:
        assert set(tested) == {clip.speaker_id for clip in own_clips(name)}


@every
def test_the_seed_decides(name):
    assert table(make_folds(name, seed=5)) == table(make_folds(name, seed=5))


@pytest.mark.parametrize(
    "name",
    # The dev speakers of these are published, or given: nothing is left to chance.
    sorted(
        {*list_protocols()} - {"ravdess-luna-jimenez", "crema-d-audeering", "crema-d-evar", "given"}
    ),
)
def test_another_seed_draws_others(name):
    drawn = {str(table(make_folds(name, seed=seed))) for seed in range(4)}
    assert len(drawn) > 1


@honest
def test_the_order_of_the_clips_does_not_matter(name):
    order = random.Random(1).sample(range(len(CLIPS)), len(CLIPS))
    mixed = make_folds(name, [CLIPS[n] for n in order])
    for fold, other in zip(make_folds(name), mixed, strict=True):
        assert fold.splits[order].tolist() == other.splits.tolist()


@honest
def test_the_number_of_copies_does_not_change_who_is_where(name):
    plain = get_protocol(name).folds(CLIPS)
    for fold, other in zip(plain, make_folds(name), strict=True):
        assert fold.n_variants == 0
        assert fold.splits[:, 0].tolist() == other.splits[:, 0].tolist()


@honest
def test_a_clip_without_speaker_is_refused(name):
    protocol = get_protocol(name)
    corpus = getattr(protocol, "corpus", "ravdess")
    nobody = Clip("nobody.wav", corpus, sentence="1", extra={"split": "train"})
    with pytest.raises(ProtocolError, match="speaker"):
        protocol.folds([*CLIPS, nobody])


@every
def test_senseless_requests_are_refused(name):
    protocol = get_protocol(name)
    with pytest.raises(ProtocolError, match="no clips"):
        protocol.folds([])
    with pytest.raises(ParameterError, match="seed is -1"):
        protocol.folds(CLIPS, seed=-1)
    with pytest.raises(ParameterError, match="n_variants is -1"):
        protocol.folds(CLIPS, n_variants=-1)
