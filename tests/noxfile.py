"""What is too slow for every test run: `nox -f tests/noxfile.py` (`-l` lists the sessions, `-s NAME` runs one)."""

from __future__ import annotations

import hashlib
import json
import tempfile
from pathlib import Path

import nox

ROOT = Path(__file__).parents[1]
PYTHONS = ("3.10", "3.11", "3.12", "3.13")
EXTRAS = ("lsp", "completion")
"""What users install beside the default; the frameworks are never loaded by trainlint itself."""
TORCH = "torch==2.13.0"
"""As in `.ci/run`: others may end a process that has loaded TensorFlow too (2.15.0 did)."""
BRANCHES = 92
"""Per cent that the tests must take."""

nox.needs_version = ">=2025.2.9"
nox.options.default_venv_backend = "uv"
nox.options.download_python = "never"
nox.options.error_on_missing_interpreters = False
nox.options.envdir = str(ROOT / ".nox")


def pins(session: nox.Session, resolution: str, *options: str) -> str:
    """A file with one version of each dependency, the oldest or the newest that pyproject.toml allows."""
    path = str(Path(session.create_tmp()) / "pins.txt")
    extras = [word for name in EXTRAS for word in ("--extra", name)]
    words = ("--resolution", resolution, "--only-binary", ":all:", "--quiet", *options, "--output-file", path)
    session.run_install("uv", "pip", "compile", "pyproject.toml", *extras, *words, external=True)
    return path


@nox.session(python=PYTHONS)
@nox.parametrize("resolution", [nox.param("lowest-direct", id="lowest"), nox.param("highest", id="newest")])
def tests(session: nox.Session, resolution: str) -> None:
    """The tests without frameworks, with the oldest or the newest dependencies that pyproject.toml allows."""
    session.chdir(ROOT)
    constraints = pins(session, resolution, "--python-version", str(session.python))
    session.install("--editable", ".[test]", "pip", "--constraint", constraints)
    session.run("python", "-m", "pytest", "-q", "-m", "not framework", *session.posargs)


@nox.session
def release(session: nox.Session) -> None:
    """Build twice, compare the bytes, and look at the wheel and the page as the index would."""
    session.chdir(ROOT)
    session.install("build", "twine", "check-wheel-contents")
    built = []
    for name in ("first", "second"):
        folder = Path(session.create_tmp()) / name
        session.run("python", "-m", "build", "--outdir", str(folder), env={"SOURCE_DATE_EPOCH": "1700000000"}, silent=True)
        built.append({path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(folder.iterdir())})
    session.log("\n".join(f"{digest}  {name}" for name, digest in built[0].items()))
    if built[0] != built[1]:
        session.error("two builds of the same files differ")
    files = [str(folder / name) for name in built[1]]
    session.run("twine", "check", "--strict", *files)
    session.run("check-wheel-contents", *(name for name in files if name.endswith(".whl")))


@nox.session
def audit(session: nox.Session) -> None:
    """Known vulnerabilities in the newest of what is installed by default and by `EXTRAS`; asks the index's advisory service."""
    session.chdir(ROOT)
    session.install("pip-audit")
    session.run("pip-audit", "--strict", "--disable-pip", "--no-deps", "--requirement", pins(session, "highest"))


@nox.session
def keras2(session: nox.Session) -> None:
    """The probe and the tables with Keras 2 as `tf_keras`, which `tensorflow.keras` then stands for."""
    session.chdir(ROOT)
    session.install("--editable", ".[test,keras,jax,torch]", "tf_keras", "pip")
    files = [str(path) for path in sorted((ROOT / "tests" / "probe").glob("test_keras_*.py"))]
    words = ("-q", "-m", "framework", "tests/knowledge", "tests/probe/test_threads.py", *files, *session.posargs)
    session.run("python", "-m", "pytest", *words, env={"TF_USE_LEGACY_KERAS": "1"})


@nox.session
def coverage(session: nox.Session) -> None:
    """The share of branches that all tests together take, programs and the probe's caged processes included."""
    session.chdir(ROOT)
    session.install("--editable", ".[dev,keras]", TORCH, "coverage>=7.10", "pip")
    folder = Path(session.create_tmp())
    # the cage's tests make folders that are closed off beside the project, not within it
    measured = {"COVERAGE_FILE": str(folder / "data"), "TMPDIR": tempfile.gettempdir()}
    session.run("coverage", "erase", env=measured)
    session.run("coverage", "run", "-m", "pytest", "-q", "-p", "tests.measured", *session.posargs, env=measured)
    session.run("coverage", "combine", "--quiet", env=measured)
    session.run("coverage", "report", "--skip-covered", "--sort=cover", env=measured)
    session.run("coverage", "json", "--quiet", "-o", str(folder / "coverage.json"), env=measured)
    total = json.loads((folder / "coverage.json").read_text(encoding="utf-8"))["totals"]
    share = 100 * total["covered_branches"] / total["num_branches"]
    if share < BRANCHES:
        session.error(f"{share:.1f} % of the branches are taken, less than {BRANCHES} %")
    session.log(f"{share:.1f} % of the branches are taken")
