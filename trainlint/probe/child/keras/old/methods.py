"""Methods and attributes of models and layers that are gone."""

from __future__ import annotations

import functools
import inspect
from typing import Any

from .arguments import renamed
from .tables import COMPILE, FIT

GENERATORS = {"fit_generator": "fit", "evaluate_generator": "evaluate", "predict_generator": "predict"}
ENDS = {"input": "inputs", "output": "outputs"}


def models(keras: Any) -> None:
    """Give models back `fit_generator` and its like, `Model(input=, output=)`, and old arguments of `compile` and `fit`."""
    model = keras.Model
    _translated(model, "compile", COMPILE)
    for name in ("fit", "evaluate", "predict"):
        _translated(model, name, FIT)
    for old, new in GENERATORS.items():
        if not hasattr(model, old):
            setattr(model, old, _generator(new))
    if not hasattr(model, "predict_classes"):
        model.predict_classes = _predict_classes
    if not hasattr(model, "predict_proba"):
        model.predict_proba = lambda self, *args, **named: self.predict(*args, **named)
    _ends(keras)
    _stateful(keras)


def layers(keras: Any) -> None:
    """Give layers back their shapes."""
    layer = keras.Layer
    for name in ("input", "output"):
        if not hasattr(layer, f"{name}_shape"):
            setattr(layer, f"{name}_shape", property(functools.partial(_shape_of, name=name)))


def optimizers(keras: Any) -> None:
    """Give optimizers back `lr` and `minimize`."""
    base = keras.optimizers.Optimizer
    for owner in (base, *base.__mro__):
        if owner.__name__ == "BaseOptimizer" and not hasattr(owner, "lr"):
            owner.lr = property(lambda self: self.learning_rate, lambda self, value: setattr(self, "learning_rate", value))
            owner.minimize = _minimize


def _translated(owner: Any, name: str, table: dict[str, str]) -> None:
    original = getattr(owner, name)
    signature = inspect.signature(original)

    @functools.wraps(original)
    def method(self: Any, *args: Any, **named: Any) -> Any:
        named = renamed(named, table)
        if name == "compile" and args and args[0] is self:  # the model itself was given once more, as its first argument
            args = args[1:]
        return original(self, *args, **named)

    method.__dict__["__signature__"] = signature
    setattr(owner, name, method)


def _generator(new: str) -> Any:
    def method(self: Any, generator: Any, steps: Any = None, epochs: Any = None, *_: Any, **named: Any) -> Any:
        named = renamed(named, FIT)
        if new == "fit":
            if steps is not None:
                named.setdefault("steps_per_epoch", steps)
            if epochs is not None:
                named.setdefault("epochs", epochs)
        elif steps is not None:
            named.setdefault("steps", steps)
        named.pop("x", None)
        return getattr(self, new)(generator, **named)

    return method


def _predict_classes(self: Any, x: Any, batch_size: int = 32, verbose: int = 0) -> Any:
    outputs = self.predict(x, batch_size=batch_size, verbose=verbose)
    return outputs.argmax(axis=-1) if outputs.shape[-1] > 1 else (outputs > 0.5).astype("int32")


def _ends(keras: Any) -> None:
    """`Model(input=, output=)`: `__new__` chooses the class by the names, and the class's `__init__` gets them again."""
    model = keras.Model
    original = model.__new__

    def new(cls: Any, *args: Any, **named: Any) -> Any:
        return original(cls, *args, **renamed(named, ENDS))

    model.__new__ = new
    functional: Any = next((one for one in _subclasses(model) if one.__name__ == "Functional"), None)
    if functional is not None:
        from .arguments import wrap_init

        wrap_init(functional, lambda _, args, named: (args, renamed(named, ENDS)))


def _subclasses(cls: Any) -> list[Any]:
    return [one for below in type.__subclasses__(cls) for one in (below, *_subclasses(below))]


def _stateful(keras: Any) -> None:
    """A stateful first layer needs the batch size that `batch_input_shape` gave."""
    sequential = keras.Sequential
    original = sequential.add

    @functools.wraps(original)
    def add(self: Any, layer: Any, *args: Any, **named: Any) -> Any:
        shape = getattr(layer, "_probe_batch_shape", None)
        if shape is not None and not self._layers:
            original(self, keras.layers.InputLayer(batch_shape=shape))
        return original(self, layer, *args, **named)

    sequential.add = add


def _shape_of(layer: Any, name: str) -> Any:
    """The shape of a layer's (or model's) input or output with None for the batch, as a tuple.

    Raises:
        AttributeError: the layer has not been called.
    """
    tensors = getattr(layer, name)
    if isinstance(tensors, (list, tuple)):
        if not tensors:
            raise AttributeError(f"{layer.name} has no {name}")
        shapes = [tuple(one.shape) for one in tensors]
        return shapes if len(shapes) > 1 else shapes[0]
    return tuple(tensors.shape)


def _minimize(self: Any, loss: Any, var_list: Any = None, tape: Any = None, **_: Any) -> Any:
    """One step on the loss: a function without arguments, or a tensor with the tape that recorded it."""
    import sys

    tensorflow: Any = sys.modules["tensorflow"]
    value, recorded = loss, tape
    if callable(loss):
        with tensorflow.GradientTape() as recorded:
            value = loss()
    variables = var_list() if callable(var_list) else var_list
    gradients = recorded.gradient(value, variables)
    return self.apply_gradients(list(zip(gradients, variables, strict=True)))
