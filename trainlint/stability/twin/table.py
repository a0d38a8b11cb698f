"""The table of all operations that the twin can evaluate, by the names of `facts.graph`."""

from __future__ import annotations

from collections.abc import Mapping

from trainlint.stability.twin.activations import ACTIVATIONS
from trainlint.stability.twin.arithmetic import ARITHMETIC
from trainlint.stability.twin.attention import ATTENTION
from trainlint.stability.twin.layers import LAYERS
from trainlint.stability.twin.losses import LOSSES
from trainlint.stability.twin.operation import Operation
from trainlint.stability.twin.recurrent import RECURRENT
from trainlint.stability.twin.transposed import TRANSPOSED
from trainlint.stability.twin.windows import WINDOWS

TABLE: Mapping[str, Operation] = {
    **ARITHMETIC,
    **ACTIVATIONS,
    **LAYERS,
    **RECURRENT,
    **ATTENTION,
    **WINDOWS,
    **TRANSPOSED,
    **LOSSES,
}
