"""What is said of scripts with statements that do not parse: of these one thing each, of the rest all that is sure."""

import pytest

from trainlint.engine import check_source
from trainlint.settings import Settings
from trainlint.source.read import read_text

LOOP = """\
import torch

model = torch.nn.Linear(8, 1)
optimizer = torch.optim.SGD(model.parameters(), lr=-1.0)
loader = torch.utils.data.DataLoader(torch.utils.data.TensorDataset(torch.randn(64, 8), torch.randn(64, 1)), batch_size=8)
for epoch in range(3):
    for x, y in loader:
        {clear}
        loss = torch.nn.functional.mse_loss(model(x), y)
        loss.backward()
        optimizer.step()
"""


def codes(text: str) -> list[tuple[str, int]]:
    return [(one.code, one.span.row) for one in check_source(read_text(text, "x.py"), Settings()).findings]


def test_the_loop_without_its_call_is_at_fault() -> None:
    assert ("TRN501", 10) in codes(LOOP.format(clear="pass")) or "TRN501" in dict(codes(LOOP.format(clear="pass")))


@pytest.mark.parametrize("broken", ["optimizer.zero_grad(", "optimizer.zero_grad)", "optimizer.zero_grad() if"])
def test_what_is_missing_may_stand_in_what_is_broken(broken: str) -> None:
    found = dict(codes(LOOP.format(clear=broken)))
    assert "TRN501" not in found
    assert (found["TRN001"], found["TRN106"]) == (8, 4)


def test_names_that_a_broken_statement_binds_are_not_missing() -> None:
    for broken in ("x_train = load(", "from data import (x_train, y_train", "def x_train(a b):\n    pass", "x_train ="):
        found = codes(f"import keras\n{broken}\nmodel = keras.Sequential([keras.layers.Dense(1)])\nmodel.fit(x_train, x_train)\n")
        assert {code for code, _ in found} & {"TRN516", "TRN001"} == {"TRN001"}


def test_a_model_that_a_broken_statement_changes_is_unknown() -> None:
    text = (
        "import keras\nimport numpy as np\nmodel = keras.Sequential()\nmodel.add(keras.layers.Dense(10, input_shape=(4,)))\n"
        "model.add(keras.layers.Dense(10, activation='softmax')\n"
        "model.compile('sgd', 'categorical_crossentropy')\nmodel.fit(np.zeros((8, 4)), np.eye(10)[:8])\n"
    )
    assert {code for code, _ in codes(text)} == {"TRN001"}


def test_placeholders_that_do_not_parse_do_not_hide_the_rest() -> None:
    text = "import keras\nx = # array (n, 32)\ny = # array (n, 1)\nmodel = keras.Sequential([keras.layers.Dense(1)])\nmodel.compile(model, loss_function='mse')\nmodel.fit(x, y)\n"
    found = codes(text)
    assert [row for code, row in found if code == "TRN001"] == [2, 3]
    assert ("TRN601", 5) in found


WHOLE = LOOP.format(clear="optimizer.zero_grad()")


def test_python_2_is_judged_where_it_stands() -> None:
    text = WHOLE.replace("optimizer = ", "print 'made', 0777; optimizer = ").replace(
        "loss.backward()", "loss.backward(); print loss"
    )
    text = text.replace("range", "xrange") + "try:\n    model.eval\nexcept IOError, e:\n    print `e`\n"
    found = check_source(read_text(text, "x.py"), Settings()).findings
    assert [(one.code, one.span.row) for one in found if one.code in ("TRN001", "TRN504", "TRN516")] == [("TRN504", 13)]
    (rate,) = [one for one in found if one.code == "TRN106"]
    row = text.split("\n")[rate.span.row - 1]
    assert "-1.0" in row[rate.span.column - 1 : rate.span.end_column - 1]
    assert row[rate.span.column - 1 : rate.span.end_column - 1] in row.partition("; ")[2]


def test_quotients_of_integers_are_integers_in_python_2() -> None:
    text = "print 'x'\n" + WHOLE.replace("lr=-1.0", "lr=1 / 10")
    assert "TRN108" in dict(codes(text))
    assert "TRN108" not in dict(codes("from __future__ import division\n" + text))
    assert "TRN108" not in dict(codes(text.replace("print 'x'", "print('x')")))
