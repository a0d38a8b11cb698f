"""What a script does to its training, in the order in which it would do it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from trainlint.core import Place
from trainlint.interpret.values import Value


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """One enclosing construct of an event.

    kind: "loop" (`trips` passes where that is known; `over` is what is iterated), "branch" (undecided), "call" (`name` of the
    function), "with" (`name`: no_grad, autocast, tape, ...), "uncalled" (entered with unknown arguments because nobody calls it).
    """

    kind: str
    place: Place | None = None
    name: str = ""
    trips: int | None = None
    over: Value | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Event:
    """One act of the script.

    `kind` and the roles in `values`:
      compile      model, optimizer, loss, metrics, extra_* (arguments no parameter takes)
      fit          model, x, y, batch_size, epochs, steps_per_epoch, validation_data, callbacks, shuffle, ...
      forward      model, output, inputs            (a script's call of a module or model)
      loss         loss, output                     (output: the loss Array)
      backward     loss                             (an Array)
      zero_grad    target                           (optimizer or model)
      step         optimizer; or for updates by hand: parameter, update, learning_rate
      scheduler_step  schedule
      clip         target, maximum, by              (by: "norm" or "value")
      mode         model, mode                      ("train" or "eval")
      shuffle      array, by                        (in place: `random.shuffle(x)`)
      set_weights  target, weights
      not_called   method                           (a bound method as a statement, without parentheses)
      call         callee, result, ...              (any other library call whose row asks to be recorded)
    """

    kind: str
    place: Place | None
    frames: tuple[Frame, ...] = ()
    values: Mapping[str, Value] = field(default_factory=dict)
    argument_places: Mapping[str, Place] = field(default_factory=dict)
    order: int = 0

    def in_loop(self) -> bool:
        """Whether some loop of the script surrounds the event."""
        return any(frame.kind == "loop" for frame in self.frames)
