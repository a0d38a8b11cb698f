"""The JSON of a run: ARCHITECTURE section 9."""

from __future__ import annotations

import json

import numpy as np

from tests.facts.building import applied, constant, event, literal, made, model, run
from trainlint.core import Evidence, Unknown
from trainlint.facts.json import run_as_json
from trainlint.interpret import values as v
from trainlint.stability.bound import StabilityBound


def multiplication():
    owner, x = model(3), constant(np.arange(20.0).reshape(20, 1))
    output = applied(made("keras.layers.Dense", 4, units=1), x, 20, 1)
    optimizer = made("keras.optimizers.SGD", 6)
    values = {"model": owner, "optimizer": optimizer, "loss": literal("mse", 7)}
    fit = event("fit", 1, **values, x=x, y=constant(2 * np.arange(20.0)), output=output, epochs=literal(10))
    return run(event("compile", 0, **values), fit)


def test_the_documented_form() -> None:
    bound = StabilityBound(247.0, 2 / 247, 0.01, 1.235, 2.1609, Evidence.PROVED, "exact", "diverges")
    found = json.loads(json.dumps(run_as_json(multiplication(), bound), allow_nan=False))
    assert (found["filename"], found["framework"], found["location"]) == ("train.py", "keras", {"row": 11, "column": 1})
    optimizer = found["optimizer"]
    assert (optimizer["name"], optimizer["learning_rate"], optimizer["learning_rate_source"]) == ("sgd", 0.01, "default")
    assert (optimizer["momentum"], optimizer["nesterov"], optimizer["weight_decay"]) == (0.0, False, None)
    assert optimizer["location"] == {"row": 6, "column": 1}
    loss = {"name": "mean_squared_error", "reduction": "mean", "from_logits": None, "location": {"row": 7, "column": 1}}
    assert found["loss"] == loss
    layer = found["model"]["layers"][0]
    assert {key: layer[key] for key in ("kind", "units", "activation", "use_bias", "location")} == {
        "kind": "dense",
        "units": 1,
        "activation": "linear",
        "use_bias": True,
        "location": {"row": 4, "column": 1},
    }
    assert (found["model"]["linear_in_parameters"], found["model"]["parameters"]) == (True, 2)
    inputs = {key: found["inputs"][key] for key in ("shape", "dtype", "low", "high", "mean", "second_moment", "scale", "known")}
    assert inputs == {
        "shape": [20, 1],
        "dtype": "float64",
        "low": 0,
        "high": 19,
        "mean": 9.5,
        "second_moment": 123.5,
        "scale": "unnormalized",
        "known": "exact",
    }
    assert (found["batch_size"], found["steps_per_epoch"], found["epochs"]) == (32, 1, 10)
    stability = found["stability"]
    assert (stability["sharpness"], stability["growth_per_step"], stability["evidence"]) == (247.0, 2.1609, "proved")
    assert found["unknown"] == {}


def test_what_is_unknown_is_null_with_its_reason() -> None:
    nothing = run(event("fit", 1, model=model(), x=v.Unknown("read"), optimizer=v.Unknown("from another file")))
    found = run_as_json(nothing, Unknown("nothing to judge"))
    assert [found[name] for name in ("optimizer", "loss", "model", "inputs", "targets", "stability")] == [None] * 6
    assert found["unknown"]["optimizer"] == "from another file"
    assert found["unknown"]["stability"] == "nothing to judge"
