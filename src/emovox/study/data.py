"""The recordings of a study: found, indexed, made up, thinned out."""

from __future__ import annotations

import csv
import hashlib
from collections import defaultdict
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TypeAlias

from emovox.corpora import index_corpus, make_synthetic_corpus
from emovox.emotions import EMOTIONS
from emovox.errors import CorpusError
from emovox.files import replacing
from emovox.study.plan import StudyPlan
from emovox.study.tables import read_clips
from emovox.types import Clip, Progress

SYNTHETIC = "synthetic"
"""The corpus that a study makes itself."""

LeftOutRow: TypeAlias = tuple[str, str, str, str]
"""Corpus, path, reason, message."""

Stage: TypeAlias = Callable[[str], AbstractContextManager[Progress | None]]
"""Called with what is being done; gives a progress callback or None while it is done."""


def gather_clips(
    plan: StudyPlan, data: Path | None, root: Path, stage: Stage
) -> tuple[tuple[Clip, ...], list[LeftOutRow]]:
    """Return the labelled clips of a study, and what was left out.

    Parameters
    ----------
    plan : StudyPlan
        Says which corpora.
    data : Path or None
        A manifest, or a folder; of each corpus the folder of its name is taken where there is
        one. None where only the synthetic corpus is asked for.
    root : Path
        Folder of the study; the synthetic corpus is made below it.
    stage : callable
        For progress.

    Returns
    -------
    tuple of Clip
        Corpus by corpus, in the order of the plan.
    list of LeftOutRow
        Files that are no clips, with reasons.

    Raises
    ------
    CorpusError
        If a corpus is not there, or has no labelled clip.
    """
    clips: list[Clip] = []
    left_out: list[LeftOutRow] = []
    listed = read_clips(data) if data is not None and data.is_file() else None
    for corpus in plan.study.corpora:
        if listed is not None:
            found = [clip for clip in listed if clip.corpus == corpus]
        elif corpus == SYNTHETIC and not (data and (data / corpus).is_dir()):
            found = _make_synthetic(plan, root, stage)
        else:
            folder = _find_folder(data, corpus)
            with stage(f"indexing {corpus}") as progress:
                found, out = _index(folder, corpus, progress)
            left_out += out
        wanted = plan.study.emotions or EMOTIONS
        labelled = [clip for clip in found if clip.emotion in wanted]
        if not labelled:
            raise CorpusError(
                f"{data} has no labelled clip of {corpus!r}.",
                hint="Check its column 'corpus', or leave the corpus out: "
                "--set study.corpora=[...].",
            )
        clips += labelled
    if plan.study.fast:
        clips = thin_out(clips, plan.fast_settings.clips)
    return tuple(clips), left_out


def _find_folder(data: Path | None, corpus: str) -> Path:
    if data is None:
        raise CorpusError(
            f"the study needs recordings of {corpus!r}.",
            hint="Say where they are: --data DIR, a folder with a folder for each corpus.",
        )
    wanted = _simplify(corpus)
    named = [path for path in sorted(data.iterdir()) if _simplify(path.name) == wanted]
    return next((path for path in named if path.is_dir()), data)


def _simplify(name: str) -> str:
    return name.casefold().replace("-", "").replace("_", "")


def _index(
    folder: Path, corpus: str, progress: Progress | None
) -> tuple[list[Clip], list[LeftOutRow]]:
    if corpus == SYNTHETIC:
        return list(read_clips(folder / "manifest.csv")), []
    result = index_corpus(folder, corpus=corpus, progress=progress)
    rows = [(corpus, item.path, item.reason_code, item.message) for item in result.left_out]
    return list(result.clips), rows


def _make_synthetic(plan: StudyPlan, root: Path, stage: Stage) -> list[Clip]:
    folder = root / "data" / SYNTHETIC
    with stage("making synthetic voices") as progress:
        manifest = make_synthetic_corpus(folder, plan.synthetic, progress=progress)
    return list(read_clips(manifest))


def thin_out(clips: Sequence[Clip], n_clips: int) -> list[Clip]:
    """Return about ``n_clips`` clips, in the order given, by chance but always the same.

    Corpora keep their shares; within one, speakers and emotions become as even as can be.
    """
    share = min(1.0, n_clips / max(1, len(clips)))
    corpora: dict[str, dict[tuple[str, str], list[Clip]]] = defaultdict(lambda: defaultdict(list))
    for clip in clips:
        corpora[clip.corpus][clip.speaker_id, clip.emotion].append(clip)
    kept: set[str] = set()
    for groups in corpora.values():
        ranked: list[tuple[int, str, str]] = []
        for group in groups.values():
            # Not by name: sentences and takes come in its order.
            order = sorted((_shuffle_key(clip), clip.path) for clip in group)
            ranked += [(rank, key, path) for rank, (key, path) in enumerate(order)]
        kept |= {path for _, _, path in sorted(ranked)[: round(share * len(ranked))]}
    return [clip for clip in clips if clip.path in kept]


def _shuffle_key(clip: Clip) -> str:
    return hashlib.sha256(f"thin out {clip.sha256}".encode()).hexdigest()


def write_left_out(path: Path, rows: Sequence[LeftOutRow]) -> None:
    """Write what was left out as CSV."""
    with replacing(path) as temporary, temporary.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream)
        writer.writerow(("corpus", "path", "reason", "message"))
        writer.writerows(rows)
