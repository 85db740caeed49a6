"""Measure which emotion a recording betrays to somebody who hears no voice.

    python scripts/silence_baseline.py MANIFEST --out docs/results/recognizer/silence

Logistic regression on what the recognizer's front-end takes away: the silence before and after
the speech (mean and deviation of its log-mels), and how long it lasts and how loud all is. Every
speaker is tested once, by a regression that met none of that voice, among the emotions of the
corpus. Beside it, how well the same tells the corpus. Writes figures and predictions by clip.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from emovox.audio import read_audio
from emovox.corpora import read_manifest
from emovox.emotions import EMOTIONS, encode_emotions
from emovox.errors import AudioError
from emovox.features.parallel import map_parallel
from emovox.files import write_text
from emovox.metrics import compute_accuracy, estimate_interval
from emovox.protocols import TEST, TRAIN, Fold, get_protocol
from emovox.study.tables import write_table
from emovox.study.words import format_table
from emovox.training.logmel import MelPower
from emovox.training.speech.frontend import find_speech
from emovox.types import Clip, IntArray

Float64Array = NDArray[np.float64]

CORPORA = ("ravdess", "crema-d", "tess", "savee", "emodb", "nemo")
SAMPLING_RATE, N_MELS = 16_000, 80
PART = 100
MARGIN = 10
"""Frames beside the speech that are not looked at: the voice dies away in them."""

N_TIMES = 4
"""Last of the features: level, and seconds before, of and after the speech."""

WAYS = {
    "silence": slice(None, -N_TIMES),
    "level and times": slice(-N_TIMES, None),
    "both": slice(None),
}


def describe(paths: Sequence[str]) -> Float64Array:
    """Return the features of recordings, a row of NaN where one cannot be read."""
    mel_power = MelPower(N_MELS)
    with torch.inference_mode():
        return np.stack([_describe_one(path, mel_power) for path in paths])


def _describe_one(path: str, mel_power: MelPower) -> Float64Array:
    try:
        waveform = read_audio(path, sampling_rate=SAMPLING_RATE).samples
    except AudioError:
        return np.full(2 * N_MELS + N_TIMES, np.nan)
    power, n_frames = mel_power(torch.from_numpy(waveform)[None], torch.tensor([len(waveform)]))
    power = power[:, : int(n_frames)].clamp_min(1e-10)
    energy = power.mean(dim=2)
    start, n_spoken = find_speech(energy.log10(), torch.arange(energy.shape[1]), n_frames, MARGIN)
    begin, end = int(start), int(start + n_spoken)
    silence = torch.cat([power[0, :begin], power[0, end:]]).log10().numpy().astype(np.float64)
    nothing = np.full(N_MELS, np.nan)
    mean, deviation = (silence.mean(0), silence.std(0)) if len(silence) else (nothing, nothing)
    level = float(energy[0, begin:end].mean().log10())
    times = np.array([begin, end - begin, energy.shape[1] - end]) * 0.01
    return np.concatenate([mean, deviation, [level], times])


def guess(features: Float64Array, labels: IntArray, folds: Sequence[Fold]) -> IntArray:
    """Return what a regression says of each clip that met none of its voice; -1 of untested."""
    said = np.full(len(labels), -1)
    for fold in folds:
        train, _ = fold.rows(TRAIN)
        test, _ = fold.rows(TEST)
        model = make_pipeline(
            SimpleImputer(keep_empty_features=True),
            StandardScaler(),
            LogisticRegression(C=0.1, max_iter=2000),
        )
        model.fit(features[train], labels[train])
        said[test] = model.predict(features[test])
    return said


def format_percent(truth: ArrayLike, said: ArrayLike, speakers: Sequence[str]) -> str:
    """Return the UAR in percent with its interval by speaker."""
    uar = estimate_interval(truth, said, speakers)
    return f"{100 * uar.value:.1f} [{100 * uar.low:.1f}, {100 * uar.high:.1f}]"


def judge_corpus(
    clips: Sequence[Clip], features: Float64Array
) -> tuple[list[str], dict[str, IntArray]]:
    """Return a row of figures of one corpus, and what was said of each of its clips."""
    labels = encode_emotions([clip.emotion for clip in clips])
    speakers = [clip.speaker_id for clip in clips]
    n_folds = min(5, len(set(speakers)))
    folds = list(get_protocol("speaker", n_folds=n_folds).folds(clips, seed=0, n_variants=0))
    said = {way: guess(features[:, columns], labels, folds) for way, columns in WAYS.items()}
    chance = 100 / len(np.unique(labels))
    figures = [format_percent(labels, values, speakers) for values in said.values()]
    row = [clips[0].corpus, f"{len(clips):,}", f"{len(set(speakers))}", f"{chance:.1f}", *figures]
    return row, said


def main() -> None:
    """Hear the silence, guess, and write what came of it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("manifest", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--jobs", type=int, default=2)
    arguments = parser.parse_args()
    clips = [c for c in read_manifest(arguments.manifest) if c.emotion and c.corpus in CORPORA]
    parts = [[c.path for c in clips[i : i + PART]] for i in range(0, len(clips), PART)]
    features = []
    for part in map_parallel(describe, parts, arguments.jobs):
        features.append(part)
        sys.stderr.write(f"\r{PART * len(features)} of {len(clips)} clips")
    heard = np.concatenate(features)
    there = np.isfinite(heard[:, -1])
    clips = [clip for clip, readable in zip(clips, there, strict=True) if readable]
    heard = heard[there]
    corpus = np.array([clip.corpus for clip in clips])

    rows, columns = [], []
    for name in CORPORA:
        own = np.flatnonzero(corpus == name)
        if not len(own):
            continue
        row, said = judge_corpus([clips[i] for i in own], heard[own])
        rows.append(row)
        columns += [
            {
                "clip": Path(clips[i].path).stem,
                "corpus": name,
                "speaker_id": clips[i].speaker_id,
                "emotion": clips[i].emotion,
            }
            | {way: EMOTIONS[said[way][j]] for way in WAYS}
            for j, i in enumerate(own)
        ]
    number = np.unique(corpus, return_inverse=True)[1]
    folds = list(get_protocol("speaker", n_folds=5).folds(clips, seed=0, n_variants=0))
    told = {w: compute_accuracy(number, guess(heard[:, c], number, folds)) for w, c in WAYS.items()}
    header = ("corpus", "clips", "speakers", "chance", *WAYS)
    table = format_table(header, rows)
    known = ", ".join(f"{way} {100 * value:.1f} %" for way, value in told.items())
    text = (
        "# Who hears no voice\n\n"
        "UAR in % of logistic regression on what is around the speech, voices that it never met, "
        "with 95 % intervals by speaker: the silence (mean and deviation of its log-mels, but for "
        "0.1 s beside the speech); level, and seconds before, of and after the speech; both. Of "
        "all this the recognizer's front-end leaves the seconds of the speech alone.\n\n"
        f"{table}\n"
        f"The corpus of a clip is told from it so often: {known}.\n\n"
        "    python scripts/silence_baseline.py manifest.csv --out OUT\n"
    )
    arguments.out.mkdir(parents=True, exist_ok=True)
    write_text(arguments.out / "silence.md", text)
    write_table(
        arguments.out / "predictions.parquet",
        {key: [row[key] for row in columns] for key in columns[0]},
    )
    sys.stderr.write(f"\n{arguments.out / 'silence.md'}\n")


if __name__ == "__main__":
    main()
