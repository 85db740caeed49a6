"""The study file: what is compared, on which recordings, under which protocols.

A study file is TOML::

    [study]
    name = "first"
    corpora = ["ravdess", "savee"]       # names, or "synthetic"
    protocols = ["notebook", "speaker"]
    seeds = [0]

    [training]                           # options of every training
    batch_size = 64

    [protocols.speaker]                  # options of trainings under one protocol
    patience = 8

    [splits.speaker]                     # options of the protocol itself
    n_folds = 3

    [experiments.try1]                   # one table an idea
    model = "notebook_cnn"
    augmentation = "none"

    [report]                             # which experiments answer which question
    families = ["try1"]

Every experiment runs under every protocol (its own, where it names some), on every fold, with
every seed.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from emovox.augment import get_policy
from emovox.corpora import SyntheticOptions, list_corpora
from emovox.emotions import EMOTIONS
from emovox.errors import ConfigError, ParameterError
from emovox.features import list_feature_sets
from emovox.protocols import get_protocol, list_protocols
from emovox.study.normalize import NORMALIZATIONS
from emovox.study.plan_records import (
    QUESTIONS,
    Experiment,
    FastSettings,
    ReportSettings,
    StudySettings,
)
from emovox.study.settings import (
    apply_override,
    build_record,
    check_keys,
    check_name,
    format_toml,
    read_toml,
)
from emovox.training import TrainingOptions, default_options, get_model_spec, list_models

__all__ = [
    "QUESTIONS",
    "Experiment",
    "FastSettings",
    "ReportSettings",
    "StudyPlan",
    "StudySettings",
    "build_plan",
    "read_study",
]


@dataclass(frozen=True, slots=True)
class StudyPlan:
    """A whole study file, checked.

    Attributes
    ----------
    study, fast_settings, synthetic
        The tables ``[study]``, ``[fast]``, ``[synthetic]``.
    experiments : tuple of Experiment
        In the order of the file.
    training : mapping
        The table ``[training]``: options of every training.
    protocols : mapping of str to mapping
        The tables ``[protocols.NAME]``: options of trainings under that protocol.
    splits : mapping of str to mapping
        The tables ``[splits.NAME]``: options of the protocol itself.
    report : ReportSettings
        The table ``[report]``.
    """

    study: StudySettings
    experiments: tuple[Experiment, ...]
    training: Mapping[str, Any] = field(default_factory=dict)
    protocols: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    splits: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    fast_settings: FastSettings = field(default_factory=FastSettings)
    synthetic: SyntheticOptions = field(default_factory=SyntheticOptions)
    report: ReportSettings = field(default_factory=ReportSettings)

    @property
    def protocols_used(self) -> tuple[str, ...]:
        """Every protocol that an experiment runs under: those of ``[study]`` first."""
        used = {p: None for e in self.experiments for p in self.list_protocols(e)}
        first = [p for p in self.study.protocols if p in used]
        return tuple(dict.fromkeys((*first, *used)))

    def list_protocols(self, experiment: Experiment) -> tuple[str, ...]:
        """Return the protocols that an experiment runs under."""
        return experiment.protocols or self.study.protocols

    def get_training(self, experiment: Experiment, protocol: str) -> TrainingOptions:
        """Return the training options of one experiment under one protocol, with seed 0.

        The experiment's own win over the protocol's, these over ``[training]``, and these over
        the model's defaults.
        """
        table = {**self.training, **self.protocols.get(protocol, {}), **experiment.training}
        options = default_options(experiment.model, **table)
        if self.study.fast:
            epochs = min(options.epochs, self.fast_settings.epochs)
            options = dataclasses.replace(options, epochs=epochs)
        return options

    def to_toml(self) -> str:
        """Return the study as a study file, defaults and overrides written out."""
        study = dataclasses.asdict(self.study)
        experiments = {e.name: dataclasses.asdict(e) for e in self.experiments}
        for table in experiments.values():
            del table["name"]
        return format_toml(
            {
                "study": study,
                "synthetic": dataclasses.asdict(self.synthetic),
                "fast": dataclasses.asdict(self.fast_settings),
                "report": dataclasses.asdict(self.report),
                "training": self.training,
                "protocols": self.protocols,
                "splits": self.splits,
                "experiments": experiments,
            }
        )


def read_study(path: str | Path, *, overrides: Sequence[str] = ()) -> StudyPlan:
    """Read and check a study file.

    Parameters
    ----------
    path : path-like
        A TOML file.
    overrides : sequence of str, default=()
        ``table.key=value`` each, such as ``training.epochs=3``; applied before the check.

    Returns
    -------
    StudyPlan

    Raises
    ------
    ConfigError
        If the file cannot be read, a key is unknown (the nearest known one is named), a value
        has the wrong kind, or a name is not known.
    """
    tables = read_toml(path)
    for override in overrides:
        apply_override(tables, override)
    return build_plan(tables)


def build_plan(tables: Mapping[str, Any]) -> StudyPlan:
    """Make a plan of nested tables; see `read_study`."""
    check_keys(
        tables,
        (
            "study",
            "training",
            "protocols",
            "splits",
            "experiments",
            "fast",
            "synthetic",
            "report",
        ),
        "the study file",
    )
    study = build_record(StudySettings, tables.get("study", {}), "[study]")
    defined = tables.get("experiments", {})
    chosen = study.experiments or tuple(defined)
    for name in chosen:
        check_name(name, defined, "[study] experiments")
    experiments = tuple(
        build_record(Experiment, {**defined[name], "name": name}, f"[experiments.{name}]")
        for name in chosen
    )
    plan = StudyPlan(
        study=study,
        experiments=experiments,
        training=tables.get("training", {}),
        protocols=tables.get("protocols", {}),
        splits=tables.get("splits", {}),
        fast_settings=build_record(FastSettings, tables.get("fast", {}), "[fast]"),
        synthetic=build_record(SyntheticOptions, tables.get("synthetic", {}), "[synthetic]"),
        report=build_record(ReportSettings, tables.get("report", {}), "[report]"),
    )
    _validate_names(plan)
    _validate_training(plan)
    return _validate_report(plan, defined)


def _validate_names(plan: StudyPlan) -> None:
    if not (plan.experiments and plan.study.corpora and plan.study.protocols and plan.study.seeds):
        raise ConfigError("a study needs at least one experiment, corpus, protocol and seed.")
    for corpus in plan.study.corpora:
        check_name(corpus, (*list_corpora(), "synthetic"), "[study] corpora")
    for emotion in plan.study.emotions:
        check_name(emotion, EMOTIONS, "[study] emotions")
    for protocol in (*plan.study.protocols, *plan.protocols, *plan.splits):
        check_name(protocol, list_protocols(), "[study] protocols")
    for protocol, options in plan.splits.items():
        try:
            get_protocol(protocol, **options)
        except ParameterError as error:
            raise ConfigError(f"[splits.{protocol}]: {error.message}", hint=error.hint) from None
    for experiment in plan.experiments:
        where = f"[experiments.{experiment.name}]"
        check_name(experiment.model, list_models(), f"{where} model")
        try:
            get_policy(experiment.augmentation)
        except ParameterError as error:
            text = f"{where} augmentation: {error.message}"
            raise ConfigError(text, hint=error.hint) from None
        check_name(experiment.features, list_feature_sets(), f"{where} features")
        check_name(experiment.normalize, NORMALIZATIONS, f"{where} normalize")
        for protocol in experiment.protocols:
            check_name(protocol, list_protocols(), f"{where} protocols")
        for emotion in experiment.emotions:
            check_name(emotion, EMOTIONS, f"{where} emotions")
        if experiment.train_speakers < 0:
            raise ConfigError(
                f"{where} train_speakers is {experiment.train_speakers}; it must be 0 or more."
            )


def _validate_training(plan: StudyPlan) -> None:
    tables = {"[training]": plan.training}
    tables |= {f"[protocols.{name}]": table for name, table in plan.protocols.items()}
    tables |= {f"[experiments.{e.name}.training]": e.training for e in plan.experiments}
    # The seed of a training is the seed of its run.
    known = [f.name for f in dataclasses.fields(TrainingOptions) if f.name != "seed"]
    for where, table in tables.items():
        check_keys(table, known, where)
        build_record(TrainingOptions, table, where).validate()
    for experiment in plan.experiments:
        for protocol in plan.list_protocols(experiment):
            options = plan.get_training(experiment, protocol)
            try:
                get_model_spec(experiment.model).validate(options)
            except ParameterError as error:
                text = f"[experiments.{experiment.name}]: {error.message}"
                raise ConfigError(text, hint=error.hint) from None


def _validate_report(plan: StudyPlan, defined: Iterable[str]) -> StudyPlan:
    """Check the names in ``[report]``; of experiments that are not chosen nothing is asked."""
    chosen = [experiment.name for experiment in plan.experiments]
    kept: dict[str, Any] = {}
    for question in QUESTIONS:
        names = getattr(plan.report, question)
        for name in names:
            check_name(name, defined, f"[report] {question}")
        kept[question] = tuple(name for name in names if name in chosen)
    for name in plan.report.statistics:
        check_name(name, list_feature_sets(), "[report] statistics")
    return dataclasses.replace(plan, report=dataclasses.replace(plan.report, **kept))
