"""`trainlint check --explain-stability`: the findings, then how each verdict comes about."""

from __future__ import annotations

from pathlib import Path

from tests.cli.running import trainlint

FIXTURES = Path(__file__).parents[2] / "fixtures"


def test_the_derivation_follows_the_findings(tmp_path: Path) -> None:
    (tmp_path / "train.py").write_text((FIXTURES / "torch_one_weight_explodes.py").read_text("utf-8"), "utf-8")
    done = trainlint("check", "--explain-stability", "train.py", cwd=tmp_path, COLUMNS="140")
    assert done.code == 1
    assert done.out.index("TRN101") < done.out.index("2/λ = 2/247 = 0.0080972")
    assert "0.01/0.0080972 = 1.235" in done.out
    assert "(1 - 2.47)² = ×2.1609 per step" in done.out
    assert "2/λ = 2/247" not in trainlint("check", "train.py", cwd=tmp_path, COLUMNS="140").out


def test_stdin_cannot_be_read_twice(tmp_path: Path) -> None:
    done = trainlint("check", "--explain-stability", "-", cwd=tmp_path, stdin=b"x = 1\n")
    assert done.code == 2
    assert "trainlint facts -" in done.err
