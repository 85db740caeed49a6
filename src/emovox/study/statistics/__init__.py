"""Statistics of features: whose variance they carry, what repeats, and advice that is checked."""

from emovox.study.statistics.advice import give_advice
from emovox.study.statistics.measure import FeatureStatistics, measure_statistics
from emovox.study.statistics.record import Advice
from emovox.study.statistics.report import read_results, write_statistics
from emovox.study.statistics.sample import StatisticsOptions
from emovox.study.statistics.summary import format_statistics
from emovox.study.statistics.verdict import Verdict, score_advice

__all__ = [
    "Advice",
    "FeatureStatistics",
    "StatisticsOptions",
    "Verdict",
    "format_statistics",
    "give_advice",
    "measure_statistics",
    "read_results",
    "score_advice",
    "write_statistics",
]
