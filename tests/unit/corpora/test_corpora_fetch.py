"""Fetching, against a server on this machine that is good, broken, wrong or hostile."""

from __future__ import annotations

import hashlib
import io
import os
import tarfile
import threading
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from emovox.corpora import Archive, FetchOptions, fetch_corpus, get_corpus
from emovox.corpora.download import download_archive
from emovox.corpora.extract import ExtractLimits, extract_archive
from emovox.corpora.fetch import fetch_archives
from emovox.errors import CorpusError, ParameterError

ACCEPTED = FetchOptions(accept_licence=True, n_attempts=1, timeout_s=5.0)


@dataclass
class Served:
    """What the server sends, and how."""

    content: bytes = b""
    ranges: bool = True
    stop_after: int | None = None
    status: int = 200
    wrong_range: bool = False
    asked: list[str] = field(default_factory=list)
    url: str = ""


@pytest.fixture
def served() -> Iterator[Served]:
    state = Served()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            wanted = self.headers.get("Range", "")
            state.asked.append(wanted)
            if state.status != 200:
                self.send_error(state.status)
                return
            start = int(wanted[6:-1]) if wanted and state.ranges else 0
            if start >= len(state.content) > 0:
                self.send_error(416)
                return
            body = state.content[start:]
            self.send_response(206 if start else 200)
            if start:
                first = start + 1 if state.wrong_range else start
                whole = len(state.content)
                self.send_header("Content-Range", f"bytes {first}-{whole - 1}/{whole}")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body if state.stop_after is None else body[: state.stop_after])

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        state.url = f"http://127.0.0.1:{server.server_port}/corpus.zip"
        yield state
        server.shutdown()
        thread.join()


def _zip(*entries: tuple[str | zipfile.ZipInfo, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, content in entries:
            packed.writestr(name, content)
    return buffer.getvalue()


def _tar(*entries: tarfile.TarInfo) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as packed:
        for entry in entries:
            packed.addfile(entry, io.BytesIO(b"x" * entry.size) if entry.size else None)
    return buffer.getvalue()


def _archive(served: Served, content: bytes, **changes: object) -> Archive:
    served.content = content
    digest = f"md5:{hashlib.md5(content).hexdigest()}"
    archive = Archive("corpus.zip", served.url, n_bytes=len(content), digest=digest)
    return replace(archive, **changes)  # type: ignore[arg-type]


GOOD = _zip(("Actor_01/a.wav", os.urandom(50_000)), ("Actor_02/b.wav", b"sound"))


def _download(archive: Archive, folder: Path, **options: int) -> Path:
    return download_archive(archive, folder, timeout_s=5.0, **({"n_attempts": 1} | options))


def _kept(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_good_archive_is_fetched_and_unpacked(served: Served, tmp_path: Path) -> None:
    info = replace(get_corpus("nemo").INFO, archives=(_archive(served, GOOD),))
    steps: list[tuple[int, int]] = []
    place = fetch_archives(info, tmp_path, ACCEPTED, lambda *step: steps.append(step))
    assert place == tmp_path / "nemo"
    assert (place / "Actor_02" / "b.wav").read_bytes() == b"sound"
    assert _kept(tmp_path) == ["nemo"]
    assert (len(GOOD), len(GOOD)) in steps
    assert steps[-1] == (50_005, 50_005)


def test_the_archive_may_be_kept(served: Served, tmp_path: Path) -> None:
    info = replace(get_corpus("nemo").INFO, archives=(_archive(served, GOOD),))
    fetch_archives(info, tmp_path, replace(ACCEPTED, keep_archive=True))
    assert _kept(tmp_path) == ["corpus.zip", "nemo"]


def test_nothing_is_asked_for_before_the_licence_is_accepted(
    served: Served, tmp_path: Path
) -> None:
    info = replace(get_corpus("nemo").INFO, archives=(_archive(served, GOOD),))
    with pytest.raises(CorpusError, match="licence: CC BY-NC-SA") as caught:
        fetch_archives(info, tmp_path, FetchOptions())
    assert "--accept-licence" in caught.value.hint
    assert served.asked == []


@pytest.mark.parametrize(
    ("corpus", "word"), [("savee", "register"), ("crema-d", "git lfs"), ("tess", "browser")]
)
def test_where_it_cannot_be_fetched_it_says_how(corpus: str, word: str, tmp_path: Path) -> None:
    with pytest.raises(CorpusError) as caught:
        fetch_corpus(corpus, tmp_path, ACCEPTED)
    assert word in caught.value.hint


def test_what_is_there_is_not_overwritten(served: Served, tmp_path: Path) -> None:
    info = replace(get_corpus("nemo").INFO, archives=(_archive(served, GOOD),))
    (tmp_path / "nemo").mkdir()
    with pytest.raises(CorpusError, match="already there"):
        fetch_archives(info, tmp_path, ACCEPTED)
    assert served.asked == []


def test_files_are_compared_with_the_published_ones(served: Served, tmp_path: Path) -> None:
    content = _zip(("wav/03a01Fa.wav", b"not the published one" * 100))
    info = replace(get_corpus("emodb").INFO, archives=(_archive(served, content),))
    with pytest.raises(CorpusError, match="1 files changed, 534 missing"):
        fetch_archives(info, tmp_path, ACCEPTED)


def test_a_truncated_download_is_kept_and_goes_on(served: Served, tmp_path: Path) -> None:
    archive = _archive(served, GOOD)
    served.stop_after = 20_000
    with pytest.raises(CorpusError, match="bytes are missing") as caught:
        _download(archive, tmp_path)
    assert "20,000 bytes are kept" in caught.value.hint
    assert _kept(tmp_path) == ["corpus.zip.part"]
    served.stop_after = None
    assert _download(archive, tmp_path).read_bytes() == GOOD
    assert served.asked == ["", "bytes=20000-"]
    assert _kept(tmp_path) == ["corpus.zip"]


def test_a_broken_connection_is_tried_again(
    served: Served, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("time.sleep", lambda seconds: None)
    archive = _archive(served, GOOD)
    served.stop_after = 30_000
    assert _download(archive, tmp_path, n_attempts=3).read_bytes() == GOOD
    assert served.asked == ["", "bytes=30000-"]


def test_a_server_without_ranges_sends_it_all_again(served: Served, tmp_path: Path) -> None:
    archive = _archive(served, GOOD)
    (tmp_path / "corpus.zip.part").write_bytes(b"old part")
    served.ranges = False
    assert _download(archive, tmp_path).read_bytes() == GOOD
    assert served.asked == ["bytes=8-"]


def test_a_part_of_something_else_is_found_out(served: Served, tmp_path: Path) -> None:
    archive = _archive(served, GOOD)
    (tmp_path / "corpus.zip.part").write_bytes(b"of another file")
    with pytest.raises(CorpusError, match="not what was published"):
        _download(archive, tmp_path)
    assert _kept(tmp_path) == []
    assert _download(archive, tmp_path).read_bytes() == GOOD


def test_a_part_longer_than_the_file_is_fetched_anew(served: Served, tmp_path: Path) -> None:
    (tmp_path / "corpus.zip.part").write_bytes(b"x" * (len(GOOD) + 10))
    assert _download(_archive(served, GOOD), tmp_path).read_bytes() == GOOD
    (tmp_path / "corpus.zip").unlink()
    # Without a stated size the server has to refuse the range.
    (tmp_path / "corpus.zip.part").write_bytes(b"x" * (len(GOOD) + 10))
    assert _download(_archive(served, GOOD, n_bytes=None), tmp_path).read_bytes() == GOOD
    assert served.asked[-2:] == [f"bytes={len(GOOD) + 10}-", ""]


def test_an_answer_for_another_range_is_not_appended(served: Served, tmp_path: Path) -> None:
    served.wrong_range = True
    (tmp_path / "corpus.zip.part").write_bytes(GOOD[:100])
    with pytest.raises(CorpusError):
        _download(_archive(served, GOOD), tmp_path)


def test_a_whole_part_is_not_asked_for_again(served: Served, tmp_path: Path) -> None:
    (tmp_path / "corpus.zip.part").write_bytes(GOOD)
    assert _download(_archive(served, GOOD), tmp_path).read_bytes() == GOOD
    assert _download(_archive(served, GOOD), tmp_path).read_bytes() == GOOD
    assert served.asked == []


def test_a_wrong_hash_is_refused_and_deleted(served: Served, tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match="not what was published"):
        _download(_archive(served, GOOD, digest=f"sha256:{'0' * 64}"), tmp_path)
    assert _kept(tmp_path) == []


def test_a_file_that_was_changed_later_is_fetched_again(served: Served, tmp_path: Path) -> None:
    (tmp_path / "corpus.zip").write_bytes(b"x" * len(GOOD))
    assert _download(_archive(served, GOOD), tmp_path).read_bytes() == GOOD


@pytest.mark.parametrize("n_bytes", [100, None])
def test_more_than_stated_is_refused(served: Served, tmp_path: Path, n_bytes: int | None) -> None:
    archive = _archive(served, GOOD, n_bytes=n_bytes)
    with pytest.raises(CorpusError, match="sends more than 100 bytes"):
        _download(archive, tmp_path, max_bytes=100)
    assert _kept(tmp_path) == []


def test_an_error_of_the_server_is_told(served: Served, tmp_path: Path) -> None:
    archive = _archive(served, GOOD)
    served.status = 404
    with pytest.raises(CorpusError, match="could not be fetched whole: Not Found"):
        _download(archive, tmp_path, n_attempts=3)
    assert len(served.asked) == 1


def test_a_server_that_is_not_there_is_told(served: Served, tmp_path: Path) -> None:
    archive = replace(_archive(served, GOOD), url="http://127.0.0.1:9/corpus.zip")
    with pytest.raises(CorpusError, match="could not be fetched whole"):
        _download(archive, tmp_path)


@pytest.mark.parametrize("url", ["file:///etc/passwd", "ftp://127.0.0.1/a", "corpus.zip"])
def test_only_the_web_is_fetched(url: str, tmp_path: Path) -> None:
    with pytest.raises(ParameterError, match="only http and https"):
        _download(Archive("a", url), tmp_path)


def _zip_entry(name: str, mode: int) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name)
    entry.create_system = 3
    entry.external_attr = mode << 16
    return entry


def _tar_entry(name: str, kind: bytes = tarfile.REGTYPE, target: str = "") -> tarfile.TarInfo:
    entry = tarfile.TarInfo(name)
    entry.type = kind
    entry.linkname = target
    entry.size = 3 if kind == tarfile.REGTYPE else 0
    return entry


def _duplicate_zip() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as packed:
        packed.writestr("A.wav", b"1")
        packed.writestr("a.wav", b"2")
    return buffer.getvalue()


def _lying_zip() -> bytes:
    """Return a zip whose directory says 10 bytes where a million are packed."""
    content = bytearray(_zip(("a.wav", os.urandom(1000) + b"\0" * 1_000_000)))
    size = (1_001_000).to_bytes(4, "little")
    return bytes(content).replace(size, (10).to_bytes(4, "little"))


HOSTILE: dict[str, tuple[Callable[[], bytes], str]] = {
    "zip, path up": (lambda: _zip(("../evil.wav", b"x")), "leaves the folder"),
    "zip, path up inside": (lambda: _zip(("a/../../evil.wav", b"x")), "leaves the folder"),
    "zip, absolute": (lambda: _zip(("/tmp/evil.wav", b"x")), "leaves the folder"),
    "zip, drive": (lambda: _zip(("C:/evil.wav", b"x")), "leaves the folder"),
    "zip, backslash": (lambda: _zip(("..\\evil.wav", b"x")), "leaves the folder"),
    "zip, link": (lambda: _zip((_zip_entry("a", 0o120777), b"/etc/passwd")), "is a link"),
    "zip, device": (lambda: _zip((_zip_entry("a", 0o020666), b"")), "is a device"),
    "zip, bomb": (lambda: _zip(("a.wav", b"\0" * 20_000_000)), "would unpack to 20,000,000"),
    "zip, two of a name": (_duplicate_zip, "twice"),
    "zip, a folder that is a file": (
        lambda: _zip(("a", b"x"), ("a/b.wav", b"x")),
        "broken archive",
    ),
    "zip, a lie about its size": (_lying_zip, "broken archive"),
    "tar, path up": (lambda: _tar(_tar_entry("../evil.wav")), "leaves the folder"),
    "tar, absolute": (lambda: _tar(_tar_entry("/tmp/evil.wav")), "leaves the folder"),
    "tar, symbolic link": (lambda: _tar(_tar_entry("a", tarfile.SYMTYPE, "/etc")), "is a link"),
    "tar, hard link": (lambda: _tar(_tar_entry("a", tarfile.LNKTYPE, "../b")), "is a link"),
    "tar, device": (lambda: _tar(_tar_entry("a", tarfile.CHRTYPE)), "is a device"),
    "tar, pipe": (lambda: _tar(_tar_entry("a", tarfile.FIFOTYPE)), "is a device"),
    "neither": (lambda: b"<html>", "neither a zip nor a tar"),
}


@pytest.mark.parametrize(("make", "message"), HOSTILE.values(), ids=HOSTILE.keys())
def test_a_hostile_archive_leaves_nothing_behind(
    make: Callable[[], bytes], message: str, served: Served, tmp_path: Path
) -> None:
    inner = tmp_path / "inner"
    info = replace(get_corpus("nemo").INFO, archives=(_archive(served, make()),))
    with pytest.raises(CorpusError, match=message):
        fetch_archives(info, inner, ACCEPTED)
    assert _kept(tmp_path) == ["inner"]
    assert _kept(inner) == ["corpus.zip"]


def test_a_good_tar_is_unpacked(tmp_path: Path) -> None:
    folder = tarfile.TarInfo("wav")
    folder.type = tarfile.DIRTYPE
    (tmp_path / "a.tar.gz").write_bytes(_tar(folder, _tar_entry("wav/a.wav")))
    extract_archive(tmp_path / "a.tar.gz", tmp_path / "out")
    assert (tmp_path / "out" / "wav" / "a.wav").read_bytes() == b"xxx"


def test_too_many_files_are_refused(tmp_path: Path) -> None:
    (tmp_path / "a.zip").write_bytes(_zip(*((f"{n}.wav", b"x") for n in range(3))))
    with pytest.raises(CorpusError, match="3 entries, at most 2"):
        extract_archive(tmp_path / "a.zip", tmp_path / "out", limits=ExtractLimits(max_files=2))


@pytest.mark.parametrize("position", [45, 2000])
def test_a_broken_archive_is_told(position: int, tmp_path: Path) -> None:
    content = bytearray(_zip(("a.wav", bytes(range(256)) * 20 + os.urandom(5000))))
    content[position] ^= 0xFF
    (tmp_path / "a.zip").write_bytes(content)
    with pytest.raises(CorpusError, match="broken archive"):
        extract_archive(tmp_path / "a.zip", tmp_path / "out")
    assert _kept(tmp_path) == ["a.zip"]


def test_an_existing_folder_is_not_unpacked_into(tmp_path: Path) -> None:
    (tmp_path / "a.zip").write_bytes(GOOD)
    (tmp_path / "out").mkdir()
    with pytest.raises(CorpusError, match="already there"):
        extract_archive(tmp_path / "a.zip", tmp_path / "out")
