"""What can be read off a cycle without computing: the optimizer, the arrays that went in, the layers, units and losses."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Any

import torch

from ...protocol import LayerState, Line, OptimizerState, Range, Units
from .cycle import Call, Cycle, Loss, nodes, tensors_in
from .losses import classes
from .vectors import Space, local

UNTOLD = {"params", "lr", "initial_lr", "max_lr", "capturable", "differentiable", "fused", "foreach"}  # no number of the method
LARGEST = 50_000_000  # entries of an array that are looked at
RENAMED = ("module.", "_orig_mod.", "_fsdp_wrapped_module.", "_checkpoint_wrapped_module.", "_forward_module.")
BOUNDS = {"SigmoidBackward0": (0.0, 1.0), "TanhBackward0": (-1.0, 1.0)}
RECTIFIERS = {"ReluBackward0": "ReLU", "ThresholdBackward0": "ReLU"}
NEAR = 0.01  # of the range: so near to its bound a unit's slope is a hundredth of the largest
COUNTED = 64  # activations that are listed


def optimizer_state(optimizer: Any) -> OptimizerState:
    """Class, rate now, largest rate and every other number of the first parameter group; (beta1, beta2) as beta_1 and beta_2."""
    groups = optimizer.param_groups
    rate = max(float(group["lr"]) for group in groups)
    peak = max(float(group.get(key) or 0.0) for group in groups for key in ("lr", "initial_lr", "max_lr"))
    settings: dict[str, float] = {}
    for key, value in groups[0].items():
        if key in UNTOLD or value is None:
            continue
        if key == "betas":
            settings.update({f"beta_{index + 1}": float(one) for index, one in enumerate(value)})
        elif isinstance(value, (bool, int, float)):
            settings[key] = float(value)
    return OptimizerState(type(optimizer).__name__, rate, peak, settings)


def names(modules: Iterable[Any]) -> dict[int, str]:
    """The parameters' names in the modules that were called, by identity; wrappers' prefixes are left out.

    Where a script calls several layers by themselves, their class and a number stand before the name.
    """
    found: dict[int, str] = {}
    roots = [module for module in modules if next(module.parameters(), None) is not None]
    for index, module in enumerate(roots):
        alone = len(roots) > 1 and next(module.children(), None) is None
        prefix = f"{type(module).__name__} {index + 1}." if alone else ""
        for name, one in module.named_parameters():
            found.setdefault(id(one), prefix + plain(name))
    return found


def plain(name: str) -> str:
    """A parameter's name without what wrappers (parallel, compiled, sharded, checkpointed) put before or into it."""
    for wrapper in RENAMED:
        name = name.replace(wrapper, "")
    return name


def inputs_and_targets(cycle: Cycle) -> tuple[tuple[Range, ...], tuple[Range, ...], int | None]:
    """The data of the last forward pass: what the model was given, what the loss was given, and the number of rows."""
    models = [one for one in cycle.calls if not one.is_loss and one.tensors]
    losses = [one for one in cycle.calls if one.is_loss and one.tensors]
    inputs = list(models[-1].tensors) if models else []
    targets = list(losses[-1].tensors) if losses else []
    batch = tensors_in(cycle.batches[-1]) if cycle.batches else []
    if not inputs:
        inputs = batch[:1]
    if not targets:
        targets = [one for one in batch[1:] if not any(same(one, other) for other in inputs)][-1:]
    rows = next((int(one.shape[0]) for one in inputs if one.dim()), None)
    return tuple(map(range_of, inputs)), tuple(map(range_of, targets)), rows


def same(one: Any, other: Any) -> bool:
    """Whether two tensors hold the same data; on another device only their shapes are compared."""
    if one.shape != other.shape or one.dtype != other.dtype:
        return False
    return one.device != other.device or bool(torch.equal(one, other))


def range_of(tensor: Any) -> Range:
    """The range of `tensor`; columns are those of its last axis, or of axis 1 for images."""
    kind = str(tensor.dtype).removeprefix("torch.")
    shape = tuple(tensor.shape)
    if not tensor.numel() or tensor.is_complex() or tensor.layout != torch.strided or tensor.numel() > LARGEST:
        return Range(shape, kind, math.nan, math.nan, math.nan, math.nan)
    values = local(tensor.detach()).double() if tensor.device.type != "mps" else tensor.detach().float()
    finite = torch.isfinite(values)
    good = values[finite]
    if not good.numel():
        return Range(shape, kind, math.nan, math.nan, math.nan, math.nan, 0, values.numel())
    constant = 0
    if values.dim() > 1 and values.shape[0] > 1:
        spread = values.amax(0) - values.amin(0)
        constant = int((spread == 0).sum()) if values.dim() == 2 else 0
    low, high, mean, second = (float(one) for one in (good.min(), good.max(), good.mean(), (good * good).mean()))
    return Range(shape, kind, low, high, mean, second, constant, int((~finite).sum()))


def layer_states(space: Space, rows: Sequence[Any], steps: Sequence[Any] | None, known: dict[int, str]) -> tuple[LayerState, ...]:
    """Each parameter's norms, and how far `steps` move it; a `rows` entry of None is a parameter without a gradient."""
    states = []
    for index, (one, row) in enumerate(zip(space.parameters, rows, strict=True)):
        weight = space.norm_of(one)
        gradient = None if row is None else space.norm_of(row)
        moved = space.norm_of(steps[index]) / weight if steps is not None and weight > 0 else None
        states.append(LayerState(known.get(id(one), f"parameter {index}"), one.numel(), weight, gradient, moved))
    return tuple(states)


def units(losses: Sequence[Loss], known: dict[int, str]) -> tuple[Units, ...]:
    """The activations in the losses' graphs with units that never respond, or are at a bound for all rows."""
    found: list[Units] = []
    for loss in losses[:1]:
        for node in nodes(loss.outputs):
            kind = type(node).__name__
            if kind in RECTIFIERS or kind in BOUNDS:
                saved = node._saved_result if hasattr(node, "_saved_result") else node._saved_self
                if saved.dim() < 2 or saved.numel() > LARGEST:
                    continue
                name = f"{RECTIFIERS.get(kind, kind.removesuffix('Backward0'))} after {before(node, known)}"
                found.append(state_of_units(name, kind, saved.detach()))
    return tuple(reversed(found))[:COUNTED]


def state_of_units(name: str, kind: str, values: Any) -> Units:
    """Dead or saturated units; a unit is a channel of an image, else an entry of the last axis."""
    axis = 1 if values.dim() == 4 else values.dim() - 1
    others = [one for one in range(values.dim()) if one != axis]
    count = int(values.shape[axis])
    if kind in RECTIFIERS:
        return Units(name, count, dead=int((values.amax(others) <= 0).sum()))
    low, high = BOUNDS[kind]
    edge = NEAR * (high - low)
    stuck = torch.minimum(values - low, high - values).amax(others) < edge
    return Units(name, count, saturated=int(stuck.sum()))


def before(node: Any, known: dict[int, str]) -> str:
    """The name of the nearest parameter that feeds `node`."""
    level = [node]
    for _ in range(12):
        level = [one for each in level for one, _ in each.next_functions if one is not None]
        for one in level:
            name = known.get(id(getattr(one, "variable", None)))
            if name is not None:
                return name.removesuffix(".weight").removesuffix(".bias")
    return "the input"


def loss_name(cycle: Cycle) -> tuple[str, int | None]:
    """The loss function's name, and the number of classes if its value is the whole loss."""
    calls = [one for one in cycle.calls if one.is_loss and one.predictions is not None]
    if not calls:
        ends = [one.grad_fn for one in cycle.losses[-1].outputs] if cycle.losses else []
        return (type(ends[0]).__name__.removesuffix("Backward0") if ends and ends[0] is not None else ""), None
    last = calls[-1]
    whole = len(cycle.losses) == 1 and last.value is not None and math.isclose(last.value, cycle.loss, rel_tol=1e-3)
    return last.name, classes(last) if whole else None


def places(cycle: Cycle, made: Line | None) -> dict[str, Line]:
    """The user's lines by what they do."""
    model = [one for one in cycle.calls if not one.is_loss]
    loss = [one for one in cycle.calls if one.is_loss]
    lines = {
        "optimizer": made,
        "step": cycle.line,
        "backward": cycle.losses[-1].line if cycle.losses else None,
        "model": last_line(model),
        "loss": last_line(loss),
    }
    return {name: line for name, line in lines.items() if line is not None}


def last_line(calls: Sequence[Call]) -> Line | None:
    """Where the last of `calls` was made."""
    return calls[-1].line if calls else None
