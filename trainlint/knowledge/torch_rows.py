"""What is known of PyTorch: every table of its rows, joined.

Parameters carry the names the whole linter uses (`units`, `filters`, `strides`, `use_bias`, `learning_rate`, `epsilon`, `rate`)
first and PyTorch's own (`out_features`, `out_channels`, `stride`, `bias`, `lr`, `eps`, `p`) as aliases. Signatures and defaults
are those of PyTorch 2.13; a test compares them with the installed library. `eras` holds the defaults of older releases.
"""

from __future__ import annotations

from trainlint.knowledge import (
    torch_ecosystem_rows,
    torch_function_rows,
    torch_layer_rows,
    torch_optimizer_rows,
    torch_training_rows,
)
from trainlint.knowledge.rows import Row

ROWS: tuple[Row, ...] = (
    *torch_layer_rows.ROWS,
    *torch_training_rows.ROWS,
    *torch_optimizer_rows.ROWS,
    *torch_function_rows.ROWS,
    *torch_ecosystem_rows.ROWS,
)
