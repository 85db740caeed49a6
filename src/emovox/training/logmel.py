"""The log-mel input of the Whisper family, as a torch module that can live in an ONNX graph."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn

from emovox.features import build_mel_filters
from emovox.types import IntArray

_N_FFT = 400
_HOP = 160
_FLOOR = 1e-10

# Name, bins, and how many samples a windowed frame is folded to for them.
_FOLDED = (
    ("fourth", np.arange(0, _N_FFT // 2 + 1, 4), _N_FFT // 4),
    ("second", np.arange(2, _N_FFT // 2 + 1, 4), _N_FFT // 4),
    ("odd", np.arange(1, _N_FFT // 2 + 1, 2), _N_FFT // 2),
)


class MelPower(nn.Module):
    """Waveform at 16 kHz to the power in mel bands, 100 frames a second.

    25 ms Hann window, 10 ms hop, centred with reflection, Slaney mel bands up to 8 kHz; the last
    frame is dropped. The Fourier transform is two splits by frequency and three matrix products,
    which every runtime has: a third of the weights and of the work of one product.

    Parameters
    ----------
    n_mels : int
        Mel bands.
    """

    def __init__(self, n_mels: int) -> None:
        super().__init__()
        filters = build_mel_filters(sampling_rate=16_000, n_fft=_N_FFT, n_mels=n_mels)
        ordered = filters.T[np.concatenate([bins for _, bins, _ in _FOLDED])]
        self.register_buffer("filters", torch.from_numpy(ordered), persistent=False)
        self.register_buffer("window", _compute_window(), persistent=False)
        for name, bins, n_samples in _FOLDED:
            self.register_buffer(name, _compute_basis(bins, n_samples), persistent=False)
        self.filters: Tensor
        self.window: Tensor
        self.fourth: Tensor
        self.second: Tensor
        self.odd: Tensor

    def forward(self, waveform: Tensor, length: Tensor) -> tuple[Tensor, Tensor]:
        """Return powers (batch, n_frames, n_mels) and each clip's own number of frames."""
        frames = _reflect_at_ends(waveform, length).unfold(1, _N_FFT, _HOP)[:, :-1] * self.window
        even, odd = _fold(frames)
        fourth, second = _fold(even)
        power = torch.cat(
            [
                _compute_power(fourth, self.fourth),
                _compute_power(second, self.second),
                _compute_power(odd, self.odd),
            ],
            dim=2,
        )
        return power @ self.filters, length // _HOP


class LogMelFrontEnd(nn.Module):
    """Waveform at 16 kHz to log-mel energies, 100 frames a second.

    Power in mel bands, log10 clamped at 1e-10 and at the clip's own maximum - 8, then
    (x + 4) / 4.

    Parameters
    ----------
    n_mels : int, default=80
        Mel bands.
    """

    def __init__(self, n_mels: int = 80) -> None:
        super().__init__()
        self.power = MelPower(n_mels)

    def forward(self, waveform: Tensor, length: Tensor) -> tuple[Tensor, Tensor]:
        """Return log-mels (batch, n_mels, n_frames) and each clip's own number of frames."""
        power, n_frames = self.power(waveform, length)
        log_mel = power.clamp_min(_FLOOR).log10()
        inside = (torch.arange(log_mel.shape[1], device=length.device) < n_frames[:, None])[
            ..., None
        ]
        loudest = log_mel.masked_fill(~inside, -10.0).amax(dim=(1, 2), keepdim=True)
        log_mel = torch.maximum(log_mel, loudest - 8.0)
        return ((log_mel + 4.0) / 4.0).transpose(1, 2), n_frames


def _fold(frames: Tensor) -> tuple[Tensor, Tensor]:
    """Return what the even bins and what the odd bins of a Fourier transform are made from.

    Cooley and Tukey, "An Algorithm for the Machine Calculation of Complex Fourier Series", 1965,
    decimation in frequency.
    """
    half = frames.shape[2] // 2
    first, second = frames[..., :half], frames[..., half:]
    return first + second, first - second


def _compute_power(folded: Tensor, basis: Tensor) -> Tensor:
    spectrum = folded @ basis
    half = spectrum.shape[2] // 2
    power: Tensor = spectrum[..., :half].square() + spectrum[..., half:].square()
    return power


def _compute_window() -> Tensor:
    """Periodic Hann."""
    window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(_N_FFT) / _N_FFT)
    return torch.from_numpy(window.astype(np.float32))


def _compute_basis(bins: IntArray, n_samples: int) -> Tensor:
    """Return cosines, then sines, of some bins: shape (n_samples, 2 * n_bins)."""
    angle = 2 * np.pi * np.outer(np.arange(n_samples), bins) / _N_FFT
    basis = np.concatenate([np.cos(angle), -np.sin(angle)], axis=1)
    return torch.from_numpy(basis.astype(np.float32))


def _reflect_at_ends(waveform: Tensor, length: Tensor) -> Tensor:
    """Extend each clip by half a window on both sides, mirrored at its own ends."""
    half = _N_FFT // 2
    position = torch.arange(-half, waveform.shape[1] + half, device=waveform.device).abs()
    last = (length - 1)[:, None]
    mirrored = torch.where(position > last, 2 * last - position, position)
    return waveform.gather(1, mirrored.clamp(min=0, max=waveform.shape[1] - 1))
