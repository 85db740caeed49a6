"""``emovox timeline``: which emotion a long recording carries, and when."""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from emovox.recognizer import Segment


@click.command("timeline")
@click.argument("file", type=click.Path(readable=False))
@click.option(
    "--model",
    show_default="emovox-small",
    help="Name of a model ('emovox models' lists them), or an .onnx file.",
)
@click.option("--adapt", is_flag=True, help="Listen to all of it first: FILE is one voice.")
@click.option("--speaker", metavar="NAME", help="The voice is one that 'emovox enroll' knows.")
@click.option("--voices", type=click.Path(), help="Folder of enrolled voices; default: your own.")
@click.option(
    "--window",
    "window_s",
    type=click.FloatRange(min=0, min_open=True),
    default=3.0,
    show_default=True,
    help="Seconds that one decision hears.",
)
@click.option(
    "--hop",
    "hop_s",
    type=click.FloatRange(min=0, min_open=True),
    default=1.0,
    show_default=True,
    help="Seconds from one decision to the next.",
)
@click.option(
    "--format",
    "layout",
    type=click.Choice(["table", "json", "csv"]),
    default="table",
    show_default=True,
    help="table for people, json: an object a line, csv: a header and a row a segment.",
)
def command(
    file: str,
    model: str | None,
    adapt: bool,
    speaker: str | None,
    voices: str | None,
    window_s: float,
    hop_s: float,
    layout: str,
) -> None:
    """Say which emotion a recording carries when, segment by segment.

    FILE may be of any length. Segments appear as soon as they have ended.
    """
    from emovox.recognizer import Recognizer, VoiceStore

    if adapt and speaker:
        raise click.UsageError("give only one of --adapt and --speaker.")
    recognizer = Recognizer(model)
    if adapt:
        recognizer = recognizer.adapt([file])
    if speaker:
        recognizer = recognizer.with_voice(VoiceStore(voices).read(speaker))
    segments = recognizer.timeline(file, window_s=window_s, hop_s=hop_s)
    show = {"table": _show_table, "json": _show_json, "csv": _show_csv}[layout]()
    for segment in segments:
        show(segment)
        sys.stdout.flush()


def _show_table() -> Callable[[Segment], None]:
    line = "{:>10} {:>10}  {:<9} {:>10}  {}"
    click.echo(line.format("start", "end", "emotion", "confidence", "doubt"))

    def show(segment: Segment) -> None:
        start, end = map(_format_time, (segment.start_s, segment.end_s))
        confidence = f"{segment.confidence:.1%}"
        click.echo(line.format(start, end, segment.emotion, confidence, segment.reason).rstrip())

    return show


def _format_time(seconds: float) -> str:
    tenths = round(10 * seconds)
    return f"{tenths // 36000}:{tenths // 600 % 60:02d}:{tenths / 10 % 60:04.1f}"


def _show_json() -> Callable[[Segment], None]:
    from emovox.recognizer import make_segment_row

    return lambda segment: click.echo(json.dumps(make_segment_row(segment)))


def _show_csv() -> Callable[[Segment], None]:
    from emovox.recognizer import SEGMENT_COLUMNS, make_flat_segment_row

    writer = csv.DictWriter(sys.stdout, SEGMENT_COLUMNS, lineterminator="\n")
    writer.writeheader()
    return lambda segment: writer.writerow(make_flat_segment_row(segment))
