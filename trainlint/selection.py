"""Which rules run: the default set, or what `select` and `ignore` name."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

from trainlint.core import Finding, Severity
from trainlint.registry import Rule, all_rules, rules_in
from trainlint.settings import Settings, SettingsError, nearest

ALL = "ALL"
_BEGINNING = re.compile(r"TRN\d{0,3}\Z")


@lru_cache(maxsize=8)
def catalogue(settings: Settings) -> tuple[Rule, ...]:
    """The rules of the catalogue and those of the user's own folders, sorted by code.

    Raises:
        SettingsError: an own folder does not exist, or one of its rules has a code that is taken.
        RuleError: a rule file is not well formed.
    """
    rules = {one.code: one for one in all_rules()}
    for folder in settings.rules:
        if not folder.is_dir():
            raise SettingsError(f"there is no folder of rules {str(folder)!r}")
        for one in rules_in(folder):
            if one.code in rules:
                raise SettingsError(f"{folder}: {one.code} is already the code of {rules[one.code].name}")
            rules[one.code] = one
    return tuple(rules[code] for code in sorted(rules))


@lru_cache(maxsize=8)
def selected_rules(settings: Settings) -> tuple[Rule, ...]:
    """The rules that run under these settings.

    Without `select`: the default set, with the preview rules if `preview`; `extend_select` adds to either. A code selects its
    rule whatever its default; a beginning (TRN1) or ALL selects every rule that it fits but preview ones, which need `preview`
    too. Where both `select` and `ignore` fit a rule the longer one counts, and `ignore` if they are equally long.

    Raises:
        SettingsError: a setting that takes codes has what is not the code, or the beginning of a code, of any rule.
        RuleError: a rule file is not well formed.
    """
    rules = catalogue(settings)
    codes = [one.code for one in rules]
    elsewhere = [one for _, listed in settings.per_file_ignores for one in listed] + [code for code, _ in settings.severity]
    for selector in (*settings.select, *settings.extend_select, *settings.ignore, *elsewhere):
        _check(selector, codes)
    return tuple(one for one in rules if _selected(one, settings))


def adjusted(findings: Iterable[Finding], settings: Settings) -> Iterator[Finding]:
    """The findings with the severities that the settings give, without those that they ignore in the finding's file.

    Of several codes or beginnings of codes that fit a finding the longest gives the severity.
    """
    ignored = _ignored_by_pattern(settings)
    for finding in findings:
        if any(longest_fit(finding.code, codes) >= 0 and fits(finding.span.filename) for fits, codes in ignored):
            continue
        named = [(len(code), severity) for code, severity in settings.severity if longest_fit(finding.code, (code,)) >= 0]
        yield replace(finding, severity=Severity(max(named)[1])) if named else finding


def _ignored_by_pattern(settings: Settings) -> list[tuple[Callable[[str], bool], tuple[str, ...]]]:
    if not settings.per_file_ignores:
        return []
    from trainlint.source.ignore import Patterns

    def fits(patterns: Patterns) -> Callable[[str], bool]:
        return lambda filename: patterns.verdict(Path(filename), is_folder=False) is True

    base = settings.root or Path.cwd()
    return [(fits(Patterns([pattern], base)), codes) for pattern, codes in settings.per_file_ignores]


def _check(selector: str, codes: list[str]) -> None:
    if selector == ALL or (_BEGINNING.match(selector) and any(code.startswith(selector) for code in codes)):
        return
    raise SettingsError(f"there is no rule {selector!r}{nearest(selector.upper(), [*codes, ALL])}")


def _selected(one: Rule, settings: Settings) -> bool:
    chosen = longest_fit(one.code, (*settings.select, *settings.extend_select))
    ignored = longest_fit(one.code, settings.ignore)
    asks = one.default == "named" or (one.default == "preview" and not settings.preview)
    if asks and chosen < len(one.code):
        chosen = -1
    if not settings.select and (one.default == "on" or (one.default == "preview" and settings.preview)):
        chosen = max(chosen, 0)
    return chosen > ignored


def longest_fit(code: str, selectors: tuple[str, ...]) -> int:
    """The length of the longest selector that fits; ALL has length 0, no fit -1."""
    return max((0 if one == ALL else len(one) for one in selectors if one == ALL or code.startswith(one)), default=-1)
