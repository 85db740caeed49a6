from __future__ import annotations

from pathlib import Path

from emovox.study import read_study
from emovox.study.story import Story
from emovox.study.summary import format_report
from emovox.training import EpochRecord, Scores
from emovox.types import Clip

CLIPS = [Clip(path="a.wav", corpus="synthetic", speaker_id="s", emotion="happy")]


def make_row(experiment: str, protocol: str, uar: float):
    return {
        "experiment": experiment, "protocol": protocol, "corpus": "all", "fold": "all", "seed": 0,
        "n_test": 1200, "n_speakers": 3, "accuracy": uar, "uar": uar, "uar_low": uar - 0.1,
        "uar_high": uar + 0.1, "train_uar": None, "uar_clean": 0.7, "n_test_clean": 400,
    }  # fmt: skip


def make_story(study: Path, *overrides: str, **changes) -> Story:
    rows = [make_row("network", "notebook", 0.62), make_row("network", "speaker", 0.4)]
    values = {
        "plan": read_study(study, overrides=overrides),
        "clips": CLIPS,
        "rows": rows,
        "curves": {},
        "n_runs": 2,
        "n_finished": 2,
        **changes,
    }
    return Story(**values)


def find_line(report: str, start: str) -> list[str]:
    (line,) = (line for line in report.splitlines() if line.startswith(f"| {start}"))
    return [cell.strip() for cell in line.strip("|").split("|")]


def test_the_main_table_gives_intervals_and_inflation(tiny_study):
    report = format_report(make_story(tiny_study, 'study.experiments=["network"]')).split("## ")[1]
    cells = find_line(report, "A network")
    assert cells == ["A network", "62.0 [52.0, 72.0]", "40.0 [30.0, 50.0]", "+22.0", "70.0"]


def test_tables_are_aligned(tiny_study):
    lines = format_report(make_story(tiny_study)).splitlines()
    tables = [line for line in lines if line.startswith("|")]
    assert {line[0] + line[-1] for line in tables} == {"||"}
    assert len({len(line) for line in tables[:3]}) == 1


def test_what_makes_figures_doubtful_stands_on_top(tiny_study):
    plain = format_report(make_story(tiny_study))
    assert "synthetic voices" in plain
    assert "fast trial" not in plain
    assert "fast trial" in format_report(make_story(tiny_study, "study.fast=true"))
    assert "1 of 2 runs are finished" in format_report(make_story(tiny_study, n_finished=1))


def test_without_any_result_the_report_says_so(tiny_study):
    report = format_report(make_story(tiny_study, rows=[], n_finished=0))
    assert "0 of 2 runs are finished" in report
    assert "|" not in report


def test_curves_are_read_at_the_epoch_that_is_tested(tiny_study):
    history = [
        EpochRecord(epoch=epoch, train=Scores(1, 0, seen), train_eval=Scores(1, 0, off),
                    watch=Scores(1, 0, watched))
        for epoch, (seen, off, watched) in enumerate(
            [(0.1, 0.2, 0.3), (0.3, 0.5, 0.4), (0.5, 0.7, 0.2)], start=1
        )
    ]  # fmt: skip
    curves = {"network": {"notebook": [history], "speaker": [history]}}
    section = format_report(make_story(tiny_study, curves=curves)).split("## Learning")[1]
    lines = [line for line in section.splitlines() if line.startswith("| A network")]
    cells = [[cell.strip() for cell in line.strip("|").split("|")][2:] for line in lines]
    assert cells == [
        ["3", "50.0", "70.0", "20.0", "2 of 3", "1 of 3"],  # the last
        ["3", "30.0", "50.0", "40.0", "2 of 3", "1 of 3"],  # the best on dev
    ]
