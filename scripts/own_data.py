"""What 'emovox train --from' brings on a corpus that the model never met.

    python scripts/own_data.py MANIFEST --corpus ased --out docs/results/recognizer/own_data

Speakers of the corpus are put into groups of three. Of each group a table of at most 100 clips
trains, the group's other clips judge, the network before and after. Twice: other clips of any
sentence, and sentences that the table lacks. Every other speaker was used to choose how to train
and is not judged here (--choosing judges those instead). Killed, the same command goes on with the
next group.
"""

from __future__ import annotations

import argparse
import copy
import json
import sys
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from emovox.corpora import read_manifest
from emovox.emotions import EMOTIONS, encode_emotions
from emovox.files import write_text
from emovox.metrics import compare_paired, estimate_interval
from emovox.models import get_model
from emovox.study.tables import read_table, write_table
from emovox.training import HeadTuning, OwnJob
from emovox.training.speech.listening import HeardClips, hear_clips
from emovox.training.speech.network import SpeechNetwork
from emovox.training.speech.own import learn_clips
from emovox.training.speech.reading import read_network
from emovox.training.speech.voices import compute_voices
from emovox.types import Clip, FloatArray, IntArray

FEWEST = 40
"""Clips of a speaker who takes part."""

GROUP, TABLE = 3, 100
WAYS = ("sentence", "clip")
MODELS, VOICES = ("before", "after"), ("unknown", "known")


def choose_groups(clips: Sequence[Clip], choosing: bool) -> list[list[str]]:
    """Return groups of speakers."""
    count = Counter(clip.speaker_id for clip in clips)
    able = sorted(name for name, n in count.items() if n >= FEWEST)[0 if choosing else 1 :: 2]
    order = np.random.default_rng(0).permutation(len(able))
    names = [able[i] for i in order]
    return [names[i : i + GROUP] for i in range(0, len(names) - GROUP + 1, GROUP)]


def divide(clips: Sequence[Clip], way: str, number: int) -> tuple[IntArray, IntArray]:
    """Return which clips are the table, and which judge."""
    mixed = np.random.default_rng([number, WAYS.index(way)]).permutation(len(clips))
    if way == "clip":
        return mixed[:TABLE], mixed[TABLE:]
    learnt = set()
    for emotion in sorted({clip.emotion for clip in clips}):
        # Every other sentence of each emotion.
        learnt |= set(sorted({c.sentence for c in clips if c.emotion == emotion})[::2])
    there = np.array([clips[i].sentence in learnt for i in mixed])
    return mixed[there][:TABLE], mixed[~there]


def judge(network: SpeechNetwork, heard: HeardClips, table: IntArray) -> dict[str, FloatArray]:
    """Return logits of the clips, their voices unknown, and known from the table, unlabelled."""
    head = network.head
    population = (head.mean, head.deviation)
    speakers = np.array([clip.speaker_id for clip in heard.clips])
    sets = [table[speakers[table] == speaker] for speaker in speakers]
    with torch.inference_mode():
        states = head.listen(heard.states)
        unknown = head.classify_unknown(states)
        known = head(states, *compute_voices(states, sets, population))
    return {"unknown": unknown.numpy(), "known": known.numpy()}


def try_group(
    network: SpeechNetwork, heard: HeardClips, way: str, number: int
) -> dict[str, Sequence[object]]:
    """Train on a table of a group's clips; return what is said of the others before and after."""
    table, tested = divide(heard.clips, way, number)
    begin = time.perf_counter()
    learnt = copy.deepcopy(network)
    chosen = HeardClips(tuple(heard.clips[i] for i in table), heard.states[table], ())
    trial = learn_clips([learnt], [chosen], OwnJob(start=""))
    seconds = time.perf_counter() - begin
    clips = [heard.clips[i] for i in tested]
    constants = {
        "way": way,
        "group": number,
        "n_table": len(table),
        "held_out": trial.held_out,
        "foretold": trial.compute_uar(trial.select()),
        "n_steps": trial.best * HeadTuning().every,
        "seconds": seconds,
    }
    rows: dict[str, Sequence[object]] = {n: [v] * len(clips) for n, v in constants.items()}
    rows["clip"] = [Path(clip.path).stem for clip in clips]
    rows["speaker_id"] = [clip.speaker_id for clip in clips]
    rows["emotion"] = [clip.emotion for clip in clips]
    for model, judged in (("before", network), ("after", learnt)):
        for voice, logits in judge(judged, heard, table).items():
            for emotion, column in zip(EMOTIONS, logits[tested].T, strict=True):
                rows[f"{model}_{voice}_{emotion}"] = column
    return rows


def score(rows: dict[str, NDArray[Any]]) -> dict[str, dict[str, Any]]:
    """Return UAR before and after, and the difference, with intervals by speaker."""
    scores = {}
    for way in sorted(set(rows["way"])):
        there = rows["way"] == way
        truth = encode_emotions(rows["emotion"][there])
        speakers = rows["speaker_id"][there]
        for among in ("all", "own"):
            allowed = np.isin(np.arange(len(EMOTIONS)), truth) | (among == "all")
            for voice in VOICES:
                said = {
                    model: np.where(
                        allowed,
                        np.stack([rows[f"{model}_{voice}_{e}"][there] for e in EMOTIONS], axis=1),
                        -np.inf,
                    ).argmax(axis=1)
                    for model in MODELS
                }
                compared = compare_paired(truth, said["after"], said["before"], speakers)
                figures = {name: estimate_interval(truth, said[name], speakers) for name in MODELS}
                figures["gain"] = compared.difference
                scores[f"{way}, {among} emotions, voice {voice}"] = {
                    name: [round(100 * v, 1) for v in (f.value, f.low, f.high)]
                    for name, f in figures.items()
                } | {"p": compared.p_value, "n_clips": len(truth), "n_speakers": len(set(speakers))}
    return scores


def main() -> None:
    """Train and judge group by group."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("manifest", type=Path)
    parser.add_argument("--corpus", required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--from", dest="start", default="emovox-small")
    parser.add_argument("--choosing", action="store_true")
    arguments = parser.parse_args()
    clips = [c for c in read_manifest(arguments.manifest) if c.corpus == arguments.corpus]
    network, _ = read_network(get_model(arguments.start))
    parts = []
    for number, speakers in enumerate(choose_groups(clips, arguments.choosing)):
        paths = {way: arguments.out / "parts" / f"{way}-{number}.parquet" for way in WAYS}
        if not all(path.exists() for path in paths.values()):
            heard = hear_clips(network, [clip for clip in clips if clip.speaker_id in speakers])
            for way, path in paths.items():
                path.parent.mkdir(parents=True, exist_ok=True)
                write_table(path, try_group(network, heard, way, number))
                sys.stderr.write(f"{way}, group {number}: done\n")
        parts += [read_table(path) for path in paths.values()]
    rows = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    write_table(arguments.out / "predictions.parquet", rows)
    scores = json.dumps(score(rows), indent=1)
    write_text(arguments.out / "scores.json", f"{scores}\n")
    sys.stdout.write(f"{scores}\n")


if __name__ == "__main__":
    main()
