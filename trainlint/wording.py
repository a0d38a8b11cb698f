"""How the numbers of a run are said in a message: short figures, names as the libraries spell them, and where a value is from."""

from __future__ import annotations

import math

from trainlint.core import Fact, Origin, Place, Unknown
from trainlint.facts.run import DataFacts, OptimizerFacts, TrainingRun
from trainlint.stability.bound import StabilityBound

OPTIMIZER_NAMES = {
    "sgd": "SGD",
    "adam": "Adam",
    "adamw": "AdamW",
    "rmsprop": "RMSprop",
    "adagrad": "Adagrad",
    "adadelta": "Adadelta",
    "adamax": "Adamax",
    "nadam": "NAdam",
    "radam": "RAdam",
    "lion": "Lion",
    "adafactor": "Adafactor",
    "lamb": "LAMB",
    "lbfgs": "L-BFGS",
    "muon": "Muon",
    "ftrl": "Ftrl",
    "rprop": "Rprop",
    "asgd": "ASGD",
}
SGD_FAMILY = ("sgd", "asgd")
"""Optimizers whose step is the learning rate times the gradient (with or without momentum)."""

ADAM_FAMILY = ("adam", "adamw", "adamax", "nadam", "radam")
"""Optimizers that divide by the root of a running second moment, with bias correction."""

STEPS_1_2_5 = (1.0, 2.0, 5.0)


def figure(value: float, digits: int = 2) -> str:
    """A number with so many significant digits, as people write it: 0.0081, 2.16, 288, 5e-6, 9.1 million."""
    if not math.isfinite(value):
        return str(value)
    if abs(value) >= 1e6:
        power, word = (1e9, "billion") if abs(value) >= 1e9 else (1e6, "million")
        if abs(value) < 1e12:
            return f"{value / power:.{digits}g} {word}"
    if abs(value) >= 10**digits and abs(value) < 1e6:
        return f"{value:,.0f}"
    return exact(float(f"{value:.{digits}g}"))


def exact(value: float) -> str:
    """A number in full, as a script would spell it: 0.01, 1e-5, 64."""
    if not math.isfinite(value):
        return str(value)
    if value == int(value) and abs(value) < 1e6:
        return str(int(value))
    text = f"{value:g}" if float(f"{value:g}") == value else repr(value)
    mantissa, separator, exponent = text.partition("e")
    return f"{mantissa}e{int(exponent)}" if separator else text


def round_down_1_2_5(value: float) -> float:
    """The largest of {1, 2, 5} * 10^k that is not above `value` (> 0)."""
    power = 10.0 ** math.floor(math.log10(value))
    step = max((one for one in STEPS_1_2_5 if one * power <= value * (1 + 1e-9)), default=0.5)
    return float(f"{step * power:.1g}")


def optimizer_name(optimizer: OptimizerFacts) -> str:
    """The optimizer as messages call it: SGD, SGD with momentum 0.9, the hand-written update."""
    if optimizer.written_by_hand:
        return "the update written by hand with"
    name = OPTIMIZER_NAMES.get(optimizer.name, optimizer.name)
    if optimizer.name in SGD_FAMILY and isinstance(optimizer.momentum, Fact) and optimizer.momentum.value:
        kind = "Nesterov momentum" if optimizer.nesterov else "momentum"
        return f"{name} with {kind} {exact(optimizer.momentum.value)} and"
    return name


def step_size(optimizer: OptimizerFacts) -> str:
    """Optimizer and learning rate, and where the rate is from: "SGD lr=0.01 (its default)"."""
    rate = optimizer.learning_rate
    if isinstance(rate, Unknown):
        return optimizer_name(optimizer)
    return f"{optimizer_name(optimizer)} lr={exact(rate.value)}{_origin(rate)}"


def _origin(rate: Fact[float]) -> str:
    if rate.origin is Origin.LIBRARY_DEFAULT:
        return " (the default)"
    if rate.origin in (Origin.ARGUMENT_DEFAULT, Origin.CONFIG) and rate.why:
        return f" ({rate.why[0]})"
    return ""


def step_size_place(run: TrainingRun) -> Place:
    """Where the learning rate stands: the argument, else the optimizer, else the run."""
    if isinstance(run.optimizer, Unknown):
        return run.optimizer.place or run.place
    rate = run.optimizer.learning_rate
    return rate.place or run.optimizer.place or run.place


def row_in_words(place: Place) -> str:
    """`line 12`; of a notebook `cell 3, line 4`, as its reader counts."""
    source = getattr(getattr(place, "tree", None), "source", None)
    cell, row = source.cell_position(place.span.row) if source is not None else (None, place.span.row)
    return f"line {row}" if cell is None else f"cell {cell}, line {row}"


def inputs_in_words(inputs: DataFacts) -> str:
    """The scale of the inputs where it is known: "unnormalized inputs up to 19", "inputs of bytes 0 to 255"."""
    if inputs.scale == "byte":
        return f"byte inputs up to {exact(inputs.high)}" if inputs.high is not None else "byte inputs up to 255"
    if inputs.low is None or inputs.high is None:
        return "these inputs"
    adjective = "unnormalized inputs" if inputs.scale == "unnormalized" else "inputs"
    if inputs.low < 0 and abs(inputs.low) > 0.1 * abs(inputs.high):
        return f"{adjective} from {figure(inputs.low, 3)} to {figure(inputs.high, 3)}"
    return f"{adjective} up to {figure(inputs.high, 3)}"


def root_mean_square(data: DataFacts) -> float | None:
    """The root of the mean square of all entries, where it is known."""
    return math.sqrt(data.second_moment) if data.second_moment is not None and data.second_moment >= 0 else None


def optimizer_label(optimizer: OptimizerFacts) -> str:
    """The library's own spelling of the optimizer's name."""
    return OPTIMIZER_NAMES.get(optimizer.name, optimizer.name)


def stability_numbers(bound: StabilityBound) -> dict[str, float]:
    """The numbers of a verdict, by the names of the JSON report."""
    numbers: dict[str, float | None] = {
        "learning_rate": bound.learning_rate,
        "max_learning_rate": bound.max_learning_rate,
        "best_learning_rate": bound.best_learning_rate,
        "sharpness": bound.sharpness,
        "ratio": bound.ratio,
        "growth_per_step": bound.growth_per_step,
        "unit_scale_max_learning_rate": bound.unit_scale_max_learning_rate,
        "first_non_finite_step": bound.first_non_finite_step,
    }
    return {name: value for name, value in numbers.items() if value is not None}


def run_cause(kind: str, run: TrainingRun) -> tuple[str, str]:
    """The root cause of findings of one kind about one run: step-size, input-scale, target-scale, loss-output, ...

    output-activation is the activation where loss-output is the form of the labels.
    """
    return kind, f"run {run.order}"


def site_cause(kind: str, place: Place) -> tuple[str, str]:
    """The root cause of findings of one kind about one place."""
    return kind, f"{place.span.row}:{place.span.column}"


def powers_of_ten(exponent: float) -> str:
    """A factor given by its logarithm: ×1e58, ×2,300."""
    return f"×1e{exponent:.0f}" if exponent >= 6 else f"×{figure(10**exponent, 2)}"
