"""How a probe ends, and that nothing is left of it."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Callable
from pathlib import Path

import pytest

from trainlint.probe.cage.plan import METHODS
from trainlint.probe.host import Ending, Limits, Openings, ProbeResult, Progress, probe
from trainlint.probe.protocol import Request, to_json

SCRIPTS = Path(__file__).parent / "scripts"
Run = Callable[..., ProbeResult]


def running(mark: str) -> list[int]:
    """The processes whose command line or environment holds `mark`."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            text = (folder / "cmdline").read_bytes() + (folder / "environ").read_bytes()
        except OSError:
            continue
        if mark.encode() in text and int(folder.name) != os.getpid():
            found.append(int(folder.name))
    return found


def test_a_training_is_measured_and_the_script_ends_there(
    run_probe: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    result = run_probe("host_trains.py", "--lr", "0.1")
    assert result.ending is Ending.MEASURED
    assert result.exit_code == 0
    assert [(one.framework, one.loss, one.number) for one in result.measurements] == [("stand-in", 2.5, 0)]
    assert result.stdout.splitlines() == ["arguments ['--lr', '0.1']", "checkpoint b'weights'"]
    assert (result.stderr, result.traceback, result.faults) == ("", "", ())
    assert not (tmp_path / "checkpoint.bin").exists()
    assert running(str(tmp_path)) == []
    assert 0 < result.peak_memory < 1 << 30


def test_as_many_runs_as_are_asked_for_are_measured(run_probe: Run) -> None:
    result = run_probe("host_twice.py", runs=2)
    assert [one.loss for one in result.measurements] == [1.0, 2.0]
    assert result.stdout == "between\n"


def test_fewer_trainings_than_were_asked_for_are_no_failure(run_probe: Run) -> None:
    result = run_probe("host_twice.py", runs=3)
    assert (result.ending, len(result.measurements), result.exit_code) == (Ending.MEASURED, 2, 0)
    assert result.stdout.endswith("never\n")


def test_a_script_that_fails_gives_its_own_traceback(run_probe: Run) -> None:
    result = run_probe("host_fails.py")
    assert (result.ending, result.exit_code, result.measurements) == (Ending.FAILED, 1, ())
    lines = result.traceback.splitlines()
    assert lines[0] == "Traceback (most recent call last):"
    assert "FileNotFoundError: [Errno 2] No such file or directory: 'nowhere/data.csv'" in lines
    assert lines[-2:] == ["RuntimeError: no data", "  in the folder"]
    assert not any("trainlint" in line and "tests" not in line for line in lines)


def test_output_is_kept_from_its_end_and_the_exit_code_is_the_scripts(run_probe: Run) -> None:
    result = run_probe("host_floods.py")
    assert (result.ending, result.exit_code, result.stderr) == (Ending.FAILED, 3, "the end\n")
    assert result.stdout.endswith("line 19998\nline 19999\n")
    assert len(result.stdout) <= 65_536


def test_nobody_answers_a_question(run_probe: Run) -> None:
    result = run_probe("host_asks.py")
    assert result.ending is Ending.FAILED
    assert result.traceback.endswith("EOFError: EOF when reading a line")


def test_a_script_without_training_ends_by_itself(tmp_path: Path) -> None:
    result = probe([sys.executable, "-c", "print('done')"], Request(str(tmp_path / "probe")))
    assert (result.ending, result.exit_code, result.stdout) == (Ending.UNTRAINED, 0, "done\n")


def test_endless_preparation_is_ended_with_the_stack(run_probe: Run) -> None:
    result = run_probe("host_endless.py", limits=Limits(seconds=3.0))
    assert (result.ending, result.exit_code, result.stdout) == (Ending.TIME, None, "preparing\n")
    first, second = result.stack.splitlines()
    assert first.endswith('host_endless.py", line 8 in prepare')
    assert second.endswith('host_endless.py", line 12 in <module>')
    assert result.seconds >= 3


def test_memory_without_end_is_ended(run_probe: Run) -> None:
    result = run_probe("host_hog.py", limits=Limits(seconds=60, memory=300 << 20))
    assert (result.ending, result.exit_code) == (Ending.MEMORY, None)
    assert result.peak_memory > 300 << 20


def test_writing_without_end_is_ended(run_probe: Run) -> None:
    result = run_probe("host_fills.py", limits=Limits(seconds=60, disk=40 << 20))
    assert result.ending is Ending.DISK


def test_a_file_without_end_raises_in_the_script(tmp_path: Path) -> None:
    code = "open('large', 'wb').truncate(1 << 40)"
    result = probe([sys.executable, "-c", code], Request(str(tmp_path / "probe")), Limits(seconds=60, disk=40 << 20))
    assert result.ending is Ending.FAILED
    assert "OSError" in result.traceback


@pytest.mark.parametrize("methods", [METHODS, ("landlock",), ()], ids=["namespaces", "landlock", "open"])
@pytest.mark.parametrize("end", ["stay", "leave"])
def test_no_process_outlives_a_probe(run_probe: Run, methods: tuple[str, ...], end: str) -> None:
    seconds = str(10_000 + uuid.uuid4().int % 80_000)
    limits = Limits(seconds=2.0 if end == "stay" else 60.0)
    result = run_probe("host_outlives.py", seconds, end, limits=limits, openings=Openings(methods=methods))
    assert result.ending is (Ending.TIME if end == "stay" else Ending.UNTRAINED)
    assert running(f"sleep\0{seconds}") == []


def test_workers_are_told_from_trainings() -> None:
    with tempfile.TemporaryDirectory(prefix="tl-") as short:  # sockets of the forkserver lie below it, whose paths must be short
        result = probe([sys.executable, str(SCRIPTS / "host_workers.py")], Request(short), Limits(seconds=60))
    assert result.ending is Ending.MEASURED, result.stderr
    *pools, main, child, _ = result.stdout.splitlines()
    expected = {"fork": True, "spawn": True, "forkserver": None}  # those of a forkserver are without the probe
    assert pools == [f"{method} [(4, {is_worker}), (9, {is_worker})]" for method, is_worker in expected.items()]
    assert (main, child) == ("main False", "child of __main__")


def test_a_command_that_is_not_there(tmp_path: Path) -> None:
    result = probe(["no-such-program-at-all", "train.py"], Request(str(tmp_path / "probe")))
    assert (result.ending, result.exit_code) == (Ending.NOT_STARTED, 127)
    assert result.stderr == "'no-such-program-at-all' could not be started: No such file or directory\n"


def test_a_python_without_its_site_is_told(tmp_path: Path) -> None:
    result = probe([sys.executable, "-S", "-c", "pass"], Request(str(tmp_path / "probe")))
    assert result.ending is Ending.NOT_STARTED


def test_a_signal_is_told_as_a_negative_code(tmp_path: Path) -> None:
    code = "import os; os.kill(os.getpid(), 11)"
    result = probe([sys.executable, "-c", code], Request(str(tmp_path / "probe")))
    assert (result.ending, result.exit_code) == (Ending.FAILED, -11)
    assert "Segmentation fault" in result.stderr


def test_a_modules_own_command_is_probed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(SCRIPTS)
    result = probe([sys.executable, "-m", "host_twice"], Request(str(tmp_path / "probe")))
    assert [one.loss for one in result.measurements] == [1.0]


def test_who_watches_sees_it_run_and_can_end_it(tmp_path: Path) -> None:
    seen: list[Progress] = []

    def watch(progress: Progress) -> None:
        seen.append(progress)
        if progress.seconds > 0.5:
            raise KeyboardInterrupt

    folder = str(tmp_path / "probe")
    with pytest.raises(KeyboardInterrupt):
        probe([sys.executable, str(SCRIPTS / "host_endless.py")], Request(folder), Limits(seconds=60), watch=watch)
    assert seen[-1].memory > 1 << 20
    assert seen[-1].runs == 0
    assert running(folder) == []


def test_no_process_outlives_a_host_that_is_killed(tmp_path: Path) -> None:
    folder = str(tmp_path / "probe")
    code = f"""
import sys
from trainlint.probe.host import probe
from trainlint.probe.protocol import Request
probe([sys.executable, {str(SCRIPTS / "host_endless.py")!r}], Request({folder!r}), watch=lambda one: print(one.runs, flush=True))
"""
    root = Path(__file__).parents[2]
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, cwd=root, text=True) as host:
        assert host.stdout is not None
        for _ in range(5):
            host.stdout.readline()
        assert running(folder)
        host.kill()
    for _ in range(100):
        if not running(folder):
            break
        time.sleep(0.05)
    assert running(folder) == []


def test_what_is_no_message_is_a_fault(tmp_path: Path) -> None:
    folder = tmp_path / "probe"
    code = "import os; open(os.environ['TMPDIR'] + '/../run-0.json', 'w').write('[1]')"
    result = probe([sys.executable, "-c", code], Request(str(folder)))
    assert result.measurements == ()
    assert result.faults == ("run-0.json could not be read: no Measurement: Measurement must be an object",)


def test_a_shadowed_sitecustomize_is_loaded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    own = tmp_path / "own"
    own.mkdir()
    (own / "sitecustomize.py").write_text("CHECKED = 'the own one'\n", encoding="utf-8")
    monkeypatch.setenv("PYTHONPATH", str(own))
    code = "import sys, sitecustomize; print(sitecustomize.CHECKED, [one for one in sys.path if 'child' in one])"
    result = probe([sys.executable, "-c", code], Request(str(tmp_path / "probe")))
    assert result.stdout == "the own one []\n"


def test_a_fault_of_a_hook_does_not_harm_the_script(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fake = tmp_path / "fake"
    fake.mkdir()
    (fake / "torch.py").write_text("VERSION = 'none'\n", encoding="utf-8")
    monkeypatch.setenv("PYTHONPATH", str(fake))
    code = "import importlib.util; importlib.util.find_spec('torch'); import torch; print(torch.VERSION, torch.__loader__)"
    result = probe([sys.executable, "-c", code], Request(str(tmp_path / "probe")))
    assert result.ending is Ending.UNTRAINED
    assert result.stdout.startswith("none <_frozen_importlib_external.SourceFileLoader object")
    [fault] = result.faults
    assert fault.startswith("Traceback")
    assert "AttributeError" in fault


def test_the_child_does_nothing_without_the_variable() -> None:
    site = Path(__file__).parents[2] / "trainlint" / "probe" / "child" / "site"
    code = "import sys; print([one for one in sys.modules if 'probe' in one], sys.meta_path[0].__class__.__name__)"
    environment = {**os.environ, "PYTHONPATH": str(site)}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.startswith("[] ")
    assert "_Finder" not in done.stdout


def test_an_old_python_is_told(tmp_path: Path) -> None:
    site = Path(__file__).parents[2] / "trainlint" / "probe" / "child" / "site" / "sitecustomize.py"
    code = f"import runpy, sys; sys.version_info = (3, 8); runpy.run_path({str(site)!r}); print('on')"
    environment = {**os.environ, "TRAINLINT_PROBE": to_json(Request(str(tmp_path)))}
    done = subprocess.run([sys.executable, "-S", "-c", code], env=environment, capture_output=True, text=True, check=True)
    assert done.stdout == "on\n"
    assert (tmp_path / "fault-version.txt").read_text(encoding="utf-8").startswith("the probe needs Python 3.10 or later")
