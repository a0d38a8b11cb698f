"""The pictures of the report page as inline SVG: each function gives one picture, or nothing where there is nothing to show.

Colours are classes of the page's style sheet, which knows dark and light; the text in a picture is the page's own text.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from html import escape as escape_html

from trainlint.facts.run import TrainingRun
from trainlint.probe.protocol import LayerState, Measurement, Spectrum, Trial, Units
from trainlint.probe.verdict import bound_of
from trainlint.report.plain import printable
from trainlint.wording import figure

WIDTH = 500
LEFT, RIGHT = 12, 12
LABEL = 170
"""Width of the names beside bars."""
MOST_BARS = 60
MOST_POINTS = 400
LONGEST_NAME = 24


class Scale:
    """Numbers to x positions between `first` and `last`, logarithmic or linear, with room at either end."""

    def __init__(self, values: Sequence[float], first: float, last: float, *, log: bool = False) -> None:
        self.first, self.last, self.log = first, last, log
        found = [self._of(one) for one in values if math.isfinite(one) and (one > 0 or not log)] or [0.0, 1.0]
        low, high = min(found), max(found)
        room = 0.08 * (high - low) or (0.5 if log else 0.1 * abs(high) or 0.5)
        self.low, self.high = low - room, high + room

    def _of(self, value: float) -> float:
        return math.log10(value) if self.log else value

    def __call__(self, value: float) -> float:
        """Where the value lies; what is not finite, or not positive on a logarithmic axis, lies at its end."""
        if math.isnan(value) or value == math.inf:
            return self.last
        if value == -math.inf or (self.log and value <= 0):
            return self.first
        share = (self._of(value) - self.low) / (self.high - self.low)
        return round(self.first + min(1.0, max(0.0, share)) * (self.last - self.first), 2)

    def ticks(self) -> list[float]:
        """A few round numbers on the axis."""
        if self.log:
            powers = range(math.ceil(self.low), math.floor(self.high) + 1)
            found = [10.0**one for one in powers if -300 < one < 300]
            found = (
                found
                if len(found) > 1
                else [
                    m * 10.0**p
                    for p in range(math.floor(self.low), math.ceil(self.high) + 1)
                    for m in (1, 2, 5)
                    if self.low <= math.log10(m * 10.0**p) <= self.high
                ]
            )
            return found[:: max(1, len(found) // 6)]
        step = 10.0 ** math.floor(math.log10((self.high - self.low) / 2))
        step *= next(one for one in (1, 2, 5, 10) if (self.high - self.low) / (one * step) <= 6)
        first = math.ceil(self.low / step)
        return [round(index * step, 12) for index in range(first, math.floor(self.high / step) + 1)]


def escape(content: str) -> str:
    """Text of the script's, made harmless for a page."""
    return escape_html(printable(content))


def svg(height: float, parts: Sequence[str], title: str) -> str:
    """A picture of the page's width, with a title for those who cannot see it."""
    body = "".join(parts)
    return (
        f'<svg viewBox="0 0 {WIDTH} {height:g}" role="img" aria-label="{escape(title)}">'
        f"<title>{escape(title)}</title>{body}</svg>"
    )


def text(x: float, y: float, content: str, kind: str = "", anchor: str = "start") -> str:
    """A line of text."""
    return f'<text x="{x:g}" y="{y:g}" class="{kind}" text-anchor="{anchor}">{escape(content)}</text>'


def line(x1: float, y1: float, x2: float, y2: float, kind: str) -> str:
    """A straight line."""
    return f'<line x1="{x1:g}" y1="{y1:g}" x2="{x2:g}" y2="{y2:g}" class="{kind}"/>'


def dot(x: float, y: float, kind: str, label: str, size: float = 5) -> str:
    """A point that tells its number when it is pointed at."""
    return f'<circle cx="{x:g}" cy="{y:g}" r="{size:g}" class="{kind}"><title>{escape(label)}</title></circle>'


def bar(x: float, y: float, width: float, kind: str, label: str) -> str:
    """A bar that tells its number when it is pointed at."""
    title = f"<title>{escape(label)}</title>"
    return f'<rect x="{x:g}" y="{y:g}" width="{width:g}" height="16" rx="2" class="{kind}">{title}</rect>'


def axis(scale: Scale, y: float, top: float) -> list[str]:
    """A horizontal axis with its ticks, which are drawn up to `top`."""
    parts = [line(scale.first, y, scale.last, y, "axis")]
    for one in scale.ticks():
        x = scale(one)
        parts += [line(x, top, x, y, "grid"), text(x, y + 16, short(one), "tick", "middle")]
    return parts


def short(value: float) -> str:
    """A number on an axis."""
    if value and (abs(value) >= 1e5 or abs(value) < 1e-4):
        mantissa, _, exponent = f"{value:.0e}".partition("e")
        return f"{mantissa}e{int(exponent)}"
    return f"{value:g}"


def step_gauge(run: TrainingRun) -> str:
    """The learning rate and its bound on a logarithmic axis; beyond the bound the axis is shaded."""
    bound = bound_of(run)
    if bound is None or not (0 < bound.learning_rate < math.inf and 0 < bound.max_learning_rate < math.inf):
        return ""
    scale = Scale([bound.learning_rate, bound.max_learning_rate], LEFT + 20, WIDTH - RIGHT - 20, log=True)
    scale.low, scale.high = scale.low - 0.5, scale.high + 0.5
    at, limit = scale(bound.learning_rate), scale(bound.max_learning_rate)
    beyond = bound.learning_rate > bound.max_learning_rate
    parts = [
        f'<rect x="{limit:g}" y="34" width="{max(0.0, scale.last - limit):g}" height="26" class="beyond"/>',
        *axis(scale, 60, 34),
    ]
    parts += [line(limit, 28, limit, 66, "limit"), dot(at, 47, "bad" if beyond else "good", f"lr {bound.learning_rate:g}", 7)]
    side = "end" if limit > WIDTH / 2 else "start"
    parts.append(text(limit, 16, f"{bound.bound_formula} = {figure(bound.max_learning_rate, 4)}", "mark", side))
    side = "end" if at > WIDTH / 2 else "start"
    parts.append(text(at, 94, f"lr {figure(bound.learning_rate, 4)}, {figure(bound.ratio, 3)} × the bound", "mark", side))
    return svg(102, parts, f"the learning rate is {figure(bound.ratio, 3)} times its bound")


def spectrum(found: Spectrum | None) -> str:
    """The extreme eigenvalues on a line, the largest one with its error."""
    if found is None or not math.isfinite(found.largest):
        return ""
    lowest = [] if found.smallest is None else [found.smallest]
    values = [found.largest, *found.others, *lowest]
    scale = Scale([*values, 0.0], LEFT + 20, WIDTH - RIGHT - 20)
    parts = axis(scale, 60, 26)
    parts.append(line(scale(0.0), 22, scale(0.0), 66, "zero"))
    spread = (scale(found.largest - found.error), scale(found.largest + found.error))
    parts.append(line(spread[0], 43, spread[1], 43, "error"))
    parts += [dot(scale(one), 43, "muted", f"λ = {figure(one, 4)}") for one in found.others]
    parts += [dot(scale(one), 43, "bad" if one < 0 else "muted", f"smallest λ = {figure(one, 4)}") for one in lowest]
    parts.append(dot(scale(found.largest), 43, "main", f"λ = {figure(found.largest, 5)} ± {figure(found.error)}", 7))
    parts.append(text(scale(found.largest), 16, f"λ = {figure(found.largest, 4)}", "mark", "end"))
    return svg(84, parts, f"eigenvalues of the Hessian up to {figure(found.largest, 4)}")


def batches(found: Spectrum | None) -> str:
    """The largest eigenvalue on each batch."""
    if found is None or not found.batches:
        return ""
    values = [found.largest, *found.batches][:MOST_BARS]
    return bars([(f"batch {number + 1}", value) for number, value in enumerate(values)], "the largest eigenvalue of each batch")


def bars(rows: Sequence[tuple[str, float]], title: str, *, log: bool = False, marked: frozenset[str] = frozenset()) -> str:
    """Horizontal bars with their names and numbers."""
    shown = list(rows)[:MOST_BARS]
    if not shown:
        return ""
    scale = Scale([value for _, value in shown] + ([] if log else [0.0]), LABEL, WIDTH - 90, log=log)
    if not log and min(value for _, value in shown) >= 0:
        scale.low = 0.0
    parts = []
    for number, (name, value) in enumerate(shown):
        y = 6 + 22 * number
        start = scale.first if log else scale(0.0)
        end = scale(value)
        parts += [
            text(LABEL - 8, y + 13, abridged(name), "name", "end"),
            bar(
                min(start, end),
                y,
                max(1.0, abs(end - start)),
                "bar bad" if name in marked else "bar",
                f"{name}: {figure(value, 4)}",
            ),
            text(max(start, end) + 6, y + 13, figure(value, 3), "tick"),
        ]
    if len(rows) > len(shown):
        parts.append(text(LABEL, 20 + 22 * len(shown), f"and {len(rows) - len(shown)} more", "tick"))
    return svg(14 + 22 * len(shown) + (22 if len(rows) > len(shown) else 0), parts, title)


def abridged(name: str) -> str:
    """A name that fits beside its bar: of a long one the beginning and the end, which tell it from others."""
    half = LONGEST_NAME // 2
    return name if len(name) <= LONGEST_NAME else f"{name[: half - 1]}…{name[-half:]}"


def course(losses: Sequence[float], title: str) -> str:
    """A loss over steps."""
    shown = list(losses)[:MOST_POINTS]
    if len(shown) < 2:
        return ""
    finite = [one for one in shown if math.isfinite(one)]
    log = bool(finite) and min(finite) > 0 and max(finite) > 20 * min(finite)
    across = Scale([0.0, float(len(shown) - 1)], 70, WIDTH - RIGHT)
    across.low, across.high = 0.0, float(len(shown) - 1)
    up = Scale(finite, 150, 12, log=log)
    parts = [line(70, 150, WIDTH - RIGHT, 150, "axis")]
    for tick in up.ticks():
        parts += [line(70, up(tick), WIDTH - RIGHT, up(tick), "grid"), text(62, up(tick) + 4, short(tick), "tick", "end")]
    points = [(across(float(step)), up(one) if math.isfinite(one) else up.last, one) for step, one in enumerate(shown)]
    parts.append(f'<polyline class="course" points="{" ".join(f"{x:g},{y:g}" for x, y, _ in points)}"/>')
    if len(points) <= 40:
        parts += [
            dot(x, y, "main" if math.isfinite(one) else "bad", f"step {step}: {figure(one, 4)}", 3.5)
            for step, (x, y, one) in enumerate(points)
        ]
    every = max(1, (len(shown) - 1) // 8)
    parts += [text(across(float(step)), 168, str(step), "tick", "middle") for step in range(0, len(shown), every)]
    return svg(176, parts, title)


def sweep(trials: Sequence[Trial], run: TrainingRun) -> str:
    """Each rate that was tried: how many times its first value the loss ended at, and the predicted bound as a line."""
    tried = [one for one in trials if one.learning_rate > 0 and one.losses]
    if not tried:
        return ""
    bound = bound_of(run)
    limit = [] if bound is None else [bound.max_learning_rate]
    across = Scale([one.learning_rate for one in tried] + limit, 70, WIDTH - 20, log=True)
    ratios = {one.learning_rate: _ratio(one) for one in tried}
    up = Scale([one for one in ratios.values() if math.isfinite(one)] + [1.0], 150, 24, log=True)
    parts = []
    for tick in up.ticks():
        parts += [line(70, up(tick), WIDTH - 20, up(tick), "grid"), text(62, up(tick) + 4, f"×{short(tick)}", "tick", "end")]
    parts += axis(across, 150, 150)
    for one in limit:
        anchor = "start" if across(one) < 130 else "end" if across(one) > WIDTH - 80 else "middle"
        parts += [line(across(one), 14, across(one), 150, "limit"), text(across(one), 10, "predicted bound", "mark", anchor)]
    for trial in sorted(tried, key=lambda one: one.learning_rate):
        ratio = ratios[trial.learning_rate]
        said = f"lr {figure(trial.learning_rate, 3)}: ×{figure(ratio, 3)}, {'diverges' if trial.diverged else 'stable'}"
        parts.append(dot(across(trial.learning_rate), up(ratio), "bad" if trial.diverged else "good", said, 6))
    return svg(176, parts, "the sweep over learning rates")


def _ratio(trial: Trial) -> float:
    first, last = trial.losses[0], trial.losses[-1]
    return last / first if first and math.isfinite(first) and math.isfinite(last) else math.inf


def updates(layers: Sequence[LayerState]) -> str:
    """How far the first step moves each tensor, relative to its norm."""
    found = [(one.name, one.update_ratio) for one in layers if one.update_ratio and math.isfinite(one.update_ratio)]
    return bars(found, "the first step of each tensor relative to its norm", log=True)


def gradients(layers: Sequence[LayerState]) -> str:
    """The gradient's norm of each tensor."""
    found = [(one.name, one.gradient_norm) for one in layers if one.gradient_norm and math.isfinite(one.gradient_norm)]
    return bars(found, "the gradient's norm of each tensor", log=True)


def units(found: Sequence[Units]) -> str:
    """The share of each activation's units that are dead or saturated, in per cent."""
    rows = [
        (one.name, 100 * max(one.dead, one.saturated) / one.units) for one in found if one.units and (one.dead or one.saturated)
    ]
    return bars(rows, "dead or saturated units in per cent", marked=frozenset(name for name, share in rows if share >= 50))


def of_run(measurement: Measurement, run: TrainingRun) -> list[tuple[str, str]]:
    """All pictures of a run, each with its heading."""
    found = [
        ("Learning rate and bound", step_gauge(run)),
        ("Spectrum of the Hessian", spectrum(measurement.spectrum)),
        ("λ of each batch", batches(measurement.spectrum)),
        ("Loss in the first real steps", course(measurement.losses, "the loss in the first real steps")),
        ("Loss on one batch, repeated", course(measurement.overfit, "the loss on one batch")),
        ("Sweep: the loss after some steps, as a multiple of its start", sweep(measurement.sweep, run)),
        ("First step of each tensor, relative to its norm", updates(measurement.layers)),
        ("Gradient of each tensor", gradients(measurement.layers)),
        ("Dead or saturated units, %", units(measurement.units)),
    ]
    return [(heading, picture) for heading, picture in found if picture]
