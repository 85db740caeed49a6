"""``emovox statistics``: what features carry, and what follows for the choice of a model."""

from __future__ import annotations

import os
from pathlib import Path

import click

from emovox.cli.progress import progress_bar
from emovox.errors import AudioError


@click.command("statistics")
@click.argument("manifest", type=click.Path(readable=False))
@click.option(
    "--features",
    "set_name",
    default="full",
    show_default=True,
    help="Feature set; only one with several statistics can say whether order in time matters.",
)
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder for statistics.csv, statistics.json, report.md and figures.",
)
@click.option(
    "--results",
    "measured",
    type=click.Path(path_type=Path),
    help="results.json of a study or an evaluation: say which advice held.",
)
@click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True, help="Of folds.")
@click.option(
    "--jobs",
    type=click.IntRange(min=1),
    default=os.cpu_count,
    show_default="number of cores",
    help="Processes that compute features.",
)
@click.option(
    "--store",
    type=click.Path(file_okay=False),
    help="Folder of computed features; default: in the user's cache folder.",
)
def command(
    manifest: str,
    set_name: str,
    out: Path | None,
    measured: Path | None,
    seed: int,
    jobs: int,
    store: str | None,
) -> int:
    """Say what the features of MANIFEST carry: emotion, or the speaker, the corpus, the sentence.

    How much of each feature's variance belongs to what, which features repeat each other, what
    can be read off them of unheard speakers; warnings where a shortcut lies; and advice: which
    features to keep, whether to normalize by speaker, which kind of model fits. With --results
    the advice is scored. Prints the report; with --out writes it, with figures.
    """
    from platformdirs import user_cache_path

    from emovox.features import (
        ExtractionOptions,
        FeatureJob,
        FeatureStore,
        extract_features,
        get_feature_set,
    )
    from emovox.study.statistics import (
        StatisticsOptions,
        format_statistics,
        give_advice,
        measure_statistics,
        read_results,
        score_advice,
        write_statistics,
    )
    from emovox.study.tables import read_clips

    # Before any work: it may not be there.
    known = None if measured is None else read_results(measured)
    feature_set = get_feature_set(set_name)
    clips = read_clips(manifest)
    folder = store or user_cache_path("emovox") / "features"
    options = ExtractionOptions(store=FeatureStore(folder), n_jobs=jobs)
    tasks = [FeatureJob(clip.path, clip.sha256, duration_s=clip.duration_s) for clip in clips]
    with progress_bar("features") as progress:
        found = extract_features(tasks, feature_set, options, progress)
    for index, error in found.errors.items():
        _print_error(clips[index].path, str(error))
    statistics = measure_statistics(clips, found.values, feature_set, StatisticsOptions(seed=seed))
    advice = give_advice(statistics.results)
    verdicts = () if known is None else score_advice(advice, known)
    if out is not None:
        click.echo(write_statistics(statistics, out, advice, verdicts))
    else:
        # Pictures are in the folder only.
        lines = format_statistics(statistics.results, advice, verdicts).splitlines()
        click.echo("\n".join(line for line in lines if not line.startswith("![")))
    return AudioError.exit_code if found.errors else 0


def _print_error(path: str, line: str) -> None:
    click.echo(line if path in line else f"{path}: {line}", err=True)
