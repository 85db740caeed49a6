import numpy as np

from emovox.features import compute_deltas, compute_statistics, list_statistics
from emovox.features.statistics import PITCH_NAMES, compute_pitch_statistics


def test_statistics_are_laid_out_one_after_the_other():
    frames = np.array([[0, 10], [1, 10], [2, 10], [3, 10]], np.float32)
    values = compute_statistics(frames, ("mean", "deviation", "p50"))
    # Single precision.
    np.testing.assert_allclose(values, [1.5, 10, np.sqrt(1.25), 0, 1.5, 10], rtol=1e-6)


def test_slope_of_a_line_is_constant_inside_and_flattens_at_the_ends():
    frames = np.arange(10, dtype=np.float32)[:, None] * 3
    slopes = compute_deltas(frames)[:, 0]
    np.testing.assert_allclose(slopes[2:-2], 3, rtol=1e-6)  # single precision
    assert slopes[0] < slopes[1] < 3


def test_one_frame_has_no_slope_and_no_deviation():
    values = compute_statistics(np.array([[5.0]], np.float32), list_statistics())
    np.testing.assert_array_equal(values, [5, 0, 5, 5, 5, 0, 0])


def test_pitch_statistics_of_two_runs():
    frequency = np.array([0, 110, 110, 0, 0, 220, 220, 220, 0, 0], np.float32)
    values = dict(zip(PITCH_NAMES, compute_pitch_statistics(frequency, 0.1), strict=True))
    # Single precision: 12 and 24 semitones above 55 Hz, two and three frames.
    expected = {
        "pitch_mean": (2 * 12 + 3 * 24) / 5,
        "pitch_p50": 24,
        "pitch_delta_mean": 0,
        "voiced_share": 0.5,
        "voiced_runs_per_s": 2,
        "voiced_run_mean_s": 0.25,
    }
    for name, value in expected.items():
        np.testing.assert_allclose(values[name], value, rtol=1e-6, err_msg=name)


def test_pitch_statistics_of_single_voiced_frames():
    frequency = np.array([110, 0, 0, 110], np.float32)
    values = dict(zip(PITCH_NAMES, compute_pitch_statistics(frequency, 0.1), strict=True))
    assert values["pitch_delta_deviation"] == 0
    assert values["voiced_runs_per_s"] == 5


def test_pitch_statistics_without_a_voice_are_zero():
    np.testing.assert_array_equal(compute_pitch_statistics(np.zeros(5, np.float32), 0.1), 0)
