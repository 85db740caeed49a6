from __future__ import annotations

import numpy as np
import pytest

from emovox.errors import ParameterError
from emovox.metrics import analyze_one_way


def test_a_table_by_hand():
    # Means 2 and 6, total mean 4: between 16, within 4, total 20; 2 groups, 4 clips.
    found = analyze_one_way([[1.0], [3.0], [5.0], [7.0]], [0, 0, 1, 1])
    assert found.f[0] == pytest.approx(16 / (4 / 2))
    assert found.eta2[0] == pytest.approx(16 / 20)
    assert found.epsilon2[0] == pytest.approx((16 - 2) / 20)
    assert found.omega2[0] == pytest.approx((16 - 2) / (20 + 2))


def test_many_groups_of_noise_explain_nothing():
    # 100 groups of 5: eta squared is 99 / 499 of noise; epsilon and omega squared are 0. A mean
    # of 2,000 has a standard error of about 0.0006.
    noise = np.random.default_rng(0).standard_normal((500, 2000))
    found = analyze_one_way(noise, np.arange(500) % 100)
    assert found.eta2.mean() == pytest.approx(99 / 499, abs=0.003)
    assert found.epsilon2.mean() == pytest.approx(0, abs=0.003)
    assert found.omega2.mean() == pytest.approx(0, abs=0.003)


def test_a_known_share_comes_back():
    # Effects -1, 0, 1 (variance 2/3 of the population) beside noise of variance 4/3: a third.
    rng = np.random.default_rng(1)
    groups = np.arange(600) % 3
    values = (groups - 1.0)[:, None] + np.sqrt(4 / 3) * rng.standard_normal((600, 500))
    assert analyze_one_way(values, groups).epsilon2.mean() == pytest.approx(1 / 3, abs=0.005)


def test_constant_features_have_no_figure_and_perfect_ones_an_infinite_f():
    found = analyze_one_way([[0.1, 1.0], [0.1, 1.0], [0.1, 2.0], [0.1, 2.0]], ["a", "a", "b", "b"])
    assert np.isnan(found.eta2[0])
    assert np.isnan(found.f[0])
    assert found.eta2[1] == 1
    assert np.isinf(found.f[1])


@pytest.mark.parametrize(
    ("values", "groups", "message"),
    [
        ([1.0, 2.0], [0, 1], "shape"),
        (np.empty((0, 3)), [], "shape"),
        ([[1.0], [np.nan]], [0, 1], "NaN"),
        ([[1.0], [2.0], [3.0]], [0, 1], "groups have the shape"),
        ([[1.0], [2.0], [3.0]], [0, 0, 0], "1 groups of 3"),
        ([[1.0], [2.0], [3.0]], [0, 1, 2], "3 groups of 3"),
    ],
)
def test_what_cannot_be_analyzed_is_refused(values, groups, message):
    with pytest.raises(ParameterError, match=message):
        analyze_one_way(values, groups)
