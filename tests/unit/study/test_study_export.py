from __future__ import annotations

import json

import numpy as np
import pytest

from emovox.study import RESULT_FIELDS
from emovox.study.export import escape_latex, format_latex, write_results
from emovox.study.tables import read_table


def test_parquet_holds_what_json_holds(tiny_root):
    rows = json.loads((tiny_root / "results.json").read_text())
    table = read_table(tiny_root / "results.parquet")
    assert list(table) == list(RESULT_FIELDS)
    for name, column in table.items():
        for row, value in zip(rows, column, strict=True):
            wanted = " ".join(row[name]) if isinstance(row[name], list) else row[name]
            if wanted is None:
                assert value == "" or np.isnan(value)
            else:
                assert value == (str(wanted) if name == "fold" else wanted)


def test_results_that_are_gone_leave_no_old_table_behind(tmp_path):
    (tmp_path / "results.parquet").write_text("old")
    write_results(tmp_path / "results.json", [])
    assert json.loads((tmp_path / "results.json").read_text()) == []
    assert not (tmp_path / "results.parquet").exists()


def test_tables_are_there_in_both_formats(tiny_root):
    names = {path.name for path in (tiny_root / "tables").iterdir()}
    stems = ("scores", "recalls", "differences")
    assert names == {f"{stem}.{kind}" for stem in stems for kind in ("md", "tex")}
    scores = (tiny_root / "tables" / "scores.md").read_text()
    assert "A network" in scores
    assert "Chance: 12.5 % UAR" in scores
    latex = (tiny_root / "tables" / "scores.tex").read_text().splitlines()
    body = [line for line in latex if line.endswith(r"\\")]
    assert len(body) == 1 + 4  # two ideas under two protocols
    assert {line.count(" & ") for line in body} == {6}


@pytest.mark.parametrize(
    ("text", "escaped"),
    [("50 % & more_of #1", r"50 \% \& more\_of \#1"), ("{a}~b^c\\d",
      r"\{a\}\textasciitilde{}b\textasciicircum{}c\textbackslash{}d"), ("a\nb", "a b"),
     ("[1, 2]", "{[1, 2]}"), ("\u22121.0", "$-$1.0"), ("", "")],
)  # fmt: skip
def test_latex_prints_any_text(text, escaped):
    assert escape_latex(text) == escaped


def test_a_latex_table_has_a_column_for_each_name():
    text = format_latex(["a", "b", "c"], [["x", "y", "1"]], "A note.")
    assert text.startswith("% A note.\n")
    assert r"\begin{tabular}{llr}" in text
    assert r"x & y & 1 \\" in text
