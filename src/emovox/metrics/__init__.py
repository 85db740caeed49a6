"""Figures that can be believed: UAR and the rest, intervals by speaker, paired comparison.

NumPy only. ``truth, prediction`` in that order, as indices into ``emovox.emotions.EMOTIONS``.
Beside them, of features: whose variance is it?
"""

from emovox.metrics.calibration import (
    Reliability,
    compute_ece,
    compute_reliability,
    estimate_ece,
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
from emovox.metrics.components import (
    COMPONENTS,
    Components,
    ShareIntervals,
    estimate_components,
    estimate_shares,
)
from emovox.metrics.design import Design
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
from emovox.metrics.variance import OneWay, analyze_one_way

__all__ = [
    "COMPONENTS",
    "Comparison",
    "Components",
    "Design",
    "Interval",
    "OneWay",
    "OperatingPoint",
    "Reliability",
    "ResamplingOptions",
    "RiskCoverage",
    "ShareIntervals",
    "analyze_one_way",
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
    "estimate_components",
    "estimate_ece",
    "estimate_interval",
    "estimate_shares",
    "evaluate",
    "fit_threshold",
    "validate_labels",
    "validate_probabilities",
]
