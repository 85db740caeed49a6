from __future__ import annotations

import numpy as np
import pytest

from emovox.study.facts import to_decibels
from emovox.study.plot_views import VIEW_RATE, draw_views


def make_tone(seconds: float) -> np.ndarray:
    time = np.arange(round(seconds * VIEW_RATE)) / VIEW_RATE
    return (0.5 * np.sin(2 * np.pi * 440 * time)).astype(np.float32)


def test_each_version_has_six_views_on_one_time_axis():
    figure = draw_views([("as recorded", make_tone(1.0)), ("longer", make_tone(1.5))], title="x")
    axes = np.array(figure.axes).reshape(6, 2)
    assert {one.get_xlim() for one in figure.axes} == {(0.0, 1.5)}
    names = [one.get_ylabel().partition("\n")[0] for one in axes[:, 0]]
    assert names == ["waveform", "spectrogram", "ZCR", "RMS", "chroma", "MFCC"]
    assert [one.get_title(loc="left") for one in axes[0]] == ["as recorded", "longer"]
    for row in axes:
        assert row[0].get_ylim() == row[1].get_ylim()


def test_the_views_show_a_tone_as_it_is():
    zcr, rms, chroma = draw_views([("tone", make_tone(1.0))]).axes[2:5]
    middle = zcr.lines[0].get_ydata()[20:40]
    # 440 Hz cross zero 880 times a second; a frame counts whole crossings.
    assert middle == pytest.approx(880 / VIEW_RATE, abs=1 / 1024)
    level = rms.lines[0].get_ydata()[20:40]
    assert level == pytest.approx(20 * np.log10(0.5 / np.sqrt(2)), abs=0.1)  # frames cut a period
    assert chroma.images[0].get_array()[:, 30].argmax() == 9  # A


def test_silence_and_a_single_sample_can_be_drawn():
    draw_views([("silence", np.zeros(VIEW_RATE, np.float32)), ("one", make_tone(1.0)[:1])])


def test_decibels_of_full_scale():
    assert (to_decibels(1.0), to_decibels(0.5), to_decibels(0.0)) == ("0.0", "-6.0", "-200.0")
