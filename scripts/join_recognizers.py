r"""Put trained recognizers side by side: score what they say together, write them as one model.

    python scripts/join_recognizers.py MANIFEST \
        --member scripts/small.toml ENCODER RUN --member scripts/base.toml ENCODER RUN2 \
        --scores docs/results/recognizer/base --artefact src/emovox/models/data/emovox-base.onnx

RUN is where scripts/train_recognizer.py put its own. Nothing is trained. With --trials, only those
are scored; the default are those of published protocols. The model is made of the trials "final",
or of those that --of names.
"""

from __future__ import annotations

import argparse
import shlex
import tempfile
from pathlib import Path

from emovox.study.trials.artefact import Judged, TrialSource, write_trial_artefact
from emovox.study.trials.join import join_predictions
from emovox.study.trials.plan import read_trials
from emovox.study.trials.report import ReportOptions, write_comparison, write_scores
from emovox.study.trials.run import prepare_plan
from emovox.training.hub import find_encoder
from emovox.training.speech.trial import Workshop

PUBLISHED = tuple(str(number) for number in range(1, 12))


def describe_command(arguments: argparse.Namespace) -> str:
    """Return what writes an artefact, with capitals where others have their paths."""
    words = ["python", "scripts/join_recognizers.py", "MANIFEST"]
    for number, (plan, encoder, _) in enumerate(arguments.member, start=1):
        words += ["--member", f"scripts/{Path(plan).name}", Path(encoder).name, f"RUN{number}"]
    words += ["--answers", "ANSWERS"] if arguments.answers else []
    return shlex.join([*words, "--artefact", arguments.artefact.name])


def main() -> None:
    """Join."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("manifest", type=Path)
    parser.add_argument(
        "--member", nargs=3, action="append", required=True, metavar=("PLAN", "ENCODER", "RUN")
    )
    parser.add_argument("--answers", type=Path, help="folder of what taught members learnt from")
    parser.add_argument("--trials", nargs="+", default=PUBLISHED)
    parser.add_argument("--predictions", type=Path, help="write what they say together there")
    parser.add_argument("--scores", type=Path, help="write figures and predictions to this folder")
    parser.add_argument("--against", type=Path, nargs="*", default=[], metavar="OTHER")
    parser.add_argument("--artefact", type=Path, help="write them as one model there (.onnx)")
    parser.add_argument(
        "--elsewhere", type=Path, nargs="+", default=[], help="its scores on corpora left out"
    )
    parser.add_argument("--of", default="final", metavar="TRIAL", help="what the model is made of")
    parser.add_argument("--float", action="store_true", help="of the model's weights: no int8")
    arguments = parser.parse_args()
    members = [(Path(plan), encoder, Path(run)) for plan, encoder, run in arguments.member]
    with tempfile.TemporaryDirectory() as temporary:
        joined = arguments.predictions or Path(temporary)
        folders = [[run / "trials" / name for name in arguments.trials] for *_, run in members]
        join_predictions(folders, joined)
        if not arguments.scores and not arguments.artefact:
            return
        prepared = [
            prepare_plan(
                read_trials(plan),
                arguments.manifest,
                Workshop(encoder=find_encoder(encoder), folder=run),
            )
            for plan, encoder, run in members
        ]
        if arguments.scores:
            for other in arguments.against:
                write_comparison(arguments.scores, [joined], other)
            options = ReportOptions(clips=tuple(prepared[0].clips))
            write_scores(arguments.scores, [joined], options)
        if arguments.artefact:
            sources = [
                TrialSource(
                    clips, read_trials(plan), arguments.of, run / "trials", arguments.answers
                )
                for clips, (plan, _, run) in zip(prepared, members, strict=True)
            ]
            judged = Judged((joined,), tuple(arguments.elsewhere))
            write_trial_artefact(
                arguments.artefact,
                sources,
                judged,
                command=describe_command(arguments),
                quantize=not arguments.float,
            )


if __name__ == "__main__":
    main()
