"""What altering recordings costs, and how it compares with librosa.

Run ``python benchmarks/augment.py``. Both do the same to the same clip, by turns, in one process
and one thread, after a warm-up. Processor time is counted, so that other work on the machine
matters little. Times hang on the machine; the ratio is what counts.
"""

from __future__ import annotations

import functools
import statistics
import time
from collections.abc import Callable

import numpy as np
from librosa import effects

from emovox.augment import get_policy, get_transform, list_transforms, shift_pitch, stretch_time

RATE = 22050
DURATION_S = 2.5
N_ROUNDS = 41


def make_voice() -> np.ndarray:
    """Return a gliding harmonic tone in noise, as long as the reference notebook's excerpt."""
    times = np.arange(int(RATE * DURATION_S)) / RATE
    turn = 2 * np.pi * np.cumsum(160 + 60 * np.sin(5 * times)) / RATE
    voice = sum(np.sin(k * turn) / k for k in range(1, 30))
    noise = np.random.default_rng(0).standard_normal(len(times))
    return (0.1 * voice + 0.01 * noise).astype(np.float32)


def measure(*works: Callable[[], object]) -> list[float]:
    """Return the median processor time of each in ms for a second of audio; they take turns."""
    taken: list[list[float]] = [[] for _ in works]
    for _ in range(N_ROUNDS):
        for work, times in zip(works, taken, strict=True):
            start = time.process_time()
            work()
            times.append(time.process_time() - start)
    return [1000 * statistics.median(times[3:]) / DURATION_S for times in taken]


def main() -> None:
    """Print both tables."""
    voice = make_voice()
    pairs = {
        "stretch 0.8": (
            lambda: stretch_time(voice, 0.8),
            lambda: effects.time_stretch(voice, rate=0.8),
        ),
        "pitch +0.7": (
            lambda: shift_pitch(voice, RATE, 0.7),
            lambda: effects.pitch_shift(voice, sr=RATE, n_steps=0.7),
        ),
    }
    print("ms of processor time for a second of audio at 22,050 Hz, one thread, median")
    print(f"{'':20}{'emovox':>9}{'librosa':>9}{'ratio':>7}")
    for name, pair in pairs.items():
        ours, theirs = measure(*pair)
        print(f"{name:20}{ours:9.2f}{theirs:9.2f}{theirs / ours:7.1f}")

    rng = np.random.default_rng(0)
    drawn = {name: get_transform(name).draw(rng) for name in list_transforms()}
    drawn |= {f"notebook copy {i}": one for i, one in enumerate(get_policy("notebook").draw("", 0))}
    for name, alteration in drawn.items():
        (ours,) = measure(functools.partial(alteration.apply, voice, RATE))
        print(f"{name:20}{ours:9.2f}")


if __name__ == "__main__":
    main()
