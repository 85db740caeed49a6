"""Compute everything that is said of the recognizer from its trials' predictions by clip.

    python scripts/score_trials.py FOLDER... --out FOLDER --manifest MANIFEST

A FOLDER is that of a trial, or one that this wrote. With --against OTHER, a folder that this
wrote, the two are compared on the same clips. Nothing is trained, and no recording is heard.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from emovox.study.tables import read_clips
from emovox.study.trials.report import ReportOptions, write_comparison, write_scores


def main() -> None:
    """Write the files."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("trials", nargs="+", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--manifest", type=Path, help="who the speakers are, and what they say")
    parser.add_argument("--against", type=Path, nargs="*", default=[], metavar="OTHER")
    parser.add_argument("--png", action="store_true", help="draw the figures as PNG too")
    arguments = parser.parse_args()
    clips = read_clips(arguments.manifest) if arguments.manifest else ()
    # Compared first: the scores may be written over what they are read from.
    for other in arguments.against:
        write_comparison(arguments.out, arguments.trials, other)
    write_scores(arguments.out, arguments.trials, ReportOptions(clips=clips, png=arguments.png))


if __name__ == "__main__":
    main()
