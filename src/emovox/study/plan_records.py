"""The tables of a study file as records: what each key means, and what it is where not given."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from emovox.protocols import Limits
from emovox.study.normalize import NONE


@dataclass(frozen=True, slots=True)
class StudySettings:
    """The table ``[study]``.

    Attributes
    ----------
    name : str
        Short name of the study.
    corpora : tuple of str
        Which corpora, pooled.
    protocols : tuple of str
        Under which protocols every experiment runs.
    title : str
        One line for the report.
    emotions : tuple of str
        Only clips of these; of all when empty. Corpora can then be compared on the same ones.
    seeds : tuple of int
        Of folds, augmentation and training alike.
    experiments : tuple of str
        Which experiments to run; all of the file when empty.
    store : str
        Folder of the feature store; ``store`` in the run folder when empty.
    fast : bool
        The small version: fewer clips, folds and epochs. Results carry it.
    """

    name: str
    corpora: tuple[str, ...]
    protocols: tuple[str, ...]
    title: str = ""
    emotions: tuple[str, ...] = ()
    seeds: tuple[int, ...] = (0,)
    experiments: tuple[str, ...] = ()
    store: str = ""
    fast: bool = False


@dataclass(frozen=True, slots=True)
class Experiment:
    """A table ``[experiments.NAME]``: one idea to compare.

    Attributes
    ----------
    name : str
        Its name in results.
    model : str
        One of ``emovox.training.list_models()``.
    augmentation : str
        One of ``emovox.augment.list_policies()``, or transforms joined by ``+``.
    features : str
        One of ``emovox.features.list_feature_sets()``.
    normalize : str
        ``none``, or ``speaker``: each speaker's mean and deviation are taken out, over all their
        clips; see `emovox.study.normalize`.
    title : str
        One line for figures and the report; the name when empty.
    training : mapping
        Training options of this experiment alone.
    protocols : tuple of str
        Under which it runs; those of ``[study]`` when empty.
    emotions : tuple of str
        Only clips of these are trained on and tested; all when empty.
    train_speakers : int
        So many training speakers at most, one of each corpus first; 0: all.
    """

    name: str
    model: str
    augmentation: str = "none"
    features: str = "notebook"
    normalize: str = NONE
    title: str = ""
    training: Mapping[str, Any] = field(default_factory=dict)
    protocols: tuple[str, ...] = ()
    emotions: tuple[str, ...] = ()
    train_speakers: int = 0

    @property
    def limits(self) -> Limits:
        """What of each fold it uses."""
        return Limits(self.emotions, self.train_speakers)


@dataclass(frozen=True, slots=True)
class ReportSettings:
    """The table ``[report]``: which experiments answer which question of the report.

    Attributes
    ----------
    ladder : tuple of str
        Experiments under several protocols: what each leak is worth.
    remedies : tuple of str
        What is done against overfitting, each compared with the first, which does nothing.
    model_size : tuple of str
        Networks of several widths: the gap between training and test against their size.
    data_size : tuple of str
        Experiments with several ``train_speakers``: the gap against the number of voices.
    families : tuple of str
        Kinds of models on the same folds, each compared with the first. The general sections of
        the report show these alone.
    cross_corpus : tuple of str
        Experiments under ``corpus`` and ``corpus-pairs``: the matrix of corpora.
    statistics : tuple of str
        Feature sets whose statistics are in the report.
    audit : bool
        Whether the report says what leaks; every recording is listened to for that.
    """

    ladder: tuple[str, ...] = ()
    remedies: tuple[str, ...] = ()
    model_size: tuple[str, ...] = ()
    data_size: tuple[str, ...] = ()
    families: tuple[str, ...] = ()
    cross_corpus: tuple[str, ...] = ()
    statistics: tuple[str, ...] = ()
    audit: bool = False


QUESTIONS = ("ladder", "remedies", "model_size", "data_size", "families", "cross_corpus")
"""The fields of ``[report]`` that name experiments."""


@dataclass(frozen=True, slots=True)
class FastSettings:
    """The table ``[fast]``: how small the small version is.

    Attributes
    ----------
    epochs : int
        Longest training.
    folds : int
        How many folds of each protocol.
    clips : int
        How many clips, spread over speakers and emotions.
    """

    epochs: int = 4
    folds: int = 1
    clips: int = 600
