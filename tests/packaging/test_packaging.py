"""The rules are found wherever trainlint runs from: a checkout, an editable install, a wheel, and a wheel made from an sdist."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
CODES = sorted(path.name[:6].upper() for path in (ROOT / "rules").glob("trn*.py"))


def run(*arguments: str, cwd: Path, path: Path | None = None) -> str:
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    if path is not None:
        environment["PYTHONPATH"] = str(path)
    done = subprocess.run([sys.executable, *arguments], cwd=cwd, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def codes_of(listing: str) -> list[str]:
    return [line.split()[0] for line in listing.splitlines()]


@pytest.fixture(scope="module")
def sources(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What a clone holds of the package, so that a build leaves nothing in the checkout."""
    folder = tmp_path_factory.mktemp("clone")
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, folder)
    for name in ("trainlint", "rules"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    return folder


@pytest.fixture(scope="module")
def built(sources: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dist")
    run("-m", "hatchling", "build", "-d", str(folder), cwd=sources)
    return folder


def install(package: Path, target: Path) -> Path:
    options = ("--quiet", "--no-deps", "--no-index", "--no-build-isolation", "--target", str(target))
    run("-m", "pip", "install", *options, str(package), cwd=target.parent)
    return target


def test_checkout() -> None:
    assert codes_of(run("-m", "trainlint", "rule", cwd=ROOT)) == CODES


def test_editable(sources: Path, tmp_path: Path) -> None:
    run("-c", f"import hatchling.build; hatchling.build.build_editable({str(tmp_path)!r})", cwd=sources)
    [wheel] = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as file:
        [pointer] = [name for name in file.namelist() if name.endswith(".pth")]
        assert Path(file.read(pointer).decode().strip()) == sources
    assert codes_of(run("-m", "trainlint", "rule", cwd=tmp_path, path=sources)) == CODES


def test_wheel(built: Path, tmp_path: Path) -> None:
    [wheel] = built.glob("*.whl")
    site = install(wheel, tmp_path / "site")
    assert codes_of(run("-m", "trainlint", "rule", cwd=tmp_path, path=site)) == CODES
    page = run("-m", "trainlint", "rule", "--all", cwd=tmp_path, path=site)
    assert [code for code in CODES if f"# {code} " not in page] == []
    assert run("-c", "import trainlint; print(trainlint.__file__)", cwd=tmp_path, path=site).startswith(str(site))


def test_sdist(built: Path, tmp_path: Path) -> None:
    [archive] = built.glob("*.tar.gz")
    with tarfile.open(archive) as file:
        names = {name.partition("/")[2] for name in file.getnames()}
        file.extractall(tmp_path, filter="data")
    assert {"pyproject.toml", "README.md", "LICENSE", "trainlint/__init__.py", "rules/trn001_syntax_error.py"} <= names
    [folder] = [path for path in tmp_path.iterdir() if path.is_dir()]
    run("-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path / "dist"), cwd=folder)
    [again], [wheel] = (tmp_path / "dist").glob("*.whl"), built.glob("*.whl")
    assert again.read_bytes() == wheel.read_bytes()


def test_the_wheel_holds_the_package_and_nothing_else(built: Path) -> None:
    [wheel] = built.glob("*.whl")
    with zipfile.ZipFile(wheel) as file:
        names = file.namelist()
    assert {name.split("/")[0] for name in names if ".dist-info" not in name} == {"trainlint"}
    assert "trainlint/py.typed" in names
    assert [name for name in names if "__pycache__" in name or "/tests/" in name] == []
    assert sorted(name for name in names if name.startswith("trainlint/rules/trn")) == sorted(
        f"trainlint/rules/{path.name}" for path in (ROOT / "rules").glob("*.py")
    )


def test_a_build_can_be_repeated(sources: Path, built: Path, tmp_path: Path) -> None:
    """The same files give the same bytes: whoever rebuilds a release can compare it with what was published."""
    copied = shutil.copytree(sources, tmp_path / "again", copy_function=shutil.copyfile)
    run("-m", "hatchling", "build", "-d", str(tmp_path / "dist"), cwd=copied)
    assert {path.name: path.read_bytes() for path in (tmp_path / "dist").iterdir()} == {
        path.name: path.read_bytes() for path in built.iterdir()
    }
