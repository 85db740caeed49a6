"""The command line. One file a command group; a command parses, calls, prints."""

from emovox.cli.app import main

__all__ = ["main"]
