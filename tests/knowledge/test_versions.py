"""What requirements and lock files say of the release of Keras, and what a pinned release changes."""

from __future__ import annotations

import pytest

from tests.rules.checking import findings
from trainlint.engine import check_source, facts_of
from trainlint.knowledge.versions import of_script, pinned_eras
from trainlint.settings import Settings
from trainlint.source.read import read_text
from trainlint.workspace import Project

PINS = {
    "keras==1.2.2": {"keras1"},
    "keras==2.2.4": {"keras2"},
    "tensorflow==1.15": {"tf.keras"},
    "tensorflow-gpu==2.4.1": {"tf.keras"},
    "tensorflow>=2.11,<2.16": {"keras2.11"},
    "keras==2.12.0": {"keras2.11"},
    "tensorflow~=2.12.0": {"keras2.11"},
    'keras = "^2.12"': {"keras2.11"},
    "  - tensorflow=2.12": {"keras2.11"},
    "tensorflow[and-cuda]==2.17": {"keras3"},
    "keras>=3": {"keras3"},
    "tensorflow>=2.12": {"keras2.11", "keras3"},
    'name = "keras"\nversion = "3.1.0"': {"keras3"},
    '"keras": {"hashes": ["sha256:ab"], "version": "==2.4.3"}': {"keras2"},
    "tensorflow==2.17\nkeras>=2.0": {"keras3"},
    "keras": set(),
    "keras = '*'": set(),
    "keras-tuner==1.0\nkeras_preprocessing==1.1.2\ntensorflow-addons==0.1": set(),
    "# keras==2.0": set(),
}


@pytest.mark.parametrize(("text", "eras"), PINS.items(), ids=list(PINS))
def test_pins(text: str, eras: set[str]) -> None:
    assert pinned_eras(text) == eras


def test_inline_metadata_of_a_script() -> None:
    text = '# /// script\n# dependencies = [\n#   "keras==2.12",\n# ]\n# ///\nimport keras\n'
    assert pinned_eras(of_script(text)) == {"keras2.11"}
    assert of_script("import keras\n") == ""


SCRIPT = """from tensorflow import keras

def train(x, y):
    model = keras.Sequential([keras.layers.Dense(1)])
    model.compile(keras.optimizers.Adam(lr=0.25), "mse")
    model.fit(x, y)
"""


@pytest.mark.parametrize(
    ("name", "pin", "codes", "rate"),
    [
        ("requirements.txt", "tensorflow==2.12.0\n", {"TRN602"}, 0.001),
        ("requirements.txt", "tensorflow==2.10.0\n", set(), 0.25),
        ("pyproject.toml", '[project]\ndependencies = ["tensorflow>=2.16"]\n', {"TRN603"}, 0.25),
        ("uv.lock", '[[package]]\nname = "tensorflow"\nversion = "2.13.1"\n', {"TRN602"}, 0.001),
    ],
)
def test_files_of_the_project_count_and_an_ignored_rate_is_not_the_rate(tmp_path, name, pin, codes, rate) -> None:
    (tmp_path / name).write_text(pin)
    path = tmp_path / "train.py"
    path.write_text(SCRIPT)
    source, workspace = read_text(SCRIPT, str(path)), Project(tmp_path)
    found = check_source(source, Settings(select=("TRN602", "TRN603"), preview=True), workspace).findings
    assert {one.code for one in found} == codes
    (run,) = facts_of(source, workspace).runs
    assert run.optimizer.learning_rate.value == rate


def test_what_the_script_says_of_itself_counts_more_than_the_project(tmp_path) -> None:
    (tmp_path / "requirements.txt").write_text("tensorflow==2.12.0\n")
    text = '# /// script\n# dependencies = ["tensorflow==2.9"]\n# ///\n' + SCRIPT
    source = read_text(text, str(tmp_path / "train.py"))
    assert facts_of(source, Project(tmp_path)).pinned_eras == {"tf.keras"}


def test_renamed_argument_is_mended() -> None:
    text = '# /// script\n# dependencies = ["keras==2.12"]\n# ///\nimport keras\noptimizer = keras.optimizers.Adam(lr=0.1)\n'
    (one,) = findings(text, "TRN602")
    assert one.fix is not None
    assert [edit.content for edit in one.fix.edits] == ["learning_rate"]
    assert "Adam(lr=0.1)" in one.message
    assert "default 0.001" in one.message


def test_the_settings_count_most() -> None:
    text = '# /// script\n# dependencies = ["keras==2.9"]\n# ///\nimport keras\noptimizer = keras.optimizers.Adam(lr=0.1)\n'
    settings = Settings(select=("TRN602",), versions=("keras==2.13",))
    assert [one.code for one in check_source(read_text(text, "train.py"), settings).findings] == ["TRN602"]
