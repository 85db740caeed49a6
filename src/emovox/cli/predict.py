"""``emovox predict``: which emotion recordings carry."""

from __future__ import annotations

import csv
import io
import json
import sys
from collections.abc import Callable
from contextlib import nullcontext
from typing import TYPE_CHECKING

import click

from emovox.cli.progress import progress_bar
from emovox.errors import AudioError, RefusedError

if TYPE_CHECKING:
    from emovox.recognizer import Failure
    from emovox.types import Decision


@click.command("predict")
@click.argument("paths", nargs=-1, required=True, type=click.Path())
@click.option("--model", required=True, type=click.Path(), help="Artefact (.onnx) to use.")
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
    "--threads",
    type=click.IntRange(min=1),
    default=1,
    show_default=True,
    help="Threads that the recognition of one recording uses.",
)
def command(paths: tuple[str, ...], model: str, layout: str, strict: bool, threads: int) -> int:
    """Say which emotion each recording carries.

    PATHS are recordings, and folders that are searched for recordings. After one that cannot be
    read the others follow; the exit code is 3 then.
    """
    from emovox.recognizer import Failure, Recognizer, find_recordings

    recognizer = Recognizer(model, n_threads=threads)
    recordings = list(find_recordings(paths))
    if isinstance(sys.stdout, io.TextIOWrapper):
        # Data are UTF-8. A file name need not be text: other bytes are escaped, as in JSON.
        encoding = None if layout == "table" else "utf-8"
        sys.stdout.reconfigure(encoding=encoding, errors="backslashreplace", line_buffering=True)
    show = {"table": _show_table, "json": _show_json, "csv": _show_csv}[layout]()
    n_failed = n_refused = 0
    # A bar would run through the rows where both go to one terminal.
    with nullcontext() if sys.stdout.isatty() else progress_bar("predict") as progress:
        for done, outcome in enumerate(recognizer.recognize_many(recordings), start=1):
            show(outcome)
            if isinstance(outcome, Failure):
                n_failed += 1
            elif not outcome.accepted:
                n_refused += 1
            if progress is not None:
                progress(done, len(recordings))
    if n_failed:
        click.echo(f"{n_failed} of {len(recordings)} recordings could not be read.", err=True)
        return AudioError.exit_code
    if strict and n_refused:
        raise RefusedError(f"{n_refused} of {len(recordings)} decisions are not accepted.")
    return 0


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
