"""``emovox augment``: altered copies of a recording, and a picture."""

from __future__ import annotations

from pathlib import Path

import click


@click.command()
@click.argument("file", type=click.Path(readable=False, path_type=Path))
@click.option(
    "--out", "folder", required=True, type=click.Path(path_type=Path), help="Folder to write to."
)
@click.option("--seed", default=0, show_default=True, help="Another seed draws other parameters.")
@click.option(
    "--transform",
    "transforms",
    multiple=True,
    metavar="NAME",
    help="One altered copy by this transform; may be repeated. Default: each one once.",
)
@click.option("--policy", metavar="NAME", help="The copies that this policy makes in a study.")
@click.option(
    "--parameters",
    type=click.Path(path_type=Path),
    help="A parameters.json: make those alterations again.",
)
@click.option(
    "--figure/--no-figure", default=True, help="Draw before and after (needs matplotlib)."
)
def command(
    file: Path,
    folder: Path,
    seed: int,
    transforms: tuple[str, ...],
    policy: str | None,
    parameters: Path | None,
    figure: bool,
) -> None:
    """Write altered copies of a recording, and a picture.

    OUT gets 00-original.wav, a file for each altered copy, parameters.json with all that was
    drawn, and before-after.png and .svg.
    """
    from emovox.audio import read_audio
    from emovox.augment import (
        format_alteration,
        get_policy,
        list_transforms,
        make_policy,
        read_alterations,
        write_altered,
    )
    from emovox.files import hash_file

    if sum((bool(transforms), policy is not None, parameters is not None)) > 1:
        raise click.UsageError("give only one of --transform, --policy and --parameters.")
    if figure:
        # Before any work: it may not be installed.
        from emovox.study.plot_audio import draw_alterations, write_figure

    recording = read_audio(file, sampling_rate=None)
    if parameters is not None:
        alterations = read_alterations(parameters)
    else:
        chosen = get_policy(policy) if policy else make_policy(transforms or list_transforms())
        alterations = chosen.draw(hash_file(file), seed)
    written = write_altered(recording, alterations, folder)
    for one in written:
        click.echo(f"{one.path}  {format_alteration(one.alteration.describe())}")
    if figure:
        picture = draw_alterations(
            recording.samples,
            [(format_alteration(one.alteration.describe()), one.samples) for one in written],
            recording.sampling_rate,
            title=file.name,
        )
        for suffix in (".png", ".svg"):
            write_figure(picture, folder / f"before-after{suffix}")
            click.echo(folder / f"before-after{suffix}")
