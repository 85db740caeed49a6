r"""Write a recognizer anew where no weight changed: its graph, its calibration, its scores.

    python scripts/renew_artefact.py src/emovox/models/data/emovox-small.onnx \
        --judged docs/results/recognizer/small --elsewhere docs/results/recognizer/small-corpora

For when the head's arithmetic is another, or more trials of its plan were judged. Nothing is
trained: the weights are those of the file, in 8 bits as they were.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from emovox.study.trials.artefact import Judged, renew_artefact


def main() -> None:
    """Renew."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("artefact", type=Path)
    parser.add_argument("--judged", type=Path, nargs="+", required=True, help="score_trials wrote")
    parser.add_argument("--elsewhere", type=Path, nargs="+", default=[], help="of whole corpora")
    parser.add_argument("--out", type=Path, help="where to; over the artefact by default")
    arguments = parser.parse_args()
    out = arguments.out or arguments.artefact
    judged = Judged(tuple(arguments.judged), tuple(arguments.elsewhere))
    renew_artefact(out, arguments.artefact, judged)


if __name__ == "__main__":
    main()
