"""``emovox features``: a table of features, one row a clip."""

from __future__ import annotations

import os

import click

from emovox.cli.progress import progress_bar
from emovox.errors import AudioError


@click.command("features")
@click.argument("manifest", type=click.Path(readable=False))
@click.option(
    "--set", "set_name", default="notebook", show_default=True, help="Feature set to compute."
)
@click.option(
    "--out",
    required=True,
    type=click.Path(dir_okay=False),
    help="Table to write: .parquet, .csv or .npz.",
)
@click.option(
    "--jobs",
    type=click.IntRange(min=1),
    default=os.cpu_count,
    show_default="number of cores",
    help="Processes that compute.",
)
@click.option(
    "--store",
    type=click.Path(file_okay=False),
    help="Folder that keeps what was computed; default: in the user's cache folder.",
)
def command(manifest: str, set_name: str, out: str, jobs: int, store: str | None) -> int:
    """Compute the features of all clips of MANIFEST, one row a clip.

    The columns are path, corpus, speaker_id, emotion, error and the features by name. A clip that
    cannot be read is reported, keeps its row (features are NaN), and does not stop the others;
    the exit code is 3 then. A run that was killed goes on where it was.
    """
    from platformdirs import user_cache_path

    from emovox.features import ExtractionOptions, FeatureStore, get_feature_set
    from emovox.study.feature_table import write_feature_table
    from emovox.study.tables import read_clips

    feature_set = get_feature_set(set_name)
    clips = read_clips(manifest)
    folder = store or user_cache_path("emovox") / "features"
    options = ExtractionOptions(store=FeatureStore(folder), n_jobs=jobs)
    with progress_bar("features") as progress:
        errors = write_feature_table(out, clips, feature_set, options, progress)
    for index, error in errors.items():
        line = str(error)
        path = clips[index].path
        click.echo(line if path in line else f"{path}: {line}", err=True)
    n_good = len(clips) - len(errors)
    click.echo(
        f"{n_good} of {len(clips)} clips, {feature_set.n_features} features: {out}", err=True
    )
    return AudioError.exit_code if errors else 0
