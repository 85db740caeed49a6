"""The page itself: one file that needs nothing else, least of all a network."""

from __future__ import annotations

import functools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined

from emovox.study.page.evidence import write_audit, write_statistics
from emovox.study.page.learning import write_curves, write_emotions, write_overfitting
from emovox.study.page.matrix import write_matrix
from emovox.study.page.parts import Section
from emovox.study.page.questions import (
    write_families,
    write_ladder,
    write_remedies,
    write_sizes,
)
from emovox.study.page.scores import (
    write_answers,
    write_corpora,
    write_leak,
    write_pairs,
    write_scores,
)
from emovox.study.page.sources import write_data, write_methods, write_mistakes, write_versions
from emovox.study.story import Story
from emovox.study.summary import list_warnings
from emovox.study.words import percent


@dataclass(frozen=True, slots=True)
class Key:
    """A figure at the head of the page: what, how much, and one line about it."""

    name: str
    value: str
    note: str


def format_page(
    story: Story, folder: Path, *, links: bool = True, further: Sequence[Section] = ()
) -> str:
    """Return the report as one self-contained HTML page.

    Parameters
    ----------
    story : Story
        Figures of a study.
    folder : Path
        Where the page will be; addresses of recordings are relative to it.
    links : bool, default=True
        Whether recordings may be referred to, where they are local.
    further : sequence of Section
        What other rooms have to say; it stands before the data.

    Returns
    -------
    str
        HTML. All text is escaped.
    """
    sections = [
        *write_answers(story),
        *write_scores(story),
        *write_ladder(story),
        *write_leak(story),
        *write_overfitting(story),
        *write_remedies(story),
        *write_curves(story),
        *write_sizes(story),
        *write_families(story),
        *write_pairs(story),
        *write_matrix(story),
        *write_statistics(story),
        *write_emotions(story),
        *(write_mistakes(story, folder) if links else ()),
        *write_corpora(story),
        *further,
        *write_audit(story),
        *write_data(story),
        *write_methods(story),
        *write_versions(story),
    ]
    study = story.plan.study
    return (
        _load_environment()
        .get_template("report.html.j2")
        .render(
            title=study.title or study.name,
            warnings=list_warnings(story),
            keys=_list_keys(story),
            sections=sections,
        )
    )


@functools.cache
def _load_environment() -> Environment:
    return Environment(
        loader=PackageLoader("emovox.study.page"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )


def _list_keys(story: Story) -> list[Key]:
    keys = []
    best = story.best
    if best is not None and not best.leaky:
        interval = best.scores["uar"]
        bounds = ""
        if not math.isnan(interval.low):
            bounds = f", {100 * interval.low:.0f} to {100 * interval.high:.0f}"
        note = f"UAR{bounds}: {story.get_title(best.experiment)}"
        keys.append(Key("Best on unheard voices", percent(best.uar), note))
    # Fewer emotions are easier: such ideas are no measure of the others.
    faulty = [
        one
        for one in story.standings.values()
        if one.leaky and not story.get_experiment(one.experiment).emotions
    ]
    if faulty:
        claimed = max(faulty, key=lambda one: one.uar)
        note = f"UAR, {claimed.protocol}: {story.get_title(claimed.experiment)}"
        keys.append(Key("What a leak would claim", percent(claimed.uar), note))
    emotions = len({clip.emotion for clip in story.clips})
    keys.append(Key("Guessing", percent(story.chance), f"UAR, {emotions} emotions"))
    speakers = len({clip.speaker_id for clip in story.clips})
    keys.append(Key("Voices", f"{speakers:,}", f"{len(story.clips):,} clips"))
    return keys
