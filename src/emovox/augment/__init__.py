"""Altered copies of recordings: parameters are drawn apart from being applied, and written down.

A transform (``Noise``, ``Pitch`` ...) holds ranges and draws alterations from them; an alteration
(``DrawnNoise`` ...) holds the drawn parameters and applies them, the same way each time; a policy
draws the alterations of a clip from its key and a seed. Only training clips are ever altered:
``emovox.protocols`` sees to it.
"""

from __future__ import annotations

from emovox.augment.babble import Babble, DrawnBabble
from emovox.augment.band import Band, DrawnBand
from emovox.augment.chain import Chain
from emovox.augment.codec import Codec, DrawnCodec
from emovox.augment.cut import Cut, DrawnCut
from emovox.augment.drawn import Drawn, Transform
from emovox.augment.gain import DrawnGain, Gain
from emovox.augment.noise import DrawnNoise, Noise
from emovox.augment.notebook_noise import DrawnNotebookNoise, NotebookNoise
from emovox.augment.pitch import DrawnPitch, Pitch
from emovox.augment.policies import Policy, Step, get_policy, list_policies, make_policy
from emovox.augment.records import Altered, format_alteration, read_alterations, write_altered
from emovox.augment.registry import get_transform, list_transforms, rebuild_alteration
from emovox.augment.reverberation import DrawnReverberation, Reverberation
from emovox.augment.shift import DrawnShift, Shift
from emovox.augment.silence import DrawnSilence, Silence
from emovox.augment.speed import DrawnSpeed, Speed
from emovox.augment.stretch import DrawnStretch, Stretch
from emovox.augment.vocoder import shift_pitch, stretch_time

__all__ = [
    "Altered",
    "Babble",
    "Band",
    "Chain",
    "Codec",
    "Cut",
    "Drawn",
    "DrawnBabble",
    "DrawnBand",
    "DrawnCodec",
    "DrawnCut",
    "DrawnGain",
    "DrawnNoise",
    "DrawnNotebookNoise",
    "DrawnPitch",
    "DrawnReverberation",
    "DrawnShift",
    "DrawnSilence",
    "DrawnSpeed",
    "DrawnStretch",
    "Gain",
    "Noise",
    "NotebookNoise",
    "Pitch",
    "Policy",
    "Reverberation",
    "Shift",
    "Silence",
    "Speed",
    "Step",
    "Stretch",
    "Transform",
    "format_alteration",
    "get_policy",
    "get_transform",
    "list_policies",
    "list_transforms",
    "make_policy",
    "read_alterations",
    "rebuild_alteration",
    "shift_pitch",
    "stretch_time",
    "write_altered",
]
