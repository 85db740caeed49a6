"""A plan of the recognizer's trainings, in TOML.

Each trial holds out folds of several published protocols at once.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from emovox.errors import ConfigError, suggest
from emovox.study.settings import apply_override, build_record, check_keys, read_toml
from emovox.training.speech.answers import Teaching
from emovox.training.speech.distill import Distillation
from emovox.training.speech.network import NetworkOptions
from emovox.training.speech.options import FineTuning
from emovox.training.speech.prune import Pruning

_TABLES = (
    "recognizer",
    "network",
    "training",
    "distillation",
    "pruning",
    "teaching",
    "artefact",
    "trials",
    "trials_of",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """One training.

    Attributes
    ----------
    seed : int
        Of its training.
    hold_out : tuple of str
        ``protocol:fold``, folds as the protocol numbers them; nobody where it is empty.
    corpora : tuple of str
        Trained on; empty: those of the plan.
    """

    seed: int = 0
    hold_out: tuple[str, ...] = ()
    corpora: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """What all trials share.

    Attributes
    ----------
    corpora : tuple of str
    augmentation : str
        Policy of the altered copies.
    """

    corpora: tuple[str, ...]
    augmentation: str = "robust"


@dataclass(frozen=True, slots=True, kw_only=True)
class Precision:
    """How the artefact keeps its weights.

    Attributes
    ----------
    precise : tuple of str
        Parts of the network that stay in float32 where the rest is int8; see ``export_speech``.
    """

    precise: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialPlan:
    """A file of trials."""

    scope: Scope
    network: NetworkOptions
    training: FineTuning
    distillation: Distillation
    pruning: Pruning
    teaching: Teaching
    artefact: Precision
    trials: dict[str, Trial]

    def get(self, name: str) -> Trial:
        """Return a trial by name; raise ConfigError if there is none."""
        if name not in self.trials:
            raise ConfigError(f"no trial {name!r}.", hint=suggest(name, self.trials))
        return self.trials[name]


def read_trials(path: str | os.PathLike[str], overrides: Sequence[str] = ()) -> TrialPlan:
    """Read a plan of trials.

    ``trials_of`` names a plan beside it whose trials it shares.

    Parameters
    ----------
    path : path-like
    overrides : sequence of str
        ``table.key=value``, set before anything is read.

    Raises
    ------
    ConfigError
        If it is not there, a key is unknown or a value of the wrong kind.
    """
    tables = read_toml(Path(path))
    check_keys(tables, _TABLES, str(path))
    if "trials_of" in tables:
        if "trials" in tables:
            raise ConfigError(f"{path} has trials of its own and trials_of; it must have one.")
        shared = read_toml(Path(path).parent / str(tables["trials_of"]))
        tables["trials"] = shared.get("trials", {})
    for override in overrides:
        apply_override(tables, override)
    return TrialPlan(
        scope=build_record(Scope, tables.get("recognizer", {}), "[recognizer]"),
        network=build_record(NetworkOptions, tables.get("network", {}), "[network]"),
        training=build_record(FineTuning, tables.get("training", {}), "[training]"),
        distillation=build_record(Distillation, tables.get("distillation", {}), "[distillation]"),
        pruning=build_record(Pruning, tables.get("pruning", {}), "[pruning]"),
        teaching=build_record(Teaching, tables.get("teaching", {}), "[teaching]"),
        artefact=build_record(Precision, tables.get("artefact", {}), "[artefact]"),
        trials={
            name: build_record(Trial, table, f"[trials.{name}]")
            for name, table in tables.get("trials", {}).items()
        },
    )
