"""The edits that mend how data are prepared: scaling, order, splits, metrics.

An edit is proposed only where the text is spelled in one of the usual ways, on one line and without a comment in it; all parts
of a fix can be made, or none is.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from trainlint.core import Edit, Place, Span
from trainlint.facts.input_scaling import OtherScale, UnusedScaling
from trainlint.facts.passes import innermost_loop
from trainlint.facts.run import TrainingRun
from trainlint.facts.syntax import Names, names_of, node_at
from trainlint.interpret.events import Event
from trainlint.interpret.values import Array
from trainlint.remedies.suggestions import insert_argument, set_argument, text_at
from trainlint.source.lines import split_rows

if TYPE_CHECKING:
    import libcst as cst

NUMPY = re.compile(r"^\s*import numpy(?: as (\w+))?\s*$", re.MULTILINE)
FITTED_HERE = re.compile(r"(.+)\.fit_transform\((\w+)\)\Z")
FIT_ROW = re.compile(r"[ \t]*(?:\w+\s*=\s*)?[\w.]+\.fit\(")
SPLIT_ROW = re.compile(r"(?P<indent>[ \t]*)(?P<parts>\w+(?:,\s*\w+)*)\s*=\s*(?:\w+\.)*train_test_split\((?P<first>\w+)\s*[,)]")
MADE_ROW = re.compile(
    r"(?P<indent>[ \t]*)(?P<names>\w+(?:,\s*\w+)*)\s*=\s*(?P<call>\w[\w.]*(?:\([^()]*\))?)\."
    r"(?P<method>fit_transform|fit_resample|fit_sample)\((?P<given>.+)\)"
)


def _rows(place: Place | None) -> list[str]:
    return split_rows(getattr(place, "source_text", ""))


def _row(place: Place | None) -> str:
    rows = _rows(place)
    return rows[place.span.row - 1] if place is not None and place.span.row <= len(rows) else ""


def _code(place: Place | None) -> str:
    """The row of a place without its comment."""
    return _row(place).partition("#")[0].strip()


def _numpy(place: Place | None) -> str:
    """What the script calls NumPy; nothing if it does not import it whole."""
    found = NUMPY.search(getattr(place, "source_text", ""))
    return (found[1] or "numpy") if found is not None else ""


def _name(place: Place | None) -> str:
    text = text_at(place)
    return text if text.isidentifier() else ""


def _data_names(run: TrainingRun) -> list[str]:
    """The names under which a run's model is given data, in the fit and later; none if one of them is no plain name."""
    import libcst as cst

    fit = next((one for one in run.events if one.kind == "fit"), None)
    names = names_of(run.place)
    if fit is None or names is None or any(frame.kind != "with" for frame in fit.frames):
        return []
    given = [node_at(fit.argument_places.get("x"))]
    if "validation_data" in fit.values:
        pair = node_at(fit.argument_places.get("validation_data"))
        given.append(pair.elements[0].value if isinstance(pair, cst.Tuple | cst.List) and pair.elements else None)
    given.extend(_given_to_methods(names))
    plain = [one.value if isinstance(one, cst.Name) else "" for one in given]
    return list(dict.fromkeys(plain)) if all(_is_bound(one, run.place, names) for one in plain) else []


def _given_to_methods(names: Names) -> Iterator[cst.CSTNode | None]:
    """The data that the file's calls of `evaluate`, `predict` and the like are given."""
    import libcst as cst

    for method in [one for one in names.read if one == "evaluate" or one.startswith("predict")]:
        for node in names.read[method]:
            call = names.parents[id(node)]
            if isinstance(node, cst.Attribute) and isinstance(call, cst.Call) and call.func is node:
                by_name = (one.value for one in call.args if one.keyword is not None and one.keyword.value == "x")
                first = call.args[0] if call.args and call.args[0].keyword is None and not call.args[0].star else None
                yield next(by_name, first.value if first is not None else None)


def _is_bound(name: str, fit: Place, names: Names) -> bool:
    """Whether a name surely has its value at a fit of the module, and keeps it: assigned ahead of it, bound nowhere below."""
    import libcst as cst

    node, sure = node_at(fit), False
    for one in names.bound.get(name, ()):
        if _row_of(one, fit) > fit.span.end_row:
            return False
        statement = next((above for above in names.around(one) if isinstance(above, cst.SimpleStatementLine)), None)
        if isinstance(one, cst.Name) and statement is not None and node is not None and _row_of(one, fit) < fit.span.row:
            sure = sure or names.within(node, names.parents[id(statement)])
    return sure


def _row_of(node: cst.CSTNode, place: Place) -> int:
    """The row of a node of the file that a place is in."""
    from trainlint.source.parse import NodePlace

    return place.tree.span(node).row if isinstance(place, NodePlace) else 0


def _before_fit(run: TrainingRun, *statements: str) -> tuple[Edit, ...]:
    """Statements of their own lines in front of the row of a fit."""
    row = _row(run.place)
    if not FIT_ROW.match(row):
        return ()
    indent = row[: len(row) - len(row.lstrip())]
    span = Span(run.place.span.filename, run.place.span.row, 1, run.place.span.row, 1)
    return (Edit(span, "".join(f"{indent}{one}\n" for one in statements)),)


def divide_bytes(run: TrainingRun) -> tuple[Edit, ...]:
    """All arrays of bytes that a model is given divided by 255 in front of the fit."""
    names = _data_names(run)
    held = [run.inputs.value]
    if not names or not all(isinstance(one, Array) and one.library == "numpy" for one in held):
        return ()
    return _before_fit(run, f"{', '.join(names)} = {', '.join(f'{name} / 255.0' for name in names)}")


def standardize(run: TrainingRun) -> tuple[Edit, ...]:
    """All tables that a model is given put through a scaler that is fitted on the training part."""
    names = _data_names(run)
    source = getattr(run.place, "source_text", "")
    if not names or re.search(r"\bscaler\b", source):
        return ()
    scaled = ", ".join(f"scaler.transform({name})" for name in names)
    edits = _before_fit(run, f"scaler = StandardScaler().fit({names[0]})", f"{', '.join(names)} = {scaled}")
    first = re.search(r"^(?:import|from) (?!__future__)", source, re.MULTILINE)
    if not edits or first is None:
        return ()
    row = source.count("\n", 0, first.start()) + 1
    top = Span(run.place.span.filename, row, 1, row, 1)
    return (Edit(top, "from sklearn.preprocessing import StandardScaler\n"), *edits)


def scale_alike(one: OtherScale) -> tuple[Edit, ...]:
    """The scaling of the training data, for data that a trained model is used on."""
    text = text_at(one.scaling.place if one.scaling is not None else None)
    if one.fitted_apart and one.scaling is not None and one.scaling.place is not None:
        found = FITTED_HERE.match(text)
        return (Edit(one.scaling.place.span, f"{found[1]}.transform({found[2]})"),) if found and found[1].isidentifier() else ()
    place = one.use.argument_places.get("validation_data" if one.role == "validation_data" else "x")
    found = re.match(r"([(\[]?\s*)(\w+)(.*)\Z", text_at(place), re.DOTALL)
    if place is None or found is None or not (found[3] == "" or found[3].lstrip().startswith(",")):
        return ()
    fitted = FITTED_HERE.match(text)
    divided = re.search(r"/\s*([\d.]+)\Z", text)
    if one.ratio is None and fitted is not None and fitted[1].isidentifier():
        return (Edit(place.span, f"{found[1]}{fitted[1]}.transform({found[2]}){found[3]}"),)
    if one.ratio is not None and one.ratio > 1 and divided is not None:
        return (Edit(place.span, f"{found[1]}{found[2]} / {divided[1]}{found[3]}"),)
    return ()


def use_scaled(one: UnusedScaling) -> tuple[Edit, ...]:
    """The scaled copy bound to the name of the raw data."""
    text = text_at(one.place)
    found = re.search(r"\((\w+)\)\Z", text) or re.match(r"(\w+)\s*[/*]", text)
    if found is None or "\n" in text:
        return ()
    span = one.place.span
    if not one.name:
        return (Edit(Span(span.filename, span.row, span.column, span.row, span.column), f"{found[1]} = "),)
    start = _row(one.place)[: span.column - 1].find(one.name) + 1
    if not start:
        return ()
    return (Edit(Span(span.filename, span.row, start, span.row, start + len(one.name)), found[1]),)


def shuffle_rows(event: Event) -> tuple[Edit, ...]:
    """`random.shuffle(x)` by NumPy's or PyTorch's own means."""
    found = re.fullmatch(r"[\w.]+\((\w+)\)", text_at(event.place))
    array = event.values.get("array")
    if event.place is None or found is None or not isinstance(array, Array):
        return ()
    if array.library == "torch":
        statement = _code(event.place) == text_at(event.place)
        known = re.search(r"^\s*import torch\s*$", getattr(event.place, "source_text", ""), re.MULTILINE)
        new = f"{found[1]} = {found[1]}[torch.randperm(len({found[1]}))]"
        return (Edit(event.place.span, new),) if statement and known else ()
    numpy = _numpy(event.place)
    return (Edit(event.place.span, f"{numpy}.random.shuffle({found[1]})"),) if numpy else ()


def shuffle_together(run: TrainingRun, place: Place | None = None) -> tuple[Edit, ...]:
    """One permutation for inputs and labels: in place of a shuffle of one of them (`place`), or in front of the fit."""
    fit = next((one for one in run.events if one.kind == "fit"), None)
    x, y = (_name(fit.argument_places.get(role)) if fit is not None else "" for role in ("x", "y"))
    numpy = _numpy(run.place)
    if not (x and y and numpy) or re.search(r"\border\b", getattr(run.place, "source_text", "")):
        return ()
    drawn, taken = f"order = {numpy}.random.permutation(len({x}))", f"{x}, {y} = {x}[order], {y}[order]"
    if place is None:
        return _before_fit(run, drawn, taken) if fit is not None and not fit.frames else ()
    row = _row(place)
    found = re.fullmatch(r"[\w.]+\.shuffle\((\w+)\)", text_at(place))
    if found is None or found[1] not in (x, y) or _code(place) != text_at(place):
        return ()
    return (Edit(place.span, f"{drawn}\n{row[: place.span.column - 1]}{taken}"),)


def shuffle_loader(place: Place) -> tuple[Edit, ...]:
    """`shuffle=True` of a loader or fit: a value that is written, or an argument more."""
    return (Edit(place.span, "True"),) if text_at(place) == "False" else set_argument(place, "shuffle", "True")


def keep_order(place: Place | None) -> tuple[Edit, ...]:
    """`shuffle=False` of a generator or a split (which refuses it together with `stratify`)."""
    return () if "stratify" in text_at(place) else set_argument(place, "shuffle", "False")


def seed_before_loop(seed: Event) -> tuple[Edit, ...]:
    """The statement that seeds moved in front of the loop."""
    loop = innermost_loop(seed)
    row = _row(seed.place)
    if loop is None or loop.place is None or seed.place is None or _code(seed.place) != text_at(seed.place):
        return ()
    head = loop.place.span.row
    before = _row(loop.place)
    if not re.match(r"[ \t]*(for|while)\b", before) or head >= seed.place.span.row:
        return ()
    indent = before[: len(before) - len(before.lstrip())]
    own = seed.place.span.row
    return (
        Edit(Span(seed.place.span.filename, head, 1, head, 1), f"{indent}{row.strip()}\n"),
        Edit(Span(seed.place.span.filename, own, 1, own + 1, 1), ""),
    )


def split_first(made: Place, split: Place | None) -> tuple[Edit, ...]:
    """What is fitted on (or draws from) all rows done after the split, on its training part.

    `x = scaler.fit_transform(raw)` becomes `x = raw`, and the scaler is fitted behind the split; so it is with samplers.
    """
    code = _row(made).partition("#")[0].rstrip()
    before, after = MADE_ROW.fullmatch(code), SPLIT_ROW.match(_row(split))
    if before is None or after is None or split is None or split.span.end_row >= len(_rows(split)):
        return ()
    names, parts = re.split(r",\s*", before["names"]), re.split(r",\s*", after["parts"])
    given = _arguments(before["given"])
    follows = split.span.row > made.span.row and before["indent"] == after["indent"]
    if not follows or names[0] != after["first"] or len(given) != len(names) or len(parts) < 2 * len(names):
        return ()
    new = _done_on_part(before, names, parts, getattr(made, "source_text", ""))
    if not new:
        return ()
    row, start = made.span.row, before.start("call") + 1
    raw = Edit(Span(made.span.filename, row, start, row, before.end() + 1), before["given"])
    if names == given and "#" not in _row(made):
        raw = Edit(Span(made.span.filename, row, 1, row + 1, 1), "")
    behind = Span(made.span.filename, split.span.end_row + 1, 1, split.span.end_row + 1, 1)
    return (raw, Edit(behind, "".join(f"{before['indent']}{one}\n" for one in new)))


def _arguments(text: str) -> list[str]:
    """The positional arguments in the text between the brackets of a call; none if there are others, or brackets do not match."""
    found, depth = [""], 0
    for character in text:
        depth += (character in "([{") - (character in ")]}")
        if depth < 0:
            return []
        if character == "," and depth == 0:
            found.append("")
        else:
            found[-1] += character
    parts = [one.strip() for one in found]
    return [] if depth or any(re.match(r"\w+\s*=[^=]|\*", one) for one in parts) else parts


def _done_on_part(before: re.Match[str], names: list[str], parts: list[str], source: str) -> tuple[str, ...]:
    """The statements behind the split."""
    call, method = before["call"], before["method"]
    if method != "fit_transform":
        train = ", ".join(parts[0 : 2 * len(names) : 2])
        return (f"{train} = {call}.{method}({train})",)
    train, test = parts[0], parts[1]
    if call.isidentifier():
        return f"{train} = {call}.fit_transform({train})", f"{test} = {call}.transform({test})"
    if re.search(r"\bscaler\b", source):
        return ()
    return f"scaler = {call}.fit({train})", f"{train}, {test} = scaler.transform({train}), scaler.transform({test})"


def transform_only(place: Place) -> tuple[Edit, ...]:
    """`scaler.fit_transform(x)` as `scaler.transform(x)`."""
    found = FITTED_HERE.match(text_at(place))
    return (Edit(place.span, f"{found[1]}.transform({found[2]})"),) if found is not None else ()


METRIC_NAMES = {"categorical_accuracy": "sparse_categorical_accuracy", "sparse_categorical_accuracy": "categorical_accuracy"}
KERAS = (
    (re.compile(r"^\s*(?:from tensorflow )?import keras\s*$|^\s*from tensorflow import .*\bkeras\b", re.MULTILINE), "keras"),
    (re.compile(r"^\s*import tensorflow as tf\s*$", re.MULTILINE), "tf.keras"),
)


def metric_edits(place: Place, code: str, kind: str) -> tuple[Edit, ...]:
    """The metric that fits, spelled as the script spells the one that does not."""
    text = text_at(place)
    quoted = re.fullmatch(r"([\"'])\w+\1", text)
    if code == "TRN707":
        return (Edit(place.span, f"{quoted[1]}mae{quoted[1]}"),) if quoted else ()
    if code == "TRN708":
        return _for_logits(place, kind, quoted=quoted is not None)
    new = METRIC_NAMES.get(kind, "categorical_accuracy" if kind == "binary_accuracy" else "accuracy")
    if quoted:
        return (Edit(place.span, f"{quoted[1]}{new}{quoted[1]}"),)
    called = re.fullmatch(r"([\w.]+\.)(\w+)\(\)", text)
    if called is None:
        return ()
    return (Edit(place.span, '"accuracy"' if new == "accuracy" else f"{called[1]}{new.title().replace('_', '')}()"),)


def _for_logits(place: Place, kind: str, *, quoted: bool) -> tuple[Edit, ...]:
    """A metric that is told of logits: a threshold of 0, or `from_logits`."""
    if quoted:
        source = getattr(place, "source_text", "")
        name = next((name for pattern, name in KERAS if pattern.search(source)), "")
        fits = kind in ("accuracy-string", "binary_accuracy") and name
        return (Edit(place.span, f"{name}.metrics.BinaryAccuracy(threshold=0.0)"),) if fits else ()
    argument = {"auc": "from_logits=True", "binary_accuracy": "threshold=0.0", "f1_score": "threshold=0.0"}
    return insert_argument(place, argument.get(kind, "thresholds=0.0"))
