import numpy as np
import pytest

from emovox.features import FeatureStore, make_store_key

KEY = make_store_key("a" * 64, "", "features")


def test_what_is_put_is_got(tmp_path):
    store = FeatureStore(tmp_path / "new")
    assert store.get(KEY) is None
    store.put(KEY, np.arange(6, dtype=np.float32).reshape(2, 3))
    np.testing.assert_array_equal(FeatureStore(tmp_path / "new").get(KEY), [[0, 1, 2], [3, 4, 5]])
    assert [path.name for path in (tmp_path / "new").rglob("*.npy")] == [f"{KEY}.npy"]


def test_each_part_of_the_key_counts():
    keys = {
        make_store_key(*parts)
        for parts in (("a", "", "f"), ("b", "", "f"), ("a", "x", "f"), ("a", "", "g"))
    }
    assert len(keys) == 4


@pytest.mark.parametrize("content", [b"", b"\x93NUMPY", b"not an array"])
def test_a_damaged_entry_counts_as_absent(tmp_path, content):
    store = FeatureStore(tmp_path)
    store.put(KEY, np.zeros(3, np.float32))
    next(tmp_path.rglob("*.npy")).write_bytes(content)
    assert store.get(KEY) is None


def test_a_cut_off_entry_counts_as_absent(tmp_path):
    store = FeatureStore(tmp_path)
    store.put(KEY, np.zeros(300, np.float32))
    entry = next(tmp_path.rglob("*.npy"))
    entry.write_bytes(entry.read_bytes()[:-4])
    assert store.get(KEY) is None


def test_no_pickle_is_read(tmp_path):
    store = FeatureStore(tmp_path)
    store.put(KEY, np.zeros(3, np.float32))
    np.save(next(tmp_path.rglob("*.npy")), np.array([{"a": 1}], dtype=object), allow_pickle=True)
    assert store.get(KEY) is None
