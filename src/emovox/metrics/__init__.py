"""Figures that can be believed: UAR and the rest, intervals by speaker, paired comparison.

NumPy only. ``truth, prediction`` in that order, as indices into ``emovox.emotions.EMOTIONS``.
"""

from emovox.metrics.calibration import compute_ece, validate_probabilities
from emovox.metrics.classification import (
    compute_accuracy,
    compute_confusion,
    compute_macro_f1,
    compute_recalls,
    compute_uar,
    validate_labels,
)
from emovox.metrics.speakers import (
    Comparison,
    Interval,
    ResamplingOptions,
    compare_paired,
    correct_pvalues,
    estimate_interval,
)
from emovox.metrics.summary import evaluate

__all__ = [
    "Comparison",
    "Interval",
    "ResamplingOptions",
    "compare_paired",
    "compute_accuracy",
    "compute_confusion",
    "compute_ece",
    "compute_macro_f1",
    "compute_recalls",
    "compute_uar",
    "correct_pvalues",
    "estimate_interval",
    "evaluate",
    "validate_labels",
    "validate_probabilities",
]
