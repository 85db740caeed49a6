from __future__ import annotations

import shutil
import tomllib
from pathlib import Path

import pytest

from emovox.errors import ConfigError, ManifestError, ParameterError
from emovox.study import compare_places


def test_all_experiments_of_a_study(tiny_root):
    (pair,) = compare_places(str(tiny_root))
    assert (pair.a, pair.b, pair.protocol) == ("linear", "network", "speaker")
    assert (pair.n_rows, pair.n_speakers) == (40, 5)


def test_two_experiments_of_one_study_either_way(tiny_root):
    (one,) = compare_places(f"{tiny_root}:linear", "network")
    (other,) = compare_places(f"{tiny_root}:network", f"{tiny_root}:linear")
    assert one.difference == pytest.approx(-other.difference)
    assert one.difference == pytest.approx(compare_places(str(tiny_root))[0].difference)


def test_a_study_against_its_copy_elsewhere_shows_no_difference(tiny_root, tmp_path):
    copy = tmp_path / "copy"
    shutil.copytree(tiny_root, copy)
    pairs = compare_places(str(tiny_root), str(copy))
    assert len(pairs) == 2
    for pair in pairs:
        assert (pair.difference, pair.low, pair.high, pair.p_value) == (0, 0, 0, 1)
        assert pair.n_rows == 40


def find_run(root: Path, model: str) -> Path:
    for path in sorted(root.glob("runs/*/config.toml")):
        config = tomllib.loads(path.read_text())
        if (config["model"], config["protocol"], config["fold"]) == (model, "speaker", 1):
            return path.parent
    raise AssertionError


def test_two_run_folders(tiny_root):
    network, linear = find_run(tiny_root, "notebook_cnn"), find_run(tiny_root, "logistic")
    (pair,) = compare_places(str(network), str(linear))
    assert (pair.a, pair.b) == (network.name, linear.name)
    assert pair.n_rows == 8
    assert pair.n_speakers == 1
    assert pair.low is None
    assert pair.p_value == 1


def test_a_metric_and_a_protocol_can_be_chosen(tiny_root):
    from emovox.metrics import ResamplingOptions

    options = ResamplingOptions(metric="macro_f1", n_draws=100)
    (pair,) = compare_places(f"{tiny_root}:linear", "network", protocol="notebook", options=options)
    assert (pair.metric, pair.protocol) == ("macro_f1", "notebook")


def test_what_cannot_be_compared_says_why(tiny_root, tmp_path):
    with pytest.raises(ConfigError, match="neither the folder of a study nor"):
        compare_places(str(tmp_path))
    with pytest.raises(ConfigError, match="no experiment 'netwrk'"):
        compare_places(f"{tiny_root}:netwrk")
    with pytest.raises(ParameterError, match="protocol 'savee-loso' has no finished runs"):
        compare_places(str(tiny_root), protocol="savee-loso")
    with pytest.raises(ParameterError, match="nothing to compare"):
        compare_places(f"{tiny_root}:linear")
    shutil.copy(tiny_root / "study.toml", tmp_path)
    shutil.copy(tiny_root / "manifest.csv", tmp_path)
    with pytest.raises(ManifestError, match="no finished run"):
        compare_places(str(tmp_path))
