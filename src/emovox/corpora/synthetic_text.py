"""What the synthetic voices say: phones with their targets, and sentences made of them.

Formant targets are those of an average man (after Peterson and Barney, 1952); a voice scales
them by the length of its vocal tract. The sentences are chains of syllables, not a language.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True, slots=True)
class Phone:
    """Targets of one phone.

    Attributes
    ----------
    formants_hz : tuple of float
        First three resonances of an average man.
    duration_s : float
        At a speaking rate of 1.
    voicing, friction : float
        Amplitude of the voice and of friction noise, 0 to 1.
    friction_hz : float
        Where the friction noise is strongest.
    """

    formants_hz: tuple[float, float, float]
    duration_s: float
    voicing: float = 1.0
    friction: float = 0.0
    friction_hz: float = 5000.0


PHONES = MappingProxyType(
    {
        "a": Phone((730, 1090, 2440), 0.125),
        "e": Phone((530, 1840, 2480), 0.11),
        "i": Phone((270, 2290, 3010), 0.11),
        "o": Phone((570, 840, 2410), 0.12),
        "u": Phone((300, 870, 2240), 0.11),
        "@": Phone((500, 1500, 2500), 0.07),
        "m": Phone((260, 1100, 2200), 0.07, voicing=0.3),
        "n": Phone((260, 1500, 2400), 0.065, voicing=0.3),
        "l": Phone((360, 1100, 2600), 0.06, voicing=0.6),
        "r": Phone((420, 1250, 1650), 0.065, voicing=0.6),
        "w": Phone((300, 650, 2200), 0.06, voicing=0.6),
        "y": Phone((270, 2200, 3000), 0.06, voicing=0.6),
        "b": Phone((250, 900, 2200), 0.065, voicing=0.08, friction=0.05, friction_hz=900),
        "d": Phone((250, 1700, 2600), 0.06, voicing=0.08, friction=0.12, friction_hz=3500),
        "g": Phone((280, 1800, 2300), 0.065, voicing=0.08, friction=0.08, friction_hz=1800),
        "k": Phone((300, 1900, 2400), 0.08, voicing=0.0, friction=0.2, friction_hz=2000),
        "t": Phone((300, 1700, 2600), 0.075, voicing=0.0, friction=0.25, friction_hz=4500),
        "s": Phone((320, 1500, 2600), 0.1, voicing=0.0, friction=0.5, friction_hz=5800),
        "z": Phone((300, 1500, 2600), 0.08, voicing=0.3, friction=0.3, friction_hz=5500),
        "f": Phone((340, 1100, 2300), 0.085, voicing=0.0, friction=0.2, friction_hz=6500),
        "h": Phone((500, 1500, 2500), 0.06, voicing=0.1, friction=0.2, friction_hz=1800),
        "-": Phone((500, 1500, 2500), 0.07, voicing=0.0),
    }
)
"""Phone -> its targets; ``-`` is a pause."""

SENTENCES = MappingProxyType(
    {
        "01": "dogza sitin bay d@ do",
        "02": "kidza tokin bay d@ wo",
        "03": "mayna nemi l@ruso tima",
        "04": "wiyu salona d@ft@ nun",
        "05": "hilot@ bani sek@ra men",
        "06": "zamiro fena tul@ di kos",
    }
)
"""Number of the sentence -> its phones; a blank joins two words."""
