"""``emovox train``: from a manifest to a model in one ONNX file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from emovox.cli.progress import progress_bar
from emovox.errors import ParameterError

if TYPE_CHECKING:
    from emovox.training import EpochRecord, OwnResult
    from emovox.training.job import JobResult


@click.command("train")
@click.argument("manifest", type=click.Path(readable=False, path_type=Path))
@click.option(
    "--model", metavar="NAME", help="notebook_cnn, deep_cnn, lstm, time_cnn, logistic or mlp."
)
@click.option(
    "--from",
    "start",
    metavar="MODEL",
    help="Go on from a finished model: emovox-small, or an artefact's path.",
)
@click.option(
    "--hold-out",
    metavar="WHAT",
    default="auto",
    help="With --from: what is held out in turn. speaker, sentence, clip; auto takes the first "
    "that the clips allow.",
)
@click.option(
    "--out", required=True, type=click.Path(path_type=Path), help="Artefact (.onnx) to write."
)
@click.option("--protocol", default="speaker", show_default=True, help="Who trains, who tests.")
@click.option("--fold", default=1, show_default=True, help="Of the protocol, from 1.")
@click.option("--augmentation", default="none", show_default=True, help="Of training clips.")
@click.option("--seed", default=0, show_default=True, help="Of folds, copies, weights.")
@click.option("--epochs", type=int, help="At most this many.")
@click.option("--batch-size", type=int, help="Clips a step.")
@click.option("--learning-rate", type=float, help="At the start.")
@click.option("--schedule", help="Of the learning rate: plateau, cosine, constant.")
@click.option("--patience", type=int, help="Epochs without a better dev UAR before it stops.")
@click.option("--device", help="cpu, cuda, mps; auto takes the fastest there is.")
@click.option("--precision", help="float32, bfloat16; auto measures which is faster.")
@click.option("--threads", "n_threads", type=int, help="Threads of the training.")
@click.option("--jobs", default=1, show_default=True, help="Processes that compute features.")
@click.option(
    "--run",
    "folder",
    type=click.Path(path_type=Path),
    help="Folder for checkpoint and figures by epoch. Default: OUT with the suffix .run.",
)
@click.option("--store", type=click.Path(path_type=Path), help="Folder of computed features.")
@click.option(
    "--log",
    "logs",
    multiple=True,
    type=click.Choice(["tensorboard", "mlflow"]),
    help="Keep the curves for TensorBoard (a file in the folder of the run) or MLflow (where "
    "MLFLOW_TRACKING_URI says) too. Can be repeated.",
)
@click.pass_context
def command(
    context: click.Context,
    /,
    manifest: Path,
    model: str | None,
    start: str | None,
    hold_out: str,
    out: Path,
    protocol: str,
    fold: int,
    augmentation: str,
    seed: int,
    jobs: int,
    folder: Path | None,
    store: Path | None,
    logs: tuple[str, ...],
    **settings: Any,
) -> None:
    """Train a model on the clips of MANIFEST and write it as one ONNX file.

    With --model it begins anew. The training speakers teach, the dev speakers say when to stop,
    the test speakers give the figures that the file carries. Killed on its way, the same command
    goes on where it was.

    With --from a finished model learns from your own clips; a hundred are enough, and it takes a
    minute or two. Held out in turn, they say how long to train and give the figures that the file
    carries.
    """
    if (model is None) == (start is None):
        raise ParameterError(
            "give one of --model and --from.",
            hint="--model NAME begins anew, --from emovox-small goes on from what it knows.",
        )
    if start is not None:
        _refuse_others(context, _OF_NEW_MODELS, "--from")
        _train_from(manifest, start, out, hold_out, seed, settings["n_threads"])
        return
    _refuse_others(context, ("hold_out",), "--model")
    assert model is not None
    from platformdirs import user_cache_path

    from emovox.features import ExtractionOptions, FeatureStore
    from emovox.training import Job, Workplace, default_options, train_artefact

    said = {name: value for name, value in settings.items() if value is not None}
    job = Job(
        model=model,
        training=default_options(model, seed=seed, **said),
        augmentation=augmentation,
        protocol=protocol,
        fold=fold,
    )
    features = FeatureStore(store or user_cache_path("emovox") / "features")
    with progress_bar("features") as progress:
        place = Workplace(
            folder=folder or out.with_suffix(".run"),
            extraction=ExtractionOptions(store=features, n_jobs=jobs),
            on_features=progress,
            on_epoch=_show_epoch,
            logs=logs,
        )
        result = train_artefact(manifest, out, job, place)
    _show_result(result, out)


_OF_NEW_MODELS = (
    "protocol", "fold", "augmentation", "epochs", "batch_size", "learning_rate", "schedule",
    "patience", "device", "precision", "jobs", "folder", "store",
)  # fmt: skip


def _refuse_others(context: click.Context, names: tuple[str, ...], chosen: str) -> None:
    """Refuse options that would have no effect."""
    for option in context.command.params:
        given = context.get_parameter_source(option.name or "") is ParameterSource.COMMANDLINE
        if option.name in names and given:
            raise ParameterError(f"{option.opts[0]} has no effect with {chosen}; leave it out.")


def _train_from(
    manifest: Path, start: str, out: Path, hold_out: str, seed: int, n_threads: int | None
) -> None:
    from emovox.training import HeadTuning, OwnJob, train_from

    tuning = HeadTuning(seed=seed, n_threads=n_threads)
    job = OwnJob(start=start, tuning=tuning, hold_out=hold_out)
    with progress_bar("training") as progress:
        result = train_from(manifest, out, job, progress=progress)
    _show_own(result)
    click.echo(str(out))


def _show_own(result: OwnResult) -> None:
    for failure in result.failures:
        click.echo(f"left out: {failure}", err=True)
    score = result.metadata.scores[0]
    click.echo(
        f"uar {100 * result.before:.1f} before, {100 * result.after:.1f} after {result.n_steps} "
        f"steps: {score.n_clips} clips of {score.n_speakers} speakers, each {result.held_out} held "
        "out once",
        err=True,
    )
    if not result.n_steps:
        click.echo("nothing helped: the weights are those it started from", err=True)


def _show_epoch(record: EpochRecord) -> None:
    parts = [record.setting or f"epoch {record.epoch:3d}", f"{record.seconds:6.1f} s"]
    for name, scores in (
        ("train", record.train),
        ("train, no dropout", record.train_eval),
        ("dev", record.watch),
    ):
        if scores is not None:
            parts.append(
                f"{name}: loss {scores.loss:.3f} accuracy {scores.accuracy:.3f} "
                f"uar {scores.uar:.3f}"
            )
    click.echo("  ".join(parts), err=True)


def _show_result(result: JobResult, out: Path) -> None:
    history = result.history
    for failure in result.failures:
        click.echo(f"left out: {failure}", err=True)
    click.echo(
        f"epoch {history.selected_epoch} of {len(history.records)}, {history.precision} on "
        f"{history.device}, {history.seconds:.0f} s",
        err=True,
    )
    for score in result.metadata.scores:
        click.echo(
            f"{score.metric} {score.value:.3f}  {score.corpus}: {score.n_clips} test clips of "
            f"{score.n_speakers} speakers, protocol {score.protocol}",
            err=True,
        )
    click.echo(str(out))
