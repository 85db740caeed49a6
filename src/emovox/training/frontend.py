"""Feature sets as torch modules, so that an artefact computes its own features.

The numbers equal those of ``emovox.features`` (the same settings, the same filter matrices) on
a padded batch: each clip is cut off at its own length, and frames past it do not count.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from emovox.errors import ParameterError
from emovox.features import FeatureSet
from emovox.features.bases import chroma_basis, dct_basis, hann_window, mel_basis

# As in emovox.features: samples nearer to zero count as positive, mel energies below as equal.
_QUIET = 1e-10
_TINY = float(torch.finfo(torch.float32).tiny)


class FrontEnd(nn.Module):
    """Waveform to the frame features of a set, and to states: the mean of each over the clip.

    Parameters
    ----------
    feature_set : FeatureSet
        With centred frames, zeros beyond the ends, means as its only statistics and no pitch.

    Raises
    ------
    ParameterError
        If a graph cannot compute this set.
    """

    def __init__(self, feature_set: FeatureSet) -> None:
        super().__init__()
        config = feature_set.config
        whole = config.offset_s == 0 and config.duration_s is None
        plain = feature_set.statistics == ("mean",) and not feature_set.pitch
        if not (plain and whole and config.center and config.pad_mode == "constant"):
            raise ParameterError(
                f"the feature set {feature_set.name!r} cannot be part of an artefact.",
                hint="'notebook-16k' and 'frames' can.",
            )
        self.config = config
        self.groups = feature_set.groups
        self.n_features = len(feature_set.frame_names)
        rate, n_fft = config.sampling_rate, config.n_fft
        for name, matrix in (
            ("window", hann_window(n_fft)),
            ("mel", mel_basis(rate, n_fft, config.n_mels, config.f_min, config.f_max)),
            ("dct", dct_basis(config.n_mels, config.n_mfcc)),
            ("chroma", chroma_basis(rate, n_fft, config.n_chroma, config.tuning)),
        ):
            self.register_buffer(name, torch.tensor(matrix, dtype=torch.float32), persistent=False)
        self.window: Tensor
        self.mel: Tensor
        self.dct: Tensor
        self.chroma: Tensor

    def forward(self, waveform: Tensor, length: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Compute the features of a padded batch.

        Parameters
        ----------
        waveform : Tensor, shape (batch, n_samples)
        length : Tensor of int64, shape (batch,)
            Samples of each clip, at least 1; later ones are ignored.

        Returns
        -------
        frames : Tensor, shape (batch, n_frames, n_features)
            What stands past a clip's own frames means nothing.
        n_frames : Tensor of int64, shape (batch,)
            Frames of each clip.
        states : Tensor, shape (batch, n_features)
            Means over each clip's frames.
        """
        inside = _mark_inside(waveform.shape[1], length)
        samples = torch.where(inside, waveform, 0.0)
        if self.config.remove_offset:
            offset = samples.sum(dim=1, keepdim=True) / length[:, None]
            samples = torch.where(inside, samples - offset, 0.0)
        n_frames = 1 + length // self.config.hop_length
        frames = self._compute_frames(samples, inside, n_frames)
        valid = _mark_inside(frames.shape[1], n_frames)[:, :, None]
        states = torch.where(valid, frames, 0.0).sum(dim=1) / n_frames[:, None]
        return frames, n_frames, states

    def _compute_frames(self, samples: Tensor, inside: Tensor, n_frames: Tensor) -> Tensor:
        half = self.config.n_fft // 2
        padded = functional.pad(samples, (half, half))
        power = self._compute_power(padded)
        mel = power @ self.mel
        decibels = self._compute_decibels(mel, n_frames)
        groups = {
            "zcr": self._compute_zcr(samples, inside),
            "chroma": self._compute_chroma(power),
            "mfcc": decibels @ self.dct,
            "rms": self._average(padded.square(), self.config.n_fft).sqrt(),
            "mel": mel,
            "logmel": decibels,
        }
        return torch.cat([groups[group] for group in self.groups], dim=2)

    def _compute_power(self, padded: Tensor) -> Tensor:
        # A Fourier operator, not a matrix: at 2048 points that would weigh 16 MB.
        spectrum = torch.stft(
            padded,
            self.config.n_fft,
            self.config.hop_length,
            window=self.window,
            center=False,
            return_complex=True,
        )
        return torch.view_as_real(spectrum).square().sum(dim=3).transpose(1, 2)

    def _compute_decibels(self, mel: Tensor, n_frames: Tensor) -> Tensor:
        decibels = 10 * mel.clamp_min(_QUIET).log10()
        valid = _mark_inside(mel.shape[1], n_frames)[:, :, None]
        # The loudest of the clip itself; nothing is below the quietest, -100 dB.
        loudest = torch.where(valid, decibels, -100.0).amax(dim=(1, 2), keepdim=True)
        return torch.maximum(decibels, loudest - self.config.top_db)

    def _compute_chroma(self, power: Tensor) -> Tensor:
        strengths = power.sqrt() @ self.chroma
        peaks = strengths.amax(dim=2, keepdim=True)
        silent = peaks < max(self.config.chroma_floor, _TINY)
        return torch.where(silent, 0.0, strengths / peaks)

    def _compute_zcr(self, samples: Tensor, inside: Tensor) -> Tensor:
        n_fft = self.config.n_fft
        negative = samples < -_QUIET
        # The step from a clip's last sample to the padding is none of its own.
        crossing = (negative[:, 1:] != negative[:, :-1]) & inside[:, 1:]
        padded = functional.pad(crossing.to(samples.dtype), (n_fft // 2, n_fft // 2))
        # A window of n_fft samples sees n_fft - 1 steps from one sample to the next.
        return self._average(padded, n_fft - 1) * ((n_fft - 1) / n_fft)

    def _average(self, values: Tensor, width: int) -> Tensor:
        pooled = functional.avg_pool1d(values[:, None], width, self.config.hop_length)
        return pooled.transpose(1, 2)


def _mark_inside(size: int, length: Tensor) -> Tensor:
    """Return true where a place belongs to its clip, shape (batch, size)."""
    return torch.arange(size, device=length.device) < length[:, None]
