"""All that a report of a study is written from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from emovox.protocols import get_protocol
from emovox.study.comparison import Paired
from emovox.study.curves import Curves
from emovox.study.evaluate import ALL
from emovox.study.evidence import Evidence
from emovox.study.mistakes import Mistake
from emovox.study.plan import Experiment, StudyPlan
from emovox.study.standings import Standing
from emovox.types import Clip

Row: TypeAlias = Mapping[str, Any]


@dataclass(frozen=True, slots=True, eq=False)
class Story:
    """All that a report is written from.

    Attributes
    ----------
    plan : StudyPlan
        What was compared.
    clips : sequence of Clip
        On which recordings.
    rows : sequence of mapping
        What ``results.json`` holds.
    curves : mapping of str to Curves
        Experiment -> its learning curves; networks only.
    n_runs, n_finished : int
        Of the study.
    standings : mapping of (experiment, protocol) to Standing
        Seeds and folds put together.
    pairs : tuple of Paired
        Ideas against each other, under the honest protocol.
    helped : tuple of Paired
        Remedies against the first of them, which does nothing, under the honest protocol.
    mistakes : tuple of Mistake
        The most confident ones of the best idea.
    environments : tuple of mapping
        The different ones of the runs.
    evidence : Evidence
        Audit and statistics, where the study asks for them.
    """

    plan: StudyPlan
    clips: Sequence[Clip]
    rows: Sequence[Row]
    curves: Mapping[str, Curves]
    n_runs: int
    n_finished: int
    standings: Mapping[tuple[str, str], Standing] = field(default_factory=dict)
    pairs: tuple[Paired, ...] = ()
    helped: tuple[Paired, ...] = ()
    mistakes: tuple[Mistake, ...] = ()
    environments: tuple[Mapping[str, str], ...] = ()
    evidence: Evidence = field(default_factory=Evidence)

    @property
    def core(self) -> tuple[str, ...]:
        """The experiments that the general sections show: the families, else all."""
        return self.plan.report.families or tuple(e.name for e in self.plan.experiments)

    @property
    def faulty(self) -> str | None:
        """The first protocol of the study whose test speakers are in training."""
        return next((p for p in self.plan.protocols_used if get_protocol(p).leaky), None)

    @property
    def honest(self) -> str | None:
        """The first protocol of the study whose test speakers are not."""
        return next((p for p in self.plan.protocols_used if not get_protocol(p).leaky), None)

    @property
    def best(self) -> Standing | None:
        """The idea with the highest UAR under the honest protocol (the faulty one without it)."""
        protocol = self.honest or self.faulty
        found = [
            one
            for one in self.standings.values()
            if one.protocol == protocol and one.experiment in self.core
        ]
        return max(found, key=lambda one: one.uar, default=None)

    @property
    def chance(self) -> float:
        """UAR of guessing: one over the number of emotions."""
        return 1 / max(1, len({clip.emotion for clip in self.clips}))

    def get_title(self, experiment: str) -> str:
        """Return how an experiment is called."""
        titles = {e.name: e.title for e in self.plan.experiments}
        return titles[experiment] or experiment

    @property
    def shown_curves(self) -> dict[str, Curves]:
        """The curves of general ideas and remedies: of thirty more no reader can see them all."""
        report = self.plan.report
        if not (report.families or report.remedies):
            return dict(self.curves)
        kept = (self.faulty, self.honest)
        chosen = {
            name: {protocol: runs for protocol, runs in curves.items() if protocol in kept}
            for name, curves in self.curves.items()
            if name in {*self.core, *report.remedies}
        }
        return {name: curves for name, curves in chosen.items() if curves}

    def get_experiment(self, name: str) -> Experiment:
        """Return an experiment by name."""
        return next(e for e in self.plan.experiments if e.name == name)

    def list_standings(self, names: Sequence[str], protocol: str | None) -> list[Standing]:
        """Return where these experiments stand under a protocol, as far as they are tested."""
        keys = ((name, str(protocol)) for name in names)
        return [self.standings[key] for key in keys if key in self.standings]

    def is_selected(self, experiment: str, protocol: str) -> bool:
        """Return whether the epoch that is tested was chosen on the watched rows."""
        options = self.plan.get_training(self.get_experiment(experiment), protocol)
        return options.keep == "best" and not get_protocol(protocol).leaky

    def find_pooled(self, **wanted: Any) -> list[Row]:
        """Return the rows pooled over folds whose fields have these values."""
        wanted["fold"] = ALL
        return [r for r in self.rows if all(r[name] == value for name, value in wanted.items())]
