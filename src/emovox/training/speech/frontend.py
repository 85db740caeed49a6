"""What the recognizer's networks hear: log-mels freed of level and of silence around the speech.

How loud a recording is, and how long somebody waited before pressing the button, says something
of the microphone and nothing of the feeling. Both are taken away inside the graph, so that
training, evaluation and every runtime hear the same.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from emovox.training.logmel import MelPower

LOUDEST = 0.6
"""What the loudest point of a clip is set to, in log10 of power: usual for speech."""

RANGE = 8.0
"""Of the log-mels below the loudest point, in log10 of power (80 dB), as Whisper has it."""

SPEECH_RANGE = 4.5
"""Frames this far below the loudest one, in log10 of power (45 dB), are silence."""

MARGIN_FRAMES = {2: 10, 3: 0}
"""Of silence that stay on either side of the speech, by the front-end's version.

Digital silence is not the quiet of a room: where 0.1 s stays, silence put around a clip changes
what the network hears; where none stays, it does not."""

NEWEST = max(MARGIN_FRAMES)
"""Version of the front-end that new networks have."""

MAX_FRAMES = 3000
"""More is not heard: 30 s, what the encoder has positions for."""

# Keeps the logarithm finite in digital silence, far below anything a recording holds.
_FLOOR = 1e-20


class SpeechFrontEnd(nn.Module):
    """Waveform at 16 kHz to log-mel energies, 100 frames a second, of the speech alone.

    Spectrum and mel bands are Whisper's (see ``LogMelFrontEnd``). Instead of its fixed floor,
    the loudest point of each clip is moved to ``LOUDEST``, and silence before and after the
    speech is cut off, all but ``MARGIN_FRAMES``.

    Parameters
    ----------
    n_mels : int, default=80
        Mel bands.
    version : int, default=3
        Models keep that which they were trained with.
    """

    def __init__(self, n_mels: int = 80, version: int = NEWEST) -> None:
        super().__init__()
        self.margin = MARGIN_FRAMES[version]
        self.power = MelPower(n_mels)

    def forward(self, waveform: Tensor, length: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Compute the log-mels of a padded batch, and the level that was taken from them.

        Parameters
        ----------
        waveform : Tensor, shape (batch, n_samples)
        length : Tensor of int64, shape (batch,)
            Samples of each clip; later ones are ignored.

        Returns
        -------
        log_mel : Tensor, shape (batch, n_mels, n_frames)
            What stands past a clip's own frames means nothing.
        n_frames : Tensor of int64, shape (batch,)
            Frames of each clip, at least 1.
        level : Tensor, shape (batch,)
            Of the frames kept, in bel (10 dB): worth something only beside other clips of the
            same voice and recording.
        """
        power, n_frames = self.power(waveform, length)
        time = torch.arange(power.shape[1], device=length.device)
        inside = time < n_frames[:, None]
        power = torch.where(inside[..., None], power, 0.0).clamp_min(_FLOOR)
        log_mel = power.log10()
        loudest = log_mel.amax(dim=(1, 2), keepdim=True)
        log_mel = (log_mel - loudest).clamp_min(-RANGE) + LOUDEST
        energy = power.mean(dim=2)
        start, n_kept = find_speech(energy.log10(), time, n_frames, self.margin)
        spoken = (time >= start[:, None]) & (time < (start + n_kept)[:, None])
        level = ((energy * spoken).sum(dim=1) / n_kept).log10()
        index = (time + start[:, None]).clamp_max(power.shape[1] - 1)
        kept = log_mel.gather(1, index[..., None].expand_as(log_mel))[:, :MAX_FRAMES]
        return ((kept + 4.0) / 4.0).transpose(1, 2), n_kept, level


def find_speech(
    energy: Tensor, time: Tensor, n_frames: Tensor, margin: int
) -> tuple[Tensor, Tensor]:
    """Return the first frame of each clip's speech and how many there are, margins included.

    Parameters
    ----------
    energy : Tensor, shape (batch, n_frames)
        In log10 of power; far below anything spoken past a clip's own frames.
    time : Tensor of int64, shape (n_frames,)
        0, 1, ...
    n_frames : Tensor of int64, shape (batch,)
        Of each clip.
    margin : int
        Frames of silence that stay on either side.
    """
    loud = energy > energy.amax(dim=1, keepdim=True) - SPEECH_RANGE
    first = torch.where(loud, time, time.shape[0]).amin(dim=1)
    last = torch.where(loud, time, -1).amax(dim=1)
    start = (first - margin).clamp_min(0)
    end = torch.minimum(last + margin + 1, n_frames)
    return start, (end - start).clamp(1, MAX_FRAMES)
