"""What recognizing costs: from cold, for a second of audio, in memory over many files.

Run with ``python benchmarks/recognizer.py``. Ratios are of two things measured in turns: the whole
process ``emovox predict clip.wav`` against starting Python and importing the four libraries that
any such program needs; the network against the length of what it hears.
"""

from __future__ import annotations

import os

# Before NumPy is loaded.
os.environ.update(OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1", MKL_NUM_THREADS="1")

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
from emovox.models import get_model, load_artefact
from emovox.testing import make_recording

ROUNDS = 7
SECONDS = (1, 3, 10)
N_FILES = 10_000
BARE = "import numpy, soundfile, soxr, onnxruntime"


def time_process(arguments: list[str]) -> float:
    """Return the seconds a process takes from start to end."""
    start = time.perf_counter()
    subprocess.run(arguments, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - start


def compare_cold(clip: Path) -> None:
    """Print how long a prediction takes from cold, against the bare imports."""
    predict = [str(Path(sys.executable).with_name("emovox")), "predict", str(clip)]
    bare = [sys.executable, "-c", BARE]
    pairs = [(time_process(predict), time_process(bare)) for _ in range(ROUNDS)]
    ours, theirs = (statistics.median(side) for side in zip(*pairs, strict=True))
    ratio = statistics.median(a / b for a, b in pairs)
    print(f"cold: predict {ours:.3f} s, bare imports {theirs:.3f} s, ratio {ratio:.2f}")


def time_network() -> None:
    """Print the time of the network for a second of audio, on one core."""
    artefact = load_artefact(get_model())
    rng = np.random.default_rng(0)
    for seconds in SECONDS:
        samples = rng.normal(0, 0.1, seconds * 16_000).astype(np.float32)
        artefact.run([samples])
        times = []
        for _ in range(ROUNDS):
            start = time.perf_counter()
            artefact.run([samples])
            times.append(time.perf_counter() - start)
        spent = statistics.median(times)
        print(f"network: {seconds} s of audio in {1000 * spent:.1f} ms, 1/{seconds / spent:.0f}")


def watch_memory(clip: Path) -> None:
    """Print the highest memory after the first hundred files and after all."""
    peaks = []
    for number, _ in enumerate(Recognizer().recognize_many([clip] * N_FILES), start=1):
        if number in (100, N_FILES):
            peaks.append(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
    print(f"memory: {peaks[0]:.0f} MiB after 100 files, {peaks[1]:.0f} after {N_FILES}")


def main() -> None:
    """Measure and print."""
    recording = make_recording("happy")
    with tempfile.TemporaryDirectory() as folder:
        clip = Path(folder) / "clip.wav"
        write_audio(clip, recording.samples, recording.sampling_rate)
        compare_cold(clip)
        time_network()
        watch_memory(clip)


if __name__ == "__main__":
    main()
