"""What the extension for VS Code offers is what the server understands."""

from __future__ import annotations

import json
import re
from pathlib import Path

from trainlint.server.features import PROBE
from trainlint.server.preferences import OF_THE_EDITOR, SECTION
from trainlint.settings import schema

FOLDER = Path(__file__).parents[2] / "editors" / "vscode"
MANIFEST = json.loads((FOLDER / "package.json").read_text(encoding="utf-8"))
CODE = (FOLDER / "src" / "extension.js").read_text(encoding="utf-8")


def test_its_settings_are_those_of_a_settings_file_or_its_own() -> None:
    known = schema()["properties"]
    for name, described in MANIFEST["contributes"]["configuration"]["properties"].items():
        section, _, key = name.partition(".")
        assert section == SECTION
        if key.partition(".")[0] not in OF_THE_EDITOR:
            assert known[key]["type"] in described["type"]
            assert described["default"] is None, "null: what is not set leaves the settings file alone"


def test_its_commands_are_registered() -> None:
    commands = {one["command"] for one in MANIFEST["contributes"]["commands"]}
    assert commands == set(re.findall(r'registerCommand\("([\w.]+)"', CODE))
    assert f'const PROBE = "{PROBE}"' in CODE


def test_it_names_no_registry_and_no_machine() -> None:
    texts = [
        path.read_text(encoding="utf-8")
        for path in (FOLDER / "package.json", FOLDER / "README.md", FOLDER / "src" / "extension.js")
    ]
    assert not [text for text in texts if re.search(r"registry\.|resolved|/home/|/tmp/", text)]
