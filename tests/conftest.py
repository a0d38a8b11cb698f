"""Every test has a cache of its own: what one leaves there must not answer for another."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture(autouse=True)
def own_cache(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRAINLINT_CACHE_DIR", str(Path(tmp_path_factory.getbasetemp()) / "caches" / f"{id(monkeypatch):x}"))
