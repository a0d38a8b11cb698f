"""Random numbers at the entry of a step, so that replaying the step draws the same dropout masks and noise."""

from __future__ import annotations

import random
import sys
from typing import Any

from .vectors import array, assign


class Entry:
    """The states of all generators when a step begins: Python's, numpy's, TensorFlow's, torch's, and Keras's seed generators.

    Those of Keras are variables that are only known once they are used: `SeedGenerator.next` reports each before its first use.
    """

    def __init__(self) -> None:
        import numpy as np

        self.python = random.getstate()
        self.numpy = np.random.get_state()
        self.context = _context()
        self.tensorflow = self.context._rng.getstate() if self.context is not None and hasattr(self.context, "_rng") else None
        torch: Any = sys.modules.get("torch")
        self.torch = torch.get_rng_state() if torch is not None and hasattr(torch, "get_rng_state") else None
        self.seeds: dict[int, tuple[Any, Any]] = {}

    def used(self, generator: Any) -> None:
        """Keep the state that `generator` has before its first use in the step."""
        state = getattr(generator, "state", None)
        if state is not None and id(state) not in self.seeds:
            self.seeds[id(state)] = (state, array(state))

    def restore(self) -> None:
        """Back to the entry of the step."""
        import numpy as np

        random.setstate(self.python)
        np.random.set_state(self.numpy)
        if self.tensorflow is not None and self.context is not None:
            self.context._rng.setstate(self.tensorflow)
            self.context.clear_kernel_cache()
        if self.torch is not None:
            sys.modules["torch"].set_rng_state(self.torch)
        for state, value in self.seeds.values():
            assign(state, value)


def seed_tensorflow() -> None:
    """Give TensorFlow a global seed where the script has none: without one its kernels draw from the machine and never repeat."""
    tensorflow: Any = sys.modules.get("tensorflow")
    context = _context()
    if tensorflow is not None and context is not None and getattr(context, "_seed", 0) is None:
        tensorflow.random.set_seed(random.SystemRandom().getrandbits(31))


def _context() -> Any:
    module: Any = sys.modules.get("tensorflow.python.eager.context")
    return module.context() if module is not None else None
