"""A model's card: its metadata in words."""

from __future__ import annotations

from emovox.emotions import EMOTIONS
from emovox.models.metadata import ArtefactMetadata


def format_card(metadata: ArtefactMetadata) -> str:
    """Return a model card in Markdown: what the model does, made of what, how well, for whom.

    Parameters
    ----------
    metadata : ArtefactMetadata
        As an artefact carries it; nothing is said here that does not stand there.
    """
    absent = [emotion for emotion in EMOTIONS if emotion not in metadata.emotions]
    lines = [
        f"# {metadata.name}",
        "",
        f"Says which emotion a voice carries: {', '.join(metadata.emotions)}.",
        *([f"Never says {', '.join(absent)}: not in its training."] if absent else []),
        "",
        f"- Input: mono, {metadata.sampling_rate} Hz; features `{metadata.frontend.name}`, "
        "computed inside the model.",
        f"- Calibration: temperature {metadata.temperature:.3g}; decisions below "
        f"{metadata.threshold:.0%} confidence are not accepted.",
        f"- Made by emovox {metadata.code_version}, seed {metadata.seed}, "
        f"data sha256 {metadata.data_sha256}.",
    ]
    if encoder := metadata.encoder:
        lines.append(f"- Started from {encoder.name} ({encoder.licence}), sha256 {encoder.sha256}.")
    lines += [
        "",
        "## Trained on",
        "",
        "| corpus | clips | speakers | licence |",
        "| --- | ---: | ---: | --- |",
        *(f"| {c.name} | {c.n_clips} | {c.n_speakers} | {c.licence} |" for c in metadata.corpora),
        "",
        "The licences of the recordings bind the model too.",
        "",
        "## Scores",
        "",
    ]
    if metadata.scores:
        lines += [
            "| metric | value | protocol | corpus | folds | speakers | clips |",
            "| --- | ---: | --- | --- | ---: | ---: | ---: |",
            *(
                f"| {s.metric} | {s.value:.3f} | {s.protocol} | {s.corpus} "
                f"| {s.n_folds} | {s.n_speakers} | {s.n_clips} |"
                for s in metadata.scores
            ),
        ]
    else:
        lines.append("None were measured: do not rely on this model.")
    lines += [
        "",
        "## Mind",
        "",
        "The recordings are acted. Real feelings sound different, and a voice is no proof of one:",
        "decide nothing about a person by this model alone.",
        "",
    ]
    return "\n".join(lines)
