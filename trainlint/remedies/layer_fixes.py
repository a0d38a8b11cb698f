"""The edits that mend layers: arguments added, replaced or removed, layers put in, moved and registered.

Each function gives no edits where the text is not spelled in one of the usual ways.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from trainlint.core import Edit, Place, Span
from trainlint.remedies.suggestions import insert_argument, text_at
from trainlint.source.lines import split_rows

WEIGHTED = r"(?:nn|torch\.nn)\.(?:Linear|Conv[123]d|LazyLinear)"
LIBRARY_LAYER = re.compile(rf"{WEIGHTED}\(.*\)\Z")
KERAS_LAYER = re.compile(r"[\w.]*\b(?:Dense|Conv[123]D|SeparableConv2D)\(.*\)\Z")
ELEMENT = re.compile(r"\s*(?:[\w.]+\s*=\s*)?(?:[\w.]*Sequential\(\s*)?(?:[^'\"]*,\s*)?\Z")
STARTS = re.compile(r"[\w.]*\b(?:constant|zeros|ones)_initializer\([^()]*\)\Z")
START_ARGUMENT = re.compile(r",\s*(?:kernel_initializer|init)\s*=\s*(?:[\w.]+\([^()]*\)|\"\w+\"|'\w+')")
FILLED = re.compile(r"((?:[\w.]+\.)?init\.)(?:zeros_|ones_|constant_)\(\s*([\w.\[\]]+)\s*(?:,[^()]*)?\)\Z")
FIRST_ARGUMENT = re.compile(
    r"([\w.]*\b(?:Linear|Conv[123]d|BatchNorm[123]d|LSTM|GRU|RNN)\(\s*(?:\w+\s*=\s*)?)([\d\s*+()]*\d)(\s*[,)].*)\Z", re.DOTALL
)
SETTINGS_ONLY = re.compile(r"[\w.]+\((?:\s*(?:\w+\s*=\s*)?(?:[\d.]+|True|False)\s*,?)*\)\Z")
TO_ROWS = re.compile(r"\.(?:view|reshape)\(\s*-1\s*,\s*\d+\s*\)\Z")
RELU_CALL = re.compile(r"(?:[\w.]+\.relu|[\w.]*(?:ReLU|Activation)\([^()]*\))\((\w+)\)\Z")
NN_IMPORTED = re.compile(r"^(?:from torch import .*\bnn\b|import torch\.nn as nn)", re.MULTILINE)
RELU = re.compile(r"[\w.]*\b(?:ReLU\(\)|Activation\(\s*(['\"])relu6?\1\s*\))\Z")
RELU_LAYER = re.compile(r"(?:nn|torch\.nn)\.ReLU6?\([^()]*\)\Z")


def _row(place: Place) -> str:
    rows = split_rows(getattr(place, "source_text", ""))
    return rows[place.span.row - 1] if 0 < place.span.row <= len(rows) else ""


def _one_line(place: Place | None) -> str:
    text = text_at(place)
    return "" if "\n" in text or "#" in text else text


def _row_edit(place: Place, row: int, column: int, width: int, text: str) -> Edit:
    return Edit(Span(place.span.filename, row, column, row, column + width), text)


def without_sign(place: Place | None) -> tuple[Edit, ...]:
    """`-loss` as `loss`."""
    text = _one_line(place)
    found = re.match(r"-\s*(?:1(?:\.0?)?\s*\*\s*)?([A-Za-z_].*)\Z", text)
    return (Edit(place.span, found[1]),) if place is not None and found is not None else ()


def with_relu(places: Sequence[Place | None]) -> tuple[Edit, ...]:
    """A relu behind each of these layers: Keras' argument, or an element more of a `Sequential`."""
    edits: list[Edit] = []
    for place in places:
        text = _one_line(place)
        if place is None or not text:
            return ()
        if LIBRARY_LAYER.match(text):
            before, span = _row(place)[: place.span.column - 1], place.span
            if not ELEMENT.match(before) or "add_module" in before or before.rstrip().endswith("="):
                return ()
            end = Span(span.filename, span.end_row, span.end_column, span.end_row, span.end_column)
            edits.append(Edit(end, f", {text.partition('nn.')[0]}nn.ReLU()"))
        elif KERAS_LAYER.match(text) and "activation" not in text:
            edits.extend(insert_argument(place, 'activation="relu"'))
        else:
            return ()
    return tuple(edits)


def with_default_start(places: Sequence[Place | None]) -> tuple[Edit, ...]:
    """The library's default in the place of constant weights."""
    edits: list[Edit] = []
    for place in dict.fromkeys(places):
        text = _one_line(place)
        filled = FILLED.match(text)
        if place is None or not text:
            return ()
        if re.fullmatch(r"(['\"])(?:zeros?|ones?)\1", text):
            edits.append(Edit(place.span, f"{text[0]}glorot_uniform{text[0]}"))
        elif STARTS.match(text):
            head = text.partition("(")[0].rpartition(".")[0]
            edits.append(Edit(place.span, f"{head}.glorot_uniform_initializer()" if head else "glorot_uniform_initializer()"))
        elif filled is not None:
            edits.append(Edit(place.span, f"{filled[1]}xavier_uniform_({filled[2]})"))
        elif START_ARGUMENT.search(text):
            edits.append(Edit(place.span, START_ARGUMENT.sub("", text, count=1)))
        else:
            return ()
    return tuple(edits)


def flatten_before(place: Place | None) -> tuple[Edit, ...]:
    """Keras' `Flatten()` in front of a dense layer, in a list of layers or as a `model.add` of its own."""
    text = _one_line(place)
    found = re.match(r"((?:\w+\.)*)Dense\(", text)
    if place is None or found is None:
        return ()
    if not found[1] and not re.search(r"import .*\bFlatten\b", getattr(place, "source_text", "")):
        return ()
    before, row = _row(place)[: place.span.column - 1], place.span.row
    added = re.fullmatch(r"(\s*)(\w+)\.add\(", before)
    if added is not None:
        return (_row_edit(place, row, len(added[1]) + 1, 0, f"{added[2]}.add({found[1]}Flatten())\n{added[1]}"),)
    if before.strip():
        return ()
    return (_row_edit(place, row, place.span.column, 0, f"{found[1]}Flatten(),\n{before}"),)


def with_first_size(place: Place | None, size: int) -> tuple[Edit, ...]:
    """Another number of input features or channels."""
    text = _one_line(place)
    found = FIRST_ARGUMENT.match(text)
    return (Edit(place.span, f"{found[1]}{size}{found[3]}"),) if place is not None and found is not None else ()


def with_channels_last(place: Place | None, shape: Sequence[int]) -> tuple[Edit, ...]:
    """`input_shape` or `shape` with its first extent moved to the end."""
    text = _one_line(place)
    found = re.search(r"\b(?:input_)?shape\s*=\s*([(\[])[\d\s,]+([)\]])", text)
    if place is None or found is None:
        return ()
    moved = ", ".join(str(one) for one in (*shape[1:], shape[0]))
    return (Edit(place.span, f"{text[: found.start(1)]}{found[1]}{moved}{found[2]}{text[found.end() :]}"),)


def registered_container(place: Place | None) -> tuple[Edit, ...]:
    """`nn.ModuleList([...])` or `nn.ModuleDict({...})` around a list or dict of layers."""
    text, source = text_at(place), getattr(place, "source_text", "")
    if place is None or text[:1] not in ("[", "{") or not NN_IMPORTED.search(source):
        return ()
    name = "nn.ModuleList" if text[0] == "[" else "nn.ModuleDict"
    span = place.span
    start = Edit(Span(span.filename, span.row, span.column, span.row, span.column), f"{name}(")
    end = Edit(Span(span.filename, span.end_row, span.end_column, span.end_row, span.end_column), ")")
    return (start, end)


def registered_tensor(place: Place | None) -> tuple[Edit, ...]:
    """`nn.Parameter(torch.ones(1))` for `torch.ones(1, requires_grad=True)`."""
    text = _one_line(place)
    found = re.match(r"(torch\.\w+\(.*?)\s*,\s*requires_grad\s*=\s*True\s*(\))\Z", text)
    if place is None or found is None:
        return ()
    nn = "nn" if NN_IMPORTED.search(getattr(place, "source_text", "")) else "torch.nn"
    return (Edit(place.span, f"{nn}.Parameter({found[1]}{found[2]})"),)


def moved_to_init(place: Place | None) -> tuple[Edit, ...]:
    """A layer with plain settings made in `__init__`, behind `super().__init__()`, and used by name."""
    text, rows = _one_line(place), split_rows(getattr(place, "source_text", ""))
    if place is None or not SETTINGS_ONLY.match(text):
        return ()
    name = text.partition("(")[0].rpartition(".")[2].lower()
    while f"self.{name}" in "\n".join(rows):
        name += "_"
    above = rows[: place.span.row - 1]
    while above and not above[-1].lstrip().startswith("class "):
        found = re.match(r"(\s+)super\([^()]*\)\.__init__\(\)\s*\Z", above[-1])
        if found is not None:
            made = _row_edit(place, len(above), len(above[-1].rstrip()) + 1, 0, f"\n{found[1]}self.{name} = {text}")
            return (made, Edit(place.span, f"self.{name}"))
        above.pop()
    return ()


def constructed_base(place: Place | None, misspelt: str) -> tuple[Edit, ...]:
    """`super().__init__()` as the first statement of a constructor, or its name spelled as Python wants it."""
    rows = split_rows(getattr(place, "source_text", ""))
    if place is None or place.span.row >= len(rows):
        return ()
    row, line, following = place.span.row, rows[place.span.row - 1], rows[place.span.row]
    if misspelt:
        at = line.find(misspelt)
        return (_row_edit(place, row, at + 1, len(misspelt), "__init__"),) if at >= 0 else ()
    indent = following[: len(following) - len(following.lstrip())]
    if not re.match(r"\s*def \w+\([^#]*\).*:\s*(#.*)?\Z", line) or not indent or not following.strip():
        return ()
    return (_row_edit(place, row + 1, len(indent) + 1, 0, f"super().__init__()\n{indent}"),)


def flattened_samples(place: Place | None, linear: Place | None, features: int) -> tuple[Edit, ...]:
    """`.flatten(1)` for `.view(-1, F)`, and the layer behind it sized for it."""
    text, sized = _one_line(place), with_first_size(linear, features)
    if place is None or not TO_ROWS.search(text) or not sized:
        return ()
    return (Edit(place.span, TO_ROWS.sub(".flatten(1)", text)), *sized)


def with_rate(place: Place | None, rate: float, wanted: str) -> tuple[Edit, ...]:
    """Another rate in a dropout's call."""
    text = _one_line(place)
    numbers = [found for found in re.finditer(r"(?<![\w.])\d+\.?\d*", text) if float(found[0]) == rate]
    if place is None or len(numbers) != 1:
        return ()
    return (Edit(place.span, f"{text[: numbers[0].start()]}{wanted}{text[numbers[0].end() :]}"),)


def without_argument(place: Place | None, name: str) -> tuple[Edit, ...]:
    """A call without one of its keyword arguments of a plain value."""
    text = _one_line(place)
    found = re.search(rf",\s*{name}\s*=\s*[\w.]+(?=\s*[,)])", text)
    if place is not None and found is not None:
        return (Edit(place.span, text[: found.start()] + text[found.end() :]),)
    first = re.search(rf"(?<=\(){name}\s*=\s*[\w.]+\s*,\s*", text)
    return (Edit(place.span, text[: first.start()] + text[first.end() :]),) if place is not None and first is not None else ()


def dropout_before(dropout: Place | None, last: Place | None) -> tuple[Edit, ...]:
    """The elements of a `Sequential` in the other order: dropout, then the last layer; both on one line."""
    text, layer = _one_line(dropout), _one_line(last)
    if dropout is None or last is None or not text or not layer or dropout.span.row != last.span.row:
        return ()
    between = _row(last)[last.span.end_column - 1 : dropout.span.column - 1]
    if between.strip() != ",":
        return ()
    start, end = last.span, dropout.span
    return (Edit(Span(start.filename, start.row, start.column, end.end_row, end.end_column), f"{text}{between}{layer}"),)


def without_activation(place: Place | None) -> tuple[Edit, ...]:
    """An activation taken out: `nn.Identity()`, its argument alone, or no `model.add` of it."""
    text = _one_line(place)
    if place is None or not text:
        return ()
    called = RELU_CALL.match(text)
    if RELU_LAYER.match(text):
        return (Edit(place.span, f"{text.partition('ReLU')[0]}Identity()"),)
    if called is not None:
        return (Edit(place.span, called[1]),)
    row, span = _row(place), place.span
    behind = re.match(r"\((\w+)\)", row[span.end_column - 1 :])
    if behind is not None and RELU.match(text):
        return (Edit(Span(span.filename, span.row, span.column, span.row, span.end_column + len(behind[0])), behind[1]),)
    added = re.match(rf"\w+\.add\({re.escape(text)}\)[ \t]*(#|\Z)", row)
    if added is None:
        return ()
    return (
        (_row_edit(place, span.row, 1, added.start(1), ""),)
        if added[1]
        else (Edit(Span(span.filename, span.row, 1, span.row + 1, 1), ""),)
    )
