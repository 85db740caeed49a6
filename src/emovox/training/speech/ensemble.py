"""Several networks side by side in one: the same log-mels, their own voices, one mean of logits.

Networks on other encoders err elsewhere; heads on the same encoder do not.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from emovox.errors import ConfigError
from emovox.training.speech.network import SpeechNetwork


class SpeechEnsemble(nn.Module):
    """Waveform to the mean of the members' logits, and the voice states of all.

    A voice's statistics are those of the members one after the other: each member knows the
    voice by its own states.

    Parameters
    ----------
    members : sequence of SpeechNetwork
        With one version of the front-end, which is computed once.

    Raises
    ------
    ConfigError
        If there is none, or their front-ends differ.
    """

    def __init__(self, members: Sequence[SpeechNetwork]) -> None:
        super().__init__()
        heard = {(m.options.front_end, m.encoder.shape.n_mels) for m in members}
        if len(heard) != 1:
            raise ConfigError(
                f"networks side by side must share their front-end (version, mel bands), not "
                f"have {sorted(heard)}."
            )
        self.members = nn.ModuleList(members)
        self.sizes = [member.n_states for member in members]

    @property
    def n_states(self) -> int:
        """Number of pooled states of all members."""
        return sum(self.sizes)

    def forward(
        self, waveform: Tensor, length: Tensor, voice_mean: Tensor, voice_deviation: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Return logits (batch, 8) and voice states (batch, n_states), as an artefact does."""
        log_mel, n_frames, level = self._list()[0].front_end(waveform, length)
        voices = (torch.split(t, self.sizes, 1) for t in (voice_mean, voice_deviation))
        logits, heard = [], []
        for member, *voice in zip(self._list(), *voices, strict=True):
            states = member.encode_rest(*member.encode_frozen(log_mel, n_frames), level)
            logits.append(member.head(states, *voice))
            heard.append(member.head.listen(states))
        return torch.stack(logits).mean(0), torch.cat(heard, dim=1)

    def _list(self) -> list[SpeechNetwork]:
        return [member for member in self.members if isinstance(member, SpeechNetwork)]


def put_together(members: Sequence[SpeechNetwork]) -> SpeechNetwork | SpeechEnsemble:
    """Return the networks side by side, or the only one as it is."""
    return members[0] if len(members) == 1 else SpeechEnsemble(members)
