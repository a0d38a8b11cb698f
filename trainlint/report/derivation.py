"""How a verdict on the step size came about: each quantity with its formula and the script's own numbers."""

from __future__ import annotations

from collections.abc import Iterator

from trainlint.core import Evidence, Fact, Unknown
from trainlint.facts.run import LossFacts, ModelFacts, OptimizerFacts, TrainingRun
from trainlint.stability import stability
from trainlint.stability.bound import StabilityBound
from trainlint.wording import exact, figure, inputs_in_words, optimizer_label, round_down_1_2_5, step_size

DIGITS = 5
PRECONDITIONERS = {
    "rmsprop": ("√v + ε", "√(v + ε)"),
    "adagrad": ("√Σg² + ε", "√(Σg² + ε)"),
    **dict.fromkeys(("adam", "adamw", "nadam", "radam"), ("√(v/(1-β₂ᵗ)) + ε", "(√v + ε)/√(1-β₂ᵗ)")),
    "adamax": ("max(β₂u, |g|+ε)", "max(β₂u, |g|) + ε"),
}
"""What an optimizer divides its step by, in PyTorch and in Keras; v is the running mean of squared gradients."""

KNOWN = {
    Evidence.PROVED: "proved from the script alone",
    Evidence.SIMULATED: "known from the script; the verdict is simulated",
    Evidence.MEASURED: "measured",
    Evidence.ESTIMATED: "estimated, within a factor of 2",
}


def derivation(run: TrainingRun) -> Iterator[tuple[str, str]]:
    """The steps from the loss to the verdict, each (what, how); one line with the reason where there is no verdict."""
    bound, optimizer = stability(run), run.optimizer
    if isinstance(bound, Unknown) or not isinstance(optimizer, OptimizerFacts):
        reason = bound.reason if isinstance(bound, Unknown) else "the optimizer is not known"
        yield "not judged", reason
        return
    if isinstance(run.loss, LossFacts):
        yield (
            "loss",
            f"{run.loss.name.replace('_', ' ')}, reduction {run.loss.reduction}; {bound.batch}; {inputs_in_words(run.inputs)}",
        )
    yield "λ", f"{figure(bound.sharpness, 6)}, the largest curvature of that loss: {bound.method} ({KNOWN[bound.evidence]})"
    yield "step", f"{step_size(optimizer)}; {_preconditioner(optimizer)}"
    yield "bound", _bound(bound, optimizer)
    rate, limit = figure(bound.learning_rate, DIGITS), figure(bound.max_learning_rate, DIGITS)
    yield "lr/bound", f"{rate}/{limit} = {figure(bound.ratio, DIGITS)}"
    if bound.growth_per_step is not None:
        yield "growth", _growth(bound, optimizer)
    yield "verdict", bound.verdict.replace("_", " ")
    if bound.premises:
        yield "premises", "; ".join(bound.premises)
    yield from _what_would_work(run, bound)


def _preconditioner(optimizer: OptimizerFacts) -> str:
    forms = PRECONDITIONERS.get(optimizer.name)
    if forms is None:
        return "no preconditioner, a step is lr times the gradient" + (" (with momentum)" if _momentum(optimizer) else "")
    epsilon = f", ε = {exact(optimizer.epsilon.value)}" if isinstance(optimizer.epsilon, Fact) else ""
    return f"{optimizer_label(optimizer)} divides by P = {forms[optimizer.library != 'torch']}{epsilon}"


def _momentum(optimizer: OptimizerFacts) -> float:
    return optimizer.momentum.value if isinstance(optimizer.momentum, Fact) else 0.0


def _bound(bound: StabilityBound, optimizer: OptimizerFacts) -> str:
    limit = figure(bound.max_learning_rate, DIGITS)
    formula = bound.bound_formula.rstrip(",")
    if formula == "2/λ":
        return f"2/λ = 2/{figure(bound.sharpness, 6)} = {limit}"
    decay = optimizer.weight_decay.value if isinstance(optimizer.weight_decay, Fact) else 0.0
    numbers = {"λ": bound.sharpness, "β": _momentum(optimizer), "d": optimizer.dampening, "w": decay}
    used = [f"{name} = {figure(value, 6)}" for name, value in numbers.items() if name in formula and value]
    if bound.preconditioned:
        return f"{limit}, above which the first step raises the loss: 2·g·u/(u·Hu) for gradient g and first update u"
    return f"{formula} = {limit}" + (f" with {', '.join(used)}" if used and not formula.startswith("the ") else "")


def _growth(bound: StabilityBound, optimizer: OptimizerFacts) -> str:
    growth = figure(bound.growth_per_step or 0.0, DIGITS)
    overflow = f"; float32 overflows at step {bound.first_non_finite_step}" if bound.first_non_finite_step is not None else ""
    momentum, q = _momentum(optimizer), bound.learning_rate * bound.sharpness
    if momentum:
        equation = "z² - (1+β)(1-lr·λ)z + β(1-lr·λ)" if optimizer.nesterov else "z² - (1+β-lr·λ)z + β"
        return f"×{growth} per step along the sharpest direction, the square of the largest root of {equation}{overflow}"
    if optimizer.weight_decay is None and abs((1 - q) ** 2 / (bound.growth_per_step or 1.0) - 1) < 1e-6:
        return f"(1 - lr·λ)² = (1 - {figure(q, DIGITS)})² = ×{growth} per step along the sharpest direction{overflow}"
    return f"×{growth} per step along the sharpest direction{overflow}"


def _what_would_work(run: TrainingRun, bound: StabilityBound) -> Iterator[tuple[str, str]]:
    suggested = exact(round_down_1_2_5(bound.max_learning_rate / 2)) if bound.max_learning_rate > 0 else "?"
    fastest = f", fastest near {figure(bound.best_learning_rate, DIGITS)}" if bound.best_learning_rate else ""
    yield "good rates", f"below {figure(bound.max_learning_rate, DIGITS)}{fastest}; {suggested} leaves a margin of 2"
    magnitude, unit = bound.input_magnitude, bound.unit_scale_max_learning_rate
    if magnitude and unit and abs(magnitude - 1) > 1e-9:
        yield "inputs", f"divided by {figure(magnitude, DIGITS)} the bound is {figure(unit, DIGITS)}"
    if bound.preconditioned:
        return
    if isinstance(run.model, ModelFacts) and run.model.linear_in_parameters:
        yield "targets", "λ does not depend on them, as the model is linear in its parameters"
        return
    from trainlint.stability.targets import at_standard_targets

    standard = at_standard_targets(run)
    if isinstance(standard, StabilityBound):
        yield "targets", f"standardized to mean 0 and variance 1 the bound is {figure(standard.max_learning_rate, DIGITS)}"
