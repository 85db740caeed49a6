"""What 8-bit weights cost: the same networks in float, on clips that no training of them heard.

    python scripts/train_recognizer.py PLAN MANIFEST --encoder FILE --out RUN 1 \
        --artefact small.onnx --held-out held_out.csv
    python scripts/train_recognizer.py PLAN MANIFEST --encoder FILE --out RUN 1 \
        --artefact small-float.onnx --float
    emovox evaluate held_out.csv --model small.onnx --out INT8
    emovox evaluate held_out.csv --model small-float.onnx --out FLOAT
    python scripts/score_int8.py --model emovox-small INT8 FLOAT --out docs/results/recognizer/int8

Likewise for other trials: a ``--model`` for each, which adds the clips that none before it judged.
Models that are not named stay as they were kept; with OUT alone it computes the same from that.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from emovox.corpora import read_manifest
from emovox.emotions import EMOTIONS
from emovox.files import write_text
from emovox.metrics import compare_paired, compute_uar
from emovox.study.evaluation.conditions import CLEAN
from emovox.study.evaluation.judged import ALL, Judged, make_judged
from emovox.study.evaluation.run import CLIPS_NAME, PREDICTIONS_NAME
from emovox.study.tables import read_table, write_table
from emovox.study.words import format_table, hundredths, say_bounds

KINDS = ("int8", "float")
TABLE_NAME = "predictions.parquet"
NAMED_BY = ("model", "weights", "corpus", "clip")


def list_predictions(folder: Path, model: str, kind: str) -> dict[str, Any]:
    """Return what an evaluation says of the clips as they were recorded, as columns."""
    clips = read_manifest(folder / CLIPS_NAME)
    judged, _ = make_judged(read_table(folder / PREDICTIONS_NAME / f"{CLEAN.name}.parquet"), clips)
    return {
        "model": [model] * len(judged),
        "weights": [kind] * len(judged),
        "corpus": judged.corpus,
        "clip": [Path(clips[i].path).stem for i in judged.clip],
        "speaker_id": judged.speaker,
        "emotion": [EMOTIONS[i] for i in judged.truth],
        **{f"p_{name}": judged.probabilities[:, i] for i, name in enumerate(EMOTIONS)},
    }


def list_kept(path: Path, models: set[str]) -> dict[str, Any]:
    """Return what is kept of models other than these, as columns."""
    columns = {name: np.asarray(values) for name, values in read_table(path).items()}
    others = ~np.isin(columns["model"], list(models))
    return {name: column[others] for name, column in columns.items()}


def join_trials(parts: list[dict[str, Any]]) -> dict[str, Any]:
    """Return several evaluations as one table, with each clip where it is first judged."""
    table = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    keys = zip(*(table[name].tolist() for name in NAMED_BY), strict=True)
    first: dict[tuple[str, ...], int] = {}
    for row, key in enumerate(keys):
        first.setdefault(key, row)
    rows = np.array(sorted(first.values()))
    return {name: column[rows] for name, column in table.items()}


def read_kept(path: Path) -> dict[tuple[str, str], Judged]:
    """Return the kept predictions of each model and kind of weights."""
    columns = {name: np.asarray(values) for name, values in read_table(path).items()}
    probabilities = np.stack([columns[f"p_{name}"] for name in EMOTIONS], axis=1)
    everything = Judged(
        clip=np.arange(len(probabilities)),
        truth=np.array([EMOTIONS.index(emotion) for emotion in columns["emotion"]]),
        probabilities=probabilities,
        accepted=np.ones(len(probabilities), dtype=np.bool_),
        corpus=columns["corpus"],
        speaker=columns["speaker_id"],
    )
    return {
        (model, kind): everything.take((columns["model"] == model) & (columns["weights"] == kind))
        for model in dict.fromkeys(columns["model"].tolist())
        for kind in KINDS
    }


def compare(model: str, int8: Judged, floats: Judged) -> Iterator[list[str]]:
    """Yield a row a corpus: UAR of both among its emotions, and what int8 changes."""
    if int8.truth.tolist() != floats.truth.tolist():
        raise SystemExit(f"the two evaluations of {model} judged other clips.")
    int8, floats = int8.restrict(), floats.restrict()
    corpora = list(dict.fromkeys(int8.corpus.tolist()))
    for corpus in (*corpora, ALL) if len(corpora) > 1 else corpora:
        after, before = int8.of_corpus(corpus), floats.of_corpus(corpus)
        speakers = after.speaker.tolist()
        cells = [hundredths(compute_uar(one.truth, one.prediction)) for one in (before, after)]
        change = compute_uar(after.truth, after.prediction)
        change -= compute_uar(before.truth, before.prediction)
        text = hundredths(change, sign=True)
        if len(set(speakers)) > 1:
            found = compare_paired(after.truth, after.prediction, before.prediction, speakers)
            text += " " + say_bounds(found.difference.low, found.difference.high, sign=True)
        differ = float((after.prediction != before.prediction).mean())
        counts = [f"{len(after):,}", str(len(set(speakers)))]
        yield [model, corpus, *counts, *cells, text, hundredths(differ)]


def main() -> None:
    """Write the table and the predictions."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--model", nargs=3, action="append", default=[], metavar=("NAME", "INT8", "FLOAT")
    )
    parser.add_argument("--out", type=Path, required=True)
    arguments = parser.parse_args()
    kept = arguments.out / TABLE_NAME
    if arguments.model:
        named = {name for name, *_ in arguments.model}
        parts = [list_kept(kept, named)] if kept.exists() else []
        parts += [
            list_predictions(Path(folder), name, kind)
            for name, *folders in arguments.model
            for kind, folder in zip(KINDS, folders, strict=True)
        ]
        kept.parent.mkdir(parents=True, exist_ok=True)
        write_table(kept, join_trials(parts))
    judged = read_kept(kept)
    rows = [
        row
        for model, kind in judged
        if kind == KINDS[0]
        for row in compare(model, judged[model, KINDS[0]], judged[model, KINDS[1]])
    ]
    header = [
        "model",
        "corpus",
        "clips",
        "speakers",
        "float",
        "int8",
        "change",
        "decisions changed",
    ]
    text = (
        "# What 8-bit weights cost\n\n"
        "UAR in % of unknown voices, among the emotions of the corpus, each clip by the "
        "networks of a trial that held it out: the same weights in float32 and in int8, as "
        "artefacts. Changes with 95 % intervals by speaker, where there is more than one; share "
        "of decisions changed in %.\n\n"
        f"{format_table(header, rows)}\n"
    )
    write_text(arguments.out / "int8.md", text)


if __name__ == "__main__":
    main()
