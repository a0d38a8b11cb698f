"""Workers of every kind, which must not be taken for trainings; then one."""

import multiprocessing
import subprocess
import sys

from standin import measure


def square(number):
    start = sys.modules.get("_trainlint_probe.child.start")
    return number * number, None if start is None else start.is_worker()


if __name__ == "__main__":
    for method in ("fork", "spawn", "forkserver"):
        with multiprocessing.get_context(method).Pool(2) as pool:
            print(method, pool.map(square, [2, 3]))
    started = sys.modules["_trainlint_probe.child.start"]
    print("main", started.is_worker())
    print(subprocess.run([sys.executable, "-c", "print('child of', __name__)"], check=True, capture_output=True, text=True).stdout)
    measure()
