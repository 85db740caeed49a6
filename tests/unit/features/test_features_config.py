import dataclasses

import pytest

from emovox.errors import ParameterError
from emovox.features import FeatureConfig


def test_defaults_are_the_notebook_s():
    assert dataclasses.asdict(FeatureConfig()) == {
        "sampling_rate": 22050,
        "offset_s": 0.6,
        "duration_s": 2.5,
        "n_fft": 2048,
        "hop_length": 512,
        "n_mels": 128,
        "n_mfcc": 20,
        "n_chroma": 12,
        "f_min": 0.0,
        "f_max": None,
        "pad_mode": "constant",
        "center": True,
        "tuning": 0.0,
        "chroma_floor": 0.0,
        "top_db": 80.0,
        "pitch_min_hz": 60.0,
        "pitch_max_hz": 500.0,
        "remove_offset": False,
    }


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("sampling_rate", 999),
        ("offset_s", -0.1),
        ("duration_s", 0.0),
        ("n_fft", 15),
        ("n_fft", 401),
        ("hop_length", 0),
        ("hop_length", 4096),
        ("n_mels", 0),
        ("n_mfcc", 129),
        ("n_chroma", 0),
        ("f_min", 12000.0),
        ("f_max", 11026.0),
        ("pad_mode", "wrap"),
        ("chroma_floor", -1.0),
        ("top_db", 0.0),
        ("pitch_min_hz", 500.0),
    ],
)
def test_a_bad_value_is_named(name, value):
    with pytest.raises(ParameterError, match=f"{name} is {value!r}; it must be "):
        FeatureConfig(**{name: value})
