"""What is worth knowing of the clips that were kept."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from pathlib import PurePosixPath
from statistics import median

from emovox.corpora.found import Found, Note
from emovox.corpora.info import CorpusInfo, Fault

# Suffixes that libsndfile's names of formats go with.
_SUFFIXES = {
    "WAV": (".wav", ".wave"),
    "WAVEX": (".wav", ".wave"),
    "AIFF": (".aif", ".aiff", ".aifc"),
    "FLAC": (".flac",),
    "OGG": (".ogg", ".oga", ".opus"),
    "MP3": (".mp3",),
    "MPEG": (".mp3",),
    "AU": (".au",),
    "CAF": (".caf",),
    "W64": (".w64",),
}
_QUIET_DB = -40.0
_CLIPPED_SHARE = 0.001
_OFFSET = 0.01
_ZERO_ENDS = 0.2
_SPEAKER_LEVEL_DB = 10.0
# A sample of a corpus lacks most things; only of a nearly whole one is that worth saying.
_WHOLE = 0.5


def note_contents(found: Sequence[Found]) -> Iterator[Note]:
    """Look at formats, rates, channels and, where measured, levels of the clips of one corpus."""
    rates = Counter(one.scan.info.sampling_rate for one in found if one.scan.info)
    usual = rates.most_common(1)[0][0] if rates else 0
    for one in found:
        name, info = one.candidate.name, one.scan.info
        if info is None:
            continue
        suffix = PurePosixPath(name).suffix.lower()
        if suffix not in _SUFFIXES.get(info.format, (suffix,)):
            yield Note(name, "other-format", f"holds {info.format}, whatever its suffix {suffix}")
        if info.sampling_rate != usual:
            yield Note(name, "odd-rate", f"has {info.sampling_rate} Hz, most clips {usual} Hz")
        if info.n_channels > 1:
            yield Note(name, "stereo", f"has {info.n_channels} channels; they are mixed down")
    yield from _note_levels(found)


def _note_levels(found: Sequence[Found]) -> Iterator[Note]:
    by_speaker = defaultdict(list)
    for one in found:
        name, levels = one.candidate.name, one.scan.levels
        if levels is None:
            continue
        by_speaker[one.candidate.speaker_id].append(_to_db(levels.rms))
        if _to_db(levels.peak) < _QUIET_DB:
            yield Note(name, "quiet", f"peaks at {_to_db(levels.peak):.0f} dBFS; it is not silent")
        if levels.clipped_share > _CLIPPED_SHARE:
            yield Note(name, "clipped", f"has {levels.n_full_scale} samples at full scale")
        if abs(levels.offset) > _OFFSET:
            yield Note(name, "offset", f"carries a DC offset of {levels.offset:.3f}")
        if levels.zero_ends > _ZERO_ENDS:
            yield Note(name, "zero-ends", f"is exactly zero for {levels.zero_ends:.0%} at its ends")
    usual = {speaker: median(values) for speaker, values in by_speaker.items()}
    centre = median(usual.values()) if usual else 0.0
    for speaker, level_db in sorted(usual.items()):
        if abs(level_db - centre) > _SPEAKER_LEVEL_DB:
            yield Note(
                "",
                "speaker-level",
                f"{speaker} speaks at {level_db:.0f} dBFS, most at {centre:.0f}: "
                "the level betrays the speaker",
            )


def note_names(found: Sequence[Found], faults: Sequence[Fault]) -> Iterator[Note]:
    """Look for known faults, and for files that are not called as published."""
    by_key = {one.candidate.parsed.key: one.candidate.name for one in found}
    for fault in faults:
        for key in fault.keys:
            if key in by_key and fault.code not in ("silent", "conflict", "duplicate"):
                yield Note(by_key[key], fault.code, f"known fault: {key} {fault.message}")
    for key, name in by_key.items():
        if not key.lower().endswith(PurePosixPath(name).stem.lower()):
            yield Note(name, "renamed", f"is published as {key}")


def note_counts(found: Sequence[Found], info: CorpusInfo) -> Iterator[Note]:
    """Compare speakers and emotions with the published corpus; ``found`` before leaving out."""
    speakers: dict[str, Counter[str]] = defaultdict(Counter)
    for one in found:
        speakers[one.candidate.parsed.speaker][one.candidate.parsed.emotion] += 1
    counts = {speaker: emotions.total() for speaker, emotions in speakers.items()}
    whole = sum(counts.values()) >= _WHOLE * info.n_clips
    if len(found) != info.n_clips:
        message = f"{len(found)} of the {info.n_clips} published clips are here"
        yield Note("", "incomplete", f"{info.name}: {message}")
    if info.clips_per_speaker and whole:
        for n in sorted(set(counts.values()) - {info.clips_per_speaker}):
            names = ", ".join(sorted(speaker for speaker in counts if counts[speaker] == n))
            message = f"{n} of {info.clips_per_speaker} clips of speaker {names}"
            yield Note("", "few-clips", f"{info.name}: {message}")
    for emotion in info.emotions if whole else ():
        names = ", ".join(sorted(name for name in speakers if not speakers[name][emotion]))
        if names:
            yield Note("", "missing-emotion", f"{info.name}: no {emotion} of speaker {names}")
    for remark in info.remarks:
        yield Note("", "remark", f"{info.name}: {remark}")


def _to_db(amplitude: float) -> float:
    return 20 * math.log10(max(amplitude, 1e-10))
