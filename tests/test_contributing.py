"""The example in CONTRIBUTING.md is a rule that works."""

from __future__ import annotations

import re
from pathlib import Path

from trainlint.engine import check_source
from trainlint.settings import Settings
from trainlint.source.read import read_text

PAGE = (Path(__file__).parents[1] / "CONTRIBUTING.md").read_text(encoding="utf-8")


def test_the_worked_example(tmp_path: Path) -> None:
    [(name, code)] = re.findall(r"Write `rules/(trn490_\w+\.py)`:\n\n````python\n(.*?)````", PAGE, re.DOTALL)
    (tmp_path / name).write_text(code, encoding="utf-8")
    settings = Settings(preview=True, rules=(tmp_path,))
    examples = re.findall(r"```python (bad|good)\n(.*?)```", code, re.DOTALL)
    assert [kind for kind, _ in examples] == ["bad", "good"]
    for kind, text in examples:
        marked = [(row, "TRN490") for row, line in enumerate(text.splitlines(), 1) if "# error: TRN490" in line]
        found = [(one.span.row, one.code) for one in check_source(read_text(text, "train.py"), settings).findings]
        assert found == marked
        assert bool(marked) == (kind == "bad")
