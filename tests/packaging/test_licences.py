"""The licence of everything that an installation brings, as the installed packages state it themselves."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

ALLOWED = frozenset(
    {"0BSD", "Apache-2.0", "BSD", "BSD-2-Clause", "BSD-3-Clause", "BSL-1.0", "CC0-1.0", "ISC", "LLVM-exception", "MIT", "MIT-CMU"}
    | {"MPL-2.0", "PSF-2.0", "Python-2.0", "Unlicense", "Zlib"}
)
"""SPDX identifiers. All let others use and pass on what is installed beside it; MPL-2.0 binds changes of its own files only."""

STATED = {
    "3-Clause BSD License": "BSD-3-Clause",
    "Apache 2.0": "Apache-2.0",
    "Apache License 2.0": "Apache-2.0",
    "Apache License, Version 2.0": "Apache-2.0",
    "Apache Software License": "Apache-2.0",
    "BSD License": "BSD",
    "ISC License (ISCL)": "ISC",
    "MIT License": "MIT",
    "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
    "PSF": "PSF-2.0",
    "Python Software Foundation License": "PSF-2.0",
    "The Unlicense (Unlicense)": "Unlicense",
}
"""How older metadata say it."""

IN_A_FILE_ONLY = {"namex": "Apache-2.0", "pygls": "Apache-2.0"}
"""Packages whose metadata say nothing, with what their licence file says."""

OWN_TERMS = ("nvidia-", "cuda-")
"""Libraries for its devices that PyTorch brings on Linux, under NVIDIA's own terms; trainlint neither needs nor passes them on."""

PROJECT = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text(encoding="utf-8"))["project"]
EXTRAS: dict[str, list[str]] = {
    name: words for name, words in PROJECT["optional-dependencies"].items() if name not in ("dev", "test")
}


def installed(name: str) -> Distribution | None:
    try:
        return distribution(name)
    except PackageNotFoundError:
        return None


def brought_by(requirements: Iterable[str]) -> dict[str, Distribution]:
    """The packages that these requirements and theirs ask for here, by their names; what is not installed is left out."""
    found: dict[str, Distribution] = {}
    asked: set[tuple[str, str]] = set()
    waiting = [one for one in map(Requirement, requirements) if is_needed(one)]
    while waiting:
        one = waiting.pop()
        name, package = canonicalize_name(one.name), installed(one.name)
        for extra in {"", *one.extras}:
            if package is not None and (name, extra) not in asked:
                asked.add((name, extra))
                found[name] = package
                waiting += [need for need in map(Requirement, package.requires or ()) if is_needed(need, extra)]
    return found


def is_needed(need: Requirement, extra: str = "") -> bool:
    return need.marker is None or need.marker.evaluate({"extra": extra})


def licences(package: Distribution) -> frozenset[str]:
    """The SPDX identifiers of its licence expression, its classifiers, or its field `License`: the first of them that speaks."""
    about = package.metadata
    if expression := about.get("License-Expression"):
        return frozenset(word for word in re.findall(r"[\w.+-]+", expression) if word not in ("AND", "OR", "WITH"))
    classified = [line.rpartition(" :: ")[2] for line in about.get_all("Classifier") or () if line.startswith("License :: ")]
    said = [one for one in classified if one != "OSI Approved"] or [
        about.get("License") or IN_A_FILE_ONLY.get(package.name, "nothing")
    ]
    return frozenset(STATED.get(one, one) for one in said)


def not_allowed(packages: dict[str, Distribution]) -> dict[str, list[str]]:
    stated = {name: sorted(licences(package) - ALLOWED) for name, package in packages.items() if not name.startswith(OWN_TERMS)}
    return {name: others for name, others in stated.items() if others}


def test_the_default_installation() -> None:
    packages = brought_by(PROJECT["dependencies"])
    assert {"libcst", "numpy", "pathspec", "pyyaml", "rich", "pygments"} <= set(packages)
    assert not_allowed(packages) == {}


@pytest.mark.parametrize(
    "extra", [name for name, words in EXTRAS.items() if all(installed(Requirement(one).name) for one in words)]
)
def test_an_extra(extra: str) -> None:
    packages = brought_by(EXTRAS[extra])
    assert {canonicalize_name(Requirement(one).name) for one in EXTRAS[extra]} <= set(packages)
    assert not_allowed(packages) == {}


def test_what_is_not_allowed_is_found(tmp_path: Path) -> None:
    def package(text: str) -> Distribution:
        folder = tmp_path / f"p{len(list(tmp_path.iterdir()))}.dist-info"
        folder.mkdir()
        (folder / "METADATA").write_text(f"Metadata-Version: 2.4\nName: p\nVersion: 1\n{text}\n", encoding="utf-8")
        return Distribution.at(folder)

    gpl = "Classifier: License :: OSI Approved :: GNU General Public License v3 (GPLv3)"
    expression = "License-Expression: MIT AND (GPL-3.0-only WITH GCC-exception-3.1)"
    stated = {"a": package(gpl), "b": package(expression), "c": package("License: MIT"), "d": package("")}
    assert not_allowed(stated) == {
        "a": ["GNU General Public License v3 (GPLv3)"],
        "b": ["GCC-exception-3.1", "GPL-3.0-only"],
        "d": ["nothing"],
    }
