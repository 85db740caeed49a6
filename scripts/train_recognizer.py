"""Train the recognizer's networks as scripts/recognizer.toml plans them.

    python scripts/train_recognizer.py scripts/recognizer.toml MANIFEST --encoder FILE --out RUN 1 2

FILE is a .safetensors file, a folder that holds one, or a name on the Hugging Face hub, such as
openai/whisper-tiny.en, which is fetched once.

A look at another recipe: --set network.pooled=[1,2,3] --trials LOOK 1 2

With --scores FOLDER all that scripts/score_trials.py says of the finished trials is written;
with --artefact FILE the last trial named becomes a model, with the scores of the finished trials,
or those that --judged FOLDER keeps of earlier ones of the same plan, and calibrated by them, or by
--elsewhere FOLDER: its scores on corpora left out whole. Killed, the same command goes on after the
last whole epoch of a trial.
"""

from __future__ import annotations

import argparse
import json
import shlex
import sys
import time
from pathlib import Path

from emovox.corpora import write_manifest
from emovox.study.trials.artefact import Judged, TrialSource, write_trial_artefact
from emovox.study.trials.plan import read_trials
from emovox.study.trials.report import ReportOptions, write_comparison, write_scores
from emovox.study.trials.run import divide, prepare_plan, run_trial
from emovox.training.hub import find_encoder
from emovox.training.speech.trial import Workshop


def describe_command(arguments: argparse.Namespace, trial: str) -> str:
    """Return what trains and writes an artefact, with capitals where others have their paths."""
    words = ["python", "scripts/train_recognizer.py", f"scripts/{arguments.plan.name}", "MANIFEST"]
    words += ["--encoder", Path(arguments.encoder).name, "--out", "RUN"]
    words += [word for change in arguments.set for word in ("--set", change)]
    words += ["--answers", "ANSWERS"] if arguments.answers else []
    return shlex.join([*words, trial, "--artefact", arguments.artefact.name])


def main() -> None:
    """Run the trials named, all of them by default."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("plan", type=Path)
    parser.add_argument("manifest", type=Path)
    parser.add_argument("trials", nargs="*")
    parser.add_argument("--encoder", required=True, help="file, folder, or name on the hub")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="try it so")
    parser.add_argument("--trials", dest="root", type=Path, help="their folder; OUT/trials")
    parser.add_argument("--answers", type=Path, help="folder of what the trials' teachers answer")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--artefact", type=Path, help="write this trial's network there (.onnx)")
    parser.add_argument("--judged", type=Path, help="its scores: those that --scores wrote there")
    parser.add_argument(
        "--elsewhere", type=Path, nargs="+", default=[], help="its scores on corpora left out"
    )
    parser.add_argument("--float", action="store_true", help="of the artefact's weights: no int8")
    parser.add_argument("--held-out", type=Path, help="write the clips that it held out there")
    parser.add_argument("--scores", type=Path, help="write figures and predictions to this folder")
    parser.add_argument(
        "--against", type=Path, nargs="*", default=[], help="compare them with scores kept there"
    )
    arguments = parser.parse_intermixed_args()
    start = time.perf_counter()

    def say(text: str) -> None:
        sys.stderr.write(f"{time.perf_counter() - start:7.0f} s  {text}\n")

    plan = read_trials(arguments.plan, arguments.set)
    shop = Workshop(
        encoder=find_encoder(arguments.encoder),
        folder=arguments.out,
        n_jobs=arguments.jobs,
        tell=lambda what, done, total: say(f"{what}: {done} of {total}"),
    )
    prepared = prepare_plan(plan, arguments.manifest, shop)
    trials = arguments.root or arguments.out / "trials"
    names = arguments.trials or list(plan.trials)
    for name in names:
        say(f"trial {name}")
        run_trial(
            plan,
            name,
            prepared,
            trials,
            lambda record: say(json.dumps(record)),
            answers=arguments.answers,
        )
    if arguments.scores:
        judged = [trials / name for name, trial in plan.trials.items() if not trial.corpora]
        for other in arguments.against:
            write_comparison(arguments.scores, judged, other)
        write_scores(arguments.scores, judged, ReportOptions(clips=tuple(prepared.clips)))
    if arguments.artefact:
        # An artefact of one corpus has the scores of its own trial, the others those of all.
        own = plan.get(names[-1])
        same = [name for name, trial in plan.trials.items() if trial.corpora == own.corpora]
        folders = [arguments.judged] if arguments.judged else [trials / name for name in same]
        said = Judged(tuple(folders), tuple(arguments.elsewhere))
        source = TrialSource(prepared, plan, names[-1], trials, arguments.answers)
        write_trial_artefact(
            arguments.artefact,
            [source],
            said,
            command=describe_command(arguments, names[-1]),
            quantize=not arguments.float,
        )
    if arguments.held_out:
        _, tested = divide(prepared.clips, plan.get(names[-1]))
        write_manifest(arguments.held_out, [prepared.clips[i] for i in tested])


if __name__ == "__main__":
    main()
