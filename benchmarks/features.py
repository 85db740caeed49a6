"""How much faster the 162 notebook features are than the notebook's own librosa code.

Run with ``python benchmarks/features.py``: on the real recordings where the folder with them is
found (EMOVOX_SHARED, or ../shared beside the checkout), else on synthetic signals. Both sides get
the same samples, already decoded, take turns on each clip, use one thread, and are warm.
"""

from __future__ import annotations

import os

# Before NumPy is loaded.
os.environ.update(OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1", MKL_NUM_THREADS="1")

import argparse
import platform
import random
import time
import warnings
from collections.abc import Callable, Mapping
from importlib.metadata import version
from pathlib import Path

import librosa
import numpy as np

from emovox.features import get_feature_set, read_part
from emovox.types import FloatArray

SET = get_feature_set("notebook")
RATE = SET.config.sampling_rate
SUFFIXES = {".opus", ".wav"}
CORPORA = ("ravdess", "crema-d", "tess", "savee")


def compute_as_the_notebook(data: FloatArray) -> FloatArray:
    """Do what the notebook's ``extract_features`` does, word for word."""
    result = np.array([])
    zcr = np.mean(librosa.feature.zero_crossing_rate(y=data).T, axis=0)
    result = np.hstack((result, zcr))
    stft = np.abs(librosa.stft(data))
    chroma_stft = np.mean(librosa.feature.chroma_stft(S=stft, sr=RATE).T, axis=0)
    result = np.hstack((result, chroma_stft))
    mfcc = np.mean(librosa.feature.mfcc(y=data, sr=RATE).T, axis=0)
    result = np.hstack((result, mfcc))
    rms = np.mean(librosa.feature.rms(y=data).T, axis=0)
    result = np.hstack((result, rms))
    mel = np.mean(librosa.feature.melspectrogram(y=data, sr=RATE).T, axis=0)
    return np.hstack((result, mel))


def compute_with_fixed_tuning(data: FloatArray) -> FloatArray:
    """Do the same without the search for a tuning, and with one transform for all."""
    magnitudes = np.abs(librosa.stft(data))
    mel = librosa.feature.melspectrogram(S=magnitudes**2, sr=RATE)
    parts = (
        librosa.feature.zero_crossing_rate(y=data),
        librosa.feature.chroma_stft(S=magnitudes, sr=RATE, tuning=0.0),
        librosa.feature.mfcc(S=librosa.power_to_db(mel)),
        librosa.feature.rms(y=data),
        mel,
    )
    return np.concatenate([part.mean(axis=1) for part in parts])


def compute_ours(data: FloatArray) -> FloatArray:
    """Compute the feature set ``notebook``."""
    return SET.compute(data, RATE)


def load_clips(folder: Path, n_clips: int, seed: int) -> tuple[str, list[FloatArray]]:
    """Return real clips, the same share of each corpus, or synthetic ones of 2.5 s."""
    chooser = random.Random(seed)
    chosen: list[Path] = []
    for corpus in CORPORA:
        paths = [p for p in sorted((folder / corpus).rglob("*")) if p.suffix in SUFFIXES]
        chosen += chooser.sample(paths, min(len(paths), n_clips // len(CORPORA)))
    if chosen:
        return "real clips of four corpora", [read_part(str(path), SET) for path in chosen]
    rng = np.random.default_rng(seed)
    noise = rng.normal(size=(n_clips, round(2.5 * RATE))).astype(np.float32) * np.float32(0.1)
    return "synthetic signals of 2.5 s (no recordings found)", list(noise)


def measure(
    functions: Mapping[str, Callable[[FloatArray], FloatArray]],
    clips: list[FloatArray],
    rounds: int,
) -> dict[str, FloatArray]:
    """Return seconds by function and clip: the best of the rounds, in which they take turns."""
    seconds = {name: np.full(len(clips), np.inf) for name in functions}
    for _ in range(rounds):
        for index, clip in enumerate(clips):
            for name, function in functions.items():
                start = time.perf_counter()
                function(clip)
                elapsed = time.perf_counter() - start
                seconds[name][index] = min(seconds[name][index], elapsed)
    return seconds


def main() -> None:
    """Measure, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    shared = Path(__file__).resolve().parents[2] / "shared"
    folder = Path(os.environ.get("EMOVOX_SHARED", shared)) / "corpora"
    parser.add_argument("--corpora", type=Path, default=folder)
    parser.add_argument("--clips", type=int, default=100)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    # Clips without a pitch: librosa warns of an empty set.
    warnings.simplefilter("ignore")
    kind, clips = load_clips(options.corpora, options.clips, options.seed)
    functions = {
        "notebook's librosa code": compute_as_the_notebook,
        "librosa, one transform, tuning fixed": compute_with_fixed_tuning,
        "emovox": compute_ours,
    }
    measure(functions, clips[:5], 1)  # numba compiles, filter banks are made
    seconds = measure(functions, clips, options.rounds)
    length_s = np.median([len(clip) for clip in clips]) / RATE
    print(f"{len(clips)} {kind}, median length {length_s:.2f} s, best of {options.rounds} rounds")
    print(
        f"{platform.machine()}, Python {platform.python_version()}, NumPy {np.__version__}, ",
        end="",
    )
    print(f"librosa {version('librosa')}, one thread, warm\n")
    print("| | ms a clip: median (10 to 90 % of clips) | emovox is faster: median (10 to 90 %) |")
    print("|---|---|---|")
    for name, values in seconds.items():
        low, middle, high = np.percentile(values * 1e3, (10, 50, 90))
        times = f"{middle:.2f} ({low:.2f} to {high:.2f})"
        low, middle, high = np.percentile(values / seconds["emovox"], (10, 50, 90))
        print(f"| {name} | {times} | {middle:.1f} times ({low:.1f} to {high:.1f}) |")


if __name__ == "__main__":
    main()
