"""The edits that rules of training loops propose. One that cannot be made safely is left out: the result is then empty."""

from __future__ import annotations

import re
import tokenize

from trainlint.core import Edit, Place, Span
from trainlint.facts.compiling import MEANT, compile_repairs
from trainlint.facts.syntax import assigned_name, collected_name
from trainlint.interpret.events import Event
from trainlint.remedies.suggestions import insert_after, insert_argument, insert_statement_before, rename_argument, text_at
from trainlint.source.lines import split_rows

NAME = re.compile(r"[A-Za-z_]\w*(\.\w+)*")


def _rows(place: Place | None) -> list[str]:
    return split_rows(getattr(place, "source_text", ""))


def _indent(row: str) -> str:
    return row[: len(row) - len(row.lstrip())]


def _own_row(place: Place | None) -> str:
    """The row of a statement of one line that stands alone, or is the end of an assignment; "" for any other."""
    rows = _rows(place)
    if place is None or place.span.row != place.span.end_row or place.span.row > len(rows):
        return ""
    row = rows[place.span.row - 1]
    before, after = row[: place.span.column - 1].strip(), row[place.span.end_column - 1 :].strip()
    whole = (not before or before.endswith("=")) and (not after or after.startswith("#"))
    return row if whole and not _is_alone(rows, place.span.row) else ""


def _is_alone(rows: list[str], number: int) -> bool:
    """Whether a row is all there is to a block."""
    depth = len(_indent(rows[number - 1]))
    above = next((row for row in reversed(rows[: number - 1]) if row.strip()), "")
    below = next((row for row in rows[number:] if row.strip()), "")
    return len(_indent(above)) < depth and len(_indent(below)) < depth


def _without_row(place: Place) -> Edit:
    span = place.span
    rows = _rows(place)
    if span.row < len(rows):
        return Edit(Span(span.filename, span.row, 1, span.row + 1, 1), "")
    before = max(span.row - 1, 1)
    return Edit(Span(span.filename, before, len(rows[before - 1]) + 1, span.row, len(rows[span.row - 1]) + 1), "")


def _last_row(rows: list[str], number: int) -> int:
    """The row in which the statement ends that a row begins."""
    tokens = tokenize.generate_tokens(iter([f"{row}\n" for row in rows[number - 1 :]]).__next__)
    try:
        return number - 1 + next((token.end[0] for token in tokens if token.type == tokenize.NEWLINE), 1)
    except (tokenize.TokenError, SyntaxError):  # a script that does not parse as a whole
        return number


def move_before(statement: Place | None, target: Place | None) -> tuple[Edit, ...]:
    """A statement of one line moved in front of the statement at `target`, with the indentation it has there."""
    row, rows = _own_row(statement), _rows(target)
    if not row or statement is None or target is None or statement.span.filename != target.span.filename:
        return ()
    number = target.span.row
    there = rows[number - 1]
    if there[: target.span.column - 1].strip() or number == statement.span.row:
        return ()
    line = _indent(there) + row.strip() + "\n"
    return (Edit(Span(target.span.filename, number, 1, number, 1), line), _without_row(statement))


def move_behind(statement: Place | None, target: Place | None) -> tuple[Edit, ...]:
    """A statement of one line moved behind the statement that ends at `target`."""
    row, rows = _own_row(statement), _rows(target)
    if not row or statement is None or target is None or statement.span.filename != target.span.filename:
        return ()
    number = _last_row(rows, target.span.end_row)
    if number + 1 > len(rows) or number == statement.span.row:
        return ()
    line = _indent(rows[target.span.row - 1]) + row.strip() + "\n"
    return (_without_row(statement), Edit(Span(target.span.filename, number + 1, 1, number + 1, 1), line))


def insert_at_head(loop: Place | None, statement: str) -> tuple[Edit, ...]:
    """A statement as the first one of a loop's body."""
    rows = _rows(loop)
    if loop is None or not statement or loop.span.row > len(rows):
        return ()
    header = rows[loop.span.row - 1].partition("#")[0].rstrip()
    body = next((number for number in range(loop.span.row + 1, loop.span.end_row + 1) if rows[number - 1].strip()), None)
    if not header.endswith(":") or body is None or body > len(rows):
        return ()
    indent = _indent(rows[body - 1])
    return (Edit(Span(loop.span.filename, body, 1, body, 1), f"{indent}{statement}\n"),)


def train_mode_at_head(evaluation: Place, loop: Place | None) -> tuple[Edit, ...]:
    """`model.train()` at the head of the loop around the training, where the loop's text knows the name."""
    name = text_at(evaluation).partition(".eval(")[0]
    known = bool(NAME.fullmatch(name)) and re.search(rf"(?<![\w.]){re.escape(name)}\b", text_at(loop)) is not None
    return insert_at_head(loop, f"{name}.train()") if known else ()


def descend(update: Place) -> tuple[Edit, ...]:
    """`-=` for `+=`, `assign_sub` for `assign_add`, `sub_` for `add_`."""
    rows, span = _rows(update), update.span
    row = rows[span.row - 1] if span.row <= len(rows) else ""
    for old, new in (("+=", "-="), (".assign_add(", ".assign_sub("), (".add_(", ".sub_(")):
        if row.count(old) == 1 and span.row == span.end_row:
            column = row.index(old) + 1
            return (Edit(Span(span.filename, span.row, column, span.row, column + len(old)), new),)
    return ()


def step_scheduler(schedule: Place, loops: tuple[Place, ...]) -> tuple[Edit, ...]:
    """`scheduler.step()` at the end of every epoch; nothing where the loops around the step do not tell the epochs."""
    name = assigned_name(schedule)
    if len(loops) < 2 or not name or not _same_function(schedule, loops[-1]):
        return ()
    return (insert_after(loops[-1], f"\n{' ' * (loops[-1].span.column - 1)}{name}.step()"),)


def _same_function(first: Place, second: Place) -> bool:
    """Whether the code at two places has the same local names: no `def` lies between them at or left of the first's column."""
    rows = _rows(first)
    if first.span.filename != second.span.filename or second.span.row > len(rows) or first.span.row >= second.span.row:
        return False
    depth = len(_indent(rows[first.span.row - 1]))
    between = rows[first.span.row : second.span.row - 1]
    return "self." not in rows[first.span.row - 1] and not any(
        re.match(r"\s*(def|class)\b", row) and len(_indent(row)) <= depth for row in between
    )


def swap_betas(optimizer: Place) -> tuple[Edit, ...]:
    """The two betas in each other's place."""
    text = text_at(optimizer)
    turned = re.sub(r"(betas\s*=\s*[(\[])\s*([\w.]+)\s*,\s*([\w.]+)", r"\1\3, \2", text)
    if turned == text and "beta_1" in text and "beta_2" in text:
        names = {"beta_1": "beta_2", "beta_2": "beta_1"}
        turned = re.sub(r"\bbeta_[12]\b", lambda found: names[found[0]], text)
    return (Edit(optimizer.span, turned),) if turned != text else ()


def set_epoch(sampler: Place, loop: Place, epoch: str) -> tuple[Edit, ...]:
    """`sampler.set_epoch(epoch)` at the head of the epoch loop."""
    name = assigned_name(sampler)
    return insert_at_head(loop, f"{name}.set_epoch({epoch})") if name and epoch.isidentifier() else ()


def unscale_first(clip: Place, scale: Place | None, step: Place | None) -> tuple[Edit, ...]:
    """`scaler.unscale_(optimizer)` in front of the clipping."""
    scaler, given = _scaler(scale), re.fullmatch(r"[\w.]+\.step\(([\w.]+)\)", text_at(step))
    return insert_statement_before(clip, f"{scaler}.unscale_({given[1]})") if scaler and given else ()


def step_by_scaler(step: Place, scale: Place | None) -> tuple[Edit, ...]:
    """`scaler.step(optimizer)` and `scaler.update()` for `optimizer.step()`."""
    scaler, optimizer = _scaler(scale), re.fullmatch(r"([\w.]+)\.step\(\)", text_at(step))
    if not scaler or optimizer is None:
        return ()
    behind = _update_behind(step, scaler)
    return (Edit(step.span, f"{scaler}.step({optimizer[1]})"), *behind) if behind else ()


def update_scaler(step: Place, scale: Place | None) -> tuple[Edit, ...]:
    """`scaler.update()` behind `scaler.step(optimizer)`."""
    scaler = _scaler(scale)
    return _update_behind(step, scaler) if scaler else ()


def _update_behind(step: Place, scaler: str) -> tuple[Edit, ...]:
    """`scaler.update()` in the row behind a step that begins its row; behind `if ready: step()` it would stand outside."""
    row, span = _rows(step)[step.span.row - 1], step.span
    if row[: span.column - 1].strip():
        return ()
    return (Edit(Span(span.filename, span.row, len(row) + 1, span.row, len(row) + 1), f"\n{_indent(row)}{scaler}.update()"),)


def mend_scaler(what: str, place: Place, scale: Place | None, step: Place | None) -> tuple[Edit, ...]:
    """What a misused gradient scaler lacks, by what is wrong ("clip", "step", "update")."""
    if what == "clip":
        return unscale_first(place, scale, step)
    return step_by_scaler(place, scale) if what == "step" else update_scaler(place, scale)


def scale_loss(step: Place, backward: Place | None, loop: Place | None) -> tuple[Edit, ...]:
    """A gradient scaler ahead of a loop, for the loss, and for the step."""
    loss, optimizer = (
        re.fullmatch(r"([\w.]+)\.backward\(\)", text_at(backward)),
        re.fullmatch(r"([\w.]+)\.step\(\)", text_at(step)),
    )
    source = getattr(step, "source_text", "")
    if loss is None or optimizer is None or backward is None or not re.search(r"^import torch\s*$", source, re.MULTILINE):
        return ()
    before = insert_statement_before(loop, "scaler = torch.cuda.amp.GradScaler()")
    behind = _update_behind(step, "scaler")
    changed = (Edit(backward.span, f"scaler.scale({loss[1]}).backward()"), Edit(step.span, f"scaler.step({optimizer[1]})"))
    return (*before, *changed, *behind) if before and behind and backward.span.filename == step.span.filename else ()


def ask_for_recorded(place: Place, key: str, instead: str, *, asker: bool) -> tuple[Edit, ...]:
    """Another key of `history.history`, or another `monitor` of a callback."""
    text = text_at(place)
    quoted = re.findall(rf"([\"'])({re.escape(key)})\1", text)
    if not instead or "\n" in text:
        return ()
    if asker and not quoted:
        by_name = re.match(r"[\w.]+\(\s*(?:\)|\w+\s*=)", text) is not None
        return insert_argument(place, f'monitor="{instead}"') if by_name else ()
    if len(quoted) != 1:
        return ()
    span, column = place.span, place.span.column + text.index(f"{quoted[0][0]}{key}{quoted[0][0]}") + 1
    return (Edit(Span(span.filename, span.row, column, span.row, column + len(key)), instead),)


def mend_compile(event: Event) -> tuple[Edit, ...]:
    """The one thing that is wrong with the arguments of a `compile` set right: a keyword, two arguments, a class."""
    places, repairs = event.argument_places, compile_repairs(event)
    if len(repairs) != 1:
        return ()
    what, name = repairs[0]
    if what == "keyword":
        return rename_argument(places.get(f"extra:{name}"), name, MEANT[name])
    place = places.get("optimizer")
    if what == "class":
        return (insert_after(place, "()"),) if place is not None and NAME.fullmatch(text_at(place)) else ()
    return exchange(place, places.get("loss"))


def pass_callback(made: Place, fit: Place) -> tuple[Edit, ...]:
    """`callbacks=[stop]` for a fit that has no callbacks; `callbacks=watching` of a list of that name."""
    name, listed = assigned_name(made), collected_name(made)
    given = listed or (f"[{name}]" if name else "")
    return insert_argument(fit, f"callbacks={given}") if given and "callbacks" not in text_at(fit) else ()


def move_to_end(statement: Place, loop: Place | None) -> tuple[Edit, ...]:
    """A statement of one line moved to the end of the loop in whose body it stands."""
    row, rows = _own_row(statement), _rows(statement)
    if not row or loop is None or loop.span.end_row >= len(rows) or loop.span.filename != statement.span.filename:
        return ()
    number = loop.span.end_row + 1
    return (_without_row(statement), Edit(Span(loop.span.filename, number, 1, number, 1), row + "\n"))


def exchange(first: Place | None, second: Place | None) -> tuple[Edit, ...]:
    """Two arguments in each other's place."""
    one, other = text_at(first), text_at(second)
    return (Edit(first.span, other), Edit(second.span, one)) if first is not None and second is not None and one and other else ()


def _scaler(scale: Place | None) -> str:
    name = text_at(scale).partition(".scale(")[0]
    return name if NAME.fullmatch(name) else ""


def read_attribute(kind: str, name: str, place: Place) -> tuple[Edit, ...]:
    """The assignment in the spelling that is read: `param_groups[0]["lr"]`, `requires_grad`, `requires_grad_()`."""
    rows, span = _rows(place), place.span
    row = rows[span.row - 1] if span.row <= len(rows) else ""
    found = re.match(r"(\s*)([\w.\[\]]+)\.(\w+)(\s*=\s*)([^#=]+?)(\s*(?:#.*)?)$", row)
    if found is None or ";" in row:
        return ()
    indent, owner, spelled, equals, value, rest = found.groups()
    new = {
        "optimizer": f'{owner}.param_groups[0]["{name}"]{equals}{value}',
        "tensor": f"{owner}.requires_grad{equals}{value}",
        "module": f"{owner}.requires_grad_({value})" if spelled != "train" else "",
        "method": f"{owner}.{spelled}({value})" if spelled == "train" else "",
    }.get(kind, "")
    return (Edit(Span(span.filename, span.row, 1, span.row, len(row) + 1), f"{indent}{new}{rest}"),) if new else ()
