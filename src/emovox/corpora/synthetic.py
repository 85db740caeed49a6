"""A corpus of synthetic voices: labelled, deterministic, made in seconds, nobody's voice.

It stands in where no recordings may be shipped: the demonstration and the tests. It says
nothing about people; figures computed from it are figures of a synthesizer.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from emovox.audio import write_audio
from emovox.corpora.manifest import read_manifest, write_manifest
from emovox.corpora.synthetic_style import Voice, draw_voice
from emovox.corpora.synthetic_text import SENTENCES
from emovox.corpora.synthetic_voice import SAMPLING_RATE, synthesize_clip
from emovox.emotions import EMOTIONS
from emovox.errors import ParameterError
from emovox.files import hash_file
from emovox.types import Clip, Progress

CORPUS = "synthetic"
"""Name of the corpus in manifests."""


@dataclass(frozen=True, slots=True)
class SyntheticOptions:
    """What to make.

    Attributes
    ----------
    n_speakers : int
        Voices, women and men in turn.
    n_per_emotion : int
        Clips of each speaker in each emotion; the sentences take turns.
    seed : int
        The same seed gives the same corpus; a speaker sounds the same however many there are.
    emotions : tuple of str
        Which of the eight.
    """

    n_speakers: int = 8
    n_per_emotion: int = 6
    seed: int = 0
    emotions: tuple[str, ...] = EMOTIONS

    def __post_init__(self) -> None:
        if self.n_speakers < 1 or self.n_per_emotion < 1:
            raise ParameterError("n_speakers and n_per_emotion must be at least 1.")
        if self.seed < 0:
            raise ParameterError(f"the seed is {self.seed}; it must be 0 or more.")
        unknown = sorted(set(self.emotions) - set(EMOTIONS))
        if unknown:
            raise ParameterError(f"unknown emotions {unknown}; known: {', '.join(EMOTIONS)}.")


def make_synthetic_corpus(
    folder: str | os.PathLike[str],
    options: SyntheticOptions | None = None,
    *,
    progress: Progress | None = None,
) -> Path:
    """Write a corpus of synthetic voices and its manifest.

    Parameters
    ----------
    folder : path-like
        Where to: ``S01/S01_angry_01.wav`` ... and ``manifest.csv``.
    options : SyntheticOptions, optional
        How many speakers and clips, and the seed.
    progress : callable, optional
        Called with (clips done, clips in all).

    Returns
    -------
    Path
        The manifest.

    Raises
    ------
    ParameterError
        If the folder holds the manifest of other recordings.
    """
    options = options or SyntheticOptions()
    target = Path(folder)
    manifest = target / "manifest.csv"
    if manifest.exists() and any(clip.corpus != CORPUS for clip in read_manifest(manifest)):
        raise ParameterError(
            f"{manifest} is of other recordings.", hint="Give a folder of its own."
        )
    plan = [
        (speaker, emotion, take)
        for speaker in range(options.n_speakers)
        for emotion in options.emotions
        for take in range(options.n_per_emotion)
    ]
    voices = [make_voice(number, options.seed) for number in range(options.n_speakers)]
    clips = []
    for done, (speaker, emotion, take) in enumerate(plan, start=1):
        clips.append(_write_clip(target, voices[speaker], (speaker, emotion, take), options.seed))
        if progress is not None:
            progress(done, len(plan))
    write_manifest(manifest, clips)
    return manifest


def make_voice(number: int, seed: int = 0) -> Voice:
    """Return a synthetic speaker: women have even numbers, men odd ones."""
    rng = np.random.default_rng(np.random.SeedSequence((seed, number)))
    return draw_voice(f"S{number + 1:02d}", ("female", "male")[number % 2], rng)


def _write_clip(folder: Path, voice: Voice, place: tuple[int, str, int], seed: int) -> Clip:
    speaker, emotion, take = place
    rng = np.random.default_rng(
        np.random.SeedSequence((seed, speaker, 1 + EMOTIONS.index(emotion), take))
    )
    sentence = sorted(SENTENCES)[take % len(SENTENCES)]
    samples = synthesize_clip(emotion, voice, rng, sentence=sentence)
    path = folder / voice.name / f"{voice.name}_{emotion}_{take + 1:02d}.wav"
    path.parent.mkdir(parents=True, exist_ok=True)
    write_audio(path, samples, SAMPLING_RATE)
    return Clip(
        path=str(path),
        corpus=CORPUS,
        speaker_id=f"{CORPUS}-{voice.name}",
        sex=voice.sex,
        emotion=emotion,
        sentence=sentence,
        duration_s=len(samples) / SAMPLING_RATE,
        sha256=hash_file(path),
    )
