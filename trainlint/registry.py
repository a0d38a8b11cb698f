"""What a rule is, and where the rules are found."""

from __future__ import annotations

import importlib
import importlib.util
import pkgutil
import re
import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from trainlint.core import Edit, Evidence, Place, Severity, Span

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class Report:
    """What a rule says: the engine turns it into a `Finding`.

    `severity` overrides the rule's own. `cause` (kind, value) names the root cause, for one finding a cause.
    `related` are (message, place) pairs. `edits` and `fix_message` make a fix.
    """

    message: str
    at: Place
    severity: Severity | None = None
    evidence: Evidence = Evidence.PROVED
    numbers: Mapping[str, float] = field(default_factory=dict)
    related: tuple[tuple[str, Place], ...] = ()
    fix_message: str = ""
    edits: tuple[Edit, ...] = ()
    fix_is_safe: bool = False
    cause: tuple[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule. `default`: on, preview, off, or named (it runs only where its full code is selected).

    `scope` says what `check` takes: "run" (a TrainingRun), "script" (a Script), or "afterwards" (the Script once all other rules
    have spoken). `absence` says that the rule speaks of what is missing: it is not asked where a part of the script does not
    parse, since that may be where it stands.
    """

    code: str
    name: str
    severity: Severity
    check: Callable[[Any], Iterable[Report]]
    documentation: str
    scope: str = "run"
    default: str = "on"
    since: str = "0.1"
    absence: bool = False

    @property
    def title(self) -> str:
        """The first line of the documentation."""
        return self.documentation.strip().splitlines()[0].rstrip(".")


_CODE = re.compile(r"TRN\d{3}\Z")
_NAME = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*\Z")


class RuleError(ValueError):
    """A rule file that is not well formed; the message names the file and what is wrong."""


def rule(
    code: str,
    name: str,
    severity: Severity,
    *,
    scope: str = "run",
    default: str = "on",
    since: str = "0.1",
    absence: bool = False,
) -> Callable[[Callable[[Any], Iterable[Report]]], Rule]:
    """Make a rule of a `check` function; the module's docstring is its documentation.

    Raises:
        RuleError: the code, name, scope or documentation is not well formed.
    """

    def make(check: Callable[[Any], Iterable[Report]]) -> Rule:
        documentation = sys.modules[check.__module__].__doc__ or ""
        problem = _problem(code, name, scope, default, documentation)
        if problem:
            raise RuleError(f"{check.__code__.co_filename}: {problem}")
        return Rule(code, name, severity, check, documentation, scope, default, since, absence)

    return make


def _problem(code: str, name: str, scope: str, default: str, documentation: str) -> str:
    if not _CODE.match(code):
        return f"rule code {code!r} is not TRN followed by three digits"
    if not _NAME.match(name):
        return f"rule name {name!r} is not lower-case words joined by hyphens"
    if scope not in ("run", "script", "afterwards"):
        return f"scope {scope!r} is not run, script or afterwards"
    if default not in ("on", "preview", "off", "named"):
        return f"default {default!r} is not on, preview, off or named"
    missing = [heading for heading in ("## Why", "## References") if heading not in documentation]
    return f"the docstring has no section {missing[0]!r}" if missing else ""


@lru_cache(maxsize=1)
def all_rules() -> tuple[Rule, ...]:
    """Every rule of the catalogue, sorted by code.

    Raises:
        RuleError: a rule file is not well formed, or two have one code.
    """
    import trainlint.rules

    found = [
        _rule_of(importlib.import_module(f"trainlint.rules.{module.name}"))
        for module in pkgutil.iter_modules(trainlint.rules.__path__)
        if module.name.startswith("trn")
    ]
    return _sorted(found)


def rules_in(folder: Path) -> tuple[Rule, ...]:
    """The rules of a user's own folder, loaded from its files (this runs them: only folders that the user named).

    Raises:
        RuleError: a rule file is not well formed.
    """
    found = []
    for path in sorted(folder.glob("*.py")):
        spec = importlib.util.spec_from_file_location(f"trainlint_own_rules.{path.stem}", path)
        if spec is None or spec.loader is None:
            raise RuleError(f"{path}: not a Python file that can be loaded")
        module = importlib.util.module_from_spec(spec)
        sys.modules[spec.name] = module
        try:
            spec.loader.exec_module(module)
        except Exception as error:  # the user's code: whatever it raises is said in one sentence
            raise RuleError(f"{path}: cannot be loaded: {type(error).__name__}: {str(error).partition(chr(10))[0]}") from error
        found.append(_rule_of(module))
    return _sorted(found)


def _rule_of(module: Any) -> Rule:
    rules = [value for value in vars(module).values() if isinstance(value, Rule)]
    if len(rules) != 1:
        raise RuleError(f"{module.__file__}: a rule file holds exactly one rule, this one holds {len(rules)}")
    return rules[0]


def _sorted(rules: list[Rule]) -> tuple[Rule, ...]:
    by_code: dict[str, Rule] = {}
    for one in sorted(rules, key=lambda one: one.code):
        if one.code in by_code:
            raise RuleError(f"{one.code} is the code of two rules: {by_code[one.code].name} and {one.name}")
        by_code[one.code] = one
    return tuple(by_code.values())


def replace(place: Place, text: str) -> Edit:
    """An edit that puts `text` in the place of what stands there."""
    return Edit(place.span, text)


def insert_before(place: Place, text: str) -> Edit:
    """An edit that inserts `text` before a place."""
    span = place.span
    return Edit(Span(span.filename, span.row, span.column, span.row, span.column), text)
