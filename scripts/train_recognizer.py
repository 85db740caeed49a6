"""Train the recognizer's networks as scripts/recognizer.toml plans them.

    python scripts/train_recognizer.py scripts/recognizer.toml MANIFEST --encoder FILE --out RUN 1 2

Killed, the same command goes on after the last whole epoch of a trial.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path

from emovox.study.trials import prepare_plan, read_trials, run_trial
from emovox.training.speech.trial import Workshop


def main() -> None:
    """Run the trials named, all of them by default."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("plan", type=Path)
    parser.add_argument("manifest", type=Path)
    parser.add_argument("trials", nargs="*")
    parser.add_argument("--encoder", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--jobs", type=int, default=2)
    arguments = parser.parse_args()
    start = time.perf_counter()

    def say(text: str) -> None:
        sys.stderr.write(f"{time.perf_counter() - start:7.0f} s  {text}\n")

    plan = read_trials(arguments.plan)
    shop = Workshop(
        encoder=arguments.encoder,
        folder=arguments.out,
        n_jobs=arguments.jobs,
        tell=lambda what, done, total: say(f"{what}: {done} of {total}"),
    )
    prepared = prepare_plan(plan, arguments.manifest, shop)
    for name in arguments.trials or plan.trials:
        say(f"trial {name}")
        run_trial(plan, name, prepared, arguments.out / "trials", lambda r: say(json.dumps(r)))


if __name__ == "__main__":
    main()
