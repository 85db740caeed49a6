"""Figures that can be believed: UAR and the rest, intervals by speaker, paired comparison.

NumPy only. ``truth, prediction`` in that order, as indices into ``emovox.emotions.EMOTIONS``.
"""

from emovox.metrics.calibration import (
    Reliability,
    compute_ece,
    compute_reliability,
    validate_probabilities,
)
from emovox.metrics.classification import (
    compute_accuracy,
    compute_confusion,
    compute_macro_f1,
    compute_recalls,
    compute_uar,
    validate_labels,
)
from emovox.metrics.selective import (
    OperatingPoint,
    RiskCoverage,
    apply_threshold,
    compute_aurc,
    compute_risk_coverage,
    fit_threshold,
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
    "OperatingPoint",
    "Reliability",
    "ResamplingOptions",
    "RiskCoverage",
    "apply_threshold",
    "compare_paired",
    "compute_accuracy",
    "compute_aurc",
    "compute_confusion",
    "compute_ece",
    "compute_macro_f1",
    "compute_recalls",
    "compute_reliability",
    "compute_risk_coverage",
    "compute_uar",
    "correct_pvalues",
    "estimate_interval",
    "evaluate",
    "fit_threshold",
    "validate_labels",
    "validate_probabilities",
]
