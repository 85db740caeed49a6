"""``emovox inspect``: a recording and its features as a picture, and its facts."""

from __future__ import annotations

from pathlib import Path

import click


@click.command("inspect")
@click.argument("file", type=click.Path(readable=False, path_type=Path))
@click.option(
    "--augment",
    "transforms",
    multiple=True,
    metavar="NAME",
    help="Also draw it after this transform, beside it. Repeatable.",
)
@click.option("--seed", default=0, show_default=True, help="Another seed draws other parameters.")
@click.option(
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    help="The picture, .png or .svg.  [default: NAME-views.png here]",
)
@click.option("--figure/--no-figure", default=True, help="Draw it (needs matplotlib).")
def command(
    file: Path, transforms: tuple[str, ...], seed: int, out: Path | None, figure: bool
) -> None:
    """Draw a recording and its features, and state its facts.

    Waveform, spectrogram, zero crossing rate, level, chroma and MFCC on one time axis, before and
    after each transform; duration, rate, peak, clipping, and whether the gate lets it through.
    """
    from emovox.study.facts import describe_recording

    out = out or Path(f"{file.stem}-views.png")
    if out.suffix not in (".png", ".svg"):
        raise click.UsageError(f"--out is {out}; it must end in .png or .svg.")
    if figure:
        # Before any work: it may not be installed.
        from emovox.study.plot_audio import write_figure
        from emovox.study.plot_views import draw_views, make_versions

    facts = describe_recording(file)
    width = max(len(name) for name, _ in facts)
    for name, value in facts:
        click.echo(f"{name.ljust(width)}  {value}")
    if figure:
        versions = make_versions(file, transforms, seed)
        write_figure(draw_views(versions, title=file.name), out)
        click.echo(f"{'picture'.ljust(width)}  {out}")
