"""Words follow from figures: each test makes the figures and reads the words."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from emovox.emotions import EMOTIONS
from emovox.metrics import Interval
from emovox.study import read_study
from emovox.study.comparison import Paired
from emovox.study.findings.answers import find_answers
from emovox.study.standings import Standing
from emovox.study.story import Story
from emovox.study.words import hundredths, join_words, points, say_p
from emovox.training import EpochRecord, Scores
from emovox.types import Clip

CLIPS = [Clip(path=f"{e}.wav", corpus="a", speaker_id="a-1", emotion=e) for e in EMOTIONS]


def stand(experiment: str, protocol: str, uar: float, train: float | None = 0.5) -> Standing:
    confusion = np.full((8, 8), 1, dtype=np.int64) + 9 * np.eye(8, dtype=np.int64)
    confusion[2, 5] = 8  # happy taken for fear
    return Standing(
        experiment=experiment, protocol=protocol, leaky=protocol == "notebook",
        scores={"uar": Interval(uar, uar - 0.05, uar + 0.05, 0.95, 20)}, spread=None,
        uar_clean=None, train_uar=train, recalls=(0.5, 0.4, 0.2, *[0.6] * 5),
        confusion=confusion, n_rows=100, n_speakers=20, n_seeds=1,
    )  # fmt: skip


def pair(difference: float, p: float) -> Paired:
    return Paired(a="linear", b="network", protocol="speaker", metric="uar", value_a=0.5,
                  value_b=0.5 - difference, difference=difference, low=difference - 0.1,
                  high=difference + 0.1, p_value=p, p_corrected=p, n_rows=100,
                  n_speakers=20)  # fmt: skip


def tell(study: Path, standings: list[Standing], **changes) -> dict[str, tuple[str, str]]:
    story = Story(
        plan=read_study(study), clips=CLIPS, rows=[], curves=changes.pop("curves", {}), n_runs=1,
        n_finished=1, standings={(s.experiment, s.protocol): s for s in standings}, **changes,
    )  # fmt: skip
    return {found.question: (found.verdict, found.answer) for found in find_answers(story)}


def test_the_best_is_named_and_its_lead_judged(tiny_study):
    standings = [stand("network", "speaker", 0.40), stand("linear", "speaker", 0.46)]
    verdict, answer = tell(tiny_study, standings, pairs=(pair(0.06, 0.01),))[
        "Which idea recognises emotion best?"
    ]
    assert verdict == "linear"
    assert "46.0\u00a0%" in answer
    assert "more than chance explains (p = 0.01)" in answer
    _, answer = tell(tiny_study, standings, pairs=(pair(0.06, 0.3),))[
        "Which idea recognises emotion best?"
    ]
    assert "may be chance (p = 0.30 after correction)" in answer


def test_the_leak_has_a_price_and_may_crown_another(tiny_study):
    standings = [
        stand("network", "notebook", 0.70), stand("network", "speaker", 0.40),
        stand("linear", "notebook", 0.50), stand("linear", "speaker", 0.46),
    ]  # fmt: skip
    verdict, answer = tell(tiny_study, standings)["What does the leak add?"]
    assert verdict == "4 to 30 points of UAR"
    assert "another winner: A network instead of linear" in answer


@pytest.mark.parametrize(
    ("train", "verdict"), [(0.95, "Yes"), (0.45, "A little"), (0.41, "No"), (0.2, "No")]
)
def test_overfitting_is_the_gap_to_unheard_voices(tiny_study, train, verdict):
    test = min(0.40, train - 0.005)
    found = tell(tiny_study, [stand("network", "speaker", test, train)])
    assert found["Is it overfitting?"][0] == verdict
    assert ("underfitting" in found["Is it overfitting?"][1]) == (train == 0.2)


def make_history(triples: list[tuple[float, float, float]]) -> list[EpochRecord]:
    return [
        EpochRecord(epoch=epoch, train=Scores(1, 0, seen), train_eval=Scores(1, 0, off),
                    watch=Scores(1, 0, watched))
        for epoch, (seen, off, watched) in enumerate(triples, start=1)
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("triples", "verdict"),
    [
        ([(0.2, 0.5, 0.3), (0.3, 0.6, 0.4)], "Dropout and augmentation"),
        ([(0.2, 0.5, 0.3), (0.3, 0.6, 0.4), (0.2, 0.2, 0.3)], "Mostly dropout and augmentation"),
        ([(0.2, 0.2, 0.3), (0.3, 0.6, 0.2)], "Chance and underfitting"),
    ],
)
def test_dev_above_train_is_explained_where_it_happens(tiny_study, triples, verdict):
    curves = {"network": {"speaker": [make_history(triples)]}}
    found = tell(tiny_study, [stand("network", "speaker", 0.4)], curves=curves)
    assert found["Why is dev above train?"][0] == verdict
    assert not found["Why is dev above train?"][1].endswith("..")


def test_it_is_not_explained_where_it_does_not_happen(tiny_study):
    curves = {"network": {"speaker": [make_history([(0.5, 0.6, 0.3)])]}}
    found = tell(tiny_study, [stand("network", "speaker", 0.4)], curves=curves)
    assert "Why is dev above train?" not in found


@pytest.mark.parametrize(
    ("difference", "p", "helped", "networks"),
    [
        (0.10, 0.001, "linear", "No: the classical model is better"),
        (-0.10, 0.001, "Nothing, beyond chance", "Yes: the network is better"),
        (0.02, 0.4, "Nothing, beyond chance", "Not shown"),
    ],
)
def test_what_helped_needs_more_than_chance(tiny_study, difference, p, helped, networks):
    standings = [stand("network", "speaker", 0.4), stand("linear", "speaker", 0.4 + difference)]
    found = tell(tiny_study, standings, pairs=(pair(difference, p),))
    assert found["What helped?"][0] == helped
    assert found["Are networks better than classical models?"][0] == networks


def test_the_hardest_emotion_and_the_commonest_mistake(tiny_study):
    verdict, answer = tell(tiny_study, [stand("network", "speaker", 0.4)])[
        "Which emotions are hard?"
    ]
    assert verdict == "Happy"
    assert "of happy is taken for fear" in answer


def test_a_story_without_figures_has_no_answers(tiny_study):
    assert tell(tiny_study, []) == {}


def test_figures_as_words():
    assert hundredths(-0.034, sign=True) == "\u22123.4"
    assert hundredths(None) == ""
    assert points(0.01, digits=0) == "1 point"
    assert [say_p(p) for p in (0.0001, 0.0042, 0.3)] == ["p < 0.001", "p = 0.004", "p = 0.30"]
    assert join_words(["a"]) == "a"
    assert join_words(["a", "b", "c"]) == "a, b and c"
