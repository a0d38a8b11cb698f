"""Keras 2 lives on as `tf_keras`: its rows are compared where that is installed."""

from __future__ import annotations

from importlib.util import find_spec

collect_ignore = [] if find_spec("tf_keras") else ["test_keras_2_rows.py"]
