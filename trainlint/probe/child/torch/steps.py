"""Steps of the optimizer: one tried on a copy, real ones, and those of the sweep; and the gradient's moments over batches."""

from __future__ import annotations

import copy
import math
from collections.abc import Generator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ...protocol import OptimizerState, Trial
from .cycle import Cycle, Order
from .hessian import Graph
from .vectors import Space

if TYPE_CHECKING:
    from .measure import Measuring

SECOND_MOMENTS = {"exp_avg_sq", "square_avg", "exp_inf", "sum", "max_exp_avg_sq", "exp_avg_sq_row"}
"""What adaptive optimizers call their scale of the gradient in their state."""

FLOOR = 0.01  # of the mean scale: a coordinate that never had a gradient would make the preconditioned sharpness meaningless
BLOW_UP = 1.5  # times the first loss
SWEEP_STEPS = 20  # at least: near the bound divergence is slow

Plan = Generator[Order, Cycle, None]


class Moments:
    """Sums over batches of the gradient at the same parameters."""

    def __init__(self, space: Space) -> None:
        self.space = space
        self.count = 0
        self.total: Any = None
        self.squares: Any = None
        self.norms: list[float] = []
        self.constant = True  # all gradients so far are equal: the whole data set is one batch

    def add(self, gradient: Any) -> None:
        """One more batch's gradient."""
        self.norms.append(self.space.norm(gradient))
        if self.count:
            mean = self.total * (1 / self.count)
            self.constant = self.constant and self.space.norm(gradient - mean) <= 1e-4 * self.norms[0]
        self.total = gradient if self.count == 0 else self.total + gradient
        self.squares = gradient**2 if self.count == 0 else self.squares + gradient**2
        self.count += 1

    @property
    def last_norm(self) -> float:
        """The norm of the gradient added last."""
        return self.norms[-1]

    def noise(self) -> float | None:
        """Trace of the gradient's covariance over batches / square of the mean's norm; None with fewer than two batches."""
        if self.count < 2:
            return None
        mean = self.space.norm(self.total) ** 2 / self.count**2
        spread = max(sum(one**2 for one in self.norms) - self.count * mean, 0.0) / (self.count - 1)
        return spread / mean if mean > 0 else math.inf


def trial_step(optimizer: Any, space: Space, gradients: Sequence[Any], rate: float) -> tuple[Any, bool]:
    """Where the optimizer's first step goes [parameter unit], on a copy of it, at `rate` if its own is still 0.

    And whether the optimizer is adaptive. The step is None for optimizers that need a closure.
    """
    if type(optimizer).__name__ == "LBFGS":
        return None, False
    twin = copy.deepcopy(optimizer)
    for group in twin.param_groups:
        if not group["lr"]:
            group["lr"] = rate
    parameters = [p for group in twin.param_groups for p in group["params"] if p.requires_grad]
    for one, gradient in zip(parameters, gradients, strict=True):
        one.grad = None if gradient is None else gradient.detach().clone()
    before = space.flat(parameters)
    twin.step()
    kept = {key for state in twin.state.values() for key in state}
    return space.subtract(space.flat(parameters), before, 1.0), bool(kept & SECOND_MOMENTS)


def step_ratio(graph: Graph, update: Any) -> float | None:
    """The ratio d'Hd / (-2 g'd) along the step d: above 1 the quadratic model says that the step raises the loss."""
    space = graph.space
    along = space.dot(graph.gradient, update)
    return space.dot(update, graph.product(update)) / (-2 * along) if along < 0 else None


def second_moment(optimizer: Any, moments: Moments) -> Any:
    """P = sqrt(mean of the squared gradients) + epsilon, with a floor: what an adaptive optimizer divides its steps by."""
    scale = (moments.squares / moments.count).sqrt() + float(optimizer.param_groups[0].get("eps", 0.0) or 0.0)
    return scale.clamp(min=FLOOR * float(scale.mean()))


def bound(state: OptimizerState, spectrum: Mapping[str, Any]) -> float | None:
    """The largest stable rate on a quadratic of the measured sharpness: 2(1+m)/l, with Nesterov 2(1+m)/((1+2m) l).

    None for optimizers other than SGD and where the curvature is not positive.
    """
    if state.name != "SGD" or not spectrum.get("largest", 0.0) > 0:
        return None
    momentum = state.settings.get("momentum", 0.0)
    curvature = float(spectrum["largest"]) + state.settings.get("weight_decay", 0.0)
    shrunk = 1 + 2 * momentum if state.settings.get("nesterov") else 1.0
    return 2 * (1 + momentum) / (shrunk * curvature)


def real_steps(measuring: Measuring) -> Plan:
    """The script's own next steps, from the captured parameters."""
    losses: list[float] = []
    cycle = yield Order(restore=True, hold=False)
    while True:
        losses.append(cycle.loss)
        measuring.fields["losses"] = tuple(losses)
        if len(losses) >= measuring.request.steps or not measuring.go_on():
            break
        cycle = yield Order(step=True, hold=False)


def sweep(measuring: Measuring, limit: float | None) -> Plan:
    """Steps on the recorded batch from the captured state at multiples of `limit`, or of the script's rate where that is None."""
    state = measuring.state
    assert state is not None
    unit = limit if limit is not None else state.peak_learning_rate
    on_it = measuring.spectrum.get("batches", ())
    if limit is not None and on_it:
        measuring.session.note(f"the sweep repeats one batch, on which the sharpness is {on_it[0]:.4g}")
    trials: list[Trial] = []
    for factor in measuring.request.sweep:
        losses = yield from repeated(measuring, factor * unit, max(2 * measuring.request.steps, SWEEP_STEPS))
        if trials and not math.isclose(losses[0], trials[0].losses[0], rel_tol=1e-6):
            measuring.session.note(f"the state could not be restored exactly for the sweep: {losses[0]:.8g} at the start")
        trials.append(Trial(factor * unit, tuple(losses), diverged(losses)))
        measuring.fields["sweep"] = tuple(trials)
        if not measuring.go_on():
            measuring.session.note("the sweep was cut short by the time limit")
            break


def overfit(measuring: Measuring) -> Plan:
    """Steps on one batch at the script's own rate: a model that can learn learns it by heart."""
    assert measuring.state is not None
    losses = yield from repeated(measuring, measuring.state.peak_learning_rate, measuring.request.overfit)
    measuring.fields["overfit"] = tuple(losses)


def repeated(measuring: Measuring, rate: float, steps: int) -> Generator[Order, Cycle, list[float]]:
    """The losses of `steps` steps on the recorded batch at `rate`, the first one at the captured state."""
    losses: list[float] = []
    peak = measuring.state.peak_learning_rate if measuring.state is not None else 0.0
    cycle = yield Order(replay=True, restore=True, hold=False)
    rates = [group["lr"] or peak for group in measuring.optimizer.param_groups]
    while True:
        losses.append(cycle.loss)
        if len(losses) > steps or not math.isfinite(losses[-1]) or not measuring.go_on():
            return losses
        for group, own in zip(measuring.optimizer.param_groups, rates, strict=True):
            group["lr"] = rate * own / max(rates)
        cycle = yield Order(step=True, replay=True, hold=False)


def diverged(losses: Sequence[float]) -> bool:
    """Whether the losses blow up: not finite, far above the first, or above it and still rising at the end."""
    if not all(map(math.isfinite, losses)) or losses[-1] > BLOW_UP * losses[0]:
        return True
    return len(losses) > 3 and losses[-1] > losses[0] and losses[-1] > losses[-2] > losses[-3]
