"""The measuring of one training run, as a coroutine that the script's own loop drives from step to step.

Step 1 gives the spectrum on the first batch. The second cycle is recorded, and replayed to confirm the products (or to make them,
by finite differences, where the graph cannot be differentiated twice). Further cycles give the spread over batches; all this time
the parameters are held. Then they are put back, the real steps follow, and, if asked for, the sweep and the overfitting.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Generator, Sequence
from typing import TYPE_CHECKING, Any

import torch

from ... import lanczos
from ...protocol import Measurement, OptimizerState, Spectrum
from ..session import describe
from . import observe
from .cycle import Cycle, Order
from .hessian import VERIFY_STEPS, Graph, by_differences, difference, gradient_at, kept, obstacle
from .state import Snapshot
from .steps import Moments, bound, overfit, real_steps, second_moment, step_ratio, sweep, trial_step
from .vectors import Space
from .work import Work, is_sharded

if TYPE_CHECKING:
    from .hooks import Hooks

GRADIENTS = 8  # batches for the gradient's noise and the adaptive optimizers' scale
SAME = 1e-3  # relative difference of two gradients up to which a replay is the same
RATIO, RESIDUAL = 0.1, 0.2  # of the eigenvalue: what differences along the top vector may deviate in value and in direction
ERRORS = (RuntimeError, ArithmeticError)  # what double backward raises: NotImplementedError is a RuntimeError

Plan = Generator[Order, Cycle, None]


class Measuring:
    """One run's measurement in the making. `optimizer` is None where the script moves its parameters by hand."""

    def __init__(self, hooks: Hooks, optimizer: Any, parameters: Sequence[Any] | None = None) -> None:
        self.hooks, self.session, self.request = hooks, hooks.session, hooks.session.request
        self.optimizer = optimizer
        self.key: Any = None
        given = parameters or [p for group in optimizer.param_groups for p in group["params"] if p.requires_grad]
        self.work = Work(is_sharded(given, hooks.modules))
        self.space = Space(given, self.work)
        self.fields: dict[str, Any] = {"parameters": self._count()}
        self.spectrum: dict[str, Any] = {}
        self.seconds: dict[str, float] = {}
        self.state: OptimizerState | None = None
        self.snapshot: Snapshot | None = None
        self.update: Any = None  # the optimizer's first step
        self.adaptive = False
        self.gradient: Any = None  # of the first batch's loss, before any clipping
        self.top: lanczos.Ritz | None = None
        self.twice = not self.work.sharded  # whether graphs can be differentiated twice
        self.order = Order()
        self.session.rank = self.work.rank
        self.session.start()
        self.plan = self._with_optimizer() if optimizer is not None else self._by_hand()
        self.begun = False

    def send(self, cycle: Cycle) -> Order | None:
        """Let the plan look at `cycle`; its order, or None when it is done and written."""
        if cycle.seconds > 0:
            self.seconds["gradient"] = min(cycle.seconds, self.seconds.get("gradient", cycle.seconds))
        with self.session.guard("torch", "measuring") as guard:
            try:
                if not self.begun:
                    self.begun = True
                    next(self.plan)
                self.order = self.plan.send(cycle)
            except StopIteration:
                self.finish()
                return None
        if guard.failed:
            self.finish()
        return None if guard.failed else self.order

    def between(self) -> None:
        """Between two cycles: put the parameters where the next one wants them."""
        if self.order.restore and self.snapshot is not None:
            self.snapshot.restore()
        if self.order.weights is not None:
            self.space.write(self.order.weights)

    def finish(self, note: str | None = None) -> None:
        """Write what is known; everything is put back before, in case the script goes on."""
        if note:
            self.session.note(note)
        if self.snapshot is not None:
            self.snapshot.restore()
        spectrum = Spectrum(**self.spectrum) if "largest" in self.spectrum else None
        failure = None if spectrum is not None else "; ".join(self.session.notes) or "no curvature could be measured"
        versions = {"torch": torch.__version__, **self.fields.pop("libraries", {})}
        self.session.finish(
            Measurement(
                "torch", libraries=versions, spectrum=spectrum, seconds=self.seconds, optimizer=self.state,
                world_size=self.work.world_size, failure=failure, **self.fields,
            )
        )  # fmt: skip

    def go_on(self) -> bool:
        """Whether there is time left, in all processes."""
        return self.work.all(self.session.remaining() > 0, self.space.device)

    # the plan

    def _with_optimizer(self) -> Plan:
        cycle = yield Order()
        self.state = observe.optimizer_state(self.optimizer)
        if any(one.is_complex() for one in self.space.parameters):
            self.session.note("the parameters are complex numbers: their curvature is not measured")
            return
        self.snapshot = Snapshot(list(self.hooks.made) or [self.optimizer], list(self.hooks.modules))
        self._look(cycle)
        moments = Moments(self.space)
        with self.session.guard("torch", "trying the optimizer's first step"):
            if not self.work.sharded:
                self.update, self.adaptive = trial_step(
                    self.optimizer, self.space, cycle.gradients, self.state.peak_learning_rate
                )
        self._layers(cycle)
        if self._is_finite(cycle):
            self.top = self._top(cycle, first=True)
        moments.add(self.space.flat(cycle.gradients) if self.gradient is None else self.gradient)
        self.fields["gradient_norm"] = moments.last_norm
        if not self._is_finite(cycle):
            return
        if self.go_on():
            yield from self._replays(moments)
        if self.go_on():
            yield from real_steps(self)
        if self.go_on():
            yield from self._spread(moments)
        if self.request.sweep and self.go_on():
            yield from sweep(self, bound(self.state, self.spectrum))
        if self.request.overfit and self.go_on():
            yield from overfit(self)

    def _by_hand(self) -> Plan:
        cycle = yield Order()
        self._look(cycle)
        self._layers(cycle)
        self.fields["gradient_norm"] = self.space.norm(self.space.flat(cycle.gradients))
        self.top = self._top(cycle, first=True)
        if self.request.sweep or self.request.overfit:
            self.session.note("no sweep and no overfitting: the script moves its parameters by hand")
        losses = [cycle.loss]
        while len(losses) < self.request.steps and self.go_on():
            cycle = yield Order(hold=False)
            losses.append(cycle.loss)
            self.fields["losses"] = tuple(losses)

    # its parts

    def _look(self, cycle: Cycle) -> None:
        made = None if self.optimizer is None else self.hooks.made.get(self.optimizer)
        first = self.space.parameters[0]
        self.fields.setdefault("loss", self._mean(cycle.loss))
        self.fields.update(
            places=observe.places(cycle, made), device=str(first.device.type), dtype=str(first.dtype).removeprefix("torch.")
        )
        self.fields["loss_name"], self.fields["classes"] = observe.loss_name(cycle)
        if len(cycle.losses) > 1:
            self.session.note(f"the step descends the sum of {len(cycle.losses)} backward passes")
        with self.session.guard("torch", "reading the batch"):
            inputs, targets, rows = observe.inputs_and_targets(cycle)
            self.fields.update(inputs=inputs, targets=targets, batch_size=rows)
        with self.session.guard("torch", "looking for dead units"):
            self.fields["units"] = observe.units(cycle.losses, observe.names(self.hooks.modules))

    def _layers(self, cycle: Cycle) -> None:
        steps = None if self.update is None else self.space.parts(self.update)
        known = observe.names(self.hooks.modules)
        layers = observe.layer_states(self.space, cycle.gradients, steps, known)
        self.fields.update(layers=layers, without_gradient=tuple(one.name for one in layers if one.gradient_norm is None))

    def _count(self) -> int:
        size = self.space.size
        return int(self.work.sum(torch.tensor(size, device=self.space.device))) if self.work.sharded else size

    def _mean(self, value: float) -> float:
        if self.work.world_size == 1:
            return value
        return float(self.work.sum(torch.tensor(value, device=self.space.device))) / self.work.world_size

    def _is_finite(self, cycle: Cycle) -> bool:
        loss, gradient = cycle.loss, self.space.norm(self.space.flat(cycle.gradients))
        for what, value in (("loss", loss), ("gradient", gradient)):
            if not math.isfinite(value):
                self.session.note(f"the {what} of the first step is {value}: there is no curvature to measure")
                return False
        return True

    def _graph(self, cycle: Cycle) -> Graph | None:
        """The cycle's Hessian by double backward, or None and a note why not."""
        reason = obstacle(cycle.losses)
        if self.twice and reason is None:
            try:
                return Graph(cycle.losses, self.space, self.hooks.grad)
            except ERRORS as error:
                reason = describe(error)
        if self.twice:
            self.session.note(f"no double backward ({reason}): finite differences of the gradient are used")
            self.twice = False
        return None

    def _top(self, cycle: Cycle, first: bool = False) -> lanczos.Ritz | None:
        """The top of the spectrum on the cycle's batch by double backward; with `first` it is the run's."""
        graph = self._graph(cycle)
        if graph is None:
            return None
        began = time.perf_counter()
        known = () if self.top is None else (self.top.vector,)
        try:
            start = self.space.start(graph.gradient, *known)
            top = self._search(graph.product, start, random=not known)
        except ERRORS as error:
            self.session.note(f"no double backward ({describe(error)}): finite differences of the gradient are used")
            self.twice = False
            return None
        if first:
            self.gradient = graph.gradient
            self._keep(top, "double backward", (time.perf_counter() - began) / top.products)
            self._compare(graph, cycle)
            if self.update is not None:
                self.spectrum["first_step_ratio"] = step_ratio(graph, self.update)
        return top

    def _search(self, product: Callable[[Any], Any], start: Any, random: bool = True) -> lanczos.Ritz:
        """The top of `product`; with `random`, one that `start`'s random part nearly misses is searched for as well."""
        space, asked = self.space, self.request
        return lanczos.largest(
            product,
            start,
            space.dot,
            min(asked.products, space.size),
            asked.tolerance,
            kept=kept(space),
            dimension=space.size if random else None,
            subtract=space.subtract,
            go_on=self.go_on,
        )

    def _keep(self, top: lanczos.Ritz, method: str, seconds: float) -> None:
        smallest = top.values[-1] if len(top.values) > 1 else None
        self.spectrum.update(
            largest=top.values[0], error=top.errors[0], products=top.products, method=method,
            others=top.values[1:4], smallest=smallest,
        )  # fmt: skip
        self.seconds["product"] = seconds
        if not top.converged:
            why = f"a residual of {top.errors[0]:.2g}"
            if top.errors[0] <= self.request.tolerance * abs(top.values[0]):
                why += ", too few to exclude a larger eigenvalue"
            self.session.note(f"Lanczos stopped after {top.products} products with {why}")

    def _compare(self, graph: Graph, cycle: Cycle) -> None:
        """Note where the optimizer gets another gradient than its loss's."""
        given = self.space.flat(cycle.gradients)
        own, size = self.space.norm(graph.gradient), self.space.norm(given)
        if self.optimizer is None or own == 0 or self.space.norm(given - graph.gradient) <= SAME * own:
            return
        cosine = self.space.dot(given, graph.gradient) / (own * size) if size else 0.0
        how = f"{size / own:.3g} times its loss's gradient" if cosine > 1 - SAME else f"not its loss's (cosine {cosine:.3f})"
        self.session.note(f"the gradient that the optimizer gets is {how}")

    def _replays(self, moments: Moments) -> Plan:
        """Record the second cycle, take its spectrum, and hold it against differences of replayed gradients."""
        cycle = yield Order(record=True, graphs=self.twice)
        weights, given = self.space.weights(), self.space.flat(cycle.gradients)
        moments.add(given)
        if cycle.piled:
            self.session.note("gradients pile up from step to step: zero_grad was not called between two backward passes")
        second = None if moments.constant or not self.twice else self._top(cycle)
        if second is not None:
            self.spectrum["batches"] = (second.values[0],)
        top = second or self.top
        again = yield from gradient_at(self.space, weights)
        size = max(self.space.norm(given), 1e-30)
        error = self.space.norm(again - given) / size
        if not error <= SAME:
            self.session.note(f"the step could not be replayed: the same step gave a gradient {error:.2g} times its size away")
            return
        if top is None or not self.twice:
            if self.space.coarse:
                self.session.note("the weights are in half precision, which is too coarse for finite differences")
                return
            yield from self._by_differences(weights, given)
        elif top.values[0] > 0 and not self.space.coarse:
            yield from self._confirm(weights, top.vector, top.values[0])

    def _confirm(self, weights: Any, vector: Any, largest: float) -> Plan:
        """Differences along the top vector: a right one is confirmed at some step, a wrong one at none."""
        for step in VERIFY_STEPS:
            image = yield from difference(self.space, weights, vector, step)
            ratio = self.space.dot(vector, image) / largest
            residual = self.space.norm(image - vector * largest) / largest
            self.spectrum["confirmed"] = abs(ratio - 1) < RATIO and residual < RESIDUAL
            if self.spectrum["confirmed"]:
                return
        self.session.note(f"differences of the gradient give {ratio:.3f} times the eigenvalue, residual {residual:.2f}")

    def _by_differences(self, weights: Any, gradient: Any) -> Plan:
        products = min(self.request.products, self.space.size)
        search = lanczos.Search(
            self.space.start(gradient),
            self.space.dot,
            products,
            self.request.tolerance,
            kept=kept(self.space),
            subtract=self.space.subtract,
        )
        began = time.perf_counter()
        try:
            self.top = yield from by_differences(self.space, weights, search, self.go_on)
        finally:
            if search.count:
                self._keep(search.result(), "finite differences", (time.perf_counter() - began) / search.count)
                self.session.note("by finite differences of the gradient: with kinks (ReLU, max pooling) approximate")
        image = yield from difference(self.space, weights, self.top.vector, VERIFY_STEPS[0])
        refined = self.space.dot(self.top.vector, image)  # the search prefers directions with kinks: a shorter step has fewer
        found = self.spectrum["largest"]
        self.spectrum.update(largest=refined, error=max(self.spectrum["error"], abs(found - refined)))

    def _spread(self, moments: Moments) -> Plan:
        """Further batches at the same parameters: the gradient's noise, the spread of the top, the preconditioned top."""
        graph: Graph | None = None
        restore = True
        while moments.count < GRADIENTS and not (moments.count > 1 and moments.constant) and self.go_on():
            cycle = yield Order(graphs=self.twice, restore=restore)
            restore = False
            moments.add(self.space.flat(cycle.gradients))
            wanted = len(self.spectrum.get("batches", ())) < self.request.batches - 1
            if self.twice and self.top is not None and wanted:
                one = self._top(cycle)
                if one is not None:
                    self.spectrum["batches"] = (*self.spectrum.get("batches", ()), one.values[0])
        self.fields["gradient_noise"] = moments.noise()
        if not self.adaptive or not self.twice or not self.go_on():
            return
        scale = second_moment(self.optimizer, moments)
        cycle = yield Order(graphs=True, restore=restore)
        graph = self._graph(cycle)
        if graph is not None:
            product, root, start = graph.product, scale.sqrt(), self.space.start(graph.gradient / scale.sqrt())
            with self.session.guard("torch", "the preconditioned sharpness"):
                found = self._search(lambda vector: product(vector / root) / root, start)
                self.spectrum["preconditioned"] = found.values[0]
