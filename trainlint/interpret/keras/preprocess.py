"""`keras.applications.<family>.preprocess_input`: what each family does to pictures of bytes."""

from __future__ import annotations

from trainlint.interpret.arrays import operate
from trainlint.interpret.dispatch import Call, function
from trainlint.interpret.values import Array, Literal, Tuple, Value
from trainlint.knowledge.backbones import CAFFE_MEAN, MODES, TORCH_DEVIATION, TORCH_MEAN


def _numbers(numbers: tuple[float, ...]) -> Tuple:
    return Tuple(tuple(Literal(one) for one in numbers))


@function(*(f"keras.applications.{module}.preprocess_input" for module in MODES))
def _preprocess(call: Call) -> Value:
    """The scaled pictures, and a "preprocess" event. A "mode" of its own, or what is no array, is not followed."""
    given = call.argument(0, "x")
    module = call.name.split(".")[-2]
    if not isinstance(given, Array):
        return call.unknown(f"what `{call.spelled}` makes of pictures that are not known")
    made = _in_mode(call, given, MODES[module])
    call.interpreter.emit("preprocess", call.place, output=made, family=Literal(module))
    return made


def _in_mode(call: Call, x: Array, mode: str) -> Array:
    if mode == "tf":
        halved = operate("divide", (x, Literal(127.5)), {}, call.place, x.library)
        return operate("subtract", (halved, Literal(1.0)), {}, call.place, x.library)
    if mode == "torch":
        unit = operate("divide", (x, Literal(255.0)), {}, call.place, x.library)
        centred = operate("subtract", (unit, _numbers(TORCH_MEAN)), {}, call.place, x.library)
        return operate("divide", (centred, _numbers(TORCH_DEVIATION)), {}, call.place, x.library)
    if mode == "caffe":
        turned = operate("flip", (x,), {"axis": -1}, call.place, x.library)
        return operate("subtract", (turned, _numbers(CAFFE_MEAN)), {}, call.place, x.library)
    return operate("copy", (x,), {}, call.place, x.library)
