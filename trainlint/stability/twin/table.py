"""The table of all operations that the twin can evaluate, by the names of `facts.graph`."""

from __future__ import annotations

from collections.abc import Mapping

from trainlint.stability.twin.activations import ACTIVATIONS
from trainlint.stability.twin.arithmetic import ARITHMETIC
from trainlint.stability.twin.attention import ATTENTION
from trainlint.stability.twin.einsum import EINSUM
from trainlint.stability.twin.einsum_layer import EINSUM_LAYER
from trainlint.stability.twin.layers import LAYERS
from trainlint.stability.twin.lookups import LOOKUPS
from trainlint.stability.twin.losses import LOSSES
from trainlint.stability.twin.magnitudes import MAGNITUDES
from trainlint.stability.twin.merging import MERGING
from trainlint.stability.twin.operation import Operation
from trainlint.stability.twin.rearranging import REARRANGING
from trainlint.stability.twin.recurrent import RECURRENT
from trainlint.stability.twin.recurrent_maps import RECURRENT_MAPS
from trainlint.stability.twin.resampling import RESAMPLING
from trainlint.stability.twin.selection import SELECTION
from trainlint.stability.twin.transposed import TRANSPOSED
from trainlint.stability.twin.windows import WINDOWS

TABLE: Mapping[str, Operation] = {
    **ARITHMETIC,
    **SELECTION,
    **MAGNITUDES,
    **MERGING,
    **REARRANGING,
    **EINSUM,
    **EINSUM_LAYER,
    **ACTIVATIONS,
    **LAYERS,
    **LOOKUPS,
    **RECURRENT,
    **RECURRENT_MAPS,
    **ATTENTION,
    **WINDOWS,
    **RESAMPLING,
    **TRANSPOSED,
    **LOSSES,
}
