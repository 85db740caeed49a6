"""Studies: a plan, its runs, their evaluation, a report."""

from emovox.study.compare_folders import compare_places
from emovox.study.comparison import Paired, format_pairs
from emovox.study.estimate import CostModel, expect_features
from emovox.study.evaluate import RESULT_FIELDS, Evaluation, evaluate_runs
from emovox.study.places import StudyOptions, read_call
from emovox.study.plan import Experiment, StudyPlan, build_plan, read_study
from emovox.study.run import Watcher, plan_study, report_study, run_study
from emovox.study.runs import Run, RunConfig, expand_plan

__all__ = [
    "RESULT_FIELDS",
    "CostModel",
    "Evaluation",
    "Experiment",
    "Paired",
    "Run",
    "RunConfig",
    "StudyOptions",
    "StudyPlan",
    "Watcher",
    "build_plan",
    "compare_places",
    "evaluate_runs",
    "expand_plan",
    "expect_features",
    "format_pairs",
    "plan_study",
    "read_call",
    "read_study",
    "report_study",
    "run_study",
]
