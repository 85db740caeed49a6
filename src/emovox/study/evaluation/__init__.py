"""A model, tried on a manifest: how well, how sure, for whom, and outside the studio."""

from emovox.study.evaluation.conditions import ROBUSTNESS, Acquaintance, Condition, Pass
from emovox.study.evaluation.judged import Judged, make_judged
from emovox.study.evaluation.report import score_outcome, write_evaluation
from emovox.study.evaluation.run import EvaluationOptions, Outcome, predict_all
from emovox.study.evaluation.summary import format_evaluation

__all__ = [
    "ROBUSTNESS",
    "Acquaintance",
    "Condition",
    "EvaluationOptions",
    "Judged",
    "Outcome",
    "Pass",
    "format_evaluation",
    "make_judged",
    "predict_all",
    "score_outcome",
    "write_evaluation",
]
