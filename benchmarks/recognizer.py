"""What recognizing costs: from cold, for a second of audio, in memory over many files.

Run with ``python benchmarks/recognizer.py [--files N]``. Ratios are of two things measured in
turns: the whole process ``emovox predict clip.wav`` against starting Python and importing the four
libraries that any such program needs; the network against the length of what it hears. Memory is
that of a process which does nothing else; fewer files than 10,000 are said to be fewer.
"""

from __future__ import annotations

import os

# Before NumPy is loaded.
os.environ.update(OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1", MKL_NUM_THREADS="1")

import argparse
import itertools
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from emovox import Recognizer
from emovox.audio import write_audio
from emovox.models import get_model, list_models, load_artefact
from emovox.testing import make_recording

# Processes from cold have the environment that a user has, whose modules are compiled before.
_OURS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "PYTHONDONTWRITEBYTECODE")
USUAL = {name: value for name, value in os.environ.items() if name not in _OURS}
ROUNDS = 11
SECONDS = (1, 3, 10)
AIMS = {"emovox-nano": 500}
"""Seconds of audio in a second of computing, where it is not 150."""

MANY = 10_000
FIRST = 200
"""Files after which memory should not grow any more."""

BARE = "import numpy, soundfile, soxr, onnxruntime"
PREDICT = "from emovox.cli import main; main(['predict', {!r}])"
SIZES_S = (1.0, 2.0, 3.0, 5.0, 10.0, 2.5, 0.7, 4.0)
"""Lengths of the files of the memory test: buffers must fit whatever comes."""


def time_process(code: str) -> tuple[float, float]:
    """Return seconds from start to end of a Python process, and its processor time."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    start = time.perf_counter()
    command = [sys.executable, "-c", code]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, env=USUAL)
    spent = time.perf_counter() - start
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return spent, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def compare_cold(clip: Path, n_rounds: int) -> None:
    """Print how long a prediction takes from cold, against the bare imports."""
    predict = PREDICT.format(str(clip))
    time_process(predict), time_process(BARE)  # files are in memory from now on
    pairs = [(time_process(predict), time_process(BARE)) for _ in range(n_rounds)]
    # Processor time too: on a busy machine the other says little.
    for kind, what in enumerate(("from start to end", "processor time")):
        ours, theirs = (
            statistics.median(times[kind] for times in side) for side in zip(*pairs, strict=True)
        )
        ratio = statistics.median(a[kind] / b[kind] for a, b in pairs)
        print(
            f"cold, {what}: predict {ours:.3f} s, bare imports {theirs:.3f} s, "
            f"ratio {ratio:.2f} (aim 2.0)"
        )


def time_network(model: str, n_rounds: int) -> None:
    """Print the time of a model's network for a second of audio, on one core."""
    artefact = load_artefact(get_model(model))
    for seconds in SECONDS:
        samples = make_sound(seconds)
        artefact.run([samples])
        times = []
        for _ in range(n_rounds):
            start = time.process_time()  # of one thread: as on an idle machine
            artefact.run([samples])
            times.append(time.process_time() - start)
        spent = statistics.median(times)
        print(
            f"{model}: {seconds} s of audio in {1000 * spent:.1f} ms, 1/{seconds / spent:.0f} of "
            f"its length (aim 1/{AIMS.get(model, 150)})"
        )


def make_sound(seconds: float) -> np.ndarray:
    """Return a synthetic voice that goes on for so long."""
    spoken = make_recording("happy").samples
    return np.resize(spoken, round(seconds * 16_000))


def watch_memory(n_files: int) -> None:
    """Print the highest memory after the first files and after all. For a process of its own."""
    with tempfile.TemporaryDirectory() as folder:
        clips = [Path(folder) / f"{seconds}.wav" for seconds in SIZES_S]
        for clip, seconds in zip(clips, SIZES_S, strict=True):
            write_audio(clip, make_sound(seconds), 16_000)
        peaks = []
        files = itertools.islice(itertools.cycle(clips), n_files)
        start = time.perf_counter()
        for number, _ in enumerate(Recognizer().recognize_many(files), start=1):
            if number in (FIRST, n_files):
                peaks.append(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
        spent = time.perf_counter() - start
    first, last = peaks[0], peaks[-1]
    print(
        f"memory: {first:.0f} MiB after {min(FIRST, n_files)} files, {last:.0f} after {n_files} "
        f"(aim 400), {1000 * spent / n_files:.0f} ms a file"
    )
    if FIRST < n_files < MANY:
        grown = (last - first) / (n_files - FIRST) * (MANY - n_files)
        print(
            f"memory: {last + grown:.0f} MiB after {MANY}, should it grow as it did (not measured)"
        )


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=ROUNDS, help="of the timings")
    parser.add_argument("--files", type=int, default=MANY, help="of the memory test")
    parser.add_argument("--memory", action="store_true", help="do the memory test alone, in here")
    arguments = parser.parse_args()
    if arguments.memory:
        watch_memory(arguments.files)
        return
    recording = make_recording("happy")
    with tempfile.TemporaryDirectory() as folder:
        clip = Path(folder) / "clip.wav"
        write_audio(clip, recording.samples, recording.sampling_rate)
        compare_cold(clip, arguments.rounds)
    for model in list_models():
        time_network(model, arguments.rounds)
    command = [sys.executable, __file__, "--memory", "--files", str(arguments.files)]
    subprocess.run(command, check=True)


if __name__ == "__main__":
    main()
