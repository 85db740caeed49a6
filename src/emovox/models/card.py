"""A model's card: its metadata in words."""

from __future__ import annotations

from emovox.emotions import EMOTIONS
from emovox.models.metadata import Adaptation, ArtefactMetadata, Calibration


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
        f"- {_describe_calibration(metadata.calibration)}",
        f"- {_describe_adaptation(metadata.adaptation)}",
        f"- Made by emovox {metadata.code_version}, seed {metadata.seed}, "
        f"data sha256 {metadata.data_sha256}.",
    ]
    if training := metadata.training:
        lines.append(f"- Trained in {training.hours:.2g} hours by `{training.command}`.")
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
        "Acted recordings, as most corpora are, sound different from real feelings, and a voice",
        "is no proof of one: decide nothing about a person by this model alone. Laws limit its",
        "use: in the European Union, emotions of people at work or in education may not be",
        "inferred by such a system, except for medical or safety reasons (Regulation (EU)",
        "2024/1689, article 5(1)(f)).",
        "",
    ]
    return "\n".join(lines)


def _describe_calibration(calibration: Calibration) -> str:
    known = calibration.known_temperature
    text = (
        f"Calibration: temperature {calibration.temperature:.3g}"
        + (f", {known:.3g} for a voice that is fully known" if known is not None else "")
        + "; decisions below "
        f"{calibration.threshold:.0%} confidence are not accepted"
    )
    if calibration.error_rate is not None:
        text += f", so that at most {calibration.error_rate:.0%} of the accepted are wrong"
    if calibration.coverage is not None:
        text += f"; {calibration.coverage:.0%} were accepted"
    return text + (f" ({calibration.fitted_on})." if calibration.coverage is not None else ".")


def _describe_adaptation(adaptation: Adaptation | None) -> str:
    if adaptation is None:
        return "It does not adapt to a voice."
    return (
        "Adapts to a voice: the population weighs as much as "
        f"{adaptation.prior_mean_clips:g} of its clips in the mean of the states, "
        f"{adaptation.prior_deviation_clips:g} in their deviation."
    )
