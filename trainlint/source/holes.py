"""What stands in a tree for code that does not parse.

A statement that makes unknown the names that the broken one binds, and the objects that it may have changed.
"""

from __future__ import annotations

import keyword
import re
from collections.abc import Iterator

HOLE = "__trainlint_hole__"
"""The name that stands for an unknown value; the interpreter knows it."""

LONGEST_LINE = 400
"""Characters of a line that are looked at."""

_HEADER = re.compile(
    r"(?P<asynchronous>async[ \t]+)?(?P<word>for|while|if|elif|else|try|except|finally|with|def|class)\b[ \t]*"
    r"(?P<name>[A-Za-z_]\w*)?(?P<rest>[^\r\n]*)"
)
CONTINUING = ("elif", "else", "except", "finally")
"""Clauses that go with a statement above them."""

_NAME = r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*"
_TARGETS = re.compile(rf"\s*({_NAME}(?:\s*,\s*\*?{_NAME})*)\s*,?\s*(\[[^\]=]*\])?\s*(?::[^=]*)?[-+*/%@&|^<>]{{0,2}}=(?!=)")
_CALLED = re.compile(rf"\s*(?:await\s+)?({_NAME})\s*[.(\[]?")
_BINDERS = (
    re.compile(rf"\bfor\s+\(?({_NAME}(?:\s*,\s*{_NAME})*)\)?\s+in\b"),
    re.compile(rf"\bas\s+({_NAME})"),
    re.compile(rf"^\s*(?:async\s+)?(?:def|class)\s+({_NAME})"),
    re.compile(rf"^\s*import\s+({_NAME}(?:\s*,\s*{_NAME})*)"),
    re.compile(r"^\s*from\s+[\w.]+\s+import\s*\(?([\w \t,]+)"),
)
_PARTS = re.compile(_NAME)
_LEAVES = re.compile(r"\s*(?:return|yield)\b")
_HARMLESS = frozenset(
    {"zero_grad", "step", "backward", "train", "eval", "to", "cuda", "cpu", "fit", "evaluate", "predict", "summary", "save"}
    | {"append", "write", "print", "info", "debug", "warning", "format", "join", "update", "close", "show", "plot"}
)
"""Methods that leave what is known of their object as it is: a call that is broken is a call left out."""


def is_header(text: str) -> bool:
    """Whether a text begins like the first line of a compound statement."""
    return _HEADER.match(text[:LONGEST_LINE]) is not None


def in_place_of(text: str, indentation: str) -> str:
    """The statements that stand for broken ones at an indentation (which the first does not need)."""
    names = sorted({name for line in text.splitlines() for name in _changed(line[:LONGEST_LINE])})
    statements = [" = ".join([*names, HOLE])]
    if any(_LEAVES.match(line) for line in text.splitlines()):
        statements.append(f"if {HOLE}: return {HOLE}")
    return f"\n{indentation}".join(statements)


def header_in_place_of(line: str, has_body: bool) -> str | None:
    """What stands for the broken first line of a compound statement whose body is kept; None for what is none.

    `line` has no indentation. Without a body only a clause that goes with a statement above it has to stand.
    """
    found = _HEADER.match(line[:LONGEST_LINE])
    if found is None or not (has_body or found["word"] in CONTINUING):
        return None
    word, rest = found["word"], found["rest"]
    names = [name for pattern in _BINDERS for one in pattern.finditer(line[:LONGEST_LINE]) for name in _PARTS.findall(one[1])]
    bound = ", ".join(name for name in names if _is_name(name)) or "_"
    if word in ("else", "try", "finally"):
        header = f"{word}:"
    elif word in ("if", "elif", "while"):
        header = f"{word} {HOLE}:"
    elif word == "for":
        header = f"for {bound} in {HOLE}:"
    elif word in ("except", "with"):
        header = f"{word} {HOLE} as {names[0]}:" if names and _is_name(names[0]) else f"{word} {HOLE}:"
    elif not found["name"] or not _is_name(found["name"]):
        return None
    elif word == "class":
        header = f"class {found['name']}({HOLE}):"
    else:
        header = f"def {found['name']}({', '.join(_parameters(rest))}):"
    return (found["asynchronous"] or "") + header + ("" if has_body else f" {HOLE}")


def _parameters(rest: str) -> Iterator[str]:
    """The parameters that a broken `def` seems to have; each may be passed anything."""
    inside = rest.partition("(")[2]
    seen = set()
    for part in inside.split(","):
        found = re.match(r"\s*(\*{0,2})\s*([A-Za-z_]\w*)", part)
        if found and _is_name(found[2]) and found[2] not in seen:
            seen.add(found[2])
            yield found[2] if found[2] in ("self", "cls") else f"{found[2]}={HOLE}"


def _changed(line: str) -> Iterator[str]:
    """The names that a line binds or whose object it may change, as far as a look at the text tells."""
    line = re.sub(r"\s+", " ", line)  # one blank at a time: no pattern can try the ways to share them out
    names: list[str] = []
    position = 0
    while found := _TARGETS.match(line, position):
        names += _PARTS.findall(found[1])
        position = found.end()
    for pattern in _BINDERS:
        for one in pattern.finditer(line):
            names += _PARTS.findall(one[1])
    called = None if names else _CALLED.match(line)
    if called is not None:
        receiver, _, method = called[1].rpartition(".")
        names += [receiver] if receiver and method not in _HARMLESS else []
    for name in names:
        if name not in ("self", "cls") and _is_name(name):
            yield name


def _is_name(name: str) -> bool:
    return not any(keyword.iskeyword(part) for part in name.split("."))
