"""What host and child say to one another: a `Request` in the child's environment, a `Measurement` a run in its folder.

Standard library only: the child loads this file in the user's process before anything of the user's.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, is_dataclass
from pathlib import Path
from typing import Any, TypeVar, get_args, get_origin, get_type_hints

VERSION = 1
VARIABLE = "TRAINLINT_PROBE"  # the environment variable that holds the Request; a child without it does nothing

T = TypeVar("T")


@dataclass(frozen=True)
class Request:
    """What the host asks for. `folder` is where the child writes `run-<number>.json` (rank 0 alone), each renamed into place.

    `runs`: so many trainings are measured, then the script is stopped. `products`: the most Hessian-vector products for one
    eigenvalue. `tolerance`: Lanczos stops when the residual is below this share of the eigenvalue and one that is larger by ten
    times as much (by a tenth at least) would have shown itself nine times in ten. `batches`: batches for the
    spread of the sharpness. `steps`: real optimizer steps watched afterwards. `sweep`: learning rates tried from the captured
    state, as multiples of the predicted bound (of the script's own rate for adaptive optimizers). `overfit`: steps on one batch.
    `seconds`: what one run's measuring is allowed to take; what is not reached by then is left out and noted.
    `deadline` is the time (of `time.time`) at which the host ends everything, 0.0 if it does not: stacks are written just before.
    `stop` is False only in tests that want to see that the script goes on unharmed.
    """

    folder: str
    runs: int = 1
    products: int = 30
    tolerance: float = 0.01
    batches: int = 4
    steps: int = 10
    sweep: tuple[float, ...] = ()
    overfit: int = 0
    seconds: float = 60.0
    deadline: float = 0.0
    stop: bool = True


@dataclass(frozen=True)
class Line:
    """A place in the user's code: the innermost frame that is neither the standard library, site-packages nor the probe."""

    file: str
    line: int


@dataclass(frozen=True)
class Spectrum:
    """Extreme eigenvalues of the Hessian of exactly the scalar that the script differentiates [loss / parameter^2].

    `largest` with `error`, the residual of its Ritz pair (an eigenvalue lies within `error` of it; Parlett 1980, theorem 4.5.1);
    `others`: the next Ritz values downwards; `smallest`: the most negative one or None where it was not looked for.
    `method`: "double backward", "outer tape", "forward over reverse", "finite differences". `batches`: the largest eigenvalue on
    each further batch, at the same parameters. `confirmed`: True if replaying the step agreed with the products along the top
    vector, False if it did not (the figure is then only a lower bound), None if it could not be replayed.
    `preconditioned`: the largest eigenvalue of P^-1/2 H P^-1/2 for an adaptive optimizer, P averaged over several batches, with a
    floor. `first_step_ratio`: lr u'Hu / (2 g'u) along the optimizer's own first step u; above 1 that step raises the loss.
    """

    largest: float
    error: float
    products: int
    method: str
    others: tuple[float, ...] = ()
    smallest: float | None = None
    batches: tuple[float, ...] = ()
    confirmed: bool | None = None
    preconditioned: float | None = None
    first_step_ratio: float | None = None


@dataclass(frozen=True)
class OptimizerState:
    """The optimizer as it stands: its class, its rate now and at its largest (a warm-up starts at 0), its other numbers."""

    name: str
    learning_rate: float
    peak_learning_rate: float
    settings: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Range:
    """One array that went in: over all entries of the first batch. `constant_columns` count features of one single value."""

    shape: tuple[int, ...]
    dtype: str
    low: float
    high: float
    mean: float
    second_moment: float
    constant_columns: int = 0
    non_finite: int = 0


@dataclass(frozen=True)
class LayerState:
    """One parameter tensor: its norms [parameter unit], and how far the first step moves it relative to its own norm."""

    name: str
    size: int
    weight_norm: float
    gradient_norm: float | None
    update_ratio: float | None = None


@dataclass(frozen=True)
class Units:
    """The units of one activation on the first batch that are dead (never active) or saturated (at a bound for all rows)."""

    name: str
    units: int
    dead: int = 0
    saturated: int = 0


@dataclass(frozen=True)
class Trial:
    """One learning rate of the sweep: the losses from the captured state, and whether they diverged."""

    learning_rate: float
    losses: tuple[float, ...]
    diverged: bool


@dataclass(frozen=True)
class Measurement:
    """All that was measured of one training run. What could not be had is None or empty, and `notes` says why in words.

    `places` name the user's lines by what they do: optimizer (where it was made), backward, step, fit, compile, model, loss.
    `losses` are those of the real steps that followed, the first one at the captured parameters. `gradient_noise` is the trace of
    the gradient's covariance over batches divided by the square of its mean's norm. `classes` is C where the first loss can be
    held against ln C. `seconds` holds "gradient" (one forward and backward pass), "product" (one Hessian-vector product), "all".
    `failure` says why there is nothing, when there is nothing.
    """

    framework: str
    number: int = 0
    version: int = VERSION
    libraries: Mapping[str, str] = field(default_factory=dict)
    device: str = "cpu"
    dtype: str = "float32"
    world_size: int = 1
    places: Mapping[str, Line] = field(default_factory=dict)
    optimizer: OptimizerState | None = None
    loss: float | None = None
    loss_name: str = ""
    classes: int | None = None
    parameters: int = 0
    batch_size: int | None = None
    spectrum: Spectrum | None = None
    gradient_norm: float | None = None
    gradient_noise: float | None = None
    inputs: tuple[Range, ...] = ()
    targets: tuple[Range, ...] = ()
    layers: tuple[LayerState, ...] = ()
    without_gradient: tuple[str, ...] = ()
    units: tuple[Units, ...] = ()
    losses: tuple[float, ...] = ()
    overfit: tuple[float, ...] = ()
    sweep: tuple[Trial, ...] = ()
    seconds: Mapping[str, float] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    failure: str | None = None


def to_json(message: Request | Measurement) -> str:
    """`message` as strict JSON: numbers that are not finite become the strings "nan", "inf" and "-inf"."""
    return json.dumps(_plain(asdict(message)), allow_nan=False)


def from_json(text: str, kind: type[T]) -> T:
    """The message in `text`. What does not fit is an error: the child runs the user's code, so its output is not trusted.

    Raises:
        ValueError: `text` is no such message.
    """
    try:
        message: T = _build(json.loads(text), kind)
    except (TypeError, KeyError, RecursionError, OverflowError) as error:
        raise ValueError(f"no {kind.__name__}: {error}") from None
    return message


def write(message: Measurement, folder: Path) -> None:
    """Put `message` into `folder` under its number, whole or not at all."""
    unfinished = folder / f"run-{message.number}.unfinished"
    unfinished.write_text(to_json(message), encoding="utf-8")
    unfinished.replace(folder / f"run-{message.number}.json")


def _plain(value: Any) -> Any:
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    if isinstance(value, dict):
        return {str(key): _plain(one) for key, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(one) for one in value]
    return value


def _build(value: Any, hint: Any) -> Any:
    if is_dataclass(hint) and isinstance(hint, type):
        if not isinstance(value, dict):
            raise TypeError(f"{hint.__name__} must be an object")
        hints = get_type_hints(hint)
        names = {one.name for one in fields(hint)}
        if not set(value) <= names:
            raise TypeError(f"{hint.__name__} has no {sorted(set(value) - names)}")
        return hint(**{key: _build(one, hints[key]) for key, one in value.items()})
    origin, inner = get_origin(hint), get_args(hint)
    if type(None) in inner:
        return None if value is None else _build(value, next(one for one in inner if one is not type(None)))
    if origin is tuple:
        return tuple(_build(one, inner[0]) for one in _list(value))
    if inner:
        if not isinstance(value, dict):
            raise TypeError("an object is expected")
        return {str(key): _build(one, inner[1]) for key, one in value.items()}
    return _scalar(value, hint)


def _list(value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise TypeError("a list is expected")
    return value


def _scalar(value: Any, hint: Any) -> Any:
    if hint is float and value in ("nan", "inf", "-inf"):
        return float(value)
    allowed = (int, float) if hint is float else (hint,)
    if not isinstance(value, allowed) or (isinstance(value, bool) and hint is not bool):
        raise TypeError(f"{value!r:.60} is no {hint.__name__}")
    return float(value) if hint is float else value
