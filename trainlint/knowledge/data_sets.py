"""Public data sets: sizes, element types and what is known of their numbers.

Moments of images are over all pixels of the training part, as published with the usual normalisations (mean and deviation as
fractions of 255); those of scikit-learn's bundled tables were computed from the tables, which ship with the library.
"""

from __future__ import annotations

from typing import NamedTuple

Column = tuple[float, float, float, float]
"""Low, high, mean, mean of the squares."""


class Table(NamedTuple):
    """One array: what its rows look like, and what is known of its entries (None where nothing is).

    `labels` is int, binary or continuous for targets and "" for inputs; `classes` the number of classes.
    """

    shape: tuple[int | None, ...]
    dtype: str
    entries: tuple[float | None, float | None, float | None, float | None] = (None, None, None, None)
    columns: tuple[Column, ...] = ()
    labels: str = ""
    classes: int | None = None


class DataSet(NamedTuple):
    """Inputs and targets of one public data set, with the number of rows of its training and test parts (0: no such part).

    `pictures` is the shape of a row in the attribute `images`, of data sets that hold their rows as pictures too.
    """

    inputs: Table
    targets: Table
    rows: int | None
    test_rows: int | None = 0
    pictures: tuple[int, ...] = ()


def pixels(shape: tuple[int | None, ...], means: tuple[float, ...] = (), deviations: tuple[float, ...] = ()) -> Table:
    """Images of bytes, with mean and deviation of each channel as fractions of 255."""
    columns = tuple((0.0, 255.0, 255 * m, 255.0**2 * (m * m + d * d)) for m, d in zip(means, deviations, strict=True))
    if not columns:
        return Table(shape, "uint8", (0.0, 255.0, None, None))
    mean, moment = (sum(one[index] for one in columns) / len(columns) for index in (2, 3))
    return Table(shape, "uint8", (0.0, 255.0, mean, moment), columns if len(columns) > 1 else ())


def classes(count: int, shape: tuple[int, ...] = (), dtype: str = "int64", *, balanced: bool = False) -> Table:
    """Class labels 0..count-1; `balanced` if every class has as many rows."""
    moments = ((count - 1) / 2, (count - 1) * (2 * count - 1) / 6) if balanced else (None, None)
    return Table(shape, dtype, (0.0, count - 1.0, *moments), (), "binary" if count == 2 else "int", count)


def _columns(lows: str, highs: str, means: str, deviations: str) -> tuple[Column, ...]:
    """Columns from rows of numbers: lowest, highest, mean, standard deviation."""
    numbers = [[float(one) for one in text.split()] for text in (lows, highs, means, deviations)]
    return tuple((low, high, mean, mean * mean + d * d) for low, high, mean, d in zip(*numbers, strict=True))


def _table(columns: tuple[Column, ...], dtype: str = "float64") -> Table:
    count = len(columns)
    low, high = min(one[0] for one in columns), max(one[1] for one in columns)
    mean, moment = (sum(one[index] for one in columns) / count for index in (2, 3))
    return Table((count,), dtype, (low, high, mean, moment), columns)


_BOSTON = _columns(
    "0.00632 0 0.46 0 0.385 3.561 2.9 1.1296 1 187 12.6 0.32 1.73",
    "88.9762 100 27.74 1 0.871 8.78 100 12.1265 24 711 22 396.9 37.97",
    "3.6135 11.3636 11.1368 0.0692 0.5547 6.2846 68.5749 3.7950 9.5494 408.2372 18.4555 356.6740 12.6531",
    "8.6015 23.3225 6.8604 0.2540 0.1159 0.7026 28.1489 2.1057 8.7073 168.5371 2.1649 91.2949 7.1411",
)
_CALIFORNIA = _columns(
    "0.4999 1 0.8462 0.3333 3 0.6923 32.54 -124.35",
    "15.0001 52 141.9091 34.0667 35682 1243.3333 41.95 -114.31",
    "3.8707 28.6395 5.4290 1.0967 1425.4767 3.0707 35.6319 -119.5697",
    "1.8998 12.5856 2.4742 0.4739 1132.4621 10.3860 2.1360 2.0035",
)
_IRIS: tuple[Column, ...] = (
    (4.3, 7.9, 5.84333, 34.8257),
    (2.0, 4.4, 3.05733, 9.536),
    (1.0, 6.9, 3.758, 17.2181),
    (0.1, 2.5, 1.19933, 2.01553),
)
_WINE: tuple[Column, ...] = (
    (11.03, 14.83, 13.0006, 169.671),
    (0.74, 5.8, 2.33635, 6.69953),
    (1.36, 3.23, 2.36652, 5.67524),
    (10.6, 30.0, 19.4949, 391.143),
    (70.0, 162.0, 99.7416, 10151.2),
    (0.98, 3.88, 2.29511, 5.65703),
    (0.34, 5.08, 2.02927, 5.11005),
    (0.13, 0.66, 0.361854, 0.14634),
    (0.41, 3.58, 1.5909, 2.85671),
    (1.28, 13.0, 5.05809, 30.9285),
    (0.48, 1.71, 0.957449, 0.968661),
    (1.27, 4.0, 2.61169, 7.32216),
    (278.0, 1680.0, 746.893, 656459.0),
)
_BREAST_CANCER: tuple[Column, ...] = (
    (6.981, 28.11, 14.1273, 211.977),
    (9.71, 39.28, 19.2896, 390.557),
    (43.79, 188.5, 91.969, 9047.71),
    (143.5, 2501.0, 654.889, 552506.0),
    (0.05263, 0.1634, 0.0963603, 0.00948276),
    (0.01938, 0.3454, 0.104341, 0.0136713),
    (0.0, 0.4268, 0.0887993, 0.0142294),
    (0.0, 0.2012, 0.0489191, 0.0038961),
    (0.106, 0.304, 0.181162, 0.0335698),
    (0.04996, 0.09744, 0.0627976, 0.0039933),
    (0.1115, 2.873, 0.405172, 0.240932),
    (0.3602, 4.885, 1.21685, 1.78451),
    (0.757, 21.98, 2.86606, 12.295),
    (6.802, 542.2, 40.3371, 3692.87),
    (0.001713, 0.03113, 0.00704098, 5.85747e-05),
    (0.002252, 0.1354, 0.0254781, 0.000969275),
    (0.0, 0.396, 0.0318937, 0.00192681),
    (0.0, 0.05279, 0.0117961, 0.000177154),
    (0.007882, 0.07895, 0.0205423, 0.000490199),
    (0.0008948, 0.02984, 0.0037949, 2.13907e-05),
    (7.93, 36.04, 16.2692, 288.006),
    (12.02, 49.54, 25.6772, 697.03),
    (50.41, 251.2, 107.261, 12632.1),
    (185.2, 4254.0, 880.583, 1099020.0),
    (0.07117, 0.2226, 0.132369, 0.0180418),
    (0.02729, 1.058, 0.254265, 0.089362),
    (0.0, 1.252, 0.272188, 0.117534),
    (0.0, 0.291, 0.114606, 0.0174477),
    (0.1565, 0.6638, 0.290076, 0.0879647),
    (0.05504, 0.2075, 0.0839458, 0.00737254),
)
_COVERTYPE_INDICATORS = (
    *(
        260796,
        29884,
        253364,
        36968,
        3031,
        7525,
        4823,
        12396,
        1597,
        6575,
        105,
        179,
        1147,
        32634,
        12410,
        29971,
        17431,
        599,
        3,
        2845,
    ),
    *(
        3422,
        1899,
        4021,
        9259,
        838,
        33373,
        57752,
        21278,
        474,
        2589,
        1086,
        946,
        115247,
        30170,
        25666,
        52519,
        45154,
        1611,
        1891,
        119,
    ),
    *(298, 15573, 13806, 8750),
)
"""How many of the 581,012 rows are of each wilderness area and soil type: each row is of one of the 4 and one of the 40."""
_COVERTYPE: tuple[Column, ...] = (
    *_columns(
        "1859 0 0 0 -173 0 0 0 0 0",
        "3858 360 66 1397 601 7117 254 254 254 7173",
        "2959.36 155.65 14.10 269.43 46.42 2350.15 212.15 223.32 142.53 1980.29",
        "279.98 111.91 7.49 212.55 58.30 1559.25 26.77 19.77 38.27 1324.19",
    ),
    *((0.0, 1.0, count / 581_012, count / 581_012) for count in _COVERTYPE_INDICATORS),
)
"""From the summary that comes with the data (UCI, Covertype): ten measurements, then the indicators."""

_MNIST = pixels((28, 28), (0.1307,), (0.3081,))
_FASHION = pixels((28, 28), (0.2860,), (0.3530,))
_CIFAR10 = pixels((32, 32, 3), (0.4914, 0.4822, 0.4465), (0.2470, 0.2435, 0.2616))
_CIFAR100 = pixels((32, 32, 3), (0.5071, 0.4867, 0.4408), (0.2675, 0.2565, 0.2761))
_WORDS = Table((), "object")
_PRICES = Table((), "float64", (5.0, 50.0, 22.5328, 22.5328**2 + 9.1971**2), (), "continuous")

KERAS: dict[str, DataSet] = {
    "mnist": DataSet(_MNIST, classes(10, dtype="uint8"), 60_000, 10_000),
    "fashion_mnist": DataSet(_FASHION, classes(10, dtype="uint8", balanced=True), 60_000, 10_000),
    "cifar10": DataSet(_CIFAR10, classes(10, (1,), "uint8", balanced=True), 50_000, 10_000),
    "cifar100": DataSet(_CIFAR100, classes(100, (1,), balanced=True), 50_000, 10_000),
    "imdb": DataSet(_WORDS, classes(2, balanced=True), 25_000, 25_000),
    "reuters": DataSet(_WORDS, classes(46), 8_982, 2_246),
    "boston_housing": DataSet(_table(_BOSTON), _PRICES, 404, 102),
    "california_housing": DataSet(
        Table((8,), "float32"), Table((), "float32", (14_999.0, 500_001.0, None, None), (), "continuous"), None, None
    ),
}
"""`keras.datasets.<name>.load_data()`."""

SORTED = {"iris": (50, 50, 50), "wine": (59, 71, 48)}
"""Tables of scikit-learn that list one class after the other, and how many rows each class has."""

SKLEARN: dict[str, DataSet] = {
    "load_iris": DataSet(_table(_IRIS), classes(3, balanced=True), 150),
    "load_wine": DataSet(_table(_WINE), classes(3), 178),
    "load_breast_cancer": DataSet(_table(_BREAST_CANCER), classes(2), 569),
    "load_digits": DataSet(Table((64,), "float64", (0.0, 16.0, 4.88416, 60.0568)), classes(10), 1_797, pictures=(8, 8)),
    "load_diabetes": DataSet(
        Table((10,), "float64", (-0.137767, 0.198788, 0.0, 1 / 442)),
        Table((), "float64", (25.0, 346.0, 152.133, 29_074.5), (), "continuous"),
        442,
    ),
    "load_linnerud": DataSet(
        _table(((1.0, 17.0, 9.45, 115.85), (50.0, 251.0, 145.55, 24_903.7), (25.0, 250.0, 70.3, 7_440.0))),
        Table((3,), "float64", (31.0, 247.0, 90.0333, 12_312.2), (), "continuous"),
        20,
    ),
    "load_boston": DataSet(_table(_BOSTON), _PRICES, 506),
    "fetch_covtype": DataSet(_table(_COVERTYPE), Table((), "int32", (1.0, 7.0, 2.0515, 6.1588)), 581_012),
    "fetch_california_housing": DataSet(
        _table(_CALIFORNIA), Table((), "float64", (0.14999, 5.00001, 2.0686, 2.0686**2 + 1.1540**2), (), "continuous"), 20_640
    ),
}
"""`sklearn.datasets.<name>()`."""

TORCHVISION: dict[str, DataSet] = {
    "MNIST": DataSet(_MNIST, classes(10), 60_000, 10_000),
    "FashionMNIST": DataSet(_FASHION, classes(10, balanced=True), 60_000, 10_000),
    "KMNIST": DataSet(pixels((28, 28)), classes(10, balanced=True), 60_000, 10_000),
    "QMNIST": DataSet(pixels((28, 28)), classes(10), 60_000, 60_000),
    "CIFAR10": DataSet(_CIFAR10, classes(10, balanced=True), 50_000, 10_000),
    "CIFAR100": DataSet(_CIFAR100, classes(100, balanced=True), 50_000, 10_000),
    "SVHN": DataSet(pixels((32, 32, 3)), classes(10), 73_257, 26_032),
    "STL10": DataSet(pixels((96, 96, 3)), classes(10, balanced=True), 5_000, 8_000),
    "ImageFolder": DataSet(pixels((None, None, 3)), Table((), "int64", (0.0, None, None, None), (), "int"), None, None),
    "DatasetFolder": DataSet(Table((), ""), Table((), "int64", (0.0, None, None, None), (), "int"), None, None),
    **dict.fromkeys(
        ("ImageNet", "LSUN", "Flowers102", "Food101", "OxfordIIITPet", "Places365", "GTSRB", "EuroSAT", "Imagenette"),
        DataSet(pixels((None, None, 3)), Table((), "int64", (0.0, None, None, None), (), "int"), None, None),
    ),
    "FakeData": DataSet(pixels((224, 224, 3)), classes(10), 1_000, 1_000),
}
"""`torchvision.datasets.<name>(root, train=...)`: images before their transform, and class labels."""

_SIZELESS = (None, None, 3)
TENSORFLOW_PICTURES: dict[str, DataSet] = {
    "cats_vs_dogs": DataSet(pixels(_SIZELESS), classes(2), 23_262),
    "tf_flowers": DataSet(pixels(_SIZELESS), classes(5), 3_670),
    "horses_or_humans": DataSet(pixels((300, 300, 3)), classes(2), 1_027, 256),
    "rock_paper_scissors": DataSet(pixels((300, 300, 3)), classes(3), 2_520, 372),
    "oxford_flowers102": DataSet(pixels(_SIZELESS), classes(102), 1_020, 6_149),
    "stanford_dogs": DataSet(pixels(_SIZELESS), classes(120), 12_000, 8_580),
    "food101": DataSet(pixels(_SIZELESS), classes(101), 75_750),
    "malaria": DataSet(pixels(_SIZELESS), classes(2), 27_558),
    "beans": DataSet(pixels((500, 500, 3)), classes(3), 1_034, 128),
    "kmnist": DataSet(pixels((28, 28)), classes(10), 60_000, 10_000),
    "svhn_cropped": DataSet(pixels((32, 32, 3)), classes(10), 73_257, 26_032),
    "eurosat": DataSet(pixels((64, 64, 3)), classes(10), 27_000),
}
"""`tensorflow_datasets` of pictures that Keras does not have (tensorflow.org/datasets/catalog)."""

TENSORFLOW_DATASETS: dict[str, str] = {
    "mnist": "mnist",
    "fashion_mnist": "fashion_mnist",
    "cifar10": "cifar10",
    "cifar100": "cifar100",
}
"""`tensorflow_datasets` that are the same tables as those of Keras."""
