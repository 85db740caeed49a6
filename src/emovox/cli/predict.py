"""``emovox predict``: which emotion recordings carry."""

from __future__ import annotations

import csv
import io
import json
import os
import sys
from collections.abc import Callable, Iterable, Sequence
from contextlib import nullcontext
from typing import TYPE_CHECKING

import click

from emovox.cli.progress import progress_bar
from emovox.errors import AudioError, RefusedError

if TYPE_CHECKING:
    from emovox.recognizer import Failure
    from emovox.types import Clip, Decision


@click.command("predict")
@click.argument("paths", nargs=-1, type=click.Path(readable=False))
@click.option(
    "--manifest",
    type=click.Path(readable=False),
    help="A manifest names the recordings, not PATHS.",
)
@click.option(
    "--model",
    show_default="emovox-small",
    help="Name of a model ('emovox models' lists them), or an .onnx file.",
)
@click.option(
    "--adapt",
    is_flag=True,
    help="Listen to all first: PATHS are one voice; with --manifest each speaker_id is one. "
    "For recordings of many emotions.",
)
@click.option("--speaker", metavar="NAME", help="The voice is one that 'emovox enroll' knows.")
@click.option("--voices", type=click.Path(), help="Folder of enrolled voices; default: your own.")
@click.option(
    "--format",
    "layout",
    type=click.Choice(["table", "json", "csv"]),
    default="table",
    show_default=True,
    help="table for people, json: an object a line, csv: a header and a row a recording.",
)
@click.option("--strict", is_flag=True, help="Exit with 4 if any decision is not accepted.")
@click.option(
    "--jobs",
    type=click.IntRange(min=1),
    default=os.cpu_count,
    show_default="number of cores",
    help="Recordings that are recognized at once.",
)
@click.option(
    "--threads",
    type=click.IntRange(min=1),
    default=1,
    show_default=True,
    help="Threads that the recognition of one recording uses.",
)
def command(
    paths: tuple[str, ...],
    manifest: str | None,
    model: str | None,
    adapt: bool,
    speaker: str | None,
    voices: str | None,
    layout: str,
    strict: bool,
    jobs: int,
    threads: int,
) -> int:
    """Say which emotion each recording carries.

    PATHS are recordings, and folders that are searched for recordings. After one that cannot be
    read the others follow; the exit code is 3 then.
    """
    from emovox.recognizer import Recognizer, VoiceStore, adapt_to_speakers, recognize_speakers

    if bool(paths) == bool(manifest):
        raise click.UsageError("give recordings, or a manifest by --manifest.")
    if adapt and speaker:
        raise click.UsageError("give only one of --adapt and --speaker.")
    recognizer = Recognizer(model, n_threads=threads)
    if speaker:
        recognizer = recognizer.with_voice(VoiceStore(voices).read(speaker))
    clips = _find_clips(paths, manifest)
    jobs = max(1, min(jobs, len(clips)))  # no threads for a single one
    if adapt:
        with progress_bar("listen") as progress:
            adapted = adapt_to_speakers(recognizer, clips, n_jobs=jobs, progress=progress)
        outcomes = recognize_speakers(adapted, clips, n_jobs=jobs)
    else:
        outcomes = recognizer.recognize_many((clip.path for clip in clips), n_jobs=jobs)
    n_failed, n_refused = _show(outcomes, len(clips), layout)
    if n_failed:
        click.echo(f"{n_failed} of {len(clips)} recordings could not be read.", err=True)
        return AudioError.exit_code
    if strict and n_refused:
        raise RefusedError(f"{n_refused} of {len(clips)} decisions are not accepted.")
    return 0


def _find_clips(paths: tuple[str, ...], manifest: str | None) -> Sequence[Clip]:
    from emovox.recognizer import find_recordings
    from emovox.types import Clip

    if manifest is None:
        # All of one voice, should anybody ask.
        return [Clip(path, speaker_id="voice") for path in find_recordings(paths)]
    from emovox.study.tables import read_clips

    return read_clips(manifest)


def _show(
    outcomes: Iterable[Decision | Failure], n_recordings: int, layout: str
) -> tuple[int, int]:
    """Print all outcomes; return how many failed and how many were not accepted."""
    from emovox.recognizer import Failure

    if isinstance(sys.stdout, io.TextIOWrapper):
        # Data are UTF-8. A file name need not be text: other bytes are escaped, as in JSON.
        encoding = None if layout == "table" else "utf-8"
        sys.stdout.reconfigure(encoding=encoding, errors="backslashreplace", line_buffering=True)
    show = {"table": _show_table, "json": _show_json, "csv": _show_csv}[layout]()
    n_failed = n_refused = 0
    # A bar would run through the rows where both go to one terminal.
    with nullcontext() if sys.stdout.isatty() else progress_bar("predict") as progress:
        for done, outcome in enumerate(outcomes, start=1):
            show(outcome)
            if isinstance(outcome, Failure):
                n_failed += 1
            elif not outcome.accepted:
                n_refused += 1
            if progress is not None:
                progress(done, n_recordings)
    return n_failed, n_refused


def _show_table() -> Callable[[Decision | Failure], None]:
    from emovox.recognizer import make_row

    def print_line(*cells: str) -> None:
        click.echo("{:<9} {:>10}  {:<15} {}".format(*cells))

    def show(outcome: Decision | Failure) -> None:
        row = make_row(outcome)
        if "error" in row:
            print_line("-", "-", row["error"]["type"], row["path"])
            click.echo(row["error"]["message"], err=True)
        else:
            print_line(row["emotion"], f"{row['confidence']:.1%}", row["reason"], row["path"])

    print_line("emotion", "confidence", "doubt", "recording")
    return show


def _show_json() -> Callable[[Decision | Failure], None]:
    from emovox.recognizer import make_row

    return lambda outcome: click.echo(json.dumps(make_row(outcome), ensure_ascii=False))


def _show_csv() -> Callable[[Decision | Failure], None]:
    from emovox.recognizer import COLUMNS, make_flat_row

    writer = csv.DictWriter(sys.stdout, COLUMNS, lineterminator="\n")
    writer.writeheader()
    return lambda outcome: writer.writerow(make_flat_row(outcome))
