"""Cut a small encoder out of a large one, as scripts/nano.toml plans it.

    python scripts/prune_encoder.py scripts/nano.toml MANIFEST PRUNED --encoder FILE --out RUN

PRUNED (.safetensors) is an encoder for scripts/train_recognizer.py.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from emovox.study.trials.plan import read_trials
from emovox.study.trials.run import prune_planned
from emovox.training.encoder import name_encoder, write_encoder
from emovox.training.speech.trial import Workshop


def _say(what: str, done: int, total: int) -> None:
    sys.stderr.write(f"{what}: {done} of {total}\n")


def main() -> None:
    """Prune."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("plan", type=Path)
    parser.add_argument("manifest", type=Path)
    parser.add_argument("pruned", type=Path)
    parser.add_argument("--encoder", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="try it so")
    parser.add_argument("--jobs", type=int, default=2)
    arguments = parser.parse_intermixed_args()
    shop = Workshop(
        encoder=arguments.encoder, folder=arguments.out, n_jobs=arguments.jobs, tell=_say
    )
    plan = read_trials(arguments.plan, arguments.set)
    encoder = prune_planned(plan, arguments.manifest, shop)
    # Their licences bind the piece too.
    corpora = ", ".join(plan.pruning.corpora or plan.scope.corpora)
    origin = f"cut from {name_encoder(arguments.encoder)} on clips of {corpora}"
    write_encoder(arguments.pruned, encoder, origin=origin)


if __name__ == "__main__":
    main()
