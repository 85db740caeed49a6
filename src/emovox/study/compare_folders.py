"""Comparison across folders: two runs, two ideas, or two studies on the same clips."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from emovox.corpora import read_manifest
from emovox.errors import ConfigError, ManifestError, ParameterError, suggest
from emovox.metrics import ResamplingOptions
from emovox.protocols import get_protocol
from emovox.study.comparison import Paired, compare_experiments, compare_seeds, correct
from emovox.study.evaluate import evaluate_runs
from emovox.study.execute import MANIFEST_NAME, PREDICTIONS_NAME
from emovox.study.places import STUDY_NAME
from emovox.study.plan import read_study
from emovox.study.runs import RunConfig, expand_plan
from emovox.study.scored import Labels, Scored, read_scored
from emovox.study.settings import read_toml
from emovox.types import Clip


@dataclass(frozen=True, slots=True, eq=False)
class _Side:
    """What stands on one side: test rows, by (experiment, protocol) and seed; and their clips."""

    clips: tuple[Clip, ...]
    tests: Mapping[tuple[str, str, int], Scored]

    def list_protocols(self) -> list[str]:
        return list(dict.fromkeys(protocol for _, protocol, _ in self.tests))

    def list_experiments(self) -> list[str]:
        return list(dict.fromkeys(experiment for experiment, *_ in self.tests))

    def get_seeds(self, experiment: str, protocol: str) -> dict[int, Scored]:
        return {
            seed: rows
            for (name, own, seed), rows in self.tests.items()
            if (name, own) == (experiment, protocol)
        }


def compare_places(
    first: str,
    second: str | None = None,
    *,
    protocol: str | None = None,
    options: ResamplingOptions | None = None,
) -> tuple[Paired, ...]:
    """Compare what two places hold, on the clips that both were tested on.

    Parameters
    ----------
    first, second : str
        The folder of a study, ``FOLDER:EXPERIMENT``, or the folder of one run. Two studies are
        compared experiment by experiment of the same name. ``second`` may also be an experiment
        of the study that ``first`` names. Without it: all experiments of ``first``.
    protocol : str, optional
        Under which; the first honest one that both have where it is not given.
    options : ResamplingOptions, optional
        Metric, level, draws.

    Returns
    -------
    tuple of Paired
        ``first`` minus ``second``; p-values corrected over all of them.

    Raises
    ------
    ConfigError
        If a place is neither a study nor a run, or has no such experiment.
    ManifestError
        If the two share no clip.
    ParameterError
        If they share no protocol, or a clip has no speaker.
    """
    options = options or ResamplingOptions()
    if second is None:
        side = _read_place(first)
        chosen = _choose_protocol([side], protocol)
        pairs = compare_experiments(side.tests, side.list_experiments(), chosen, options)
        if not pairs:
            raise ParameterError(
                f"{first} has nothing to compare under the protocol {chosen!r}.",
                hint="It takes two experiments with finished runs, and clips whose speaker is "
                "known. Name another study or run as B.",
            )
        return pairs
    if not Path(second.partition(":")[0]).is_dir():
        second = f"{first.partition(':')[0]}:{second}"
    sides = [_read_place(first), _read_place(second)]
    chosen = _choose_protocol(sides, protocol)
    other = _renumber(sides[1], sides[0].clips)
    names = _pair_names(sides)
    found = []
    for a, b in names:
        labels = (a, b) if a != b else (f"{first}:{a}", f"{second}:{b}")
        found.append(
            compare_seeds(
                labels, chosen, sides[0].get_seeds(a, chosen), other.get_seeds(b, chosen), options
            )
        )
    return correct(found)


def _pair_names(sides: Sequence[_Side]) -> list[tuple[str, str]]:
    first, second = (side.list_experiments() for side in sides)
    if len(first) == len(second) == 1:
        return [(first[0], second[0])]
    if len(second) == 1:
        return [(name, second[0]) for name in first if name != second[0]]
    if len(first) == 1:
        return [(first[0], name) for name in second if name != first[0]]
    common = [(name, name) for name in first if name in second]
    if not common:
        raise ConfigError(
            f"no experiment has the same name in both: {', '.join(first)}; {', '.join(second)}.",
            hint="Name one of each: FOLDER:EXPERIMENT.",
        )
    return common


def _choose_protocol(sides: Sequence[_Side], wanted: str | None) -> str:
    common = [p for p in sides[0].list_protocols() if all(p in s.list_protocols() for s in sides)]
    if wanted is not None:
        if wanted not in common:
            raise ParameterError(
                f"protocol {wanted!r} has no finished runs in both.", hint=suggest(wanted, common)
            )
        return wanted
    honest = [name for name in common if not get_protocol(name).leaky]
    if not honest:
        raise ParameterError(
            "no protocol whose test speakers are not in training has finished runs in both.",
            hint=f"There is: {', '.join(common) or 'none'}. Name one with --protocol.",
        )
    return honest[0]


def _renumber(side: _Side, clips: Sequence[Clip]) -> _Side:
    """Return the same, clips numbered as in another manifest; those it lacks are left out."""
    number = {clip.sha256 or clip.path: index for index, clip in enumerate(clips)}
    new = np.array([number.get(clip.sha256 or clip.path, -1) for clip in side.clips], np.int64)
    tests = {}
    for key, rows in side.tests.items():
        kept = rows.take(new[rows.clip] >= 0)
        tests[key] = dataclasses.replace(kept, clip=new[kept.clip])
    return _Side(tuple(clips), tests)


def _read_place(place: str) -> _Side:
    name, _, experiment = place.partition(":")
    folder = Path(name)
    if (folder / STUDY_NAME).is_file():
        return _read_study_side(folder, experiment)
    if (folder / PREDICTIONS_NAME).is_file():
        return _read_run_side(folder)
    raise ConfigError(
        f"{name} is neither the folder of a study nor of a finished run.",
        hint=f"One has {STUDY_NAME}, the other {PREDICTIONS_NAME}.",
    )


def _read_study_side(folder: Path, experiment: str) -> _Side:
    plan = read_study(folder / STUDY_NAME)
    clips = read_manifest(folder / MANIFEST_NAME)
    tests = evaluate_runs(expand_plan(plan, clips), clips, folder, intervals=False).tests
    if experiment:
        known = [e.name for e in plan.experiments]
        if experiment not in known:
            raise ConfigError(
                f"{folder} has no experiment {experiment!r}.", hint=suggest(experiment, known)
            )
        tests = {key: rows for key, rows in tests.items() if key[0] == experiment}
    if not tests:
        raise ManifestError(
            f"{folder} has no finished run{f' of {experiment}' * bool(experiment)}."
        )
    return _Side(clips, tests)


def _read_run_side(folder: Path) -> _Side:
    """Read one run; its study, whose manifest it needs, is two folders up."""
    config = RunConfig.from_dict(read_toml(folder / "config.toml"))
    clips = read_manifest(folder.resolve().parents[1] / MANIFEST_NAME)
    rows, _ = read_scored(folder / PREDICTIONS_NAME, Labels.of(clips))
    return _Side(clips, {(folder.name, config.protocol, config.seed): rows})
