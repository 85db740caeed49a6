"""The sections about where figures come from: mistakes to hear, data, methods, versions."""

from __future__ import annotations

import dataclasses
import os
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from emovox.augment import get_policy
from emovox.corpora import get_corpus, list_corpora
from emovox.features import get_feature_set
from emovox.protocols import get_protocol
from emovox.study.data import SYNTHETIC
from emovox.study.evaluate import ALL
from emovox.study.normalize import SPEAKER
from emovox.study.page.parts import Cell, Code, Part, Prose, Section, Sound, Sounds, Table, Terms
from emovox.study.plan import Experiment
from emovox.study.story import Story
from emovox.study.words import percent
from emovox.training import TrainingOptions, get_model_spec

_TERMS = (
    ("UAR", "Unweighted average recall: the mean over emotions of the share recognised. Also "
     "called balanced accuracy. Guessing gives one over the number of emotions."),
    ("Accuracy", "The share of all test rows that is recognised; frequent emotions count more."),
    ("Macro F1", "The mean over emotions of F1, which also falls when an emotion is seen where "
     "there is none."),
    ("95 % interval", "Percentile bootstrap, 5,000 draws of speakers with all their recordings."),
    ("p, corrected", "Two-sided exchange test, the two ideas swapped speaker by speaker; Holm's "
     "correction over all comparisons of the table."),
    ("Dev", "Speakers on whom the epoch is chosen; neither trained on nor tested."),
)  # fmt: skip


def write_mistakes(story: Story, folder: Path) -> Iterator[Section]:
    """Give the most confident mistakes whose recordings are there to be heard."""
    sounds = []
    for mistake in story.mistakes:
        path = Path(mistake.clip.path)
        if path.is_file():
            sounds.append(
                Sound(
                    name=path.name,
                    truth=mistake.clip.emotion,
                    said=mistake.prediction,
                    confidence=percent(mistake.confidence),
                    speaker=mistake.clip.speaker_id,
                    address=make_address(path, folder),
                )
            )
    if sounds and story.best is not None:
        title = story.get_title(story.best.experiment)
        yield Section(
            "listen",
            "Listen to the surest mistakes",
            f"Where {title} was most certain and wrong, on voices that it had not heard. Listen "
            "before you trust a figure: some of these an ear would judge the same way.",
            (Sounds(sounds),),
        )


def make_address(path: Path, folder: Path) -> str:
    """Return how a page in a folder refers to a file: relative inside the folder, else a file's."""
    path, folder = path.resolve(), folder.resolve()
    if path.is_relative_to(folder):
        inside = Path(os.path.relpath(path, folder)).as_posix()
        # As a URI quotes it; a name may hold anything.
        return Path("/", inside).as_uri().removeprefix("file:///")
    return path.as_uri()


def write_data(story: Story) -> Iterator[Section]:
    """Give the recordings, their citations and licences."""
    rows = []
    notes: list[tuple[str, str]] = []
    links = []
    for corpus, n_clips in Counter(clip.corpus for clip in story.clips).items():
        own = [clip for clip in story.clips if clip.corpus == corpus]
        hours = sum(clip.duration_s or 0 for clip in own) / 3600
        title, licence, citation, link = _describe_corpus(corpus)
        speakers = len({clip.speaker_id for clip in own})
        n_emotions = len({clip.emotion for clip in own})
        cells = (title, licence, f"{n_clips:,}", str(speakers), str(n_emotions), f"{hours:.2f}")
        rows.append([Cell(text) for text in cells])
        notes.append((title, citation))
        links.append(link)
    header = ["corpus", "licence", "clips", "speakers", "emotions", "hours"]
    yield Section(
        "data",
        "Data and licences",
        "The recordings that were used, after those that cannot be read, have no label or are "
        "double were left out (left_out.csv says which, and why). No recording is in this file.",
        (Table(header, rows, n_words=2), Terms(notes, links)),
    )


def _describe_corpus(name: str) -> tuple[str, str, str, str]:
    """Return title, licence, citation and address."""
    if name in list_corpora():
        info = get_corpus(name).INFO
        return f"{info.title} ({name})", info.licence, info.citation, info.licence_url
    if name == SYNTHETIC:
        text = "Voices made by a program from a seed; the study file says which."
        return "Synthetic voices", "free, made by emovox", text, ""
    return name, "your own", "Own recordings.", ""


def write_methods(story: Story) -> Iterator[Section]:
    """Give how everything was done, in words and tables."""
    plan = story.plan
    protocols = []
    for name in plan.protocols_used:
        protocol = get_protocol(name, **plan.splits.get(name, {}))
        folds = {row["fold"] for row in story.rows if row["protocol"] == name} - {ALL}
        n_folds = f"{len(folds)} fold" + "s" * (len(folds) != 1)
        source = protocol.source
        protocols.append(
            (f"Protocol {name}", f"{protocol.description} {n_folds} here. Source: {source}.")
        )
    features = dict.fromkeys(experiment.features for experiment in plan.experiments)
    described = [(f"Features {name}", f"{get_feature_set(name).description}.") for name in features]
    altered = dict.fromkeys(experiment.augmentation for experiment in plan.experiments)
    described += [
        (f"Augmentation {name}", get_policy(name).description) for name in altered if name != "none"
    ]
    seeds = ", ".join(map(str, plan.study.seeds))
    words = (
        "Every figure is computed from stored predictions and the manifest, never inside a "
        f"training. Seeds: {seeds}. Features are standardized with the mean and deviation of "
        "training rows; under honest protocols only training clips are altered, and the epoch is "
        "chosen on dev speakers, but where an idea says that its last epoch counts. Under a "
        "faulty protocol there is no dev part: the last epoch counts."
    )
    parts: list[Part] = [
        Prose([words]),
        Terms(protocols),
        _tabulate_ideas(story),
        Terms(described),
        Terms(_TERMS),
    ]
    yield Section(
        "methods",
        "Methods",
        "How the figures came about, in enough detail to repeat them. The words used are explained "
        "at the end.",
        parts,
    )


def _tabulate_ideas(story: Story) -> Table:
    plan = story.plan
    names = ("epochs", "batch_size", "learning_rate", "weight_decay", "schedule", "patience")
    rows = []
    for experiment in plan.experiments:
        spec = get_model_spec(experiment.model)
        options: TrainingOptions = plan.get_training(experiment, _find_last(story, experiment))
        values = dataclasses.asdict(options)
        network = spec.kind == "network"
        cells = [story.get_title(experiment.name), spec.title, experiment.features]
        cells.append(experiment.augmentation)
        cells += [f"{values[name]}" if network else "" for name in names]
        cells.append(_say_changes(experiment, options))
        rows.append([Cell(text) for text in cells])
    said = (name.replace("_", " ") for name in names)
    header = ["idea", "model", "features", "augmentation", *said, "besides"]
    note = (
        "Training options under the honest protocol. Besides: how the network differs from the "
        "one described, and what the idea leaves out."
    )
    fold = "All ideas and their settings" if len(rows) > _MANY_IDEAS else ""
    return Table(header, rows, note, n_words=4, fold=fold)


_MANY_IDEAS = 12


def _find_last(story: Story, experiment: Experiment) -> str:
    protocols = story.plan.list_protocols(experiment)
    honest = [name for name in protocols if not get_protocol(name).leaky]
    return (honest or list(protocols))[0]


def _say_changes(experiment: Experiment, options: TrainingOptions) -> str:
    told = []
    if options.dropout is not None:
        told.append(f"dropout {options.dropout:g}")
    if options.batch_norm is not None:
        told.append("batch normalization" if options.batch_norm else "no batch normalization")
    if options.width != 1:
        told.append(f"width {options.width:g}")
    if options.keep == "last":
        told.append("last epoch")
    if experiment.normalize == SPEAKER:
        told.append("each speaker normalized")
    if experiment.train_speakers:
        told.append(f"{experiment.train_speakers} training speakers")
    if experiment.emotions:
        told.append(f"{len(experiment.emotions)} emotions")
    return ", ".join(told)


def write_versions(story: Story) -> Iterator[Section]:
    """Give exact versions, and the commands to repeat it all."""
    parts: list[Part] = []
    names = [name for environment in story.environments[:1] for name in environment]
    if names:
        rows = [
            [Cell(name), *(Cell(one.get(name, "") or "none") for one in story.environments)]
            for name in names
        ]
        count = len(story.environments)
        runs = [f"runs, kind {n}" for n in range(1, count + 1)] if count > 1 else ["version"]
        parts.append(Table(["", *runs], rows, n_words=1 + count))
    parts.append(
        Code(
            "emovox study run study.toml --out RUN      # the study again, or what is left of it\n"
            "emovox study report RUN                    # this report again, from predictions alone"
        )
    )
    yield Section(
        "versions",
        "Exact versions",
        "What the runs were made with; the same versions, seeds and number of threads give the "
        "same figures. study.toml beside this file is the whole study, defaults written out.",
        parts,
    )
