"""One training run, spread over files, notebooks and percent scripts: the same facts wherever its parts stand."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.facts.idioms import project_runs
from tests.facts.keras_idioms import COMPILE_ONE, HEAD, ONE, TABLE, UNKNOWN, check, facts, runs_of
from tests.interpret.helpers import follow
from trainlint.facts.extract import extract
from trainlint.facts.run import TrainingRun
from trainlint.interpret.interpreter import interpret
from trainlint.source.notebook import read_notebook
from trainlint.source.parse import Tree, parse
from trainlint.source.read import Source, Unreadable, read_text

if TYPE_CHECKING:
    from pathlib import Path

KERAS = "import numpy as np\nfrom tensorflow import keras\nfrom tensorflow.keras import layers\n"
WANTED = {
    "optimizer": "sgd",
    "lr": 0.05,
    "loss": "sparse_categorical_crossentropy",
    "activation": "softmax",
    "batch": 100,
    "epochs": 4,
    "steps": 600,
    "scale": "unit",
    "labels": "int",
    "parameters": 784 * 32 + 32 + 330,
}
"""The facts of the one run that all these projects train."""

DATA = (
    KERAS + "def load():\n    (x, y), (a, b) = keras.datasets.mnist.load_data()\n"
    "    return (x.reshape(-1, 784).astype('float32') / 255, y), (a.reshape(-1, 784).astype('float32') / 255, b)\n"
)
NET = (
    KERAS + "def build(hidden):\n    return keras.Sequential([layers.Input((784,)), layers.Dense(hidden, activation='relu'),"
    " layers.Dense(10, activation='softmax')])\n"
)
TRAIN = (
    "model = build(HIDDEN)\nmodel.compile(optimizer=keras.optimizers.SGD(RATE), loss='sparse_categorical_crossentropy')\n"
    "(x, y), test = load()\nmodel.fit(x, y, batch_size=BATCH, epochs=4, validation_data=test)\n"
)
SETTINGS = "RATE = 5e-2\nBATCH = 100\nHIDDEN = 32\n"
TRAINER = (
    "from . import settings\nfrom .data import load\nfrom .nets.dense import build\nfrom tensorflow import keras\n"
    "class Trainer:\n    def __init__(self, rate=settings.RATE):\n        self.rate = rate\n        self.model = build(settings.HIDDEN)\n"
    "    def compile(self):\n        self.model.compile(keras.optimizers.SGD(self.rate), 'sparse_categorical_crossentropy')\n"
    "    def run(self, epochs):\n        self.compile()\n        (x, y), test = load()\n"
    "        self.model.fit(x, y, batch_size=settings.BATCH, epochs=epochs, validation_data=test)\n"
)
IMPORTED = "from settings import BATCH, HIDDEN, RATE\nfrom data import load\nfrom net import build\n"

PROJECTS: dict[str, dict[str, str]] = {
    "four files side by side": {
        "train.py": KERAS + IMPORTED + TRAIN,
        "settings.py": SETTINGS,
        "data.py": DATA,
        "net.py": NET,
    },
    "modules by their names": {
        "train.py": KERAS
        + "import settings, data, net\nload, build = data.load, net.build\n"
        + TRAIN.replace("RATE", "settings.RATE").replace("BATCH", "settings.BATCH").replace("HIDDEN", "settings.HIDDEN"),
        "settings.py": SETTINGS,
        "data.py": DATA,
        "net.py": NET,
    },
    "star imports": {
        "train.py": "from data import *\nfrom net import *\nfrom settings import *\n" + TRAIN,
        "settings.py": SETTINGS,
        "data.py": DATA,
        "net.py": NET,
    },
    "a package with relative imports and a trainer": {
        "train.py": "from project.trainer import Trainer\nTrainer().run(epochs=4)\n",
        "project/__init__.py": "",
        "project/settings.py": SETTINGS,
        "project/data.py": DATA,
        "project/nets/__init__.py": "",
        "project/nets/dense.py": NET,
        "project/trainer.py": TRAINER,
    },
    "a namespace package": {
        "train.py": "from project.trainer import Trainer\nTrainer().run(epochs=4)\n",
        "project/settings.py": SETTINGS,
        "project/data.py": DATA,
        "project/nets/dense.py": NET,
        "project/trainer.py": TRAINER,
    },
    "names that a package passes on": {
        "train.py": KERAS + "from project import BATCH, HIDDEN, RATE, build, load\n" + TRAIN,
        "project/__init__.py": "from .settings import *\nfrom .data import load\nfrom .net import build as build\n",
        "project/settings.py": SETTINGS,
        "project/data.py": DATA,
        "project/net.py": NET,
    },
    "files that import one another": {
        "train.py": KERAS + "from settings import BATCH, HIDDEN, RATE\nfrom data import load\nfrom net import build\n" + TRAIN,
        "settings.py": SETTINGS,
        "data.py": "import net\n" + DATA,
        "net.py": "import data\n" + NET,
    },
    "behind a main guard": {
        "train.py": KERAS
        + IMPORTED
        + "def main():\n"
        + "".join(f"    {line}\n" for line in TRAIN.splitlines())
        + "if __name__ == '__main__':\n    main()\n",
        "settings.py": SETTINGS,
        "data.py": DATA,
        "net.py": NET,
    },
    "a folder that the script adds to its path": {
        "train.py": "import sys\nsys.path.append('src')\n" + KERAS + IMPORTED + TRAIN,
        "settings.py": SETTINGS,
        "data.py": DATA,
        "net.py": NET,
    },
    "a rate in a file of settings": {
        "train.py": KERAS + "import json\nfrom data import load\nfrom net import build\nsettings = json.load(open('run.json'))\n"
        "RATE, BATCH, HIDDEN = settings['rate'], settings['batch'], settings['hidden']\n" + TRAIN,
        "run.json": '{"rate": 0.05, "batch": 100, "hidden": 32}',
        "data.py": DATA,
        "net.py": NET,
    },
}


@pytest.mark.parametrize("name", PROJECTS)
def test_one_run_over_several_files(name: str, tmp_path: Path) -> None:
    check(project_runs(tmp_path, PROJECTS[name]), WANTED)


def test_a_module_that_is_not_there_is_said(tmp_path: Path) -> None:
    files = {
        "train.py": KERAS
        + "from .missing import build\nmodel = build()\nmodel.compile(optimizer='sgd', loss='mse')\nmodel.fit(np.ones((4, 2)), np.ones(4), epochs=2)\n"
    }
    (run,) = project_runs(tmp_path, files)
    found = facts(run)
    assert (found["optimizer"], found["loss"]) == ("sgd", "mean_squared_error")
    assert "`build` comes from a module that is not known" in found["model_why"]


def notebook(*cells: str, **changed: Any) -> bytes:
    """A notebook of code cells."""
    made = [{"cell_type": "code", "metadata": {}, "outputs": [], "source": cell} for cell in cells]
    return json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": made, **changed}).encode()


def runs_of_notebook(*cells: str) -> tuple[TrainingRun, ...]:
    source = read_notebook(notebook(*cells), "train.ipynb", None, 1_000_000)
    assert isinstance(source, Source)
    tree = parse(source)
    assert isinstance(tree, Tree)
    return extract(interpret(tree)).runs


WHOLE = (KERAS, SETTINGS, DATA + NET, TRAIN)
NOTEBOOKS: dict[str, tuple[str, ...]] = {
    "cells in order": WHOLE,
    "lines of magic": ("%matplotlib inline\n" + KERAS, SETTINGS + "%load_ext tensorboard\n", DATA + NET, "%time " + TRAIN),
    "shell lines": ("!pip install -q tensorflow\n" + KERAS, SETTINGS + "!nvidia-smi\n", *WHOLE[2:]),
    "output of the shell kept": (KERAS + "files = !ls\n", *WHOLE[1:]),
    "a question": (KERAS + "keras.Model?\n", *WHOLE[1:]),
    "cells of magic": (KERAS, SETTINGS, "%%bash\nls *.py | wc\n", "%%html\n<b>not Python</b>\n", DATA + NET, "%%time\n" + TRAIN),
    "a cell as a list of lines": (KERAS, SETTINGS, DATA + NET + "\n\n", TRAIN),
    "the result of a line shown": (KERAS, SETTINGS + "RATE\n", DATA + NET, TRAIN.rstrip() + ";"),
}


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_a_notebook_is_one_module(name: str) -> None:
    check(runs_of_notebook(*NOTEBOOKS[name]), WANTED)


@pytest.mark.parametrize(
    ("data", "word"),
    [
        (b"{", "no JSON"),
        (b"[1, 2]", "no JSON object"),
        (notebook(KERAS, nbformat=3), "format 3"),
        (notebook(KERAS, cells={"a": 1}), "no list of cells"),
        (b"\xff\xfe\x00", "no JSON"),
    ],
)
def test_a_malformed_notebook_is_reported(data: bytes, word: str) -> None:
    found = read_notebook(data, "broken.ipynb", None, 1_000_000)
    assert isinstance(found, Unreadable)
    assert word in found.reason


def test_a_percent_script_is_one_module() -> None:
    cells = [KERAS, SETTINGS, DATA + NET, TRAIN]
    text = "# %% [markdown]\n# # A title\n" + "".join(f"# %%\n{cell}\n" for cell in cells) + "# %%\n# %matplotlib inline\n"
    tree = parse(read_text(text, "train.py"))
    assert isinstance(tree, Tree)
    check(extract(interpret(tree)).runs, WANTED)


def test_functions_that_nobody_calls_are_judged_by_their_bodies() -> None:
    found = runs_of(
        "def classify(x, y, lr=0.02):\n    model = Sequential([Dense(16, activation='relu'), Dense(1, activation='sigmoid')])\n"
        "    model.compile(keras.optimizers.SGD(lr), 'binary_crossentropy')\n    model.fit(x, y, epochs=5, batch_size=64)\n"
        "def regress(x, y, epochs):\n    model = Sequential([Dense(1)])\n    model.compile('adam', 'mse')\n"
        "    model.fit(x, y, epochs=epochs)\n"
    )
    shown = [(f["optimizer"], f["loss"], f["activation"], f["batch"], f["epochs"]) for f in map(facts, found)]
    assert shown == [
        ("sgd", "binary_crossentropy", "sigmoid", 64, 5),
        ("adam", "mean_squared_error", "linear", 32, UNKNOWN),
    ]


REASONS: dict[str, tuple[str, dict[str, Any]]] = {
    "the environment": (
        "import os\nlr = float(os.environ['LR'])\nmodel.compile(keras.optimizers.SGD(lr), 'mse')\nmodel.fit(x, y)\n",
        {"lr": UNKNOWN, "lr_why": "os.environ['LR']", "why_row": 2},
    ),
    "two rates": (
        "import sys\nif len(sys.argv) > 1:\n    lr = 0.1\nelse:\n    lr = 0.01\nmodel.compile(keras.optimizers.SGD(lr), 'mse')\nmodel.fit(x, y)\n",
        {"lr": UNKNOWN, "lr_why": "0.1 or 0.01, depending on a branch"},
    ),
    "an optimizer that a library makes": (
        "import other\nmodel.compile(other.optimizer(), 'mse')\nmodel.fit(x, y)\n",
        {"optimizer": UNKNOWN, "optimizer_why": "other.optimizer", "why_row": 2},
    ),
    "a name that Keras does not have": (
        "model.compile('adamm', 'mse')\nmodel.fit(x, y)\n",
        {"optimizer": UNKNOWN, "optimizer_why": "'adamm'", "why_row": 1},
    ),
    "no compile in sight": ("model.fit(x, y)\n", {"optimizer": UNKNOWN, "optimizer_why": "not compiled", "loss_why": "no loss"}),
    "epochs that a user types": (
        "model.compile('sgd', 'mse')\nmodel.fit(x, y, epochs=int(input('epochs? ')))\n",
        {"epochs": UNKNOWN, "epochs_why": "what a user types"},
    ),
    "a generator of another library": (
        "import other\nmodel.compile('sgd', 'mse')\nmodel.fit_generator(other.batches(), steps_per_epoch=7)\n",
        {"batch": UNKNOWN, "steps": 7, "scale": "unknown"},
    ),
}


@pytest.mark.parametrize("name", REASONS)
def test_what_is_missing_says_why_and_where(name: str) -> None:
    text, expected = REASONS[name]
    before = TABLE + ONE
    rows = (HEAD + before).count("\n")
    expected = {key: value + rows if key == "why_row" else value for key, value in expected.items()}
    check(runs_of(before + text), expected)


def test_the_usual_table_is_followed() -> None:
    check(runs_of(TABLE + ONE + COMPILE_ONE + "model.fit(x, y)\n"), {"optimizer": "adam", "batch": 32, "steps": 32})


def test_many_calls_within_one_another_end_and_are_said() -> None:
    chain = "".join(f"def f{i}(v):\n    return f{i + 1}(v) + 1\n" for i in range(300)) + "def f300(v):\n    return v\n"
    script = extract(follow(HEAD + chain + TABLE + "f0(1)\n" + ONE + COMPILE_ONE + "model.fit(x, y)\n"))
    assert any("calls within one another" in limit.reason for limit in script.limits)
    check(script.runs, {"optimizer": "adam", "batch": 32, "steps": 32})


def test_a_chain_of_hundreds_of_layers_ends() -> None:
    chain = "o = i = Input((8,))\n" + "o = Dense(8)(o)\n" * 300 + "model = Model(i, Dense(1)(o))\n"
    check(runs_of(TABLE + chain + COMPILE_ONE + "model.fit(x, y)\n"), {"parameters": 300 * 72 + 9, "activation": "linear"})
