"""The audit and the statistics of a study: made once, kept, and shown."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from emovox.corpora import read_manifest
from emovox.study import expand_plan, read_study, report_study
from emovox.study.evidence import EvidencePlace, gather_evidence, read_evidence

REPORT = '\n[report]\nstatistics = ["notebook"]\naudit = true\n'


@pytest.fixture
def root(tiny_root: Path, tmp_path: Path) -> Path:
    """A copy of the finished tiny study, whose report shall have both."""
    copy = tmp_path / "copy"
    shutil.copytree(tiny_root, copy, ignore=shutil.ignore_patterns("figures"))
    study = copy / "study.toml"
    text = study.read_text()
    study.write_text(text[: text.index("[report]")] + text[text.index("[training]") :] + REPORT)
    return copy


def gather(root: Path, watch) -> None:
    plan, clips = read_study(root / "study.toml"), read_manifest(root / "manifest.csv")
    place = EvidencePlace(root=root, store=root / "store", n_jobs=1, stage=watch.stage)
    gather_evidence(plan, clips, expand_plan(plan, clips), place)


def test_both_are_made_once_and_shown(root, watch):
    gather(root, watch)
    assert watch.stages[0] == "statistics of 'notebook'"
    assert {"reading runs", "listening for copies"} <= set(watch.stages)

    evidence = read_evidence(read_study(root / "study.toml"), root)
    assert [one["features"] for one in evidence.statistics] == ["notebook"]
    # The notebook's split is faulty, and the audit must see that; nothing else leaks.
    leaks = [f["where"] for f in evidence.audit["findings"] if f["severity"] == "leak"]
    assert leaks
    assert all(where.startswith("notebook") for where in leaks)

    watch.stages.clear()
    gather(root, watch)
    assert watch.stages == []

    report_study(root, links=False)
    page = (root / "report.html").read_text()
    assert '<section id="statistics">' in page
    assert '<section id="audit">' in page
    assert "leak, on purpose" in page


def test_what_was_made_of_other_data_or_runs_is_made_again(root, watch):
    gather(root, watch)
    audit = root / "audit.json"
    audit.write_text(json.dumps({**json.loads(audit.read_text()), "state": "older"}))
    (root / "statistics" / "notebook" / "data.txt").write_text("older")
    watch.stages.clear()
    gather(root, watch)
    assert watch.stages[0] == "statistics of 'notebook'"
    assert "reading runs" in watch.stages


def test_what_is_not_asked_for_is_not_made(tiny_root, tmp_path, watch):
    plan, clips = read_study(tiny_root / "study.toml"), read_manifest(tiny_root / "manifest.csv")
    place = EvidencePlace(root=tmp_path, store=tiny_root / "store", n_jobs=1, stage=watch.stage)
    gather_evidence(plan, clips, expand_plan(plan, clips), place)
    assert list(tmp_path.iterdir()) == []
    assert read_evidence(plan, tmp_path).audit is None
