"""The root command: finds commands by name, turns errors into messages and exit codes."""

from __future__ import annotations

import importlib
import os
import sys
from typing import Any

import click

from emovox.errors import EmovoxError, ParameterError, suggest

# Command -> (module, one line for --help). A module is imported when its command is called.
_COMMANDS = {
    "audit": ("emovox.cli.audit", "Find what leaks between train and test, and its price."),
    "augment": ("emovox.cli.augment", "Write altered copies of a recording, and a picture."),
    "corpora": ("emovox.cli.corpora", "List, fetch, index, export and check corpora."),
    "enroll": ("emovox.cli.enroll", "Learn a voice from recordings, to be known by name."),
    "evaluate": ("emovox.cli.evaluate", "Say how far a model can be trusted, and for whom."),
    "features": ("emovox.cli.features", "Compute features of all clips of a manifest."),
    "inspect": ("emovox.cli.inspect", "Draw a recording and its features, and state its facts."),
    "models": ("emovox.cli.models", "List the models, or print the card of one."),
    "predict": ("emovox.cli.predict", "Say which emotion recordings carry."),
    "statistics": ("emovox.cli.statistics", "Say what features carry, and what to choose."),
    "study": ("emovox.cli.study", "Plan, run, resume, report and compare studies."),
    "timeline": ("emovox.cli.timeline", "Say which emotion a long recording carries, and when."),
    "train": ("emovox.cli.train", "Train a model and write it as one ONNX file."),
}


class _LazyGroup(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        return sorted(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        if cmd_name not in _COMMANDS:
            return None
        command: click.Command = importlib.import_module(_COMMANDS[cmd_name][0]).command
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and not args[0].startswith("-") and args[0] not in _COMMANDS:
            ctx.fail(f"no command {args[0]!r}. {suggest(args[0], _COMMANDS)}")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        with formatter.section("Commands"):
            formatter.write_dl([(name, line) for name, (_, line) in sorted(_COMMANDS.items())])


def _print_version(ctx: click.Context, _: click.Parameter, value: bool) -> None:
    if value and not ctx.resilient_parsing:
        import emovox

        click.echo(f"emovox {emovox.__version__}")
        ctx.exit()


@click.group(
    cls=_LazyGroup,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.option(
    "--version",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_print_version,
    help="Print the version and stop.",
)
def root() -> None:
    """Which emotion does this voice carry, and which idea recognises it better."""


def main(arguments: list[str] | None = None) -> None:
    """Run the command line and leave the process with its exit code.

    Parameters
    ----------
    arguments : list of str, optional
        Instead of ``sys.argv[1:]``.
    """
    sys.exit(run(arguments))


def run(arguments: list[str] | None = None) -> int:
    """Run the command line and return the exit code (130 after Ctrl-C)."""
    try:
        result: Any = root.main(args=arguments, prog_name="emovox", standalone_mode=False)
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except (click.Abort, KeyboardInterrupt):
        click.echo("Interrupted.", err=True)
        return 130
    except EmovoxError as error:
        click.echo(f"Error: {error.message}", err=True)
        if error.hint:
            click.echo(f"  {error.hint}", err=True)
        return error.exit_code
    except OSError as error:
        what = os.fsdecode(error.filename) if error.filename else "a file"
        click.echo(f"Error: {what} cannot be used: {error.strerror or error}.", err=True)
        return ParameterError.exit_code
    except SystemExit:
        # All that click leaves so: the reader of our output went away (| head). Nothing is wrong.
        return 0
    return result if isinstance(result, int) else 0
