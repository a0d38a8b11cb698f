"""Public data sets, their preparation, and what transforms make of images."""

from __future__ import annotations

import numpy as np
import pytest

from tests.interpret.arrays.making import array, names
from trainlint.facts.extract.data import data_facts
from trainlint.interpret.arrays.preparation import label_classes
from trainlint.interpret.values import Array, List, Literal, Tuple, Value
from trainlint.knowledge.data_sets import KERAS, SKLEARN, TORCHVISION, DataSet

EVERY = [*KERAS.items(), *SKLEARN.items(), *TORCHVISION.items()]


@pytest.mark.parametrize(("name", "data"), EVERY, ids=[name for name, _ in EVERY])
def test_numbers_of_tables_are_consistent(name: str, data: DataSet) -> None:
    for table in (data.inputs, data.targets):
        low, high, mean, moment = table.entries
        if None not in (low, high, mean, moment):
            assert low <= mean <= high
            assert mean**2 <= moment <= max(low**2, high**2)
        if table.columns:
            assert len(table.columns) == table.shape[-1]
            columns = np.array(table.columns)
            assert (columns[:, 0] <= columns[:, 2]).all()
            assert (columns[:, 2] <= columns[:, 1]).all()
            assert (columns[:, 2] ** 2 <= columns[:, 3] * (1 + 1e-5) + 1e-12).all()
            assert table.entries == pytest.approx(
                (columns[:, 0].min(), columns[:, 1].max(), columns[:, 2].mean(), columns[:, 3].mean())
            )


def items(value: Value) -> tuple[Value, ...]:
    held = value.cells["items"] if isinstance(value, List) else value
    assert isinstance(held, Tuple)
    return held.items


def test_mnist_as_keras_loads_it() -> None:
    found = names(
        "from tensorflow.keras.datasets import mnist\nfrom tensorflow.keras.utils import to_categorical\n"
        "(x, y), (u, v) = mnist.load_data()\nz = x.reshape(60000, 784).astype('float32') / 255\n"
        "c = to_categorical(y)\nw = to_categorical(v, 10)\n"
    )
    assert array(found["x"]).shape == (60_000, 28, 28)
    assert data_facts(found["x"]).scale == "byte"
    assert data_facts(found["x"]).known == "typical"
    assert data_facts(found["x"]).source == "mnist"
    assert (data_facts(found["y"]).labels, data_facts(found["y"]).classes) == ("int", 10)
    assert array(found["v"]).shape == (10_000,)
    scaled = data_facts(found["z"])
    assert (scaled.low, scaled.high, scaled.scale, scaled.dtype) == (0.0, 1.0, "unit", "float32")
    assert scaled.mean == pytest.approx(0.1307)
    assert [step[:2] for step in scaled.steps] == [("divide", 255.0)]
    assert array(found["c"]).shape == (60_000, 10)
    assert (data_facts(found["w"]).labels, data_facts(found["w"]).classes) == ("onehot", 10)


def test_cifar_labels_lose_their_last_axis_when_encoded() -> None:
    found = names("import keras\n(x, y), _ = keras.datasets.cifar10.load_data()\nc = keras.utils.to_categorical(y, 10)\n")
    assert array(found["y"]).shape == (50_000, 1)
    assert array(found["c"]).shape == (50_000, 10)


def test_iris_split_and_scaled() -> None:
    found = names(
        "from sklearn.datasets import load_iris\nfrom sklearn.model_selection import train_test_split\n"
        "from sklearn.preprocessing import StandardScaler, MinMaxScaler\n"
        "iris = load_iris()\nX, y = iris.data, iris['target']\n"
        "a, b, c, d = train_test_split(X, y, test_size=0.3, random_state=1)\n"
        "scaler = StandardScaler()\ne = scaler.fit_transform(a)\nf = scaler.transform(b)\n"
        "g = MinMaxScaler(feature_range=(-1, 1)).fit_transform(a)\nh, i = load_iris(return_X_y=True)\n"
    )
    assert array(found["X"]).shape == (150, 4)
    assert array(found["a"]).shape == (105, 4)
    assert array(found["b"]).shape == (45, 4)
    assert array(found["c"]).op == "split"
    assert array(found["c"]).attributes["part"] == "train"
    assert (data_facts(found["c"]).labels, data_facts(found["c"]).classes) == ("int", 3)
    assert data_facts(found["e"]).scale == "standardized"
    assert data_facts(found["f"]).scale == "standardized"
    assert array(found["f"]).inputs[1] is found["a"]
    assert (array(found["g"]).statistics.low, array(found["g"]).statistics.high) == (-1.0, 1.0)
    assert array(found["h"]).shape == (150, 4)
    assert array(found["X"]).statistics.columns[0][:3] == (4.3, 7.9, 5.84333)


@pytest.mark.parametrize(
    ("options", "train", "test"),
    [
        ("", 7, 3),
        ("test_size=0.2", 8, 2),
        ("test_size=3", 7, 3),
        ("train_size=0.5", 5, 5),
        ("train_size=4, test_size=2", 4, 2),
        ("test_size=0.25", 7, 3),
    ],
)
def test_sizes_of_a_split(options: str, train: int, test: int) -> None:
    """Expected sizes: scikit-learn rounds the test part up and the training part down."""
    found = names(
        f"import numpy as np\nfrom sklearn.model_selection import train_test_split\na, b = train_test_split(np.arange(10.0), {options})\n"
    )
    assert array(found["a"]).shape == (train,)
    assert array(found["b"]).shape == (test,)
    assert array(found["a"]).data is None


def test_a_split_without_shuffling_keeps_the_entries() -> None:
    found = names(
        "import numpy as np\nfrom sklearn.model_selection import train_test_split\na, b = train_test_split(np.arange(10.0), shuffle=False)\n"
    )
    np.testing.assert_array_equal(array(found["a"]).data, np.arange(7.0))
    np.testing.assert_array_equal(array(found["b"]).data, np.arange(7.0, 10.0))


def test_scalers_of_known_entries_give_known_entries() -> None:
    found = names(
        "import numpy as np\nfrom sklearn.preprocessing import StandardScaler, MinMaxScaler\nx = np.array([[1.0, 10.0], [3.0, 10.0], [5.0, 40.0]])\n"
        "a = StandardScaler().fit_transform(x)\nb = MinMaxScaler().fit_transform(x)\nc = MinMaxScaler().fit(x).transform(x[:1] + 4)\n"
    )
    x = np.array([[1.0, 10.0], [3.0, 10.0], [5.0, 40.0]])
    np.testing.assert_allclose(array(found["a"]).data, (x - x.mean(0)) / x.std(0))
    np.testing.assert_allclose(array(found["b"]).data, (x - x.min(0)) / (x.max(0) - x.min(0)))
    np.testing.assert_allclose(array(found["c"]).data, [[1.0, 4 / 30]])


def test_one_hot_by_rows_of_a_unit_matrix() -> None:
    found = names("import numpy as np\ny = np.random.randint(0, 5, 20)\nz = np.eye(5)[y]\nw = np.eye(3)[[0, 2]]\n")
    assert array(found["z"]).op == "one_hot"
    assert array(found["z"]).shape == (20, 5)
    assert data_facts(found["w"]).labels == "onehot"
    assert label_classes(found["y"]) is None


TRANSFORMS = {
    "transforms.ToTensor()": (0.0, 1.0, 0.1307, 0.1307**2 + 0.3081**2),
    "transforms.Compose([transforms.ToTensor(), transforms.Normalize((0.1307,), (0.3081,))])": (
        -0.1307 / 0.3081,
        0.8693 / 0.3081,
        0.0,
        1.0,
    ),
    "transforms.Compose([transforms.ToTensor(), transforms.Normalize((0.5,), (0.5,))])": (-1.0, 1.0, 2 * 0.1307 - 1, None),
    "transforms.Compose([transforms.RandomRotation(10), transforms.ToTensor()])": (0.0, 1.0, 0.1307, None),
    "transforms.Compose([v2.ToImage(), v2.ToDtype(torch.float32, scale=True)])": (0.0, 1.0, 0.1307, None),
    "transforms.PILToTensor()": (0.0, 255.0, 255 * 0.1307, None),
    "transforms.Lambda(lambda image: transforms.ToTensor()(image))": (0.0, 1.0, 0.1307, None),
}


@pytest.mark.parametrize("transform", TRANSFORMS)
def test_a_loader_of_transformed_images(transform: str) -> None:
    found = names(
        "import torch\nfrom torchvision import datasets, transforms\nfrom torchvision.transforms import v2\n"
        f"data = datasets.MNIST('.', train=True, transform={transform})\n"
        "loader = torch.utils.data.DataLoader(data, batch_size=32, shuffle=True)\nfor x, y in loader:\n    pass\nn = len(data)\n"
    )
    x, expected = array(found["x"]), TRANSFORMS[transform]
    assert x.shape == (32, 1, 28, 28)
    assert x.statistics.known == "typical"
    real = (x.statistics.low, x.statistics.high, x.statistics.mean, x.statistics.second_moment)
    for one, other in zip(real, expected, strict=True):
        assert other is None or one == pytest.approx(other, abs=1e-9)
    assert array(found["y"]).shape == (32,)
    assert isinstance(found["n"], Literal)
    assert found["n"].value == 60_000


def test_channels_are_normalised_one_by_one() -> None:
    mean, deviation = (0.4914, 0.4822, 0.4465), (0.2470, 0.2435, 0.2616)
    found = names(
        "from torchvision import datasets, transforms\n"
        f"steps = transforms.Compose([transforms.Resize(64), transforms.ToTensor(), transforms.Normalize({mean}, {deviation})])\n"
        "data = datasets.CIFAR10('.', train=False, transform=steps)\nx, y = data[0]\nn = len(data)\n"
    )
    x = array(found["x"])
    assert x.shape == (3, 64, 64)
    assert x.statistics.mean == pytest.approx(0, abs=1e-9)
    assert x.statistics.second_moment == pytest.approx(1)
    assert x.statistics.low == pytest.approx(min(-m / d for m, d in zip(mean, deviation, strict=True)))
    assert isinstance(found["n"], Literal)
    assert found["n"].value == 10_000


def test_float_arrays_are_not_scaled_by_to_tensor() -> None:
    found = names(
        "import numpy as np\nfrom torchvision import transforms\nx = transforms.ToTensor()(np.full((4, 4, 3), 200.0))\n"
    )
    assert array(found["x"]).statistics.high == 200.0
    assert array(found["x"]).shape == (3, 4, 4)


def test_frames_of_files() -> None:
    found = names(
        "import pandas as pd\ndf = pd.read_csv('houses.csv')\nX = df[['a', 'b', 'c']].values\ny = df['price'].to_numpy()\n"
        "w = df.drop('price', axis=1).values\nz = (X - X.mean(axis=0)) / X.std(axis=0)\nv = df.iloc[:, 0:4].values\n"
    )
    assert array(found["X"]).shape == (None, 3)
    assert array(found["y"]).shape == (None,)
    assert array(found["w"]).shape == (None, None)
    assert array(found["v"]).shape == (None, None)
    assert array(found["X"]).library == "numpy"
    assert data_facts(found["X"]).source == "pandas.read_csv"
    assert data_facts(found["z"]).scale == "standardized"


def test_images_that_are_read_are_bytes() -> None:
    found = names("import cv2\nimport numpy as np\nx = cv2.imread('a.png')\ny = x / 255.0\nz = np.load('x.npy')\n")
    assert data_facts(found["x"]).scale == "byte"
    assert data_facts(found["y"]).scale == "unit"
    assert data_facts(found["z"]).scale == "unknown"
    assert isinstance(found["z"], Array)


def test_makers_of_data() -> None:
    found = names(
        "from sklearn.datasets import make_blobs, make_classification, make_moons, make_regression\n"
        "a, b = make_blobs(n_samples=50, centers=4)\nc, d = make_moons(30)\ne, f = make_regression(20, 3, noise=1.0)\n"
        "g, h = make_classification(n_samples=40, n_features=6, n_classes=3, n_informative=4)\n"
    )
    assert array(found["a"]).shape == (50, 2)
    assert data_facts(found["b"]).classes == 4
    assert data_facts(found["d"]).labels == "binary"
    assert (array(found["c"]).statistics.low, array(found["c"]).statistics.high) == (-1.0, 2.0)
    assert array(found["e"]).shape == (20, 3)
    assert array(found["f"]).shape == (20,)
    assert data_facts(found["e"]).scale == "standardized"
    assert data_facts(found["h"]).classes == 3
    assert array(found["g"]).shape == (40, 6)


def test_events_of_preparation() -> None:
    from tests.interpret.helpers import follow

    script = (
        "import random\nimport numpy as np\nfrom sklearn.preprocessing import StandardScaler\nfrom sklearn.model_selection import train_test_split\n"
        "x = np.random.rand(20, 3)\nscaler = StandardScaler()\nscaler.fit(x)\ny = scaler.transform(x)\na, b = train_test_split(y)\n"
        "rng = np.random.default_rng(0)\nrng.shuffle(x)\nnp.random.shuffle(x)\nrandom.shuffle(x)\n"
    )
    events = follow(script).events
    assert [event.kind for event in events] == ["scaler_fit", "scaled", "split", "shuffle", "shuffle", "shuffle"]
    assert items(events[2].values["arrays"])[0] is events[1].values["output"]
    assert [event.values["by"].value for event in events[3:]] == [
        "numpy.random.Generator.shuffle",
        "numpy.random.shuffle",
        "random.shuffle",
    ]
