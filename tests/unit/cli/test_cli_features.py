import numpy as np
import pytest

from emovox.audio import write_audio
from emovox.cli.app import run
from emovox.study.tables import read_table, write_table


@pytest.fixture
def manifest(tmp_path):
    rng = np.random.default_rng(0)
    for name in "abc":
        samples = rng.normal(size=30000).astype(np.float32) * 0.1
        write_audio(tmp_path / f"{name}.wav", samples, 22050)
    path = tmp_path / "manifest.csv"
    write_table(path, {"path": ["a.wav", "b.wav", "c.wav"], "emotion": ["sad", "happy", ""]})
    return path


def call(manifest, out, *more):
    store = str(manifest.parent / "store")
    return run(
        ["features", str(manifest), "--out", str(out), "--jobs", "1", "--store", store, *more]
    )


@pytest.mark.parametrize("suffix", ["csv", "npz", "parquet"])
def test_a_table_is_written(manifest, capsys, suffix):
    out = manifest.parent / f"f.{suffix}"
    assert call(manifest, out) == 0
    table = read_table(out)
    assert table["emotion"].tolist() == ["sad", "happy", ""]
    assert {"zcr", "chroma_11", "mfcc_19", "rms", "mel_127"} <= set(table)
    captured = capsys.readouterr()
    assert captured.out == ""
    assert f"3 of 3 clips, 162 features: {out}" in captured.err


def test_another_set(manifest):
    out = manifest.parent / "f.npz"
    assert call(manifest, out, "--set", "full") == 0
    assert "mfcc_00_mean" in read_table(out)


def test_a_bad_file_is_reported_and_the_others_are_written(manifest, capsys):
    (manifest.parent / "b.wav").write_text("not audio", encoding="utf-8")
    out = manifest.parent / "f.csv"
    assert call(manifest, out) == 3
    assert np.isnan(read_table(out)["zcr"]).tolist() == [False, True, False]
    error = capsys.readouterr().err
    assert "b.wav" in error
    assert "2 of 3 clips" in error


def test_unknown_set_and_suffix_are_usage_errors(manifest, capsys):
    assert call(manifest, manifest.parent / "f.csv", "--set", "notebok") == 2
    assert "Did you mean 'notebook'?" in capsys.readouterr().err
    assert call(manifest, manifest.parent / "f.xls") == 2
    assert "'.xls'" in capsys.readouterr().err


def test_a_missing_manifest_is_named(tmp_path, capsys):
    assert call(tmp_path / "none.csv", tmp_path / "f.csv") == 6
    assert "none.csv" in capsys.readouterr().err
