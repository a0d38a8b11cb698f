"""No script makes arrays allocate without bound, and no combination of arguments raises."""

from __future__ import annotations

import tracemalloc
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from tests.interpret.arrays.making import array, names, value
from trainlint.interpret import arrays
from trainlint.interpret.arrays import limits
from trainlint.interpret.arrays.table import OPERATIONS
from trainlint.interpret.values import Array, List, Literal, Tuple, Unknown, Value
from trainlint.knowledge.operation_rows import ROWS

HUGE = (
    "np.zeros((10**6, 10**6))",
    "np.ones(10**12)",
    "np.full((10**5, 10**5), 7)",
    "np.arange(10**12)",
    "np.linspace(0, 1, 10**12)",
    "np.eye(10**6)",
    "np.random.rand(10**6, 10**6)",
    "np.tile(np.zeros(1000), (10**6, 1))",
    "np.repeat(np.zeros(1000), 10**9)",
    "np.zeros((10**6, 1)) + np.zeros((1, 10**6))",
    "np.zeros((10**6, 1)) @ np.zeros((1, 10**6))",
    "np.outer(np.zeros(10**6), np.zeros(10**6))",
    "np.broadcast_to(np.zeros(1), (10**7, 10**3))",
    "torch.zeros(10**6, 10**6)",
    "torch.ones(3).expand(10**8, 3)",
    "tf.fill((10**6, 10**6), 1.0)",
    "np.eye(1000)[np.zeros(10**6, dtype=int)]",
)


@pytest.mark.parametrize("expression", HUGE)
def test_huge_arrays_are_described_and_not_allocated(expression: str) -> None:
    names("import numpy as np\nx = np.zeros(1)\n")  # loads what is loaded once
    tracemalloc.start()
    found = names(f"import numpy as np\nimport torch\nimport tensorflow as tf\nx = {expression}\n")["x"]
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 4 * limits.MAXIMUM_BYTES
    assert array(found).data is None
    assert array(found).shape is not None


def test_many_arrays_together_are_bounded() -> None:
    script = "import numpy as np\nkept = []\nfor i in range(60):\n    kept.append(np.zeros(2_000_000) + i)\nlast = kept[-1]\n"
    found = names(script)
    assert array(found["last"]).data is None
    assert array(found["last"]).shape == (2_000_000,)
    again = names("import numpy as np\nx = np.zeros(1000) + 1\n")
    assert array(again["x"]).data is not None


def test_a_list_nested_in_itself_many_times_over_ends() -> None:
    inner: Value = List({"items": Tuple(())})
    for _ in range(30):
        inner = List({"items": Tuple((inner,) * 50)})
    assert arrays.as_array(inner, None) is None
    assert arrays.shape_of(inner) is None
    assert arrays.plain(inner) is not None


ODD: tuple[Any, ...] = (
    *(
        None,
        True,
        0,
        1,
        -1,
        2,
        10**30,
        0.5,
        float("nan"),
        float("inf"),
        1j,
        "",
        "mean",
        b"x",
        (),
        (1, 2),
        (-1, 3),
        [],
        [1, 2],
        [[1], [2, 3]],
    ),
    *(slice(None), slice(1, -1, -1), (0, slice(None)), "float32", ("a", None)),
)


VALUES = st.one_of(
    st.sampled_from(ODD).map(value),
    st.just(Unknown("not known")),
    st.just(Array("data")),
    st.just(Array("input", shape=(None, 3), dtype="float32", library="keras", symbolic=True)),
    st.just(Array("data", shape=(None, 2, 3), dtype="uint8")),
    st.sampled_from([np.arange(6.0).reshape(2, 3), np.array(2), np.zeros((0, 3)), np.array([True, False])]).map(value),
)
PLAIN = st.sampled_from((*ODD[:15], (0, 1), (1, 0, 2), Unknown("not known"), Array("data")))
ATTRIBUTES = (
    "axis",
    "shape",
    "keepdims",
    "axes",
    "first",
    "second",
    "repeats",
    "shift",
    "classes",
    "dtype",
    "low",
    "high",
    "start",
    "end",
)


@settings(max_examples=300, deadline=None)
@given(
    st.sampled_from(sorted(OPERATIONS)),
    st.lists(VALUES, max_size=3),
    st.dictionaries(st.sampled_from(ATTRIBUTES), PLAIN, max_size=4),
)
def test_no_operation_raises(op: str, inputs: list[Value], attributes: dict[str, Any]) -> None:
    found = arrays.operate(op, inputs, attributes, None)
    assert found.data is None or found.data.shape == found.shape


OPERATORS = ("add", "sub", "mul", "truediv", "floordiv", "mod", "pow", "matmul", "eq", "lt", "and_", "lshift", "something")


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(OPERATORS), VALUES, VALUES)
def test_no_operator_raises(name: str, left: Value, right: Value) -> None:
    assert arrays.binary(name, left, right, None) is not None
    for one in ("neg", "pos", "invert", "abs", "not", "other"):
        assert arrays.unary(one, left, None) is not None


@settings(max_examples=200, deadline=None)
@given(VALUES, st.lists(VALUES, min_size=1, max_size=3), VALUES)
def test_no_subscript_raises(owner: Value, index: list[Value], new: Value) -> None:
    one = index[0] if len(index) == 1 else Tuple(tuple(index))
    assert arrays.getitem(owner, one, None) is not None
    if isinstance(owner, Array):
        assert arrays.setitem(owner, one, new, None).shape == owner.shape


SPELLED = sorted({name for row in ROWS for name in (row.name, *row.aliases)})
ARGUMENTS = (
    "x",
    "3",
    "-1",
    "0.5",
    "None",
    "True",
    "'a'",
    "(2, 3)",
    "[1, 2]",
    "[x, x]",
    "[[1], [2, 3]]",
    "u",
    "-1, 2",
    "t",
    "10**30",
    "np.float32",
    "*u",
)
KEYWORDS = ("axis", "dim", "size", "shape", "dtype", "keepdims", "dims", "num_classes", "depth", "indices_or_sections")


@settings(max_examples=250, deadline=None)
@given(
    st.sampled_from(SPELLED),
    st.lists(st.sampled_from(ARGUMENTS), max_size=3),
    st.dictionaries(st.sampled_from(KEYWORDS), st.sampled_from(ARGUMENTS[:-1]), max_size=2),
)
def test_no_call_raises(name: str, positional: list[str], keywords: dict[str, str]) -> None:
    passed = ", ".join(
        [*positional, *(f"{key}={text.partition(',')[0] if text[0] == '-' else text}" for key, text in keywords.items())]
    )
    lines = [
        "import numpy as np, numpy, torch, tensorflow, unknown_library",
        "x = np.arange(6.0).reshape(2, 3)",
        "t = torch.randn(2, 3, requires_grad=True)",
        "u = unknown_library.thing()",
        f"y = {name}({passed})",
    ]
    assert "y" in names("\n".join(lines))


METHODS = sorted(
    {
        row.name.rpartition(".")[2]
        for row in ROWS
        if row.name.rpartition(".")[0] in ("numpy.ndarray", "torch.Tensor", "tensorflow.Tensor")
    }
)


@settings(max_examples=200, deadline=None)
@given(
    st.sampled_from(METHODS),
    st.sampled_from(("x", "t", "c", "d")),
    st.lists(st.sampled_from(ARGUMENTS), max_size=3),
    st.booleans(),
)
def test_no_method_raises(name: str, owner: str, positional: list[str], in_place: bool) -> None:
    lines = [
        "import numpy as np, torch, tensorflow as tf, unknown_library",
        "x = np.arange(6.0).reshape(2, 3)",
        "t = torch.randn(2, 3, requires_grad=True)",
        "c = tf.constant([1, 2])",
        "d = np.load('x.npy')",
        "u = unknown_library.thing()",
        f"y = {owner}.{name}{'_' if in_place else ''}({', '.join(positional)})",
        f"z = [{owner}.shape, {owner}.T, {owner}.dtype, {owner}.ndim, {owner}.size, len({owner})]",
        f"for row in {owner}:\n    pass",
    ]
    assert {"y", "z"} <= set(names("\n".join(lines)))


def test_nothing_known_stays_unknown() -> None:
    found = names(
        "import unknown_library\nimport numpy as np\nx = np.array(unknown_library.rows())\ny = x / unknown_library.scale\n"
    )
    assert array(found["y"]).op == "divide"
    assert array(found["y"]).inputs[0] is found["x"]
    assert not isinstance(array(found["y"]).inputs[1], Array)
    assert array(found["y"]).shape is None
    assert isinstance(found["x"], Array)
    assert not isinstance(found["x"], Literal)


PREPARATIONS = (
    *("sklearn.datasets.load_iris({})", "sklearn.datasets.make_blobs({})", "sklearn.datasets.make_moons({})", "keras.datasets.mnist.load_data({})"),
    *("sklearn.datasets.make_regression({})", "sklearn.model_selection.train_test_split({})", "sklearn.utils.shuffle({})", "sklearn.preprocessing.scale({})"),
    *("sklearn.preprocessing.MinMaxScaler({}).fit_transform(x)", "sklearn.preprocessing.StandardScaler().fit_transform({})", "pandas.read_csv({})"),
    *("sklearn.preprocessing.StandardScaler({}).fit(x).transform(t)", "sklearn.preprocessing.OneHotEncoder({}).fit_transform(x)", "pandas.DataFrame({})"),
    *("sklearn.preprocessing.LabelEncoder().fit_transform({})", "keras.utils.to_categorical({})", "torch.nn.functional.one_hot({})"),
    *("torchvision.transforms.Compose({})(x)", "torchvision.transforms.Normalize({})(x)", "torchvision.transforms.Resize({})(x)", "torchvision.transforms.ToTensor()({})"),
    *("torchvision.datasets.MNIST({})[0]", "torchvision.datasets.FakeData({})[0]", "torchvision.datasets.ImageFolder({})[0]", "tensorflow.nn.softmax_cross_entropy_with_logits({})"),
    *("sklearn.preprocessing.MaxAbsScaler().fit(x).inverse_transform({})", "torchvision.transforms.Grayscale({})(t)", "torchvision.transforms.ToDtype({})(x)"),
)  # fmt: skip
OPTIONS = (
    "test_size",
    "shuffle",
    "feature_range",
    "with_mean",
    "noise",
    "centers",
    "n_samples",
    "return_X_y",
    "train",
    "transform",
    "size",
    "mean",
    "std",
)


@settings(max_examples=200, deadline=None)
@given(
    st.sampled_from(PREPARATIONS),
    st.lists(st.sampled_from(ARGUMENTS), max_size=3),
    st.dictionaries(
        st.sampled_from(OPTIONS), st.sampled_from([one for one in ARGUMENTS if one not in ("-1, 2", "*u")]), max_size=2
    ),
)
def test_no_preparation_raises(expression: str, positional: list[str], keywords: dict[str, str]) -> None:
    passed = ", ".join([*positional, *(f"{key}={text}" for key, text in keywords.items())])
    lines = [
        "import numpy as np, sklearn, torch, torchvision, keras, pandas, tensorflow, unknown_library",
        "x = np.arange(6.0).reshape(2, 3)",
        "t = torch.randn(2, 3)",
        "u = unknown_library.thing()",
        f"y = {expression.format(passed)}",
        "for z in y:\n    pass",
    ]
    assert "y" in names("\n".join(lines))
