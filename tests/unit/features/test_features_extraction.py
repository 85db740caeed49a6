import json
import signal
import subprocess
import sys
import tracemalloc
from dataclasses import dataclass

import numpy as np
import pytest

from emovox.audio import read_audio, write_audio
from emovox.errors import AudioError, NotAudioError, ParameterError
from emovox.features import (
    ExtractionOptions,
    FeatureJob,
    FeatureStore,
    extract_features,
    get_feature_set,
    iter_features,
    read_part,
)
from emovox.files import hash_file

SET = get_feature_set("notebook-16k")


@dataclass(frozen=True)
class Louder:
    factor: float

    @property
    def key(self):
        return json.dumps({"louder": self.factor})

    def apply(self, samples, sampling_rate):
        return samples * np.float32(self.factor)

    def describe(self):
        return {"factor": self.factor}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    place = tmp_path_factory.mktemp("clips")
    rng = np.random.default_rng(0)
    for number in range(12):
        samples = rng.normal(size=8000 + 100 * number).astype(np.float32) * 0.05
        write_audio(place / f"{number:02d}.wav", samples, 16000)
    return place


def make_jobs(folder, *, hashed=True):
    # Half a minute each, it is said, so that a task holds two of them.
    return [
        FeatureJob(str(path), hash_file(path) if hashed else "", duration_s=30.0)
        for path in sorted(folder.glob("*.wav"))
    ]


def test_values_are_aligned_with_the_jobs(folder):
    jobs = make_jobs(folder)
    seen = []
    result = extract_features(jobs, SET, progress=lambda *pair: seen.append(pair))
    assert result.errors == {}
    for job, row in zip(jobs, result.values, strict=True):
        np.testing.assert_array_equal(row, SET.compute(read_audio(job.path).samples, 16000))
    assert seen == [(n, 12) for n in range(1, 13)]


def test_processes_give_the_same_values(folder):
    jobs = make_jobs(folder)
    alone = extract_features(jobs, SET)
    shared = extract_features(jobs, SET, ExtractionOptions(n_jobs=2))
    np.testing.assert_array_equal(shared.values, alone.values)


@pytest.mark.parametrize("n_jobs", [1, 2])
def test_a_bad_file_is_reported_and_does_not_stop_the_rest(folder, tmp_path, n_jobs):
    text = tmp_path / "text.wav"
    text.write_text("this is not audio", encoding="utf-8")
    jobs = make_jobs(folder)
    jobs[3:3] = [FeatureJob(str(text)), FeatureJob(str(tmp_path / "missing.wav"))]
    store = FeatureStore(tmp_path / "store")
    result = extract_features(jobs, SET, ExtractionOptions(store, n_jobs))
    assert sorted(result.errors) == [3, 4]
    assert isinstance(result.errors[3], NotAudioError)
    assert isinstance(result.errors[4], AudioError)
    assert np.isnan(result.values[[3, 4]]).all()
    assert np.isfinite(np.delete(result.values, [3, 4], axis=0)).all()


def test_frames_are_a_list(folder, tmp_path):
    feature_set = get_feature_set("frames")
    jobs = [*make_jobs(folder)[:2], FeatureJob(str(tmp_path / "missing.wav"))]
    result = extract_features(jobs, feature_set, ExtractionOptions(kind="frames"))
    assert [frames.shape for frames in result.values] == [(32, 74), (32, 74), (0, 74)]
    assert list(result.errors) == [2]


def test_alterations_are_applied_to_the_part_looked_at(folder):
    path = str(folder / "00.wav")
    result = extract_features([FeatureJob(path), FeatureJob(path, alteration=Louder(2.0))], SET)
    rms = result.values[:, SET.names.index("rms")]
    np.testing.assert_allclose(rms[1], 2 * rms[0], rtol=1e-6)  # single precision


class TestStore:
    def test_what_is_stored_is_not_read_again(self, folder, tmp_path):
        store = FeatureStore(tmp_path / "store")
        jobs = make_jobs(folder)
        first = extract_features(jobs, SET, ExtractionOptions(store))
        moved = [FeatureJob(str(tmp_path / "gone.wav"), job.sha256) for job in jobs]
        for n_jobs in (1, 2):
            again = extract_features(moved, SET, ExtractionOptions(store, n_jobs))
            assert again.errors == {}
            np.testing.assert_array_equal(again.values, first.values)

    def test_set_kind_and_alteration_have_entries_of_their_own(self, folder, tmp_path):
        store = FeatureStore(tmp_path / "store")
        path = str(folder / "00.wav")
        for options in (ExtractionOptions(store), ExtractionOptions(store, kind="frames")):
            for alteration in (None, Louder(2.0), Louder(3.0)):
                extract_features([FeatureJob(path, alteration=alteration)], SET, options)
        extract_features([FeatureJob(path)], get_feature_set("frames"), ExtractionOptions(store))
        assert len(list(store.folder.rglob("*.npy"))) == 7

    def test_a_recording_counts_by_what_lies_there_not_by_its_manifest(self, folder, tmp_path):
        store = FeatureStore(tmp_path / "store")
        first, second = make_jobs(folder)[:2]
        stale = [FeatureJob(second.path, first.sha256), first]
        for n_jobs in (1, 2):
            found = extract_features(stale, SET, ExtractionOptions(store, n_jobs)).values
            expected = extract_features([second, first], SET).values
            np.testing.assert_array_equal(found, expected)

    def test_recordings_without_a_hash_are_hashed(self, folder, tmp_path):
        store = FeatureStore(tmp_path / "store")
        extract_features(make_jobs(folder, hashed=False), SET, ExtractionOptions(store))
        moved = [FeatureJob("gone.wav", job.sha256) for job in make_jobs(folder)]
        assert extract_features(moved, SET, ExtractionOptions(store)).errors == {}


_KILLED = """
import os, signal, sys
from pathlib import Path
from emovox.features import *
from emovox.files import hash_file

def stop(done, total):
    if done == 4:
        os.kill(os.getpid(), signal.SIGKILL)

if __name__ == "__main__":
    folder, store, n_jobs = sys.argv[1:]
    paths = sorted(Path(folder).glob("*.wav"))
    jobs = [FeatureJob(str(path), hash_file(path), duration_s=30.0) for path in paths]
    options = ExtractionOptions(FeatureStore(store), int(n_jobs))
    extract_features(jobs, get_feature_set("notebook-16k"), options, progress=stop)
"""


@pytest.mark.parametrize("n_jobs", [1, 2])
def test_a_killed_run_goes_on_where_it_was(folder, tmp_path, n_jobs):
    script = tmp_path / "killed.py"
    script.write_text(_KILLED, encoding="utf-8")
    store = FeatureStore(tmp_path / "store")
    command = [sys.executable, str(script), str(folder), str(store.folder), str(n_jobs)]
    killed = subprocess.run(command, check=False, timeout=60)
    assert killed.returncode == -signal.SIGKILL
    before = {path: path.stat().st_mtime_ns for path in store.folder.rglob("[!.]*.npy")}
    assert len(before) >= 4
    jobs = make_jobs(folder)
    result = extract_features(jobs, SET, ExtractionOptions(store, n_jobs))
    np.testing.assert_array_equal(result.values, extract_features(jobs, SET).values)
    after = {path: path.stat().st_mtime_ns for path in store.folder.rglob("[!.]*.npy")}
    assert len(after) == 12
    assert before.items() <= after.items()  # nothing was computed a second time


_DEADLY = """
import os, signal, sys
from emovox.errors import WorkerError
from emovox.features import *

class Deadly:
    key = "as the kernel does when memory runs out"

    def apply(self, samples, sampling_rate):
        os.kill(os.getpid(), signal.SIGKILL)

if __name__ == "__main__":
    jobs = [FeatureJob(sys.argv[1], alteration=Deadly())]
    try:
        extract_features(jobs, get_feature_set("notebook-16k"), ExtractionOptions(n_jobs=2))
    except WorkerError as error:
        print(error)
"""


def test_a_dead_worker_is_an_error_that_says_what_to_do(folder, tmp_path):
    script = tmp_path / "deadly.py"
    script.write_text(_DEADLY, encoding="utf-8")
    command = [sys.executable, str(script), str(folder / "00.wav")]
    ended = subprocess.run(command, check=True, timeout=60, capture_output=True, text=True)
    assert "a worker process died" in ended.stdout
    assert "Run the same command again" in ended.stdout
    assert not ended.stderr  # no traceback, as a pickling error would leave


def test_outcomes_come_one_after_the_other(folder, tmp_path):
    copies = []
    for name in ("a", "b", "c", "d"):
        copies.append(tmp_path / f"{name}.wav")
        copies[-1].write_bytes((folder / "00.wav").read_bytes())
    outcomes = iter_features([FeatureJob(str(path), duration_s=60.0) for path in copies], SET)
    assert isinstance(next(outcomes), np.ndarray)
    copies[3].unlink()  # not yet read
    assert [type(outcome) for outcome in outcomes][:2] == [np.ndarray, np.ndarray]


def test_memory_does_not_grow_with_the_number_of_recordings(folder):
    def measure(repetitions):
        tracemalloc.start()
        try:
            jobs = make_jobs(folder, hashed=False) * repetitions
            tracemalloc.reset_peak()
            first = tracemalloc.get_traced_memory()[0]
            for _ in iter_features(jobs, SET):
                pass
            return tracemalloc.get_traced_memory()[1] - first
        finally:
            tracemalloc.stop()

    measure(1)  # filter banks are made and kept
    # 40 times as many recordings hold 30 MB of samples; the peak of one is below 2 MB.
    assert measure(40) < measure(1) + 500_000


class TestShortRecordings:
    @pytest.mark.parametrize("seconds", [0.1, 0.59, 0.65])
    def test_shorter_than_the_offset_they_are_used_whole(self, tmp_path, seconds):
        path = tmp_path / "short.wav"
        samples = np.full(round(22050 * seconds), 0.25, np.float32)
        write_audio(path, samples, 22050)
        np.testing.assert_array_equal(read_part(str(path), get_feature_set("notebook")), samples)

    def test_longer_ones_are_cut_as_the_notebook_does(self, tmp_path):
        path = tmp_path / "long.wav"
        write_audio(path, np.linspace(-0.5, 0.5, 5 * 22050, dtype=np.float32), 22050)
        whole = read_audio(path, sampling_rate=22050).samples
        part = read_part(str(path), get_feature_set("notebook"))
        np.testing.assert_array_equal(part, whole[13230 : 13230 + 55125])


@pytest.mark.parametrize(("name", "value"), [("n_jobs", 0), ("kind", "mean")])
def test_bad_options_are_named(name, value):
    with pytest.raises(ParameterError, match=f"{name} is {value!r}"):
        ExtractionOptions(**{name: value})
