"""TensorFlow's tapes: behind each of the script's a second one runs that records the gradient itself.

`outer.gradient(gradients, variables, output_gradients=v)` is then the Hessian times v (Pearlmutter, Neural Computation 6(1),
1994) of exactly the scalar that the script differentiates: its regularisers, weights and dropout masks included, without a second
forward pass.
"""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from .vectors import Layout, Vector, array, key

NOTHING, GRADIENTS, PRODUCTS = 0, 1, 2
MOST_TAPES = 64  # tapes held between two steps; a script that only asks for gradients never takes a step


@dataclass
class Record:
    """One call of `tape.gradient`: what was differentiated by what, and the tape that recorded it. `gradients` are dense."""

    tensorflow: Any
    differentiate: Callable[..., Any]  # `tf.GradientTape.gradient` as it was
    outer: Any
    target: Any
    sources: list[Any]
    gradients: list[Any]
    values: list[Any] | None = None  # the variables' values when the gradient was computed, where they were kept

    @property
    def loss(self) -> float:
        """The number that was differentiated; the sum of several."""
        return float(sum(np.sum(array(one)) for one in self.tensorflow.nest.flatten(self.target)))

    @property
    def has_product(self) -> bool:
        """Whether the gradient itself was recorded."""
        return self.outer is not None

    def covers(self, variables: Sequence[Any]) -> bool:
        """Whether one of `variables` was differentiated by."""
        mine = {key(one) for one in self.sources}
        return any(key(one) in mine for one in variables)

    def product(self, layout: Layout, vector: Vector) -> list[Any]:
        """The Hessian times `vector`, a tensor for each of the layout's variables."""
        tensorflow = self.tensorflow
        parts = dict(zip(map(key, layout.variables), layout.split(vector), strict=True))
        known = {key(source): (source, gradient) for source, gradient in zip(self.sources, self.gradients, strict=True)}
        pairs = [(index, *known[index]) for index in parts if index in known and known[index][1] is not None]
        seeds = [tensorflow.convert_to_tensor(parts[index], dtype=gradient.dtype) for index, _, gradient in pairs]
        if self.outer._recording:  # the step is taken inside the script's `with`
            self.outer._pop_tape()
        images = self.differentiate(
            self.outer,
            [gradient for *_, gradient in pairs],
            [source for _, source, _ in pairs],
            output_gradients=seeds,
            unconnected_gradients=tensorflow.UnconnectedGradients.ZERO,
        )
        found = {index: tensorflow.convert_to_tensor(image) for (index, *_), image in zip(pairs, images, strict=True)}
        return [found.get(key(one)) for one in layout.variables]


class Tapes:
    """The script's gradients since its last optimizer step.

    `level` tells what is to be recorded now: NOTHING, GRADIENTS, or PRODUCTS, which needs the outer tape. `entered` is told of
    each tape that the script opens, `computed` of each gradient.
    """

    method = "outer tape"
    mark = "GradientTape"

    def __init__(
        self, tensorflow: Any, level: Callable[[], int], entered: Callable[[], None], computed: Callable[[], None]
    ) -> None:
        self.tensorflow, self.level, self.entered, self.computed = tensorflow, level, entered, computed
        self.records: list[Record] = []
        self.outers: dict[int, tuple[Any, Any]] = {}  # a user's tape is held with its outer one, or its id might come again
        self.busy = False

    def install(self) -> None:
        """Patch `tf.GradientTape`."""
        tape = self.tensorflow.GradientTape
        self.make = tape
        self.original = {name: getattr(tape, name) for name in ("__enter__", "__exit__", "gradient", "watch")}
        tape.__enter__ = self._enter()
        tape.__exit__ = self._exit()
        tape.gradient = self._gradient()
        tape.watch = self._watch()

    def context(self) -> Any:
        """What the probe's own steps run in."""
        return contextlib.nullcontext()

    def unnoticed(self, _: Sequence[Any], /) -> Any:
        """Tapes hold the values that they have read: variables may change."""
        return contextlib.nullcontext()

    def clear(self) -> None:
        """Forget what was recorded, and give its memory back."""
        self.records = []
        self.outers = {}

    def take(self, variables: Sequence[Any]) -> list[Record]:
        """The records of gradients by one of `variables` since the last call, given away."""
        taken = [one for one in self.records if one.covers(variables)]
        self.records = [one for one in self.records if not one.covers(variables)]
        if not self.records:
            self.outers = {}
        return taken

    def _outer(self, tape: Any) -> Any:
        held = self.outers.get(id(tape))
        return held[1] if held is not None else None

    def _enter(self) -> Any:
        original = self.original["__enter__"]

        @functools.wraps(original)
        def enter(tape: Any) -> Any:
            level = NOTHING if self.busy else self.level()
            if level:
                self.entered()
                level = self.level()
            if level == PRODUCTS and self._outer(tape) is None and self.tensorflow.executing_eagerly():
                if len(self.outers) >= MOST_TAPES:
                    self.outers.pop(next(iter(self.outers)))
                self.busy = True
                try:
                    outer = self.make(persistent=True)
                finally:
                    self.busy = False
                self.original["__enter__"](outer)
                self.outers[id(tape)] = (tape, outer)
            return original(tape)

        return enter

    def _exit(self) -> Any:
        original = self.original["__exit__"]

        @functools.wraps(original)
        def leave(tape: Any, *details: Any) -> Any:
            result = original(tape, *details)
            outer = self._outer(tape)
            if outer is not None and outer._recording:
                outer._pop_tape()
            return result

        return leave

    def _watch(self) -> Any:
        original = self.original["watch"]

        @functools.wraps(original)
        def watch(tape: Any, tensor: Any) -> Any:
            outer = self._outer(tape)
            if outer is not None and outer._recording:
                original(outer, tensor)
            return original(tape, tensor)

        return watch

    def _gradient(self) -> Any:
        original = self.original["gradient"]

        @functools.wraps(original)
        def gradient(tape: Any, target: Any, sources: Any, *rest: Any, **named: Any) -> Any:
            outer = self._outer(tape)
            if not self.level() or not self.tensorflow.executing_eagerly():
                return original(tape, target, sources, *rest, **named)
            pushed = outer is not None and not outer._recording
            if pushed:
                outer._push_tape()
            try:
                result = original(tape, target, sources, *rest, **named)
                flat = self.tensorflow.nest.flatten(result)
                dense = [self._dense(one) for one in flat]
            finally:
                if pushed and outer._recording:
                    outer._pop_tape()
            variables = self.tensorflow.nest.flatten(sources)
            if len(variables) == len(dense) and any(one is not None for one in dense):
                self.records.append(Record(self.tensorflow, original, outer, target, variables, dense))
                self.computed()
            return result

        return gradient

    def _dense(self, gradient: Any) -> Any:
        return gradient if gradient is None else self.tensorflow.convert_to_tensor(gradient)
