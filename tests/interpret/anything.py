"""An interpreter at the beginning of a script, for tests that call what the tables know with anything."""

from __future__ import annotations

from trainlint.interpret import libraries
from trainlint.interpret.interpreter import Activation, Machine, NoWorkspace
from trainlint.interpret.values import Scope

libraries.load()


def machine() -> Machine:
    made = Machine(NoWorkspace())
    made.activations.append(Activation(Scope(kind="module")))
    made.allowed = 20_000
    return made
