r"""Write what trained recognizers answer to the clips of their trials, to teach a smaller one.

    python scripts/write_answers.py MANIFEST ANSWERS \
        --member scripts/recognizer.toml ENCODER RUN --member scripts/base.toml ENCODER RUN2

RUN is where scripts/train_recognizer.py put its own; ANSWERS is for its --answers. With --trials,
of those alone.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from emovox.study.trials.answers import write_trial_answers
from emovox.study.trials.artefact import TrialSource
from emovox.study.trials.plan import read_trials
from emovox.study.trials.run import prepare_plan
from emovox.training.hub import find_encoder
from emovox.training.speech.trial import Workshop


def main() -> None:
    """Answer."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("manifest", type=Path)
    parser.add_argument("answers", type=Path)
    parser.add_argument(
        "--member", nargs=3, action="append", required=True, metavar=("PLAN", "ENCODER", "RUN")
    )
    parser.add_argument("--trials", nargs="+", help="all that the first plan has by default")
    arguments = parser.parse_args()
    members = [
        (read_trials(plan), Workshop(encoder=find_encoder(encoder), folder=Path(run)))
        for plan, encoder, run in arguments.member
    ]
    prepared = [prepare_plan(plan, arguments.manifest, shop) for plan, shop in members]
    for name in arguments.trials or [n for n, t in members[0][0].trials.items() if not t.corpora]:
        sources = [
            TrialSource(clips, plan, name, shop.folder / "trials")
            for clips, (plan, shop) in zip(prepared, members, strict=True)
        ]
        write_trial_answers(sources, arguments.answers)


if __name__ == "__main__":
    main()
