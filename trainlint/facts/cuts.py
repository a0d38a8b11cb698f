"""Losses that are cut off from the weights: no path of gradients leads from what `backward` starts at to any weight."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from trainlint.core import Edit, Place
from trainlint.facts.passes import every_event
from trainlint.facts.queries import above, in_line
from trainlint.facts.run import Script
from trainlint.interpret.events import Event
from trainlint.interpret.values import Array, Object, Unknown, Value, alternatives

MAXIMUM_ARRAYS = 5_000
FLAT = frozenset({"round", "sign", "floor", "ceil"})
"""Operations whose derivative is 0 wherever they have one."""

WHOLE = ("int", "uint", "bool")
"""Element types that have no gradients."""

REDUCED = frozenset({"mean", "sum", "cast", "squeeze", "reshape", "identity"})
LONGEST_TEXT = 60
READ_OUT = re.compile(r"[\w.]+\(\s*([A-Za-z_]\w*)(\.data|\.detach\(\)|\.item\(\)|\.clone\(\))*\s*(,[^()]*)?\)\Z")
SUFFIX = re.compile(r"(\.detach\(\)|\.item\(\)|\.data)\Z")


RAISES = '`backward`{at} raises "element 0 of tensors does not require grad"'
RAISES_OTHERWISE = "the gradient of every weight is None, and the step raises"
EFFECTS = {
    "leaf": "{what} has no way back to the weights: `backward`{at} runs, every gradient stays None, no step moves a weight",
    "number": "{what} is a Python number, which has no `backward`: raises an AttributeError",
    "detached": "{what} cuts the loss off from the weights: {raises}",
    "flat": "{op} has the gradient 0 everywhere: `backward`{at} runs, and every weight's gradient is 0",
    "indices": "{op} has no gradient, and the loss has no other way back to the weights: {raises}",
}
"""What happens, by how the loss is cut: by a new tensor that wants gradients, `.item()`, `.detach()`, round or argmax."""


class Cut(NamedTuple):
    """Where a loss loses its way back, what follows from it in words, and the edits that mend it."""

    effect: str
    place: Place
    backward: Place
    edits: tuple[Edit, ...]


def cut_losses(script: Script) -> Iterator[Cut]:
    """The cut of every loss that is differentiated for an optimizer's step, each place once."""
    events = every_event(script)
    yield from _cut_in_fits(events)
    if not any(event.kind in ("step", "maybe_step") for event in events):
        return
    seen: set[object] = set()
    wanting = {id(event.values.get("target")) for event in events if event.kind == "wants_gradient"}
    for event in events:
        loss = event.values.get("loss")
        if event.kind != "backward" or event.place is None or not isinstance(loss, Array):
            continue
        cut = _cut_at_the_end(loss) or _first_cut(loss)
        if cut is None or cut.place is None or cut.place in seen or _is_wanted(cut, loss, event):
            continue
        seen.add(cut.place)
        wanted = any(id(one) in wanting for one in above(loss))
        yield Cut(_effect(cut, loss, event.place, wanted=wanted), cut.place, event.place, _edits(cut))


def _cut_in_fits(events: Sequence[Event]) -> Iterator[Cut]:
    """The same of losses of the script that `fit` minimises."""
    seen: set[object] = set()
    for event in events:
        loss = event.values.get("loss_output")
        cut = _first_cut(loss) if event.kind == "fit" and isinstance(loss, Array) else None
        if cut is None or cut.place is None or event.place is None or cut.place in seen or cut.op == "parameter":
            continue
        seen.add(cut.place)
        effect = f"{cut.op} has no gradient, and the loss has no other way back to the weights: `fit` raises, or moves no weight"
        yield Cut(effect, cut.place, event.place, ())


def _cut_at_the_end(loss: Array) -> Array | None:
    """`loss.detach()` as all of what is differentiated: no gradient leaves it, whatever the loss was computed from."""
    while loss.op in REDUCED and len(loss.inputs) == 1 and isinstance(loss.inputs[0], Array):
        loss = loss.inputs[0]
    return loss if loss.op == "detach" and loss.library == "torch" else None


def _first_cut(loss: Array) -> Array | None:
    """The cut that was met first on the way up, if every path to a weight ends in one; None if one path may be open.

    What is not known counts as open, unless it comes from where the model's own inputs come from: then it is of the batch.
    """
    cuts: list[Array] = []
    unknown: set[str] = set()
    stack: list[Value] = [loss]
    seen: set[int] = set()
    while stack:
        one = stack.pop()
        if id(one) in seen:
            continue
        seen.add(id(one))
        if len(seen) > MAXIMUM_ARRAYS:
            return None
        if isinstance(one, Array) and _cuts(one):
            cuts.append(one)
        elif isinstance(one, Array) and not is_weight(one):
            stack.extend(reversed([other for value in one.inputs for other in alternatives(value)]))
        elif isinstance(one, Array):
            return None
        elif isinstance(one, Unknown):
            unknown.add(one.why)
    batch = {one.why for cut in cuts for one in above(_start(cut)) if isinstance(one, Unknown)}
    return cuts[0] if cuts and unknown <= batch else None


def _cuts(array: Array) -> bool:
    """Whether an array has no gradients towards the weights that it was computed from."""
    from trainlint.interpret.torch.parameters import NOT_DIFFERENTIABLE

    if not (array.detached or array.op == "parameter" or array.op in NOT_DIFFERENTIABLE or array.op in FLAT):
        return False
    start = _start(array)
    return (array.op != "parameter" or start is not array) and any(is_weight(one) for one in above(start))


def _start(array: Array) -> Array:
    """What a trainable tensor starts as, where that is an array; any other array as it is."""
    state = array.attributes.get("state")
    initial = state.cells.get("initializer") if array.op == "parameter" and isinstance(state, Object) else None
    return initial if isinstance(initial, Array) else array


def is_weight(value: Value) -> bool:
    """Whether a value is a weight, a gradient, or the output of a layer that owns weights."""
    if not isinstance(value, Array):
        return False
    layer = value.attributes.get("layer")
    if value.op == "layer":
        from trainlint.interpret.torch.parameters import WEIGHTLESS

        return not isinstance(layer, Object) or layer.row.kind not in WEIGHTLESS
    return value.op in ("parameter", "gradient")


def is_constant(array: Array) -> bool:
    """Whether no gradient flows through an array: cut off, of NumPy, or of whole numbers."""
    return array.detached or array.library == "numpy" or str(array.dtype).startswith(WHOLE)


def _is_wanted(cut: Array, loss: Array, event: Event) -> bool:
    """Whether a leaf between network and loss is made on purpose: its own gradient is read, or an optimizer has it."""
    if cut.op != "parameter" or _is_all_of(cut, loss):
        return False
    text = getattr(event.place, "source_text", "")
    return re.search(r"\.grad\b|autograd\.grad\(", text) is not None or len(re.findall(r"\boptim\w*\.[A-Z]\w+\(", text)) > 1


def _is_all_of(cut: Array, loss: Array) -> bool:
    """Whether the loss is the cut itself, but for means and sums."""
    while loss is not cut and loss.op in REDUCED and loss.inputs and isinstance(loss.inputs[0], Array):
        loss = loss.inputs[0]
    return loss is cut


def _effect(cut: Array, loss: Array, backward: Place, *, wanted: bool) -> str:
    text = getattr(cut.place, "text", "").removesuffix(".requires_grad")
    what = f"`{text}`" if text and "\n" not in text and len(text) <= LONGEST_TEXT else f"this {cut.op}"
    raises = RAISES if loss.library == "torch" else RAISES_OTHERWISE
    at = in_line(backward)
    return EFFECTS[_how(cut, loss, wanted=wanted)].format(what=what, op=cut.op, at=at, raises=raises.format(at=at))


def _how(cut: Array, loss: Array, *, wanted: bool) -> str:
    if cut.op == "parameter" or wanted:
        return "leaf"
    if cut.op in FLAT and not cut.detached:
        return "flat"
    if cut.detached:
        return "number" if loss is cut and cut.attributes.get("number") else "detached"
    return "indices"


def _edits(cut: Array) -> tuple[Edit, ...]:
    """The tensor in the place of its copy; none where the copy's own source is cut already, or stands elsewhere."""
    from trainlint.interpret.torch.parameters import carries_gradient

    text, place = getattr(cut.place, "text", ""), cut.place
    source: Value = _start(cut)
    while isinstance(source, Array) and source.op == "detach" and source.place is not None and place is not None:
        if source.place.span.row != place.span.row:
            break
        source = source.inputs[0]
    if place is None or not isinstance(source, Array) or not carries_gradient(source):
        return ()
    found = READ_OUT.match(text)
    if found is not None and found[1] not in ("torch", "np", "tf"):
        return (Edit(place.span, found[1]),)
    if cut.op == "detach" and SUFFIX.search(text):
        return (Edit(place.span, SUFFIX.sub("", text)),)
    return ()
