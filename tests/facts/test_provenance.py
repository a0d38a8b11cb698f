"""How data came about: scalings on the way, generators, seeds. Expected values are arithmetic on what the scripts say."""

from __future__ import annotations

import pytest

from trainlint.engine import facts_of
from trainlint.facts.passes import every_event
from trainlint.facts.provenance import course_of, holds_bytes
from trainlint.facts.run import Script
from trainlint.source.read import read_text

MODEL = """
model = keras.Sequential([keras.layers.Flatten(), keras.layers.Dense(10, activation="softmax")])
model.compile("adam", "sparse_categorical_crossentropy")
"""


def script(text: str) -> Script:
    return facts_of(read_text(f"import numpy as np\nfrom tensorflow import keras\n{text}", "train.py"))


@pytest.mark.parametrize(
    ("scaling", "factor"),
    [("x", 1.0), ("x / 255", 1 / 255), ("x / 255 * 2", 2 / 255), ("x.astype('float32').reshape(-1, 784) / 127.5", 1 / 127.5)],
)
def test_constant_scalings_multiply(scaling: str, factor: float) -> None:
    (run,) = script(f"(x, y), _ = keras.datasets.mnist.load_data()\nx = {scaling}\n{MODEL}\nmodel.fit(x, y)").runs
    course = course_of(run.inputs.value)
    assert course is not None
    assert course.followed
    assert course.factor == pytest.approx(factor)
    assert holds_bytes(course.leaf)


@pytest.mark.parametrize(("rescale", "largest"), [("", 255.0), ("rescale=1 / 255", 1.0), ("rescale=1.0 / 127.5", 2.0)])
def test_image_generator_scales_bytes(rescale: str, largest: float) -> None:
    text = f'flow = keras.preprocessing.image.ImageDataGenerator({rescale}).flow_from_directory("d", target_size=(64, 32))'
    (run,) = script(f"{text}\n{MODEL}\nmodel.fit(flow)").runs
    assert run.inputs.shape == (None, 64, 32, 3)
    assert (run.inputs.low, run.inputs.high) == (0.0, pytest.approx(largest))


def test_own_preprocessing_is_followed() -> None:
    text = 'flow = keras.preprocessing.image.ImageDataGenerator(preprocessing_function=f).flow_from_directory("d")'
    (run,) = script(f"f = lambda x: x - 100\n{text}\n{MODEL}\nmodel.fit(flow)").runs
    assert (run.inputs.low, run.inputs.high) == (-100.0, 155.0)


@pytest.mark.parametrize(
    "call", ["np.random.seed(0)", "random.seed(0)", "torch.manual_seed(0)", "keras.utils.set_random_seed(0)"]
)
def test_seeds_are_events(call: str) -> None:
    found = script(f"import random\nimport torch\n{call}\n")
    assert [event.kind for event in every_event(found)] == ["seed"]
