from __future__ import annotations

import json
import os
import subprocess
import sys

import numpy as np
import pytest

from emovox.augment import (
    Chain,
    DrawnNotebookNoise,
    DrawnPitch,
    DrawnStretch,
    get_policy,
    list_policies,
    make_policy,
)
from emovox.errors import ParameterError


def test_policies_are_these():
    assert list_policies() == ("none", "notebook", "standard", "robust")


def test_none_makes_no_copies():
    assert get_policy("none").n_variants == 0
    assert get_policy("none").draw("clip", 0) == ()


def test_notebook_makes_its_two_copies():
    noise, bent = get_policy("notebook").draw("clip", 0)
    assert isinstance(noise, DrawnNotebookNoise)
    assert 0 <= noise.amount <= 0.035
    assert bent == Chain((DrawnStretch(0.8), DrawnPitch(0.7)))


def test_standard_makes_as_many_as_asked_and_the_first_stay():
    two = get_policy("standard").draw("clip", 4)
    five = get_policy("standard", n_variants=5).draw("clip", 4)
    assert len(two) == 2
    assert len({one.key for one in five}) == 5
    assert five[:2] == two


def test_standard_takes_each_step_as_often_as_it_says():
    policy = get_policy("standard", n_variants=1)
    drawn = [json.dumps(policy.draw(str(i), 0)[0].describe()) for i in range(400)]
    assert all('"speed"' in one for one in drawn)
    for name in ("pitch", "noise", "shift", "gain"):
        share = np.mean([f'"{name}"' in one for one in drawn])
        # The share of 400 even chances deviates by 0.025; 4 of these.
        assert share == pytest.approx(0.5, abs=0.1)


def test_draws_do_not_hang_on_hash_seed_or_process():
    # Stored features carry these keys: this draw must stay the same for ever.
    code = "import emovox.augment as a; print(a.get_policy('notebook').draw('a', 0)[0].key)"
    keys = {
        subprocess.run(
            [sys.executable, "-c", code],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout.strip()
        for seed in ("1", "2")
    }
    assert keys == {'{"amount":0.025895,"name":"notebook_noise","seed":2150989145,"version":1}'}


def test_made_policy_has_one_copy_for_each_transform():
    drawn = make_policy(["gain", "noise", "gain"]).draw("clip", 0)
    assert [one.describe()["name"] for one in drawn] == ["gain", "noise", "gain"]
    assert drawn[0] != drawn[2]


@pytest.mark.parametrize(
    ("ask", "message"),
    [
        (lambda: get_policy("standart"), "Did you mean 'standard'"),
        (lambda: get_policy("notebook", n_variants=3), "cannot make 3 copies of a clip, but 2"),
        (lambda: get_policy("standard", n_variants=0), "cannot make 0 copies .* 1 or more"),
        (lambda: make_policy(["pich"]), "Did you mean 'pitch'"),
    ],
)
def test_what_is_not_there_is_refused(ask, message):
    with pytest.raises(ParameterError, match=message):
        ask()


def test_transforms_joined_by_plus_are_a_policy_of_one_copy_each():
    policy = get_policy("pitch+noise")
    drawn = policy.draw("clip", 0)
    assert policy.name == "pitch+noise"
    assert [one.describe()["name"] for one in drawn] == ["pitch", "noise"]
    # The same copies alone: their features are stored once.
    assert [get_policy(name).draw("clip", 0)[0].key for name in ("pitch", "noise")] == [
        one.key for one in drawn
    ]


@pytest.mark.parametrize(
    ("name", "message"),
    [("noise+pich", "Did you mean 'pitch'"), ("noise+noise", "twice"), ("noise+", "no augment")],
)
def test_wrong_sums_of_transforms_are_refused(name, message):
    with pytest.raises(ParameterError, match=message):
        get_policy(name)
