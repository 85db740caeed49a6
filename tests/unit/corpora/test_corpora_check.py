"""Comparing with published checksums. The published bytes themselves are not at hand here."""

from __future__ import annotations

from pathlib import Path

import pytest

from emovox.corpora import check as check_module
from emovox.corpora import check_corpus, get_corpus, read_crema_d_votes
from emovox.corpora.data import Published, read_checksums, read_crema_d_actors
from emovox.emotions import EMOTIONS
from emovox.errors import CorpusError
from emovox.files import hash_file

N_PUBLISHED = {
    "ravdess": 1440,
    "ravdess-song": 44,
    "crema-d": 7442,
    "tess": 2800,
    "savee": 480,
    "emodb": 535,
    "nemo": 0,
    "ased": 0,
}


@pytest.mark.parametrize(("corpus", "n"), N_PUBLISHED.items())
def test_the_checksums_are_packed_whole(corpus: str, n: int) -> None:
    published = read_checksums(corpus)
    assert len(published) == n
    for one in published.values():
        assert len(one.sha256) == 64
        assert one.n_bytes > 10_000
        assert one.evidence


def test_the_actors_and_votes_of_crema_d_are_packed() -> None:
    actors = read_crema_d_actors()
    assert len(actors) == get_corpus("crema-d").INFO.n_speakers
    assert (actors["1001"].sex, actors["1001"].age) == ("male", 51)
    votes = read_crema_d_votes()
    assert len(votes) == 7442
    assert votes["1001_IEO_HAP_LO"]["neutral"] == 6
    assert all(set(vote) <= set(EMOTIONS) for vote in votes.values())


def test_files_are_sorted_by_what_became_of_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = {
        "ALL/DC_a01.wav": b"as published",
        "AudioData/DC/a02.wav": b"as published, too",
        "ALL/DC_a03.wav": b"changed",
        "ALL/DC_a04.opus": b"re-encoded",
        "ALL/DC_a05.wav": b"version https://git-lfs.github.com/spec/v1\n",
        "ALL/other.wav": b"?",
    }
    for name, content in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(content)
    (tmp_path / "ALL/DC_a07.wav").symlink_to("nowhere")
    sums = {f"DC_a{n:02d}": Published(f"DC_a{n:02d}.wav", "0" * 64, 1, "") for n in range(1, 8)}
    for key, name in (("DC_a01", "ALL/DC_a01.wav"), ("DC_a02", "AudioData/DC/a02.wav")):
        sums[key] = Published(f"{key}.wav", hash_file(tmp_path / name), 1, "")
    monkeypatch.setattr(
        check_module, "read_checksums", lambda corpus: sums if corpus == "savee" else {}
    )
    steps: list[tuple[int, int]] = []
    report = check_corpus(tmp_path, progress=lambda done, total: steps.append((done, total)))
    assert report.corpora == ("savee",)
    assert report.ok == ("ALL/DC_a01.wav", "AudioData/DC/a02.wav")
    assert report.changed == ("ALL/DC_a03.wav",)
    assert report.re_encoded == ("ALL/DC_a04.opus",)
    assert report.pointers == ("ALL/DC_a05.wav",)
    assert report.unreadable == ("ALL/DC_a07.wav",)
    assert report.unknown == ("ALL/other.wav",)
    assert report.missing == ("DC_a06.wav",)
    assert not report.is_whole
    assert steps[-1] == (6, 6)


def test_a_corpus_without_checksums_is_told(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match="no published checksums of 'nemo'"):
        check_corpus(tmp_path, corpus="nemo")


def test_a_folder_without_published_names_is_told(tmp_path: Path) -> None:
    (tmp_path / "a.wav").write_bytes(b"x")
    with pytest.raises(CorpusError, match="no file with a published name") as caught:
        check_corpus(tmp_path)
    assert "crema-d" in caught.value.hint
    assert "nemo" not in caught.value.hint
