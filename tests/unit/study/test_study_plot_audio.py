from __future__ import annotations

import re
import subprocess
import sys

import numpy as np
import pytest

from emovox.errors import MissingExtraError
from emovox.study.plot_audio import draw_alterations, write_figure

RATE = 16000


def make_figure():
    tone = (0.5 * np.sin(2 * np.pi * 440 * np.arange(RATE) / RATE)).astype(np.float32)
    longer = np.concatenate((tone, tone[: RATE // 2]))
    altered = [("longer", longer), ("silent", np.zeros_like(tone)), ("one", tone[:1])]
    return draw_alterations(tone, altered, RATE, title="tone.wav")


def test_each_recording_has_a_waveform_and_a_spectrogram():
    waveforms, spectrograms = make_figure().axes[0:8:2], make_figure().axes[1:8:2]
    titles = [axes.get_title(loc="left") for axes in waveforms]
    assert titles == ["original", "longer", "silent", "one"]
    assert all(axes.get_ylabel() == "Amplitude" for axes in waveforms)
    assert all(axes.get_ylabel() == "Frequency (kHz)" for axes in spectrograms)
    assert waveforms[-1].get_xlabel() == spectrograms[-1].get_xlabel() == "Time (s)"


def test_all_rows_share_their_scales():
    axes = make_figure().axes[:8]
    assert {one.get_xlim() for one in axes} == {(0.0, 1.5)}
    assert len({one.get_ylim() for one in axes[::2]}) == 1
    assert len({one.images[0].get_clim() for one in axes[1::2]}) == 1


def test_spectrogram_shows_the_tone_where_it_is():
    image = make_figure().axes[1].images[0]
    levels = image.get_array()
    _, _, low, high = image.get_extent()
    frequency = low + (levels.mean(axis=1).argmax() + 0.5) / len(levels) * (high - low)
    # A bin is 31 Hz wide.
    assert frequency == pytest.approx(0.44, abs=0.032)
    assert levels.max() == 0.0


def test_a_recording_of_exact_silence_can_be_drawn(tmp_path):
    silence = np.zeros(RATE, dtype=np.float32)
    write_figure(draw_alterations(silence, [("still", silence)], RATE), tmp_path / "silence.png")
    assert (tmp_path / "silence.png").stat().st_size > 1000


@pytest.mark.parametrize(("suffix", "head"), [(".png", b"\x89PNG"), (".svg", b"<?xml")])
def test_same_figure_gives_same_bytes(tmp_path, suffix, head):
    first, second = tmp_path / f"a{suffix}", tmp_path / f"b{suffix}"
    write_figure(make_figure(), first)
    write_figure(make_figure(), second)
    assert first.read_bytes() == second.read_bytes()
    assert first.read_bytes().startswith(head)


def test_svg_stays_small_however_long_the_recording(tmp_path):
    noise = np.random.default_rng(0).normal(0, 0.1, 60 * RATE).astype(np.float32)
    write_figure(draw_alterations(noise, [], RATE), tmp_path / "long.svg")
    assert (tmp_path / "long.svg").stat().st_size < 3e6


def test_draws_without_pyplot():
    # pyplot keeps figures in global state.
    code = (
        "import sys, numpy as np; from emovox.study.plot_audio import draw_alterations\n"
        "draw_alterations(np.zeros(99, np.float32), [], 16000)\n"
        "assert 'matplotlib.pyplot' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_says_how_to_install_matplotlib(monkeypatch):
    monkeypatch.delitem(sys.modules, "emovox.study.plot_audio")
    for name in [name for name in sys.modules if name.split(".")[0] == "matplotlib"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(MissingExtraError, match=re.escape("pip install 'emovox[train]'")):
        import emovox.study.plot_audio  # noqa: F401
