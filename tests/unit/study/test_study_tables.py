import sys

import numpy as np
import pytest

from emovox.errors import ManifestError, MissingExtraError, ParameterError
from emovox.study.tables import read_clips, read_table, write_batches, write_table

COLUMNS = {
    "path": ["a b.wav", "ä,\n'\".wav", ""],
    "speaker": ["007", "1e5x", None],
    "count": [1, -2, 3],
    "value": np.array([0.1, np.nan, -1e-30], np.float32),
    "age": [31, None, 40],
    "good": [True, False, True],
}
SUFFIXES = (".parquet", ".csv", ".npz")


@pytest.fixture(params=SUFFIXES)
def path(request, tmp_path):
    return tmp_path / f"table{request.param}"


def test_what_is_written_is_read(path):
    write_table(path, COLUMNS)
    table = read_table(path)
    assert list(table) == list(COLUMNS)
    assert table["path"].tolist() == COLUMNS["path"]
    assert table["speaker"].tolist() == ["007", "1e5x", ""]
    assert table["count"].tolist() == [1, -2, 3]
    assert table["good"].dtype == bool
    assert table["good"].tolist() == [True, False, True]
    np.testing.assert_array_equal(table["age"], [31, np.nan, 40])
    np.testing.assert_array_equal(table["value"].astype(np.float32), COLUMNS["value"])


def test_batches_follow_each_other(path):
    write_batches(path, ({"n": [i], "name": [f"clip {i}"]} for i in range(3)))
    table = read_table(path)
    assert table["n"].tolist() == [0, 1, 2]
    assert table["name"].tolist() == ["clip 0", "clip 1", "clip 2"]


def test_a_table_may_have_no_rows(path):
    write_table(path, {"n": np.empty(0), "name": []})
    assert [len(column) for column in read_table(path).values()] == [0, 0]


def test_numbers_with_leading_zeros_are_names(path):
    write_table(path, {"speaker": ["03", "10"]})
    assert read_table(path)["speaker"].tolist() == ["03", "10"]


def test_a_failing_batch_leaves_the_old_table(path):
    write_table(path, {"n": [1]})

    def fail():
        yield {"n": [2]}
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_batches(path, fail())
    assert read_table(path)["n"].tolist() == [1]
    assert list(path.parent.iterdir()) == [path]


def test_columns_of_different_length_are_named(path):
    with pytest.raises(ParameterError, match="'a': 1, 'b': 2"):
        write_table(path, {"a": [1], "b": [1, 2]})
    assert not path.exists()


def test_a_table_has_columns(path):
    with pytest.raises(ParameterError, match="at least one"):
        write_table(path, {})
    with pytest.raises(ParameterError, match="at least one"):
        write_batches(path, [])


def test_missing_and_damaged_files_are_named(path):
    with pytest.raises(ManifestError, match="there is no table"):
        read_table(path)
    path.write_bytes(b"\x80\x81\xff\x00not a table")
    with pytest.raises(ManifestError, match="damaged"):
        read_table(path)


def test_another_suffix_is_refused(tmp_path):
    for use in (read_table, lambda path: write_table(path, {"a": [1]})):
        with pytest.raises(ParameterError, match=r"'\.xls'.*Known: \.csv, \.npz, \.parquet"):
            use(tmp_path / "table.xls")


def test_parquet_alone_needs_the_extra(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    for suffix in (".csv", ".npz"):
        write_table(tmp_path / f"t{suffix}", COLUMNS)
    with pytest.raises(MissingExtraError, match=r"emovox\[train\]"):
        write_table(tmp_path / "t.parquet", COLUMNS)


def test_npz_may_hold_a_column_named_file_and_reads_no_pickle(tmp_path):
    path = tmp_path / "t.npz"
    write_table(path, {"file": [1]})
    assert read_table(path)["file"].tolist() == [1]
    np.savez(path, a=np.array([{}], dtype=object))
    with pytest.raises(ManifestError, match="damaged"):
        read_table(path)


@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
def test_manifests_are_read_from_both_formats(tmp_path, suffix):
    path = tmp_path / f"manifest{suffix}"
    write_table(
        path,
        {
            "path": ["a.wav", "/b.wav"],
            "speaker_id": ["x-03", "x-10"],
            "age": [31, None],
            "duration_s": [1.5, None],
            "take": ["01", ""],
        },
    )
    first, second = read_clips(path)
    assert first.path == str(tmp_path / "a.wav")
    assert second.path == "/b.wav"
    assert (first.age, first.duration_s, first.extra["take"]) == (31, 1.5, "01")
    assert (second.age, second.duration_s) == (None, None)
