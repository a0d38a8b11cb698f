"""The parts of the Keras probe that need no framework, and that a script goes on unharmed."""

from __future__ import annotations

import contextlib
import json
import math
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from trainlint.probe.child.keras import optimizers, replay, trials
from trainlint.probe.child.keras.graph_reading import inputs_and_targets
from trainlint.probe.child.keras.old import age, arguments, tables
from trainlint.probe.child.keras.old.modules import below_root
from trainlint.probe.child.keras.run import Run, sample_of
from trainlint.probe.child.keras.seen import range_of, units
from trainlint.probe.child.keras.vectors import Layout
from trainlint.probe.host import Limits, ProbeResult


class Variable:
    """What a framework's variable looks like from here."""

    def __init__(self, value: Any) -> None:
        self.value_, self.dtype = np.asarray(value, "float32"), np.dtype("float32")
        self.shape = self.value_.shape

    def numpy(self) -> Any:
        return self.value_

    def assign(self, value: Any) -> None:
        self.value_ = np.asarray(value, "float32")


def record(sources: list[Variable], gradients: list[Any], loss: float = 1.0) -> Any:
    return SimpleNamespace(
        sources=sources, gradients=[np.asarray(one, "float32") for one in gradients], loss=loss, has_product=True
    )


def test_layout_reads_and_writes_in_order() -> None:
    first, second = Variable([[1.0, 2.0], [3.0, 4.0]]), Variable([5.0])
    layout = Layout([first, second])
    assert layout.read().tolist() == [1.0, 2.0, 3.0, 4.0, 5.0]
    layout.assign(np.arange(5.0))
    assert second.numpy().tolist() == [4.0]
    assert first.numpy().tolist() == [[0.0, 1.0], [2.0, 3.0]]
    assert layout.flatten([None, np.ones(1)]).tolist() == [0.0, 0.0, 0.0, 0.0, 1.0]


def test_accumulated_losses_are_divided_as_the_script_divides_them() -> None:
    weight = Variable([1.0, 1.0])
    layout = Layout([weight])
    records = [record([weight], [[2.0, 0.0]], 3.0), record([weight], [[0.0, 4.0]], 5.0)]
    mean = sample_of(records, layout, [np.array([1.0, 2.0])], 1.0)
    assert mean.loss == pytest.approx(4.0)
    assert mean.gradient == pytest.approx([1.0, 2.0])
    clipped = sample_of(records, layout, [np.array([0.5, 0.1])], 1.0)
    assert clipped.loss == pytest.approx(8.0), "what is no multiple of the sum is no mean"
    scaled = sample_of(records[:1], layout, [np.array([2.0, 0.0])], 4.0)
    assert scaled.gradient == pytest.approx([0.5, 0.0])


def test_preconditioner_has_a_floor() -> None:
    gradients = [np.array([3.0, 0.0]), np.array([4.0, 0.0])]
    scale = optimizers.preconditioner("Adam", 1e-7, gradients)
    assert scale is not None
    assert scale[0] == pytest.approx(math.sqrt(12.5), rel=1e-6)
    assert scale[1] == pytest.approx(0.01 * math.sqrt(12.5) / 2, rel=1e-6)
    assert optimizers.preconditioner("SGD", 0.0, gradients) is None


def test_ranges_and_units() -> None:
    one = range_of(np.array([[1.0, 5.0], [3.0, 5.0], [np.nan, 5.0]], "float32"))
    assert (one.low, one.high, one.non_finite, one.constant_columns) == (1.0, 5.0, 1, 1)
    assert one.mean == pytest.approx(19 / 5)
    assert one.second_moment == pytest.approx(85 / 5)
    output = np.array([[0.0, 2.0], [0.0, 0.0]], "float32")
    dead = units("relu", "relu", output, channels_first=False)
    assert dead is not None
    assert (dead.units, dead.dead) == (2, 1)
    image = np.zeros((2, 3, 4, 4), "float32")
    image[:, 1] = 1.0
    first = units("relu", "relu", image, channels_first=True)
    assert first is not None
    assert (first.units, first.dead) == (3, 2)
    bound = units("tanh", "tanh", np.array([[1.0, 0.5], [-1.0, 1.0]], "float32"), channels_first=False)
    assert bound is not None
    assert bound.saturated == 1


@pytest.mark.parametrize(
    ("settings", "expected"),
    [({}, 2 / 5), ({"momentum": 0.9}, 2 * 1.9 / 5), ({"momentum": 0.9, "nesterov": 1.0}, 2 * 1.9 / (2.8 * 5))],
)
def test_bound_of_the_sweep(settings: dict[str, float], expected: float) -> None:
    state = SimpleNamespace(name="SGD", settings=settings, learning_rate=0.1, peak_learning_rate=0.3)
    run: Any = SimpleNamespace(found={"optimizer": state}, name="SGD")
    assert trials.base_rate(run, 5.0) == pytest.approx(expected)
    adaptive: Any = SimpleNamespace(found={"optimizer": state}, name="Adam")
    assert trials.base_rate(adaptive, 5.0) == 0.3
    assert math.isnan(trials.base_rate(run, -1.0))


class Clock:
    """A session that has time for so many looks at the clock."""

    def __init__(self, looks: int, **request: Any) -> None:
        self.looks, self.notes, self.request = looks, list[str](), SimpleNamespace(**request)

    def remaining(self) -> float:
        self.looks -= 1
        return float(max(0, self.looks + 1))

    def note(self, text: str) -> None:
        self.notes.append(text)


def falling() -> Any:
    """A run whose loss is halved by each step; it has an optimizer and can repeat its steps."""
    losses = iter(2.0**-step for step in range(1_000))
    return SimpleNamespace(
        found={"spectrum": SimpleNamespace(largest=4.0)},
        name="SGD",
        optimizer=SimpleNamespace(learning_rate=0.1),
        can_replay=True,
        entry=SimpleNamespace(restore=lambda: None),
        layout=SimpleNamespace(read=lambda: None),
        restore=lambda: None,
        replay=lambda *_: SimpleNamespace(loss=next(losses)),
    )


def test_training_on_one_batch_that_is_cut_short_says_so() -> None:
    run: Any = falling()
    session: Any = Clock(looks=3, overfit=10)
    trials.overfit(run, session)
    assert run.found["overfit"] == (1.0, 0.5, 0.25)
    assert session.notes == ["training on one batch was cut short by the time limit"]


@pytest.mark.parametrize(
    ("looks", "tried", "notes"), [(10_000, 2, []), (40, 1, ["the sweep was cut short by the time limit"])], ids=["time", "none"]
)
def test_a_sweep_that_is_cut_short_says_so_and_judges_no_trial_by_its_half(
    looks: int, tried: int, notes: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trials.optimizers, "at_rate", lambda *_: contextlib.nullcontext())
    run: Any = falling()
    session: Any = Clock(looks, sweep=(0.5, 1.2))
    assert list(trials.sweep(run, session)) == []
    assert [one.learning_rate for one in run.found["sweep"]] == pytest.approx([0.5 * 2 / 4, 1.2 * 2 / 4][:tried])
    assert session.notes == notes


def test_divergence_of_losses() -> None:
    assert not trials.diverged([1.0, 5.0, 0.5])
    assert trials.diverged([1.0, math.inf])
    assert trials.diverged([1.0, 1.1, 1.2, 1.3])
    assert not trials.diverged([1.0, 1.3, 1.2, 1.1])


LOOP = """
class GradientTape:
    def __enter__(self):
        return self
    def __exit__(self, *details):
        pass

calls = []

def in_a_loop():
    for batch in (1, 2, 3):
        with GradientTape():
            loss = 10 * batch
        calls.append(loss)
        hook()

def step(batch, *, scale=1):
    with GradientTape():
        loss = scale * batch
    calls.append(loss)
    hook()

def through_a_function():
    for batch in (4, 5):
        step(batch, scale=7)
"""


@pytest.mark.parametrize(("entry", "expected"), [("in_a_loop", [10, 10, 10]), ("through_a_function", [28, 28, 28])])
def test_a_step_of_a_loop_is_taken_again(tmp_path: Path, entry: str, expected: list[int]) -> None:
    path = tmp_path / "loop.py"
    path.write_text(LOOP)
    found: list[Any] = []

    def hook() -> None:
        if not found:
            found.append(replay.repeat("GradientTape"))
            names["hook"] = lambda: None
            found[0]()
            found[0]()
            raise StopIteration

    names: dict[str, Any] = {"hook": hook, "__name__": "__main__"}
    exec(compile(LOOP, str(path), "exec"), names)
    with pytest.raises(StopIteration):
        names[entry]()
    assert names["calls"] == expected


def test_old_arguments_are_translated_but_not_a_function_s_own() -> None:
    named = {"nb_epoch": 3, "show_accuracy": True, "class_weight": "auto", "batch_size": 8}
    assert arguments.renamed(named, tables.FIT) == {"epochs": 3, "class_weight": None, "batch_size": 8}
    assert arguments.renamed({"init": "normal"}, tables.EVERY_LAYER) == {"kernel_initializer": "random_normal"}
    assert arguments.renamed({"mode": "fan_in"}, tables.EVERY_LAYER, frozenset({"mode"})) == {"mode": "fan_in"}
    assert arguments.renamed({"lr": 1.0, "learning_rate": 2.0}, tables.OPTIMIZERS) == {"learning_rate": 2.0}


def test_only_what_keras_3_refuses_is_a_sign_of_age() -> None:
    modern = "import keras\nmodel.fit(x, batch_size=4)\nConv2D(8, 3, 3)\nAdam(learning_rate=0.1, epsilon=1e-7)\nfit(x, workers=4)"
    assert age._OLDEST.search(modern) is None, "its defaults stay as they are"
    assert age._OLDEST.search("model.fit(x, y, nb_epoch = 3)")
    assert age._OLDEST.search("if nb_epoch == 3: pass") is None
    assert age._OLD_NAMES.search("x = tf.placeholder(tf.float32)")
    assert age._OLD_NAMES.search("x = tf.compat.v1.placeholder(tf.float32)") is None


def test_paths_below_the_roots() -> None:
    assert below_root("keras.engine.topology") == "engine.topology"
    assert below_root("tensorflow.python.keras.layers.core") == "layers.core"
    assert below_root("tensorflow.keras") == ""
    assert below_root("keras_tuner.engine") is None


def operation(kind: str, *inputs: Any) -> Any:
    own = SimpleNamespace(type=kind, inputs=[one.outputs[0] for one in inputs])
    own.outputs = [SimpleNamespace(op=own)]
    return own


def test_fed_tensors_are_told_apart_by_what_they_meet() -> None:
    x, y, weight = operation("Placeholder"), operation("Placeholder"), operation("VariableV2")
    product = operation("MatMul", x, weight)
    loss = operation("SquaredDifference", product, y)
    variable = SimpleNamespace(op=weight, handle=weight.outputs[0])
    given, wanted = inputs_and_targets(loss.outputs[0], [variable], [x.outputs[0], y.outputs[0]])
    assert [one.op for one in given] == [x]
    assert [one.op for one in wanted] == [y]


def test_a_replay_that_fails_says_so() -> None:
    weight = Variable([1.0])
    layout = Layout([weight])
    nothing: Any = SimpleNamespace(restore=lambda: None)
    first = sample_of([record([weight], [[1.0]])], layout, [np.ones(1)], 1.0)
    run = Run(None, [weight], layout, first, [], lambda: None, nothing, nothing, nothing, layout.read())
    assert not run.can_replay
    with pytest.raises(ArithmeticError, match="cannot be taken again"):
        run.replay(layout.read())


@pytest.mark.framework
def test_the_script_goes_on_unharmed(run_probe: Callable[..., ProbeResult]) -> None:
    path = Path(__file__).parent / "scripts" / "keras_unharmed.py"
    alone = json.loads(subprocess.run([sys.executable, str(path)], capture_output=True, text=True, check=True).stdout)
    result = run_probe("keras_unharmed.py", runs=1, steps=2, batches=3, sweep=(0.5,), stop=False, limits=Limits(seconds=120))
    assert len(result.measurements) == 1, result.traceback or result.stderr[-2000:]
    probed = json.loads(result.stdout.splitlines()[-1])
    assert probed.keys() == alone.keys()
    for name, value in alone.items():
        assert probed[name] == pytest.approx(value, rel=1e-3), name
