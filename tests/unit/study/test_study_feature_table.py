import numpy as np
import pytest

from emovox.audio import write_audio
from emovox.errors import ManifestError
from emovox.features import ExtractionOptions, get_feature_set
from emovox.study import feature_table
from emovox.study.feature_table import write_feature_table
from emovox.study.tables import read_table
from emovox.types import Clip

SET = get_feature_set("notebook-16k")


@pytest.fixture
def clips(tmp_path):
    rng = np.random.default_rng(0)
    for name in "abcde":
        samples = rng.normal(size=4000).astype(np.float32) * 0.1
        write_audio(tmp_path / f"{name}.wav", samples, 16000)
    (tmp_path / "c.wav").write_text("text", encoding="utf-8")
    return [
        Clip(str(tmp_path / f"{name}.wav"), corpus="own", speaker_id=f"own-{name}", emotion="sad")
        for name in "abcde"
    ]


def test_one_row_a_clip_in_order_with_named_columns(clips, tmp_path, monkeypatch):
    monkeypatch.setattr(feature_table, "_ROWS_AT_ONCE", 2)  # so that there are three batches
    seen = []
    out = tmp_path / "f.parquet"
    errors = write_feature_table(
        out, clips, SET, ExtractionOptions(), lambda *pair: seen.append(pair)
    )
    table = read_table(out)
    assert list(table) == ["path", "corpus", "speaker_id", "emotion", "error", *SET.names]
    assert table["path"].tolist() == [clip.path for clip in clips]
    assert table["speaker_id"].tolist() == [clip.speaker_id for clip in clips]
    assert list(errors) == [2]
    assert [bool(error) for error in table["error"]] == [False, False, True, False, False]
    assert np.isnan(table["mel_000"]).tolist() == [False, False, True, False, False]
    assert table["rms"].dtype == np.float32
    assert seen[-1] == (5, 5)


def test_a_manifest_without_clips_is_refused(tmp_path):
    with pytest.raises(ManifestError, match="no clips"):
        write_feature_table(tmp_path / "f.csv", [], SET, ExtractionOptions())
