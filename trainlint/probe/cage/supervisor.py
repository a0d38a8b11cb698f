"""The process between the host and the script: builds the cage, starts the command in it, and ends all that it leaves behind."""

from __future__ import annotations

import contextlib
import os
import resource
import signal
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import NoReturn

from trainlint.probe.cage import kernel, landlock, namespaces
from trainlint.probe.cage.plan import Closed, Plan
from trainlint.probe.cage.processes import end_descendants

NOT_STARTED = 127
"""The exit code for a command that could not be started, as shells have it."""


def main(words: Sequence[str]) -> NoReturn:
    """Run the command `words[1:]` by the plan `words[0]`, and exit as it does, with 128 + n for the signal n."""
    plan, command = Plan.from_json(words[0]), list(words[1:])
    with contextlib.suppress(OSError):
        kernel.prctl(kernel.CHILD_SUBREAPER, 1)
        kernel.prctl(kernel.PDEATHSIG, signal.SIGTERM)
    signal.signal(signal.SIGTERM, _end)
    _limit(plan)
    refused = _leave_namespaces(plan) if "namespaces" in plan.methods else "not asked for"
    if refused:
        left = (f"the system refuses namespaces ({refused})",) if "namespaces" in plan.methods else ()
        status = _follow(lambda: _execute(command, plan, _restrict(plan, Closed(left=left))))
    else:
        status = _follow(lambda: _be_init(command, plan))
    end_descendants(os.getpid())
    os._exit(status)


def _end(*_: object) -> NoReturn:
    end_descendants(os.getpid())
    os._exit(128 + signal.SIGTERM)


def _limit(plan: Plan) -> None:
    """No file larger than all that may be written, no core dumps, and the first to go where the system runs out of memory."""
    _, hardest = resource.getrlimit(resource.RLIMIT_FSIZE)
    most = plan.disk if hardest == resource.RLIM_INFINITY else min(plan.disk, hardest)
    resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    with contextlib.suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("1000", encoding="ascii")


def _leave_namespaces(plan: Plan) -> str:
    """Enter own namespaces; what the system says if it refuses, else nothing."""
    try:
        namespaces.enter(plan.network)
    except OSError as error:
        return error.strerror or str(error)
    return ""


def _follow(action: Callable[[], NoReturn]) -> int:
    """Do something in a process of its own and wait for its end, and for that of orphans; its exit code."""
    child = os.fork()
    if child == 0:
        try:
            action()
        except OSError as error:
            sys.stderr.write(f"{error}\n")
        os._exit(NOT_STARTED)
    while True:
        ended, status = os.wait()
        if ended == child:
            return os.waitstatus_to_exitcode(status) if os.WIFEXITED(status) else 128 + os.WTERMSIG(status)


def _be_init(command: list[str], plan: Plan) -> NoReturn:
    """The first process of the new namespaces: with its end the kernel ends all the others in them."""
    kernel.prctl(kernel.PDEATHSIG, signal.SIGKILL)
    closed = Closed(network="open" if plan.network else "none")
    if not plan.network:
        with contextlib.suppress(OSError):
            namespaces.raise_loopback()
    try:
        closed = replace(closed, files="layered", left=namespaces.close_files(plan))
    except OSError as error:
        closed = replace(closed, left=(f"files could not be layered ({error.filename}: {error.strerror})",))
    os._exit(_follow(lambda: _execute(command, plan, _restrict(plan, closed))))


def _restrict(plan: Plan, closed: Closed) -> Closed:
    """Close with Landlock and seccomp what namespaces did not."""
    if closed.files == "layered" or "landlock" not in plan.methods:
        return closed
    left = list(closed.left)
    files, network = closed.files, closed.network
    try:
        landlock.refuse_changes((plan.folder, *plan.write))
        files = "refused"
    except OSError as error:
        left.append(f"the system has no Landlock ({error.strerror})")
    if network == "open" and plan.connected:
        left.append("the processes of the command speak to one another over the network")
    elif network == "open" and not plan.network:
        try:
            landlock.refuse_network()
            network = "none"
        except OSError as error:
            left.append(f"the system has no seccomp ({error.strerror})")
    return Closed(files, network, tuple(left))


def _execute(command: list[str], plan: Plan, closed: Closed) -> NoReturn:
    """Become the command."""
    closed.write(plan.folder)
    os.setsid()
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    if closed.files == "layered":
        namespaces.drop_privileges()
    try:
        os.execvp(command[0], command)
    except OSError as error:
        sys.stderr.write(f"{command[0]!r} could not be started: {error.strerror}\n")
        os._exit(NOT_STARTED)
