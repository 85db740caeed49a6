"""All numbers that decide what a feature is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from emovox.errors import ParameterError

PadMode: TypeAlias = Literal["constant", "edge", "reflect"]


@dataclass(frozen=True, slots=True, kw_only=True)
class FeatureConfig:
    """Settings of the front-end; they travel with the features and are part of their hash.

    The defaults are those of the reference notebook, which are librosa's.

    Attributes
    ----------
    sampling_rate : int
        Rate the samples must have, in Hz.
    offset_s : float
        Seconds left out at the start of a recording. It gives way in clips so short that less
        than one window would remain: they are used whole.
    duration_s : float or None
        Seconds used after the offset; None uses all.
    n_fft : int
        Window length in samples (Hann, periodic). At least 16.
    hop_length : int
        Hop in samples.
    n_mels, n_mfcc, n_chroma : int
        Number of mel bands, cepstral coefficients, pitch classes.
    f_min, f_max : float or None
        Edges of the mel bands in Hz; ``f_max`` None is half the sampling rate.
    pad_mode : str
        How the signal goes on beyond its ends where frames are centred.
    center : bool
        Frame t is centred on sample ``t * hop_length`` (else it starts there).
    tuning : float
        Deviation from A440 in fractions of a pitch class. The notebook estimated it for each
        clip from noisy peaks; here it is fixed, so that level and noise do not move the classes.
    chroma_floor : float
        Frames whose pitch classes are all weaker count as silent; 0 is what librosa does.
    top_db : float
        Log-mel values lie at most so far below the loudest one of the recording.
    pitch_min_hz, pitch_max_hz : float
        Range in which a fundamental frequency is looked for.
    remove_offset : bool
        Subtract the mean of the samples first (DC of a sound card betrays the corpus).
    """

    sampling_rate: int = 22050
    offset_s: float = 0.6
    duration_s: float | None = 2.5
    n_fft: int = 2048
    hop_length: int = 512
    n_mels: int = 128
    n_mfcc: int = 20
    n_chroma: int = 12
    f_min: float = 0.0
    f_max: float | None = None
    pad_mode: PadMode = "constant"
    center: bool = True
    tuning: float = 0.0
    chroma_floor: float = 0.0
    top_db: float = 80.0
    pitch_min_hz: float = 60.0
    pitch_max_hz: float = 500.0
    remove_offset: bool = False

    def __post_init__(self) -> None:
        half = self.sampling_rate / 2
        top = half if self.f_max is None else self.f_max
        rules = {
            "sampling_rate": (self.sampling_rate >= 1000, "at least 1000 Hz"),
            "offset_s": (self.offset_s >= 0, "0 or more"),
            "duration_s": (self.duration_s is None or self.duration_s > 0, "positive or None"),
            "n_fft": (self.n_fft >= 16 and self.n_fft % 2 == 0, "even and at least 16"),
            "hop_length": (1 <= self.hop_length <= self.n_fft, "from 1 to n_fft"),
            "n_mels": (self.n_mels >= 1, "at least 1"),
            "n_mfcc": (1 <= self.n_mfcc <= self.n_mels, "from 1 to n_mels"),
            "n_chroma": (self.n_chroma >= 1, "at least 1"),
            "f_min": (0 <= self.f_min < top, "0 or more and below f_max"),
            "f_max": (top <= half, f"at most half the sampling rate, {half:g} Hz"),
            "pad_mode": (self.pad_mode in ("constant", "edge", "reflect"), "constant|edge|reflect"),
            "chroma_floor": (self.chroma_floor >= 0, "0 or more"),
            "top_db": (self.top_db > 0, "positive"),
            "pitch_min_hz": (
                0 < self.pitch_min_hz < self.pitch_max_hz <= half,
                "positive and below pitch_max_hz, which is at most half the sampling rate",
            ),
        }
        for name, (fits, legal) in rules.items():
            if not fits:
                raise ParameterError(f"{name} is {getattr(self, name)!r}; it must be {legal}.")
