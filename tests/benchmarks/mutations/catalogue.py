"""All faults."""

from __future__ import annotations

from tests.benchmarks.mutations import data, layers, library, loops, optimizers, outputs
from tests.benchmarks.mutations.script import Mutation

MUTATIONS: tuple[Mutation, ...] = (*loops.ROWS, *outputs.ROWS, *data.ROWS, *layers.ROWS, *optimizers.ROWS, *library.ROWS)
