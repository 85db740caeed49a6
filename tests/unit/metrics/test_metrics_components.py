from __future__ import annotations

import dataclasses
import itertools

import numpy as np
import pytest

from emovox.errors import ParameterError
from emovox.metrics import COMPONENTS, Design, estimate_components, estimate_shares

VARIANCES = dict(zip(COMPONENTS, (0.5, 1.0, 2.0, 0.25, 1.5, 0.75, 1.25), strict=True))


def make_labels(corpora: dict[str, tuple[int, int, int, int]], seed: int = 0, lost: float = 0.1):
    """Corpus -> (speakers, sentences, emotions, takes); a share of all clips is lost."""
    rng = np.random.default_rng(seed)
    rows = [
        (corpus, "fm"[speaker % 2], f"{corpus}-{speaker}", f"{sentence}", "abcdefgh"[emotion])
        for corpus, (speakers, sentences, emotions, takes) in corpora.items()
        for speaker in range(speakers)
        for sentence in range(sentences)
        for emotion in range(emotions)
        for _ in range(takes)
        if rng.random() >= lost
    ]
    names = ("corpus", "sex", "speaker", "sentence", "emotion")
    return dict(zip(names, map(list, zip(*rows, strict=True)), strict=True))


def draw_values(design: Design, n_features: int, variances=VARIANCES, seed: int = 1) -> np.ndarray:
    """Draw features whose components have these variances; each feature draws its own effects."""
    rng = np.random.default_rng(seed)
    personal = np.unique(design.speaker * 8 + design.emotion, return_inverse=True)[1]
    values = 3 + np.sqrt(variances["rest"]) * rng.standard_normal((len(design), n_features))
    for name in COMPONENTS[:-1]:
        levels = personal if name == "personal" else getattr(design, name)
        effects = rng.standard_normal((levels.max() + 1, n_features))
        values += np.sqrt(variances[name]) * effects[levels]
    return values


MIXED = make_labels({"a": (9, 3, 5, 2), "b": (6, 4, 4, 1), "c": (4, 2, 6, 3), "d": (7, 5, 3, 2)})


def test_known_components_come_back_without_bias():
    # 4 corpora and 2 sexes give each feature a wild estimate; without truncation their mean over
    # 4,000 features is the truth, within four standard errors (measured from the spread).
    design = Design.of(MIXED)
    found = estimate_components(draw_values(design, 4000), design).variances
    error = found.std(axis=1) / np.sqrt(4000)
    for row, name in enumerate(COMPONENTS):
        assert abs(found[row].mean() - VARIANCES[name]) < 4 * error[row], name


def test_with_many_levels_a_single_feature_comes_back():
    # 60 speakers, 40 sentences: within 30 % for each, four standard errors of a variance
    # estimated from 60 levels being 4 * sqrt(2 / 60) = 73 % for the speaker, whose tolerance it is.
    design = Design.of(make_labels({"a": (60, 20, 8, 1), "b": (60, 20, 8, 1)}))
    known = {**VARIANCES, "corpus": 0.0, "sex": 0.0}
    found = estimate_components(draw_values(design, 50, known), design).variances.mean(axis=1)
    for name in ("speaker", "sentence", "emotion", "personal", "rest"):
        assert found[COMPONENTS.index(name)] == pytest.approx(known[name], rel=0.2), name


def test_noise_alone_belongs_to_nothing():
    design = Design.of(MIXED)
    noise = np.random.default_rng(3).standard_normal((len(design), 3000))
    found = estimate_components(noise, design).variances.mean(axis=1)
    # Unbiased: where eta squared of 26 speakers would be 26 / 400 = 0.065, zero is found. A mean
    # of 3,000 has a standard error below 0.001 in every component.
    np.testing.assert_allclose(found[:-1], 0, atol=0.004)
    assert found[-1] == pytest.approx(1, abs=0.005)


def test_sentences_that_belong_to_one_emotion_are_not_taken_for_it():
    # As in SAVEE: every emotion has sentences of its own. Corpus "a" tells the two apart.
    labels = make_labels({"a": (8, 4, 4, 1), "b": (8, 3, 4, 1)}, lost=0)
    labels["sentence"] = [
        f"{sentence}{emotion}" if corpus == "b" else sentence
        for corpus, sentence, emotion in zip(
            labels["corpus"], labels["sentence"], labels["emotion"], strict=True
        )
    ]
    design = Design.of(labels)
    known = dict.fromkeys(COMPONENTS, 0.0) | {"emotion": 1.0, "rest": 1.0}
    found = estimate_components(draw_values(design, 3000, known), design).variances
    error = found.std(axis=1) / np.sqrt(3000)
    for name in ("sentence", "emotion", "rest"):
        row = COMPONENTS.index(name)
        assert abs(found[row].mean() - known[name]) < 4 * error[row], name


def fit_densely(values: np.ndarray, design: Design) -> np.ndarray:
    """Return Henderson's method III, by the book: dense matrices and projections."""
    n = len(design)
    cell = np.unique(design.speaker * 8 + design.emotion, return_inverse=True)[1]
    names = ("corpus", "sex", "speaker", "sentence", "emotion")
    columns = [*(getattr(design, name) for name in names), cell]
    factors = [np.eye(column.max() + 1)[column] for column in columns]
    projections, model = [np.full((n, n), 1 / n)], np.ones((n, 1))
    for factor in factors:
        model = np.hstack((model, factor))
        basis, size, _ = np.linalg.svd(model, full_matrices=False)
        basis = basis[:, size > 1e-9 * size[0]]
        projections.append(basis @ basis.T)
    projections.append(np.eye(n))
    steps = [b - a for a, b in itertools.pairwise(projections)]
    expected = [
        [*(np.einsum("ij,ik,jk->", step, f, f, optimize=True) for f in factors), np.trace(step)]
        for step in steps
    ]
    reductions = [np.einsum("ip,ij,jp->p", values, step, values, optimize=True) for step in steps]
    return np.linalg.solve(np.array(expected), np.array(reductions))


def test_equals_the_dense_computation():
    labels = make_labels({"a": (4, 3, 4, 2), "b": (3, 2, 3, 2), "c": (3, 3, 4, 2)}, lost=0.3)
    design = Design.of(labels)
    values = draw_values(design, 5)
    found = estimate_components(values, design).variances
    # Both solve in float64; eigenvalues and projections lose a few digits each.
    np.testing.assert_allclose(found, fit_densely(values, design), rtol=1e-8, atol=1e-8)


def test_order_scale_and_origin_do_not_matter():
    design = Design.of(MIXED)
    values = draw_values(design, 3)
    expected = estimate_components(values, design)
    order = np.random.default_rng(0).permutation(len(design))
    shuffled = Design.of({name: list(np.array(MIXED[name])[order]) for name in MIXED})
    found = estimate_components(1000 - 10 * values[order], shuffled)
    np.testing.assert_allclose(found.variances, 100 * expected.variances, rtol=1e-8, atol=1e-9)
    np.testing.assert_allclose(found.shares, expected.shares, atol=1e-10)


def test_shares_add_up_and_what_cannot_be_told_has_none():
    labels = make_labels({"a": (6, 3, 4, 2)})
    labels["sex"] = ["f"] * len(labels["sex"])
    labels["sentence"] = [""] * len(labels["sex"])
    design = Design.of(labels)
    found = estimate_components(draw_values(design, 4), design)
    absent = [COMPONENTS.index(name) for name in ("corpus", "sex", "sentence")]
    assert np.isnan(found.variances[absent]).all()
    assert (found.shares[absent] == 0).all()
    np.testing.assert_allclose(found.shares.sum(axis=0), 1, rtol=1e-12)


def test_without_repetitions_what_is_personal_is_in_the_rest():
    labels = make_labels({"a": (6, 1, 4, 1)}, lost=0)
    design = Design.of(labels)
    found = estimate_components(draw_values(design, 4000), design).variances
    assert np.isnan(found[COMPONENTS.index("personal")]).all()
    # The mean of 4,000 estimates, each with 15 degrees of freedom: standard error 0.6 %.
    expected = VARIANCES["personal"] + VARIANCES["rest"]
    assert found[-1].mean() == pytest.approx(expected, rel=0.03)


def test_a_constant_feature_has_no_shares():
    design = Design.of(MIXED)
    values = draw_values(design, 2)
    values[:, 1] = 0.1
    shares = estimate_shares(values, design)
    assert np.isfinite(shares.shares[:, 0]).all()
    assert np.isnan(shares.shares[:, 1]).all()


def test_sentences_said_once_are_one_level():
    labels = make_labels({"a": (4, 3, 4, 1)}, lost=0)
    labels["sentence"] = [f"free {number}" for number in range(len(labels["sentence"]))]
    assert len(np.unique(Design.of(labels).sentence)) == 1


def test_the_same_sentence_name_in_two_corpora_is_two_sentences():
    assert (
        len(np.unique(Design.of(make_labels({"a": (2, 3, 2, 2), "b": (2, 3, 2, 2)})).sentence)) == 6
    )


def test_intervals_cover_the_truth():
    # Other speakers of the same corpus: 200 features are 200 draws. The emotion's effects are the
    # same in all, so that it is the spread over speakers alone that is covered.
    labels = make_labels({"a": (30, 2, 4, 2)}, lost=0)
    design = Design.of(labels)
    rng = np.random.default_rng(5)
    effects = np.array([-1.0, 0, 0.5, 0.5])
    cell = np.unique(design.speaker * 8 + design.emotion, return_inverse=True)[1]
    values = effects[design.emotion][:, None] + rng.standard_normal((len(design), 200))
    values += rng.standard_normal((30, 200))[design.speaker]
    values += 0.5 * rng.standard_normal((cell.max() + 1, 200))[cell]
    found = estimate_shares(values, design)
    truth = {"emotion": effects.var(ddof=1), "speaker": 1.0, "personal": 0.25, "rest": 1.0}
    for name, variance in truth.items():
        row = COMPONENTS.index(name)
        share = variance / sum(truth.values())
        covered = ((found.low[row] <= share) & (share <= found.high[row])).mean()
        # 95 % is meant; a jackknife of 30 speakers is a little narrow, and 200 draws have a
        # standard error of 1.5 points.
        assert 0.89 < covered <= 1, name


def test_one_speaker_a_corpus_gives_no_interval():
    design = Design.of(make_labels({"a": (1, 3, 4, 2), "b": (1, 3, 4, 2)}))
    found = estimate_shares(draw_values(design, 2), design)
    assert np.isnan(found.low).all()
    assert np.isfinite(found.shares).all()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"sex": ["f", "m"] * 4}, "speaker 'a-0' has more than one sex"),
        ({"corpus": ["a", "b"] * 4}, "more than one corpus"),
        ({"sex": ["f"]}, "shape"),
    ],
)
def test_labels_that_do_not_nest_are_refused(change, message):
    with pytest.raises(ParameterError, match=message):
        Design.of(make_labels({"a": (1, 2, 2, 2)}, lost=0) | change)


def test_too_little_to_compare_is_refused():
    design = Design.of(MIXED)
    alone = dataclasses.replace(design, emotion=np.zeros(len(design), dtype=np.int64))
    with pytest.raises(ParameterError, match="only one emotion"):
        estimate_components(np.ones((len(design), 1)), alone)
    with pytest.raises(ParameterError, match="rows of values"):
        estimate_components(np.ones((3, 1)), design)
    with pytest.raises(ParameterError, match="level"):
        estimate_shares(np.ones((len(design), 1)), design, level=1.0)
