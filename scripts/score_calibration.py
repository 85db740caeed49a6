"""What a recognizer's confidences are worth where they were not fitted.

    python scripts/score_calibration.py docs/results/recognizer/small \
        docs/results/recognizer/small-corpora

Both FOLDERs are of score_trials.py: speakers held out, and whole corpora. The calibration of each
is applied to the other; the page is written into the second. Nothing is trained.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from emovox.files import write_text
from emovox.models import Calibration, compute_probabilities
from emovox.study.trials.calibration import Calibrated, find_knowledge, fit_calibration
from emovox.study.trials.confidence import score_ece, score_refusal
from emovox.study.trials.scores import TrialPredictions, find_published, read_trial_predictions
from emovox.study.words import format_table, hundredths, say_bounds

HEADER = ("voice", "corpus", "calibration error", "too sure by", "decided", "wrong among them")


def calibrate(predictions: TrialPredictions, calibration: Calibration) -> Calibrated:
    """Return predictions as a calibration from elsewhere has them."""
    levels, level = np.unique(find_knowledge(predictions), return_inverse=True)
    temperature = np.array([calibration.get_temperature(k) for k in levels.tolist()])
    logits = (predictions.logits / temperature[level][:, None]).astype(np.float32)
    threshold = np.full(len(logits), calibration.threshold)
    return Calibrated(predictions, compute_probabilities(logits), threshold)


def list_rows(calibrated: Calibrated) -> Iterator[list[str]]:
    """Yield a row of the table for each knowledge of the voice and corpus."""
    for error, refusal in zip(score_ece(calibrated), score_refusal(calibrated), strict=True):
        bounds = say_bounds(refusal["risk_low"], refusal["risk_high"])
        yield [
            error["voice"],
            error["corpus"],
            f"{error['ece']:.3f} [{error['ece_low']:.3f}, {error['ece_high']:.3f}]",
            hundredths(error["surplus"], sign=True),
            hundredths(refusal["coverage"], digits=0),
            f"{hundredths(refusal['risk'])} {bounds}",
        ]


def tell(title: str, fitted_on: TrialPredictions, predictions: TrialPredictions) -> str:
    """Return a section: what is fitted on the one, applied to the other."""
    fitted = fit_calibration(fitted_on)
    own = predictions.take(find_published(predictions))
    known = fitted.known_temperature or fitted.temperature
    return (
        f"## {title}\n\n"
        f"Temperature {fitted.temperature:.3f} for an unknown voice, {known:.3f} for one that is "
        f"fully known; threshold {fitted.threshold:.3f}.\n\n"
        f"{format_table(HEADER, list(list_rows(calibrate(own, fitted))))}\n"
    )


def main() -> None:
    """Write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("speakers", type=Path)
    parser.add_argument("corpora", type=Path)
    arguments = parser.parse_args()
    speakers, corpora = (
        read_trial_predictions([folder], among_all=True)
        for folder in (arguments.speakers, arguments.corpora)
    )
    text = (
        "# Confidences where they were not fitted\n\n"
        "Any of the eight emotions may be said; 95 % intervals by speaker. Decided and wrong in "
        "%, too sure by in points.\n\n"
        + tell("Fitted on corpora never heard, applied to heard ones", corpora, speakers)
        + tell("Fitted on heard corpora, applied to those never heard", speakers, corpora)
    )
    write_text(arguments.corpora / "carried.md", text)


if __name__ == "__main__":
    main()
