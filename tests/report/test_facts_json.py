"""Training runs as JSON: in a notebook rows count inside their cell, whose number stands beside them."""

from __future__ import annotations

import json

from trainlint.engine import check_source
from trainlint.report.records import facts_json
from trainlint.settings import Settings
from trainlint.source.read import Source, decode, read_text

CELLS = (
    "from tensorflow import keras\nimport numpy as np\n",
    "x = np.arange(20.0).reshape(-1, 1)\nmodel = keras.Sequential([keras.layers.Dense(1)])\n",
    "model.compile(keras.optimizers.SGD(0.01), 'mse')\nmodel.fit(x, 3 * x, epochs=2)\n",
)


def test_places_in_a_notebook_name_the_cell() -> None:
    cells = [
        {"cell_type": "code", "metadata": {}, "outputs": [], "execution_count": None, "source": text.splitlines(keepends=True)}
        for text in CELLS
    ]
    content = json.dumps({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5})
    source = decode(content.encode(), None, "train.ipynb")
    assert isinstance(source, Source)
    [record] = json.loads(facts_json([check_source(source, Settings())]))
    assert (record["cell"], record["location"]) == (3, {"row": 2, "column": 1})
    assert (record["optimizer"]["cell"], record["optimizer"]["location"]["row"]) == (3, 1)
    [layer] = record["model"]["layers"]
    assert (layer["cell"], layer["location"]["row"]) == (2, 2)


def test_places_in_a_script_are_those_of_the_file() -> None:
    [record] = json.loads(facts_json([check_source(read_text("".join(CELLS), "train.py"), Settings())]))
    assert record["cell"] is None
    assert record["location"] == {"row": 6, "column": 1}
