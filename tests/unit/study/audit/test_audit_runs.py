"""What was run is audited by what it stored: splits, scalers, curves, predictions."""

from __future__ import annotations

import csv
import json
import shutil
from types import SimpleNamespace

import numpy as np
import pytest

from emovox.augment import get_policy
from emovox.errors import ConfigError, ManifestError
from emovox.features import ExtractionOptions, FeatureStore, get_feature_set
from emovox.files import hash_file
from emovox.metrics import compute_uar
from emovox.models import Frontend, Population, Score
from emovox.protocols import DEV, TEST, TRAIN, Fold, get_protocol
from emovox.study import build_plan, read_study
from emovox.study.audit import AuditOptions, audit_manifest, audit_runs, audit_study
from emovox.study.audit.runs import find_runs
from emovox.study.audit.scaler import Statistics, identify_rows
from emovox.study.execute import RunPlace, Source, read_rows
from emovox.study.scored import Labels, read_scored
from emovox.testing import make_tiny_metadata
from emovox.training import RowTable, StandardScaler, build_rows

QUICK = AuditOptions(by_sound=False)


def codes(report, severity="leak"):
    return {finding.code for finding in report.findings if finding.severity == severity}


def find(report, code):
    return next(finding for finding in report.findings if finding.code == code)


@pytest.fixture
def root(tiny_root, tmp_path):
    """Return a copy of the finished tiny study, to plant leaks in."""
    folder = tmp_path / "study"
    shutil.copytree(tiny_root, folder)
    return folder


def pick(root, protocol, model):
    """Return the first run of a protocol and model."""
    runs = find_runs(root).runs
    return next(r for r in runs if (r.config.protocol, r.config.model) == (protocol, model))


def edit_json(path, change):
    table = json.loads(path.read_text())
    change(table)
    path.write_text(json.dumps(table))


def test_the_notebooks_runs_leak_and_watched_the_test_rows(tiny_root):
    report = audit_runs(tiny_root, QUICK)
    assert codes(report) == {"shared-speaker", "sister-rows", "altered-test"}
    assert all(finding.where.startswith("notebook") for finding in report.leaks)
    watched = find(report, "test-watched")
    assert len(watched.names) == 2
    assert all("notebook" in name for name in watched.names)
    assert {"scalers", "selection"} <= set(report.checked)
    assert report.not_checked == ("copies by sound: not asked for",)


@pytest.mark.parametrize("model", ["notebook_cnn", "logistic"])
def test_a_clean_run_has_no_leak(tiny_root, model):
    run = pick(tiny_root, "speaker", model)
    report = audit_runs(run.folder, QUICK)
    assert report.ok
    assert codes(report, "warning") == {"shared-sentence"}


def plant_scaler(root, run, splits, columns=None):
    """Store the scaler of other rows, as a careless training would."""
    _, table = read_rows(RunPlace(root, root / "store"), Source.of(run.config))
    mask = np.isin(run.fold.splits[:, :columns], splits)
    rows = table.take(*np.nonzero(mask))
    scaler = StandardScaler.fit(rows.values, rows.lengths)
    edit_json(
        run.folder / "scaler.json",
        lambda t: t.update(mean=scaler.mean.tolist(), deviation=scaler.deviation.tolist()),
    )


@pytest.mark.parametrize(
    ("splits", "columns", "rows"),
    [
        ((TRAIN, DEV, TEST), None, "training, dev and test rows"),
        ((TRAIN, DEV), None, "training and dev rows"),
        ((-1, TRAIN, DEV, TEST), None, "all rows, used or not"),
        ((TRAIN, DEV, TEST), 1, "training, dev and test rows"),
    ],
)
def test_a_scaler_that_saw_other_rows_is_found(root, splits, columns, rows):
    run = pick(root, "speaker", "notebook_cnn")
    plant_scaler(root, run, splits, columns)
    report = audit_runs(run.folder, QUICK)
    assert codes(report) == {"test-fitted-scaler"}
    assert rows in find(report, "test-fitted-scaler").message


def test_a_scaler_of_nobody_is_a_warning(root):
    run = pick(root, "speaker", "logistic")
    edit_json(run.folder / "scaler.json", lambda t: t["mean"].__setitem__(0, 1e3))
    report = audit_runs(run.folder, QUICK)
    assert report.ok
    assert "unknown-scaler" in codes(report, "warning")


def test_a_run_without_scaler_is_said_to_be_unchecked(root):
    run = pick(root, "speaker", "logistic")
    (run.folder / "scaler.json").unlink()
    report = audit_runs(run.folder, QUICK)
    assert report.ok
    assert any("stored none" in line for line in report.not_checked)


def test_features_that_are_gone_are_said_to_be_gone(root):
    run = pick(root, "speaker", "logistic")
    lines = (root / "manifest.csv").read_text().splitlines()
    # The study lay elsewhere: neither its recordings nor its features are here.
    moved = [lines[0], *(f"gone/{line.rsplit('/', 1)[-1]}" for line in lines[1:])]
    (root / "manifest.csv").write_text("\n".join(moved))
    shutil.rmtree(root / "store")
    report = audit_runs(run.folder, QUICK)
    assert any("features cannot be had again" in line for line in report.not_checked)


def plant_selection(run, labels_from):
    """Note the figures of the test rows for the epoch that was kept, as if they had decided."""
    test, _ = read_scored(run.folder / "predictions.parquet", Labels.of(labels_from))
    uar = compute_uar(test.truth, test.prediction)
    path = run.folder / "metrics.jsonl"
    records = [json.loads(line) for line in path.read_text().splitlines()]
    for record in records:
        record["watch"]["uar"] = uar if record["epoch"] == 1 else uar - 0.2
    path.write_text("".join(json.dumps(record) + "\n" for record in records))
    edit_json(run.folder / "summary.json", lambda t: t.update(selected_epoch=1))


def test_an_epoch_chosen_by_test_rows_is_found(root):
    run = pick(root, "speaker", "notebook_cnn")
    plant_selection(run, find_runs(root).clips)
    report = audit_runs(run.folder, QUICK)
    assert codes(report) == {"selection-on-test"}
    assert find(report, "selection-on-test").names == (run.name,)


def test_a_speaker_moved_in_the_stored_split_is_found(root):
    run = pick(root, "speaker", "logistic")
    path = run.folder / "folds.csv"
    with path.open(newline="") as stream:
        header, *rows = csv.reader(stream)
    moved = next(row for row in rows if row[1] == "test")
    moved[1] = "train"
    with path.open("w", newline="") as stream:
        csv.writer(stream).writerows([header, *rows])
    assert "shared-speaker" in codes(audit_runs(run.folder, QUICK))


def test_a_split_of_other_clips_is_refused(root):
    run = pick(root, "speaker", "logistic")
    text = (run.folder / "folds.csv").read_text()
    (run.folder / "folds.csv").write_text(text.replace("S01_", "S99_"))
    with pytest.raises(ManifestError, match="is not a split of the clips"):
        audit_runs(run.folder, QUICK)


def test_a_folder_without_runs_is_refused(tmp_path):
    with pytest.raises(ConfigError, match="holds no finished run"):
        audit_runs(tmp_path, QUICK)


def test_a_study_file_is_audited_before_it_runs(tiny_study):
    plan = read_study(tiny_study)
    report = audit_study(plan, "tiny", QUICK)
    assert codes(report) == {"shared-speaker", "sister-rows", "altered-test"}
    assert "test-watched" in codes(report, "warning")
    tables = {
        "study": {"name": "clean", "corpora": ["synthetic"], "protocols": ["speaker"]},
        "synthetic": {"n_speakers": 4, "n_per_emotion": 1},
        "experiments": {"linear": {"model": "logistic", "augmentation": "notebook"}},
    }
    report = audit_study(build_plan(tables), "clean", AuditOptions())
    assert report.ok
    assert codes(report, "warning") == {"shared-sentence"}


def test_statistics_of_other_features_are_never_the_same():
    one = Statistics(np.zeros(3, np.float32), np.ones(3, np.float32))
    other = Statistics(np.zeros(4, np.float32), np.ones(4, np.float32))
    assert one.differ(other) == np.inf
    assert one.differ(one) == 0


def test_one_clip_of_a_thousand_too_many_is_seen():
    values = np.random.default_rng(0).standard_normal((1000, 1, 20)).astype(np.float32)
    table = RowTable(values, np.zeros(1000, np.int64), np.ones((1000, 1), bool))
    splits = np.full((1000, 1), TRAIN, np.int8)
    splits[0] = TEST
    fold = Fold("mine", 1, splits)
    whole = StandardScaler.fit(values[:, 0])
    found = identify_rows(Statistics(whole.mean, whole.deviation), table, fold)
    assert found == "training and test rows"


def test_an_artefact_is_checked_against_its_manifest(voices, write, tmp_path, monkeypatch):
    manifest = write(voices)
    options = AuditOptions(by_sound=False, store=tmp_path / "store", model=tmp_path / "model.onnx")
    feature_set = get_feature_set("notebook-16k")
    extraction = ExtractionOptions(store=FeatureStore(tmp_path / "store"))
    table = build_rows(voices, feature_set, get_policy("none"), 3, extraction)
    fold = get_protocol("speaker").folds(voices, seed=3)[1]
    for splits, code in (((TRAIN,), None), ((TRAIN, DEV, TEST), "test-fitted-scaler")):
        rows = table.take(*np.nonzero(np.isin(fold.splits, splits)))
        scaler = StandardScaler.fit(rows.values)
        metadata = make_tiny_metadata(
            frontend=Frontend(feature_set.name, "statistics", feature_set.key),
            population=Population(tuple(scaler.mean.tolist()), tuple(scaler.deviation.tolist())),
            data_sha256=hash_file(manifest),
            seed=3,
            scores=(Score("uar", 0.5, "speaker", "synthetic", 1, 2, 3),),
        )
        # What an artefact says of itself is all that is looked at.
        loaded = SimpleNamespace(metadata=metadata)
        monkeypatch.setattr("emovox.study.audit.model.load_artefact", lambda _, out=loaded: out)
        report = audit_manifest(manifest, options)
        assert [finding.code for finding in report.leaks] == ([code] if code else [])
        assert "scaler of the model" in report.checked
