"""Any recording as float32 mono samples at the wanted rate; the gate; blocks; writing."""

from __future__ import annotations

from emovox.audio.blocks import read_blocks
from emovox.audio.codec import CODECS, transcode
from emovox.audio.decode import probe_audio, read_audio
from emovox.audio.decoder import AudioInfo
from emovox.audio.gate import (
    GateOptions,
    GateReport,
    Problem,
    inspect_recording,
    remove_offset,
)
from emovox.audio.resample import StreamResampler, resample
from emovox.audio.source import AudioSource
from emovox.audio.speech import measure_speech
from emovox.audio.write import write_audio

__all__ = [
    "CODECS",
    "AudioInfo",
    "AudioSource",
    "GateOptions",
    "GateReport",
    "Problem",
    "StreamResampler",
    "inspect_recording",
    "measure_speech",
    "probe_audio",
    "read_audio",
    "read_blocks",
    "remove_offset",
    "resample",
    "transcode",
    "write_audio",
]
