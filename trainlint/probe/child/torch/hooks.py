"""The hooks: they see every backward pass, every optimizer and every outermost module call, and hand each step to the measuring.

The measuring (`measure.Measuring`) is a coroutine that the script's own loop drives: at each step of the measured optimizer it is
sent the `Cycle` that has just ended and answers with an `Order` for the next. While it holds, a step that the script asks for is
made to do nothing, by taking the gradients away for its duration: optimizers leave parameters without a gradient alone.
"""

from __future__ import annotations

import atexit
import functools
import sys
import time
import weakref
from typing import Any

import torch

from ...protocol import Line, OptimizerState
from ..session import Session, user_line
from ..start import is_worker
from . import losses, switches
from .cycle import MICRO_BATCHES, Call, Cycle, Loss, Order, leaves, tensors_in
from .manual import Manual
from .measure import Measuring
from .tape import Tape, is_data
from .vectors import local

PATIENCE = 8  # steps without a gradient before the probe gives up: some scripts step once for a scheduler's sake


LIMITS = ("max_norm", "clip_value")


class Hooks:
    """All that is patched in the script's torch, and the state of the current cycle."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.tape = Tape()
        self.made: Any = weakref.WeakKeyDictionary()  # optimizer -> the line that made it
        self.measured: Any = weakref.WeakSet()
        self.modules: Any = weakref.WeakKeyDictionary()  # those called outermost, in their order
        self.losses: list[Loss] = []
        self.scales: dict[Any, float] = {}  # node of a gradient scaler's product -> its factor
        self.measuring: Measuring | None = None
        self.order = Order(graphs=True)
        self.manual = Manual(self)
        self.busy = self.asked = False
        self.depth = 0
        self.idle = 0
        self.began = self.ended = 0.0
        self.passes, self.piled = 0, False  # backward passes in this cycle; whether gradients were left for the first
        self.stashed: list[tuple[Any, Any]] = []
        self.backward, self.grad = torch.autograd.backward, torch.autograd.grad

    @property
    def watching(self) -> bool:
        """Whether what happens now is the script's doing and of interest."""
        return self.session.active and not self.busy and torch._C._current_graph_task_id() == -1

    @property
    def holding(self) -> bool:
        """Whether only the measured optimizer counts."""
        return self.session.active and self.measuring is not None and self.order.hold

    def install(self) -> None:
        """Patch torch. Everything passes through once the session is over."""
        from torch.optim import optimizer as steps

        switches.make_differentiable()
        torch.autograd.backward, torch.autograd.grad = self._backward(), self._grad()
        steps.register_optimizer_step_pre_hook(self._before_step)
        steps.register_optimizer_step_post_hook(self._after_step)
        wrap(torch.optim.Optimizer, "__init__", self._init)
        wrap(torch.optim.Optimizer, "zero_grad", self._zero_grad)
        wrap(torch.nn.Module, "zero_grad", self._zero_grad)
        wrap(torch.nn.Module, "__call__", self._call)
        wrap(torch.utils.data.dataloader._BaseDataLoaderIter, "__next__", self._next)
        wrap(torch.optim.lr_scheduler.LRScheduler, "step", self._schedule)
        wrap(getattr(torch.amp, "GradScaler", torch.cuda.amp.GradScaler), "scale", self._scale)
        for name in ("clip_grad_norm_", "clip_grad_value_"):
            for place in (torch.nn.utils, torch.nn.utils.clip_grad):
                wrap(place, name, self._clip)
        losses.install(self)
        self.manual.install()
        atexit.register(self._at_exit)

    # what the script does

    def _backward(self) -> Any:
        original = self.backward

        @functools.wraps(original)
        def backward(
            tensors: Any, grad_tensors: Any = None, retain_graph: Any = None, create_graph: bool = False, *rest: Any, **more: Any
        ) -> Any:
            if not self.watching:
                return original(tensors, grad_tensors, retain_graph, create_graph, *rest, **more)
            with self.session.guard("torch", "clearing gradients"):
                self._unpile()
            keep = True if self._keeps() else retain_graph
            result = original(tensors, grad_tensors, keep, create_graph, *rest, **more)
            with self.session.guard("torch", "recording a backward pass"):
                self._record(tensors, grad_tensors, bool(keep or create_graph), None)
            return result

        return backward

    def _grad(self) -> Any:
        original = self.grad

        @functools.wraps(original)
        def grad(
            outputs: Any,
            inputs: Any,
            grad_outputs: Any = None,
            retain_graph: Any = None,
            create_graph: bool = False,
            *rest: Any,
            **more: Any,
        ) -> Any:
            ends = [one for one in as_tuple(inputs) if getattr(one, "is_leaf", False)]
            if not self.watching or create_graph or not ends:
                return original(outputs, inputs, grad_outputs, retain_graph, create_graph, *rest, **more)
            keep = True if self._keeps() else retain_graph
            result = original(outputs, inputs, grad_outputs, keep, create_graph, *rest, **more)
            with self.session.guard("torch", "recording torch.autograd.grad"):
                self._record(outputs, grad_outputs, bool(keep), ends)
                self.manual.results([one for one in as_tuple(result) if one is not None])
            return result

        return grad

    def _unpile(self) -> None:
        """While the parameters are held, gradients that the script leaves from step to step must not add up."""
        self.passes += 1
        if self.passes > 1 or not self.holding or self.measuring is None or self.measuring.optimizer is None:
            return
        left = [one for one in self.measuring.space.parameters if one.grad is not None and not is_zero(one.grad)]
        self.piled = bool(left)
        for one in left:
            one.grad = None

    def _keeps(self) -> bool:
        return self.order.graphs and sum(one.alive for one in self.losses) < MICRO_BATCHES

    def _record(self, outputs: Any, cotangents: Any, alive: bool, ends: list[Any] | None) -> None:
        """A backward pass of the script has just run."""
        self.ended = time.perf_counter()
        given = as_tuple(outputs)
        seeds = as_tuple(cotangents) if cotangents is not None else (None,) * len(given)
        found = leaves(given)
        owned = {id(p) for one in self.made for group in one.param_groups for p in group["params"]}
        scale = losses.scale_of(given, self.scales)
        loss = Loss(given, seeds, scale, found, user_line(), alive, (set(found) & owned) or set(found))
        if (self.measuring is None or self.measuring.optimizer is None) and self.manual.takes(loss, ends, owned):
            return
        if ends is not None and not {id(one) for one in ends} & owned:
            return
        self.losses.append(loss)

    def _zero_grad(self, original: Any, owner: Any, *args: Any, **kwargs: Any) -> Any:
        if self.watching and self.losses:
            with self.session.guard("torch", "following zero_grad"):
                groups = getattr(owner, "param_groups", None)
                mine = owner.parameters() if groups is None else (p for group in groups for p in group["params"])
                self._forget({id(one) for one in mine})
        if self.piled and self.measuring is not None and owner is not self.measuring.optimizer:
            self.piled = not isinstance(owner, torch.nn.Module)
        elif self.watching:
            self.piled = False
        return original(owner, *args, **kwargs)

    def _forget(self, parameters: set[int]) -> None:
        for loss in self.losses:
            loss.waiting -= parameters
        self.losses = [one for one in self.losses if one.waiting]
        if not self.losses:
            self.scales.clear()

    def _init(self, original: Any, optimizer: Any, *args: Any, **kwargs: Any) -> None:
        original(optimizer, *args, **kwargs)
        if self.watching:
            with self.session.guard("torch", "remembering an optimizer"):
                self.made[optimizer] = user_line()

    def _call(self, original: Any, module: Any, *args: Any, **kwargs: Any) -> Any:
        if self.depth or not self.watching or not torch.is_grad_enabled():
            return original(module, *args, **kwargs)
        if not self.began:
            self.began = time.perf_counter()
        with self.session.guard("torch", "reading a module's inputs"):
            self.modules[module] = True
            args, kwargs = self.tape.feed(module, args, kwargs)
            data = tuple(one for one in tensors_in((args, kwargs)) if is_data(one))
            self.tape.note(Call(type(module).__name__, module, data, user_line(), losses.is_loss(module)))
        self.depth += 1
        try:
            return original(module, *args, **kwargs)
        finally:
            self.depth -= 1

    def _next(self, original: Any, iterator: Any) -> Any:
        if not self.watching or not torch.is_grad_enabled():
            return original(iterator)
        with self.session.guard("torch", "replaying a batch"):
            kept = self.tape.kept(id(iterator._dataset))
            if kept is not None:
                return kept[0]
        batch = original(iterator)
        with self.session.guard("torch", "recording a batch"):
            self.tape.keep(id(iterator._dataset), batch)
        return batch

    def _schedule(self, original: Any, scheduler: Any, *args: Any, **kwargs: Any) -> Any:
        made = getattr(scheduler, "_step_count", 0) > 0  # the constructor steps once itself
        held = self.holding or (self.measuring is not None and self.order.replay)
        return None if held and made else original(scheduler, *args, **kwargs)

    def _clip(self, original: Any, *args: Any, **kwargs: Any) -> Any:
        if self.holding:
            kwargs = {key: float("inf") if key in LIMITS else value for key, value in kwargs.items()}
            args = (*args[:1], float("inf"), *args[2:]) if len(args) > 1 else args
        return original(*args, **kwargs)

    def _scale(self, original: Any, scaler: Any, *args: Any, **kwargs: Any) -> Any:
        result = original(scaler, *args, **kwargs)
        if self.watching and scaler.is_enabled():
            with self.session.guard("torch", "reading a gradient scaler"):
                factor = float(scaler.get_scale())
                self.scales.update((one.grad_fn, factor) for one in tensors_in(result) if one.grad_fn is not None)
        return result

    # steps

    def _before_step(self, optimizer: Any, args: Any, kwargs: Any) -> Any:
        if not self.watching:
            return None
        closure = args[1] if len(args) > 1 else kwargs.get("closure")
        if not callable(closure):
            self.at_step(optimizer)
            return None
        calls = iter((True,))

        @functools.wraps(closure)
        def once() -> Any:
            result = closure()
            if next(calls, False):
                self.at_step(optimizer)
            return result

        return ((args[0], once, *args[2:]), kwargs) if len(args) > 1 else (args, {**kwargs, "closure": once})

    def at_step(self, optimizer: Any) -> None:
        """`optimizer` is about to change its parameters: the end of a cycle if it is the measured one."""
        if not self.watching:
            return
        parameters = [p for group in optimizer.param_groups for p in group["params"]]
        with self.session.guard("torch", "measuring at the optimizer's step", fatal=True) as guard:
            if self._is_target(optimizer, parameters):
                self.send(self._cycle(optimizer, parameters, user_line()))
            self._forget({id(one) for one in parameters})
        if guard.failed:
            self.measured.add(optimizer)
            self.over()
        if self.holding and not (self.order.step and self._measures(optimizer)):
            self.stashed = [(one, one.grad) for one in parameters]
            for one in parameters:
                one.grad = None

    def _after_step(self, optimizer: Any, *_: Any) -> None:
        for one, gradient in self.stashed:
            one.grad = gradient
        self.stashed = []
        if self.session.active and not self.busy and (self.measuring is None or self._measures(optimizer)):
            self.turn()

    def _measures(self, optimizer: Any) -> bool:
        return self.measuring is not None and self.measuring.optimizer is optimizer

    def _is_target(self, optimizer: Any, parameters: list[Any]) -> bool:
        if self.measuring is not None:
            return self.measuring.optimizer is optimizer
        if optimizer in self.measured:
            return False
        mine = {id(one) for one in parameters}
        if is_worker() and not (torch.distributed.is_available() and torch.distributed.is_initialized()):
            return False
        relevant = [one for one in self.losses if one.waiting & mine]
        if relevant and not any(one.alive for one in relevant) and not self.asked:
            self.asked = True  # the run before ended in this cycle: the next one's graphs are kept
            return False
        if relevant or (self.losses and any(one.grad is not None for one in parameters)):
            self.measuring = Measuring(self, optimizer)
            return True
        self.idle += 1
        if self.idle == PATIENCE:
            reason = f"{type(optimizer).__name__}.step() was called {PATIENCE} times and no backward pass had given it a gradient"
            self.session.fail("torch", reason)
        return False

    def _cycle(self, optimizer: Any, parameters: list[Any], line: Line | None) -> Cycle:
        mine = {id(one) for one in parameters}
        relevant = tuple(one for one in self.losses if one.waiting & mine)
        if not relevant:  # sharded parameters are not the graph's leaves
            relevant, self.losses = tuple(self.losses), []
        factor = getattr(optimizer, "grad_scale", None)  # a fused optimizer takes the gradient scaler's factor out itself
        found = (one.grad for one in parameters if one.requires_grad)
        gradients = tuple(one if one is None or factor is None else one / factor for one in found)
        seconds = max(self.ended - self.began, 0.0) if self.began else 0.0
        return Cycle(optimizer, relevant, gradients, tuple(self.tape.calls), tuple(self.tape.batches), seconds, line, self.piled)

    def send(self, cycle: Cycle) -> None:
        """Let the measuring look at `cycle`, and take its order."""
        assert self.measuring is not None
        self.busy = True
        try:
            order = self.measuring.send(cycle)
        finally:
            self.busy = False
        if order is None:
            self.over()
        else:
            self.order = order

    def measure_manual(self, parameters: list[Any], loss: float, state: OptimizerState | None) -> Measuring:
        """Begin to measure parameters that the script moves by hand; `loss` is that of the backward pass before."""
        self.measuring = Measuring(self, None, parameters)
        self.measuring.fields["loss"], self.measuring.state = loss, state
        if state is None:
            self.session.note("the script moves its parameters by hand, and not along the gradient: its rate is not known")
        return self.measuring

    def turn(self) -> None:
        """The next cycle begins, as ordered."""
        self.began = self.ended = 0.0
        self.passes, self.piled = 0, False
        with self.session.guard("torch", "preparing the next step", fatal=True):
            if self.measuring is not None:
                self.measuring.between()
            self.tape.turn(self.order.record, self.order.replay)

    def over(self) -> None:
        """This run is measured: wait for the next one, if more are asked for."""
        if self.measuring is not None and self.measuring.optimizer is not None:
            self.measured.add(self.measuring.optimizer)
        elif self.measuring is not None:
            self.manual.done[self.measuring.key] = self.measuring.space.parameters
        self.measuring, self.order, self.asked = None, Order(graphs=True), False
        self.tape.turn(False, False)

    def _at_exit(self) -> None:
        """The script has ended by itself: what was reached is the measurement."""
        if not self.session.active or self.measuring is None:
            return
        self.busy = True
        with self.session.guard("torch", "ending the measurement", fatal=True):
            self.measuring.finish("the script ended before everything was measured")


def wrap(owner: Any, name: str, wrapper: Any) -> None:
    """Replace `owner.name` by `wrapper(original, *arguments)`."""
    original = getattr(owner, name)

    @functools.wraps(original)
    def wrapped(*args: Any, **kwargs: Any) -> Any:
        return wrapper(original, *args, **kwargs)

    setattr(owner, name, wrapped)


def is_zero(gradient: Any) -> bool:
    """Whether a gradient was cleared to zeros."""
    values = local(gradient)
    return not bool((values.coalesce().values() if values.is_sparse else values).any())


def as_tuple(value: Any) -> tuple[Any, ...]:
    """A tensor or a sequence of them as a tuple."""
    return (value,) if isinstance(value, torch.Tensor) else tuple(value)


def keras_steps() -> bool:
    """Whether this call comes out of Keras, which has hooks of its own."""
    if "keras" not in sys.modules:
        return False
    frame = sys._getframe(1)
    while frame is not None:
        if str(frame.f_globals.get("__name__", "")).startswith("keras."):
            return True
        frame = frame.f_back  # type: ignore[assignment]
    return False
