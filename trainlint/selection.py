"""Which rules run: the default set, or what `select` and `ignore` name."""

from __future__ import annotations

import re
from functools import lru_cache

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

    Without `select`: the default set, with the preview rules if `preview`. A code selects its rule whatever its default; a
    beginning (TRN1) or ALL selects every rule that it fits but preview ones, which need `preview` too. Where `select` and
    `ignore` both fit a rule the longer one counts, and `ignore` if they are equally long.

    Raises:
        SettingsError: `select` or `ignore` has what is not the code, or the beginning of a code, of any rule.
        RuleError: a rule file is not well formed.
    """
    rules = catalogue(settings)
    codes = [one.code for one in rules]
    for selector in (*settings.select, *settings.ignore):
        _check(selector, codes)
    return tuple(one for one in rules if _selected(one, settings))


def _check(selector: str, codes: list[str]) -> None:
    if selector == ALL or (_BEGINNING.match(selector) and any(code.startswith(selector) for code in codes)):
        return
    raise SettingsError(f"there is no rule {selector!r}{nearest(selector.upper(), [*codes, ALL])}")


def _selected(one: Rule, settings: Settings) -> bool:
    chosen = _longest_fit(one.code, settings.select)
    ignored = _longest_fit(one.code, settings.ignore)
    if not settings.select:
        chosen = 0 if one.default == "on" or (one.default == "preview" and settings.preview) else -1
    elif one.default == "preview" and not settings.preview and chosen < len(one.code):
        chosen = -1
    return chosen > ignored


def _longest_fit(code: str, selectors: tuple[str, ...]) -> int:
    """The length of the longest selector that fits; ALL has length 0, no fit -1."""
    return max((0 if one == ALL else len(one) for one in selectors if one == ALL or code.startswith(one)), default=-1)
