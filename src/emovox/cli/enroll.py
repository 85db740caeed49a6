"""``emovox enroll``: voices that are known by name."""

from __future__ import annotations

import click


@click.command("enroll")
@click.argument("name", required=False)
@click.argument("files", nargs=-1, type=click.Path(readable=False))
@click.option(
    "--model",
    show_default="emovox-small",
    help="Model that shall know the voice: a name ('emovox models' lists them), or an .onnx file.",
)
@click.option("--add", is_flag=True, help="Add to what is known of NAME, rather than begin anew.")
@click.option("--list", "listing", is_flag=True, help="List the enrolled voices.")
@click.option("--remove", is_flag=True, help="Forget the voice NAME.")
@click.option("--voices", type=click.Path(), help="Folder of enrolled voices; default: your own.")
def command(
    name: str | None,
    files: tuple[str, ...],
    model: str | None,
    add: bool,
    listing: bool,
    remove: bool,
    voices: str | None,
) -> None:
    """Learn the voice NAME from recordings, for 'predict --speaker NAME'.

    FILES are recordings of everyday speech of this person, or folders of them; no labels are
    needed. Statistics of the voice are kept, not the recordings.
    """
    from emovox.recognizer import Recognizer, VoiceStore, find_recordings

    store = VoiceStore(voices)
    if listing and name is None:
        for known in store.names():
            voice = store.read(known)
            click.echo(f"{known:<24} {voice.n_clips:>6} clips  {voice.model}")
    elif remove and name and not files:
        store.remove(name)
    elif name and files and not (listing or remove):
        voice = store.enroll(name, find_recordings(files), Recognizer(model), add=add)
        click.echo(f"{name}: {voice.n_clips} clips, heard by {voice.model}")
    else:
        raise click.UsageError("give NAME and FILES, or --remove NAME, or --list.")
