"""TensorFlow 1 graph scripts: what sessions run, the data of the tutorials, `tf.data`. Rows: `knowledge.tensorflow1_rows`.

Layers, losses and optimizers of graphs are those of Keras (`interpret.keras`); training operations and the steps that
sessions make of them are in `interpret.keras.loops`.
"""

from __future__ import annotations

from trainlint.interpret.tensorflow1 import input_data, operations, pipelines

__all__ = ["input_data", "operations", "pipelines"]
