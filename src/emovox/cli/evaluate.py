"""``emovox evaluate``: how far a model can be trusted, and for whom."""

from __future__ import annotations

import tempfile
from contextlib import nullcontext
from pathlib import Path

import click

from emovox.cli.progress import progress_bar


@click.command("evaluate")
@click.argument("manifest", type=click.Path(readable=False, path_type=Path))
@click.option(
    "--model",
    show_default="emovox-small",
    help="Name of a model ('emovox models' lists them), or an .onnx file.",
)
@click.option(
    "--adapt",
    "adapt",
    multiple=True,
    metavar="N|all",
    help="Also with N (or all) unlabelled clips of the same speaker heard before; 10:angry: only "
    "angry ones. Repeatable.",
)
@click.option("--robustness", is_flag=True, help="Also noisy, quiet, coded, cut and so on.")
@click.option(
    "--sample",
    type=click.IntRange(min=1),
    metavar="N",
    help="Only N clips, spread evenly over speakers and emotions.",
)
@click.option(
    "--seed", type=click.IntRange(min=0), default=0, show_default=True, help="Of all that is drawn."
)
@click.option("--jobs", type=click.IntRange(min=1), default=1, show_default=True, help="Processes.")
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder for predictions, figures and the report. A call that was stopped goes on there.",
)
def command(
    manifest: Path,
    model: str | None,
    adapt: tuple[str, ...],
    robustness: bool,
    sample: int | None,
    seed: int,
    jobs: int,
    out: Path | None,
) -> int:
    """Judge all labelled recordings of MANIFEST and say how good the decisions are.

    UAR, accuracy, calibration, what refusing doubtful decisions brings, all of it by corpus, sex,
    age and race, with intervals that resample speakers. Prints the report; with --out also
    writes it, with its figures and the predictions. The exit code is 3 if a recording could not be
    read.
    """
    from emovox.errors import AudioError
    from emovox.study.evaluation import (
        Acquaintance,
        EvaluationOptions,
        format_evaluation,
        predict_all,
        score_outcome,
        write_evaluation,
    )

    options = EvaluationOptions(
        acquaintances=tuple(map(Acquaintance.parse, adapt)),
        robustness=robustness,
        sample=sample,
        seed=seed,
        n_jobs=jobs,
    )
    with tempfile.TemporaryDirectory() if out is None else nullcontext(out) as folder:
        outcome = predict_all(model, manifest, Path(folder), options, progress_bar)
    results = score_outcome(outcome, options.passes)
    if out is None:
        # Pictures are in the folder only.
        lines = format_evaluation(results).splitlines()
        click.echo("\n".join(line for line in lines if not line.startswith("![")))
    else:
        click.echo(write_evaluation(results, out))
    for message in outcome.failed:
        click.echo(f"left out: {message}", err=True)
    return AudioError.exit_code if outcome.failed else 0
