"""A model on a manifest: predictions of every pass, then figures and a report.

Predictions are stored pass by pass, so that a call that was stopped goes on with the next one,
and figures can be computed again from what lies in the folder.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from emovox import __version__
from emovox.corpora import clips_to_rows
from emovox.errors import ManifestError, ParameterError
from emovox.files import write_text
from emovox.models import ArtefactMetadata
from emovox.recognizer import Recognizer
from emovox.study.evaluation.conditions import ROBUSTNESS, Acquaintance, Pass, make_rng
from emovox.study.evaluation.judged import Judged, make_judged
from emovox.study.evaluation.predict import Judge, predict_pass
from emovox.study.tables import read_clips, read_table, write_table
from emovox.types import Clip

IDENTITY_NAME = "evaluation.json"
CLIPS_NAME = "clips.csv"
PREDICTIONS_NAME = "predictions"
_OWN_NAMES = (CLIPS_NAME, PREDICTIONS_NAME, "report.md", "results.json", "figures")
"""What an evaluation writes besides."""


class Stage(Protocol):
    """Shows progress of one pass; what ``emovox.cli.progress.progress_bar`` gives."""

    def __call__(self, label: str) -> Any:
        """Return a context manager that gives a ``Progress`` or None."""
        ...


@dataclass(frozen=True, slots=True)
class EvaluationOptions:
    """What is tried.

    Attributes
    ----------
    acquaintances : tuple of Acquaintance
        One more pass each, beside the one where nothing is known of any voice.
    robustness : bool
        One more pass for each condition of ``ROBUSTNESS``.
    sample : int or None
        Only so many clips, spread evenly over speakers and emotions; None: all.
    seed : int
        Of the sample, and of all that is drawn in passes.
    n_jobs : int
        Processes.
    """

    acquaintances: tuple[Acquaintance, ...] = ()
    robustness: bool = False
    sample: int | None = None
    seed: int = 0
    n_jobs: int = 1

    def __post_init__(self) -> None:
        if self.sample is not None and self.sample < 1:
            raise ParameterError(f"a sample has at least 1 clip, not {self.sample}.")
        if self.seed < 0 or self.n_jobs < 1:
            raise ParameterError("the seed must be 0 or more, and there must be at least 1 job.")

    @property
    def passes(self) -> tuple[Pass, ...]:
        """All passes; the first is plain."""
        known = tuple(Pass(acquaintance=one) for one in dict.fromkeys(self.acquaintances))
        conditions = tuple(Pass(condition) for condition in ROBUSTNESS) if self.robustness else ()
        return (Pass(), *known, *conditions)


@dataclass(frozen=True, slots=True, eq=False)
class Outcome:
    """All predictions of an evaluation, beside the truth.

    Attributes
    ----------
    metadata : ArtefactMetadata
        Of the model.
    clips : tuple of Clip
        All labelled clips that were to be judged.
    judged : mapping of str to Judged
        Name of a pass -> its predictions, all on the same clips.
    n_unlabelled : int
        Clips of the manifest that have no emotion.
    failed : tuple of str
        Why clips could not be read; the message names the file.
    """

    metadata: ArtefactMetadata
    clips: tuple[Clip, ...]
    judged: Mapping[str, Judged]
    n_unlabelled: int
    failed: tuple[str, ...]


def predict_all(
    model: str | None, manifest: Path, folder: Path, options: EvaluationOptions, stage: Stage
) -> Outcome:
    """Make the predictions of all passes that are not in the folder yet, and read them all.

    Parameters
    ----------
    model : str or None
        Name or path; None: the default one.
    manifest : Path
        CSV or Parquet, with labels.
    folder : Path
        Gets ``evaluation.json`` (what was tried), ``clips.csv`` (the labels, paths as in the
        manifest), ``predictions/PASS.parquet`` (a row a clip).
    options : EvaluationOptions
        Which passes.
    stage : callable
        Called with a label, gives a context manager that gives a ``Progress``.

    Raises
    ------
    ManifestError
        If no clip has an emotion.
    ParameterError
        If the folder holds the evaluation of another model, manifest, sample or seed; or clips
        of a speaker are to be heard and the model cannot adapt.
    """
    metadata = Recognizer(model).metadata
    if options.acquaintances and metadata.adaptation is None:
        raise ParameterError(
            f"the model {metadata.name!r} cannot adapt to a voice.",
            hint="Evaluate it without --adapt.",
        )
    clips, n_unlabelled = _choose_clips(read_clips(manifest), manifest, options)
    rows = clips_to_rows(clips, manifest.parent)
    done = _claim_folder(folder, _describe(metadata, rows, options))
    columns = {name: [row[name] for row in rows] for name in rows[0]}
    write_table(folder / CLIPS_NAME, columns)
    tables = {}
    for one in options.passes:
        path = folder / PREDICTIONS_NAME / f"{one.name}.parquet"
        if done.get(one.name) != repr(one) or not path.is_file():
            judge = Judge(model, one, options.seed)
            with stage(one.name) as progress:
                made = predict_pass(judge, clips, n_jobs=options.n_jobs, progress=progress)
            # Of what lies elsewhere on other machines only the name within the manifest counts.
            write_table(path, {**made, "path": columns["path"]})
            done[one.name] = repr(one)
            _note(folder, passes=done)
        tables[one.name] = read_table(path)
    found = {name: make_judged(table, clips) for name, table in tables.items()}
    judged = _align({name: one for name, (one, _) in found.items()}, clips)
    failed = {
        int(row): str(tables[name]["error_message"][row])
        for name, (_, rows) in found.items()
        for row in rows
    }
    return Outcome(metadata, clips, judged, n_unlabelled, tuple(failed.values()))


def _choose_clips(
    clips: Sequence[Clip], manifest: Path, options: EvaluationOptions
) -> tuple[tuple[Clip, ...], int]:
    labelled = tuple(clip for clip in clips if clip.emotion)
    if not labelled:
        raise ManifestError(
            f"no clip of {manifest} has an emotion, so nothing can be scored.",
            hint="Fill the column emotion; 'emovox predict' needs none.",
        )
    chosen = labelled if options.sample is None else sample_clips(labelled, options)
    return chosen, len(clips) - len(labelled)


def sample_clips(clips: Sequence[Clip], options: EvaluationOptions) -> tuple[Clip, ...]:
    """Return some of the clips, in their order: in turn one of each speaker and emotion."""
    piles: dict[tuple[str, str], list[tuple[float, int]]] = {}
    for index, clip in enumerate(clips):
        lot = make_rng(clip, options.seed).random()
        piles.setdefault((clip.speaker_id, clip.emotion), []).append((lot, index))
    # The first of every pile, in random order, then the second of every pile ...
    turns = sorted(
        (turn, lot, index)
        for pile in piles.values()
        for turn, (lot, index) in enumerate(sorted(pile))
    )
    return tuple(clips[index] for index in sorted(i for *_, i in turns[: options.sample]))


def _describe(
    metadata: ArtefactMetadata, rows: Sequence[Mapping[str, str]], options: EvaluationOptions
) -> dict[str, Any]:
    labels = json.dumps(rows, sort_keys=True).encode()
    return {
        "emovox": __version__,
        "model": metadata.name,
        "seal": metadata.seal,
        "clips_sha256": hashlib.sha256(labels).hexdigest(),
        "n_clips": len(rows),
        "seed": options.seed,
    }


def _claim_folder(folder: Path, identity: Mapping[str, Any]) -> dict[str, str]:
    """Return what the folder holds of this evaluation: name of a pass -> its description."""
    path = folder / IDENTITY_NAME
    if path.is_file():
        found = _read_identity(path)
        other = next((key for key in identity if found.get(key) != identity[key]), None)
        if other is not None:
            raise ParameterError(
                f"{folder} holds an evaluation where {other} is {found.get(other)!r}, "
                f"not {identity[other]!r}.",
                hint="Give another folder, or delete this one.",
            )
        passes: dict[str, str] = found["passes"]
        return passes
    taken = [name for name in _OWN_NAMES if (folder / name).exists()]
    if taken:
        raise ParameterError(
            f"{folder} holds {taken[0]}, which is of no evaluation and would be overwritten.",
            hint="Give another folder.",
        )
    write_text(path, json.dumps({**identity, "passes": {}}, indent=1) + "\n")
    return {}


def _read_identity(path: Path) -> dict[str, Any]:
    try:
        found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        return {"passes": {}, **found}
    except (ValueError, TypeError) as error:
        raise ParameterError(
            f"{path} is damaged ({error}).", hint="Give another folder, or delete this one."
        ) from error


def _note(folder: Path, **changes: Any) -> None:
    path = folder / IDENTITY_NAME
    found = json.loads(path.read_text(encoding="utf-8"))
    write_text(path, json.dumps(found | changes, indent=1) + "\n")


def _align(judged: Mapping[str, Judged], clips: Sequence[Clip]) -> dict[str, Judged]:
    """Leave out clips that failed in any pass, so that all are compared on the same."""
    kept = np.arange(len(clips))
    for one in judged.values():
        kept = np.intersect1d(kept, one.clip)
    if not kept.size:
        raise ManifestError(
            f"none of the {len(clips)} clips could be read.",
            hint="Are the paths in the manifest right? 'emovox predict' says what is wrong.",
        )
    return {name: one.take(np.isin(one.clip, kept)) for name, one in judged.items()}
