"""What a framework's hook would do at the first step, without a framework: measure once and end the process."""

import importlib
import os


def measure(**figures):
    """Write a measurement of `figures`; the process ends here if it was the last one asked for."""
    protocol = importlib.import_module("_trainlint_probe.protocol")
    session = importlib.import_module("_trainlint_probe.child.session")
    request = protocol.from_json(os.environ[protocol.VARIABLE], protocol.Request)
    session.Session(request).finish(protocol.Measurement(**{"framework": "stand-in", **figures}))
