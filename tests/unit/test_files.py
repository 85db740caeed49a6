import hashlib
from pathlib import Path

import pytest

from emovox.errors import ParameterError
from emovox.files import hash_file, replacing, write_text


def test_file_appears_whole(tmp_path: Path) -> None:
    target = tmp_path / "new" / "a.json"
    with replacing(target) as temporary:
        temporary.write_text("{}")
        assert not target.exists()
        assert temporary.parent == target.parent
        assert temporary.suffix == ".json"
    assert target.read_text() == "{}"
    assert list(target.parent.iterdir()) == [target]


def fail_while_writing(target: Path) -> None:
    with replacing(target) as temporary:
        temporary.write_text("half")
        raise RuntimeError("stopped in the middle")


def test_failure_keeps_the_old_file(tmp_path: Path) -> None:
    target = tmp_path / "a.txt"
    target.write_text("old")
    with pytest.raises(RuntimeError, match="in the middle"):
        fail_while_writing(target)
    assert target.read_text() == "old"
    assert list(tmp_path.iterdir()) == [target]


def test_hash_is_sha256_of_the_bytes(tmp_path: Path) -> None:
    write_text(tmp_path / "a", "ä")
    assert hash_file(tmp_path / "a") == hashlib.sha256("ä".encode()).hexdigest()


def test_where_nothing_can_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ParameterError, match=r"cannot write .*a\.txt: .*file is no folder"):
        write_text(tmp_path / "file" / "a.txt", "x")
    (tmp_path / "folder").mkdir()
    with pytest.raises(ParameterError, match=r"cannot write .*folder: "):
        write_text(tmp_path / "folder", "x")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["file", "folder"]


def test_what_is_missing_elsewhere_is_another_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError), replacing(tmp_path / "a.txt") as temporary:
        temporary.write_text((tmp_path / "gone").read_text())
