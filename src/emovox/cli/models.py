"""``emovox models``: the models that can be used by name."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from emovox.models import ArtefactMetadata


@click.command("models")
@click.argument("name", required=False)
@click.option("--folder", type=click.Path(), help="Folder of models; default: emovox's own.")
def command(name: str | None, folder: str | None) -> None:
    """List the models that can be used by name, or print the card of one.

    NAME is one of the list, or an .onnx file.
    """
    from emovox.models import format_card, get_model, list_models, load_artefact

    if name is not None:
        click.echo(format_card(load_artefact(get_model(name, folder=folder)).metadata), nl=False)
        return
    names = list_models(folder=folder)
    if not names:
        click.echo("No model comes with this installation; 'emovox train' makes one.", err=True)
    for known in names:
        path = get_model(known, folder=folder)
        _print_model(known, path.stat().st_size, load_artefact(path).metadata)


def _print_model(name: str, n_bytes: int, metadata: ArtefactMetadata) -> None:
    from emovox.models import DEFAULT_MODEL

    notes = ["default"] * (name == DEFAULT_MODEL) + ["adapts"] * bool(metadata.adaptation)
    click.echo(f"{name:<24} {n_bytes / 1e6:>6.1f} MB  {', '.join(notes)}".rstrip())
    licences = dict.fromkeys(corpus.licence for corpus in metadata.corpora)
    click.echo(f"  licences of its training data: {', '.join(licences) or 'none stated'}")
    for score in metadata.scores:
        click.echo(
            f"  {score.metric} {score.value:.3f}  {score.corpus}, {score.protocol} "
            f"({score.n_speakers} speakers)"
        )
