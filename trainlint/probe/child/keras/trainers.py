"""`fit` and `train_on_batch` of Keras 3: the step function of a model is called by the probe while it measures."""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable
from typing import Any

from ..session import user_line
from .driver import Driver
from .run import Sample, State, Want
from .seen import Seen

PULLED = 64  # batches of an epoch held at most


def install(keras: Any, driver: Driver) -> None:
    """Patch the trainer of Keras's backend, optimizers, layers, losses and seed generators."""
    if keras.config.backend() != "jax":
        patch_model(keras.Model, driver)
    else:
        _patch_fit(keras.Model, driver)
    _patch_optimizers(keras, driver)
    patch_layers(keras.Layer, keras.losses.Loss, keras.random.SeedGenerator, driver)


def patch_model(model: Any, driver: Driver) -> None:
    """Have the probe called in place of a model's train function."""
    trainer = next((base for base in model.__mro__ if "make_train_function" in vars(base) and "train_step" in vars(base)), None)
    if trainer is not None:
        _patch_trainer(trainer, driver)
    _patch_fit(model, driver)


def _patch_trainer(trainer: Any, driver: Driver) -> None:
    original = trainer.make_train_function

    @functools.wraps(original)
    def make_train_function(model: Any, *rest: Any, **named: Any) -> Any:
        several: Any = getattr(model, "_steps_per_execution", None)
        if driver.active and hasattr(several, "assign"):
            several.assign(1)  # in tf_keras a call would otherwise take several batches at once
        result = original(model, *rest, **named)
        if driver.active and model.train_function is not None and not isinstance(model.train_function, Stepper):
            model.train_function = Stepper(model, model.train_function, driver)
        return result if result is None else model.train_function

    trainer.make_train_function = make_train_function


def _patch_fit(model: Any, driver: Driver) -> None:
    for name in ("fit", "compile"):
        _note_place(model, name, driver)
    fit = model.fit

    @functools.wraps(fit)
    def wrapped(self: Any, *rest: Any, **named: Any) -> Any:
        result = fit(self, *rest, **named)
        stepper = getattr(self, "train_function", None)
        if isinstance(stepper, Stepper):
            stepper.fit_ended()
        return result

    model.fit = wrapped


def _note_place(owner: Any, name: str, driver: Driver) -> None:
    original = getattr(owner, name)

    @functools.wraps(original)
    def wrapped(self: Any, *rest: Any, **named: Any) -> Any:
        line = user_line(sys._getframe(1))
        if line is not None:
            driver.lines.setdefault(id(self), {})[name] = line
            driver.kept[id(self)] = self
        return original(self, *rest, **named)

    setattr(owner, name, wrapped)


class Stepper:
    """A model's train function. It pulls the batches of an epoch itself, so that they can be taken again and none is lost."""

    def __init__(self, model: Any, original: Callable[[Any], Any], driver: Driver) -> None:
        self.model, self.original, self.driver = model, original, driver
        self.iterator: Any = None
        self.by_batch = False  # whether the train function takes the batch itself in a list, as with PyTorch
        self.pulled: list[Any] = []
        self.position = 0
        self.exhausted = False
        self.logs: Any = None
        self.finished = False  # the run is measured, and another one is waited for

    def __call__(self, argument: Any) -> Any:
        """One step of `fit`, or as many as the probe wants."""
        driver = self.driver
        if self.finished and driver.active:
            self.model.stop_training = True
            return self.logs
        if not driver.active or driver.recorder is None or driver.catching:
            return self._leftover(argument)
        if driver.run is not None and driver.run.take is not None and getattr(driver.run.take, "__self__", None) is not driver:
            return self.original(argument)
        with driver.measuring("measuring in fit"):
            self._measure(argument)
        over = driver.run is None and not driver.active
        return self._leftover(argument) if over or self.logs is None else self.logs

    def fit_ended(self) -> None:
        """`fit` is through while the plan still waits for batches: those seen come again."""
        if self.driver.run is not None and self.owner_of_run:
            self.exhausted, self.iterator = True, None
            self._drive()

    @property
    def owner_of_run(self) -> bool:
        """Whether the run being measured is this model's."""
        return self.driver.run is not None and getattr(self.driver, "stepper", None) is self

    def _leftover(self, argument: Any) -> Any:
        """The script's own step, first on the batches that were pulled for the probe."""
        if self.pulled:
            return self.original(self._packed(self.pulled.pop(0)))
        return self.original(argument)

    def _measure(self, argument: Any) -> None:
        driver = self.driver
        self.iterator, self.exhausted, self.by_batch = argument, False, isinstance(argument, list)
        if driver.run is None:
            self.pulled, self.position = [], 0
            self._begin()
            while driver.run is None and driver.active and self._others():
                self.position = 0
                self._begin()
        elif self.owner_of_run:
            self._drive()
        elif driver.gone_on():
            self._measure(argument)
        if driver.run is None and driver.active:
            self.finished = True

    def _others(self) -> bool:
        """Whether the step calls an optimizer that has not been measured yet."""
        return any(one not in self.driver.done for one in self.driver.met)

    def _begin(self) -> None:
        driver = self.driver
        batch = self._next(cycle=False)
        if batch is None:
            return
        driver.met, driver.entry_fixed, driver.seen = {}, False, Seen()
        driver.enter()
        driver.entry_fixed = True
        driver.places = dict(driver.lines.get(id(self.model), {}))
        built = getattr(self.model, "built", True)  # Keras 2 raises an error where there are no weights yet
        before = State(getattr(self.model, "non_trainable_variables", ()) if built else ())  # a forward pass moves statistics
        driver.take_step(lambda: self._step(batch), Want(product=True))
        driver.entry_fixed = False
        run = driver.run
        if run is None:
            driver.nothing("the model's train_step calls no optimizer with gradients of a tape")
            return
        run.state.values += before.values
        run.again = lambda: self._step(batch)
        run.take = driver.take_step
        run.rewind = self._rewind
        driver.stepper = self
        driver.advance(None)
        self._drive()

    def _drive(self) -> None:
        """Take the steps that the plan wants, as long as there are batches for them."""
        driver = self.driver
        while driver.run is not None:
            batch = self._next(driver.want.cycle)
            if batch is None and self._may_come_later():
                return
            sample: Sample | None = None
            if batch is not None:
                sample = driver.take_step(functools.partial(self._step, batch), driver.want)
            driver.advance(sample)
        self.model.reset_metrics()

    def _may_come_later(self) -> bool:
        """Whether the script itself brings the next batch: after `train_on_batch`, whose iterator holds one."""
        return not self.exhausted or self.single

    @property
    def single(self) -> bool:
        """Whether the train function is given one batch at a time."""
        return isinstance(self.iterator, list) or hasattr(self.iterator, "gi_frame")

    def _rewind(self) -> None:
        self.position = 0

    def _next(self, cycle: bool) -> Any:
        """The batch at the position, pulled if need be; None if there is none now."""
        if self.position >= len(self.pulled) and not self.exhausted and len(self.pulled) < PULLED:
            self._pull()
        if self.position >= len(self.pulled):
            if not (cycle and self.exhausted and self.pulled and not self.single):
                return None
            self.position = 0
        self.position += 1
        return self.pulled[self.position - 1]

    def _pull(self) -> None:
        if isinstance(self.iterator, list):  # the torch backend is given the batch itself
            if self.iterator:
                self.pulled.append(self.iterator[0])
            self.iterator, self.exhausted = [], True
            return
        try:
            self.pulled.append(next(self.iterator))
        except StopIteration:
            self.exhausted = True
        except Exception as error:  # TensorFlow's end of a data set, whose class cannot be imported here
            if type(error).__name__ != "OutOfRangeError":
                raise
            self.exhausted = True

    def _packed(self, batch: Any) -> Any:
        return [batch] if self.by_batch else iter([batch])

    def _step(self, batch: Any) -> None:
        self.logs = self.original(self._packed(batch))


def _patch_optimizers(keras: Any, driver: Driver) -> None:
    base = keras.optimizers.Optimizer
    classes = [base, *(one for one in vars(keras.optimizers).values() if isinstance(one, type) and issubclass(one, base))]
    owners = {owner for one in classes for owner in one.__mro__ if "apply" in vars(owner)}
    for owner in owners:
        owner.apply = _apply(owner.apply, driver)
    for owner in {owner for one in classes for owner in one.__mro__ if owner.__name__ in ("BaseOptimizer", "Optimizer")}:
        if "__init__" in vars(owner):
            owner.__init__ = made(owner.__init__, driver)


def _apply(original: Any, driver: Driver) -> Any:
    @functools.wraps(original)
    def apply(self: Any, grads: Any, trainable_variables: Any = None, *rest: Any, **named: Any) -> Any:
        grads = list(grads)
        variables = None if trainable_variables is None else list(trainable_variables)
        return driver.on_apply(self, grads, variables, lambda: original(self, grads, variables, *rest, **named))

    return apply


def patch_apply_gradients(optimizers: Any, driver: Driver) -> None:
    """The same for optimizers whose step is `apply_gradients`, as in tf_keras."""
    classes: list[Any] = [one for one in vars(optimizers).values() if isinstance(one, type) and hasattr(one, "apply_gradients")]
    owners = {owner for one in classes for owner in one.__mro__ if "apply_gradients" in vars(owner)}
    for owner in owners:
        if not hasattr(owner.apply_gradients, "__wrapped__"):
            owner.apply_gradients = _apply_gradients(owner.apply_gradients, driver)
    for owner in {owner for one in classes for owner in one.__mro__ if owner.__name__ in ("_BaseOptimizer", "OptimizerV2")}:
        owner.__init__ = made(owner.__init__, driver)


def _apply_gradients(original: Any, driver: Driver) -> Any:
    @functools.wraps(original)
    def apply_gradients(self: Any, grads_and_vars: Any, *rest: Any, **named: Any) -> Any:
        pairs = list(grads_and_vars)
        gradients, variables = [gradient for gradient, _ in pairs], [variable for _, variable in pairs]
        return driver.on_apply(self, gradients, variables, lambda: original(self, pairs, *rest, **named))

    return apply_gradients


def made(original: Any, driver: Driver) -> Any:
    """An optimizer's `__init__` that notes the line which made it."""

    @functools.wraps(original)
    def init(self: Any, *rest: Any, **named: Any) -> None:
        line = user_line(sys._getframe(1))
        if line is not None:
            driver.made[id(self)] = (self, line)
        original(self, *rest, **named)

    return init


def patch_layers(layer: Any, loss: Any, generator: Any, driver: Driver) -> None:
    """See what passes through layers and losses, and which seed generators are used (None where there are none)."""
    call, loss_call = layer.__call__, loss.__call__
    depth = [0]

    @functools.wraps(call)
    def call_layer(self: Any, *args: Any, **named: Any) -> Any:
        if not driver.watching() or driver.level() == 0 or (args and is_symbolic(args[0])):
            return call(self, *args, **named)
        depth[0] += 1
        try:
            output = call(self, *args, **named)
        finally:
            depth[0] -= 1
        with driver.session.guard("keras", "looking at a layer's output"):
            if driver.watching():
                if depth[0] == 0:
                    driver.seen.model(self, args if len(args) != 1 else args[0])
                driver.seen.layer(self, output)
        return output

    @functools.wraps(loss_call)
    def call_loss(self: Any, y_true: Any, y_pred: Any, *rest: Any, **named: Any) -> Any:
        if driver.watching() and type(self).__name__ != "CompileLoss" and not is_symbolic(y_pred):
            with driver.session.guard("keras", "looking at the targets"):
                driver.seen.loss(self, y_true, y_pred)
        return loss_call(self, y_true, y_pred, *rest, **named)

    layer.__call__, loss.__call__ = call_layer, call_loss
    if generator is not None:
        generator.next = _seeds(generator.next, driver)


def _seeds(following: Any, driver: Driver) -> Any:
    @functools.wraps(following)
    def next_seed(self: Any, *rest: Any, **named: Any) -> Any:
        if driver.watching() and driver.entry is not None and driver.level():
            with driver.session.guard("keras", "reading a seed"):
                driver.entry.used(self)
        return following(self, *rest, **named)

    return next_seed


def is_symbolic(value: Any) -> bool:
    """Whether `value` is, or contains, a tensor that has no numbers: while a model is being put together."""
    if isinstance(value, (list, tuple)):
        return any(map(is_symbolic, value))
    if isinstance(value, dict):
        return any(map(is_symbolic, value.values()))
    if str(getattr(value, "device", "")) == "meta":
        return True
    return "KerasTensor" in type(value).__name__ or "SymbolicTensor" in type(value).__name__
