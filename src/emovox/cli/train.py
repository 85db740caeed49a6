"""``emovox train``: from a manifest to a model in one ONNX file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from emovox.cli.progress import progress_bar

if TYPE_CHECKING:
    from emovox.training import EpochRecord
    from emovox.training.job import JobResult


@click.command("train")
@click.argument("manifest", type=click.Path(path_type=Path))
@click.option(
    "--model",
    required=True,
    metavar="NAME",
    help="notebook_cnn, deep_cnn, lstm, time_cnn, logistic or mlp.",
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
def command(
    manifest: Path,
    model: str,
    out: Path,
    protocol: str,
    fold: int,
    augmentation: str,
    seed: int,
    jobs: int,
    folder: Path | None,
    store: Path | None,
    **settings: Any,
) -> None:
    """Train a model on the clips of MANIFEST and write it as one ONNX file.

    The training speakers teach, the dev speakers say when to stop, the test speakers give the
    figures that the file carries. Killed on its way, the same command goes on where it was.
    """
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
        )
        result = train_artefact(manifest, out, job, place)
    _show_result(result, out)


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
