"""Loss functions of torch as the script calls them: their name, predictions, targets and value; and gradient scalers' factors."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import torch

from ..session import user_line
from .cycle import Call, nodes, tensors_in
from .tape import is_data

if TYPE_CHECKING:
    from .hooks import Hooks

OTHERS = ("cross_entropy", "binary_cross_entropy", "binary_cross_entropy_with_logits", "kl_div")
CLASSES = {"binary_cross_entropy": 2, "binary_cross_entropy_with_logits": 2}


def install(hooks: Hooks) -> None:
    """Watch every loss in `torch.nn.functional`; losses as modules call these."""
    from .hooks import wrap

    functional = torch.nn.functional
    names = [name for name in dir(functional) if name.endswith("_loss") and not name.startswith("_")]
    for name in (*names, *OTHERS):

        def watched(original: Any, *args: Any, __name: str = name, **kwargs: Any) -> Any:
            if not hooks.watching or not torch.is_grad_enabled():
                return original(*args, **kwargs)
            if not hooks.depth:
                with hooks.session.guard("torch", "reading a loss's inputs"):
                    args, kwargs = hooks.tape.feed(original, args, kwargs)
            result = original(*args, **kwargs)
            with hooks.session.guard("torch", "reading a loss"):
                hooks.tape.note(called(__name, original, args, kwargs, result))
            return result

        wrap(functional, name, watched)


def called(name: str, function: Any, args: Any, kwargs: Any, result: Any) -> Call:
    """The call of a loss function as the measurement wants it."""
    tensors = tensors_in((args, kwargs))
    targets = tuple(one for one in tensors[1:] if is_data(one))
    whole = result.numel() == 1 and kwargs.get("reduction", "mean") == "mean"
    value = float(result.detach()) if whole else None
    predictions = tensors[0].detach() if tensors else None
    return Call(name, function, targets, user_line(), True, predictions, value)


def is_loss(module: Any) -> bool:
    """Whether `module` is one of torch's losses: its inputs are predictions and targets, not data."""
    return isinstance(module, torch.nn.modules.loss._Loss)


def classes(call: Call) -> int | None:
    """C, where the first loss of an untrained classifier is ln C."""
    if call.name in CLASSES:
        return CLASSES[call.name]
    shape = getattr(call.predictions, "shape", ())
    if call.name not in ("cross_entropy", "nll_loss") or not shape:
        return None
    return int(shape[1] if len(shape) > 1 else shape[0])


def scale_of(outputs: tuple[Any, ...], scales: Mapping[Any, float]) -> float:
    """The gradient scaler's factor in `outputs`, 1 if there is none."""
    if not scales:
        return 1.0
    return next((scales[node] for node in nodes(outputs) if node in scales), 1.0)
