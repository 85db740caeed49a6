from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from emovox.emotions import EMOTIONS
from emovox.errors import ModelIntegrityError
from emovox.models import (
    Adaptation,
    Calibration,
    Encoder,
    Frontend,
    Population,
    Score,
    TrainingCorpus,
    TrainingRun,
    format_card,
    read_metadata,
    validate_metadata,
)
from emovox.testing import make_tiny_metadata


def _change(text: str, **changes: object) -> str:
    return json.dumps(json.loads(text) | changes)


def test_json_holds_everything() -> None:
    metadata = make_tiny_metadata(
        name="naïve.tag",
        encoder=Encoder("encoder", "MIT", "ab" * 32),
        corpora=(TrainingCorpus("ravdess", "CC BY-NC-SA 4.0", 1440, 24),),
        scores=(Score("uar", 0.5, "speaker", "ravdess", 5, 24, 1440),),
        emotions=("happy", "sad"),
        adaptation=Adaptation(5.0, 0.5),
        calibration=Calibration(1.5, 0.4, error_rate=0.1, coverage=0.8, known_temperature=1.2),
        shortest_s=0.1,
    )
    text = metadata.to_json()
    assert "\n" not in text
    assert read_metadata(text) == metadata


def test_float32_statistics_survive_json() -> None:
    values = np.random.default_rng(0).normal(size=50).astype(np.float32)
    population = Population(tuple(map(float, values)), tuple(map(float, np.abs(values))))
    read = read_metadata(make_tiny_metadata(population=population).to_json()).population
    np.testing.assert_array_equal(np.float32(read.mean), values)


def test_whole_numbers_do_for_floats() -> None:
    assert read_metadata(_change(make_tiny_metadata().to_json(), shortest_s=2)).shortest_s == 2.0


@pytest.mark.parametrize("text", ["", "{", "nonsense", "[" * 100_000])
def test_text_that_is_not_json_is_refused(text: str) -> None:
    with pytest.raises(ModelIntegrityError, match="not JSON"):
        read_metadata(text)


@pytest.mark.parametrize("text", ["[]", "{}", "null", '{"format_version": 5}'])
def test_another_format_version_is_named_before_anything_else(text: str) -> None:
    with pytest.raises(
        ModelIntegrityError, match=r"format version .* emovox reads 1, 2, 3, 4"
    ) as info:
        read_metadata(text)
    assert info.value.hint


def test_a_file_of_the_first_version_lacks_what_came_later() -> None:
    raw = json.loads(make_tiny_metadata(calibration=Calibration(temperature=2.0)).to_json())
    del raw["calibration"]["known_temperature"]
    with pytest.raises(ModelIntegrityError, match="calibration lacks known_temperature"):
        read_metadata(json.dumps(raw))
    read = read_metadata(json.dumps(raw | {"format_version": 1}))
    assert read.calibration == Calibration(temperature=2.0)
    assert read.calibration.get_temperature(0.9) == pytest.approx(2.0)


def test_a_file_of_the_second_version_was_calibrated_on_dev_speakers() -> None:
    raw = json.loads(make_tiny_metadata(calibration=Calibration(fitted_on="corpora")).to_json())
    assert read_metadata(json.dumps(raw)).calibration.fitted_on == "corpora"
    del raw["calibration"]["fitted_on"]
    with pytest.raises(ModelIntegrityError, match="calibration lacks fitted_on"):
        read_metadata(json.dumps(raw))
    read = read_metadata(json.dumps(raw | {"format_version": 2}))
    assert read.calibration.fitted_on == "dev speakers"


def test_a_file_of_the_third_version_does_not_say_how_it_was_trained() -> None:
    training = TrainingRun("train it", 0.25)
    raw = json.loads(make_tiny_metadata(training=training).to_json())
    assert read_metadata(json.dumps(raw)).training == training
    assert "- Trained in 0.25 hours by `train it`." in format_card(read_metadata(json.dumps(raw)))
    del raw["training"]
    with pytest.raises(ModelIntegrityError, match="lacks training"):
        read_metadata(json.dumps(raw))
    read = read_metadata(json.dumps(raw | {"format_version": 3}))
    assert read.training is None
    assert "Trained in" not in format_card(read)


def test_the_temperature_goes_with_the_knowledge_of_the_voice() -> None:
    calibration = Calibration(temperature=1.0, known_temperature=0.25)
    knowledge = [Adaptation(2.0, 20.0).compute_knowledge(n) for n in (0, 2, 6)]
    assert knowledge == [0.0, 0.5, 0.75]
    found = [calibration.get_temperature(k) for k in (*knowledge, 1.0)]
    assert found == pytest.approx([1.0, 0.5, 0.25**0.75, 0.25])


def test_missing_fields_are_named() -> None:
    raw = json.loads(make_tiny_metadata().to_json())
    del raw["labels"], raw["seed"]
    with pytest.raises(ModelIntegrityError, match="metadata lacks labels, seed"):
        read_metadata(json.dumps(raw))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"colour": "red"}, "metadata has unknown colour"),
        ({"seed": "0"}, r"metadata.seed is '0', not of type int"),
        ({"seed": True}, r"metadata.seed is True, not of type int"),
        ({"labels": "neutral"}, r"metadata.labels is 'neutral', not of type list"),
        ({"labels": [1]}, r"metadata.labels\[0\] is 1, not of type str"),
        ({"encoder": 1}, r"metadata.encoder is 1, not an object"),
        ({"frontend": {"name": "x", "kind": "frames"}}, "metadata.frontend lacks key"),
        ({"adaptation": {"prior_mean_clips": 1}}, "metadata.adaptation lacks prior_dev"),
        ({"calibration": None}, "metadata.calibration is None, not an object"),
        ({"name": None}, r"metadata.name is None, not of type str"),
        ({"name": [0] * 1000}, r"metadata.name is \[0, .*\.\.\., not of type str"),
    ],
)
def test_wrong_fields_are_named(change: dict[str, object], message: str) -> None:
    with pytest.raises(ModelIntegrityError, match=message):
        read_metadata(_change(make_tiny_metadata().to_json(), **change))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"labels": EMOTIONS[::-1]}, "labels are"),
        ({"emotions": ()}, "emotions are"),
        ({"emotions": ("boredom",)}, "emotions are .*boredom"),
        ({"sampling_rate": 8000}, "sampling_rate is 8000 Hz, not 16000"),
        ({"frontend": Frontend("x", "pictures", "{}")}, "frontend.kind is 'pictures'"),
        ({"population": Population((), ())}, "population.mean is empty"),
        ({"population": Population((0.0, 1.0), (1.0,))}, "2 means, 1 deviations"),
        ({"population": Population((float("nan"),), (1.0,))}, "not finite"),
        ({"population": Population((0.0,), (0.0,))}, "deviation is not above 0"),
        ({"calibration": Calibration(temperature=0.0)}, "calibration.temperature is 0.0"),
        ({"calibration": Calibration(temperature=float("inf"))}, "temperature is inf"),
        ({"calibration": Calibration(known_temperature=0.0)}, "known_temperature is 0.0"),
        ({"calibration": Calibration(threshold=1.1)}, "calibration.threshold is 1.1"),
        ({"calibration": Calibration(threshold=float("nan"))}, "threshold is nan"),
        ({"calibration": Calibration(error_rate=-0.1)}, "calibration.error_rate is -0.1"),
        ({"calibration": Calibration(coverage=2.0)}, "calibration.coverage is 2.0"),
        ({"adaptation": Adaptation(0.0, 1.0)}, "adaptation.prior_mean_clips is 0.0"),
        ({"adaptation": Adaptation(1.0, float("inf"))}, "prior_deviation_clips is inf"),
        ({"shortest_s": -1.0}, "shortest_s is -1.0"),
    ],
)
def test_values_that_contradict_are_named(change: dict[str, object], message: str) -> None:
    with pytest.raises(ModelIntegrityError, match=message):
        validate_metadata(replace(make_tiny_metadata(), **change))
