"""`trainlint rule`: explain a rule."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence

from trainlint.cli.arguments import Parser, UsageError, one_of
from trainlint.registry import Rule, all_rules
from trainlint.settings import nearest

SUMMARY = "explain a rule, or list them all"


def main(arguments: Sequence[str]) -> int:
    """Print one rule's documentation, or one line a rule.

    Raises:
        UsageError: there is no such rule.
        RuleError: a rule file is not well formed.
    """
    parser = Parser("rule", "Explain a rule by its code or name; without one, list all rules.")
    parser.add_argument("code", nargs="?", metavar="CODE", help="TRN101, or step-above-stability-bound")
    parser.add_argument("--all", action="store_true", help="the documentation of every rule")
    parser.add_argument(
        "--output-format", metavar="FORMAT", default="text", type=one_of("text", "json"), help="text (default) or json"
    )
    options = parser.parse(arguments)
    rules = _chosen(options.code)
    if options.output_format == "json":
        text = json.dumps([_record(one) for one in rules], indent=2, ensure_ascii=False)
    elif options.code or options.all:
        text = "\n\n".join(_page(one) for one in rules)
    else:
        text = "\n".join(f"{one.code}  {one.severity.value:<7}  {one.default:<7}  {one.name}: {one.title}" for one in rules)
    sys.stdout.write(text + "\n")
    return 0


def _chosen(code: str | None) -> Sequence[Rule]:
    rules = all_rules()
    if code is None:
        return rules
    found = [one for one in rules if code.upper() == one.code or code.lower() == one.name]
    if not found:
        names = [name for one in rules for name in (one.code, one.name)]
        raise UsageError(f"there is no rule {code!r}{nearest(code.upper(), names) or nearest(code.lower(), names)}")
    return found


def _page(one: Rule) -> str:
    title, _, body = one.documentation.strip().partition("\n")
    facts = f"Severity: {one.severity.value}. Default: {one.default}. Since: {one.since}."
    return f"# {one.code} {one.name}\n\n{title}\n\n{facts}\n{body}"


def _record(one: Rule) -> dict[str, str]:
    return {
        "code": one.code,
        "name": one.name,
        "title": one.title,
        "severity": one.severity.value,
        "default": one.default,
        "since": one.since,
        "documentation": one.documentation,
    }
