"""Train a small encoder to say what a large one says, as scripts/student.toml plans it.

    python scripts/distill_encoder.py scripts/student.toml MANIFEST --encoder FILE --out RUN STUDENT

STUDENT (.safetensors) is an encoder for scripts/train_recognizer.py. Killed, the same command
goes on after the last whole epoch.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path

from emovox.study.trials.plan import read_trials
from emovox.study.trials.run import prepare_distillation
from emovox.training.encoder import load_encoder, name_encoder, write_encoder
from emovox.training.speech.distill import distill_encoder
from emovox.training.speech.trial import Workshop


def main() -> None:
    """Distil."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("plan", type=Path)
    parser.add_argument("manifest", type=Path)
    parser.add_argument("student", type=Path)
    parser.add_argument("--encoder", type=Path, required=True)
    parser.add_argument("--start", type=Path, help="an encoder whose first layers it begins as")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--jobs", type=int, default=2)
    arguments = parser.parse_intermixed_args()
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
    lesson = prepare_distillation(plan, arguments.manifest, shop)
    say(f"{len(lesson.rows)} recordings")
    encoder = distill_encoder(
        lesson,
        plan.distillation,
        start=load_encoder(arguments.start)[0] if arguments.start else None,
        folder=arguments.out / "distillation",
        on_epoch=lambda record: say(json.dumps(record)),
    )
    origin = f"distilled from {name_encoder(arguments.encoder)}"
    write_encoder(arguments.student, encoder, origin=origin)


if __name__ == "__main__":
    main()
