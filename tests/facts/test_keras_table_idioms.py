"""How tables, labels and files are prepared for Keras: what is known of the numbers afterwards, and what is not."""

from __future__ import annotations

import pytest

from tests.facts.keras_idioms import COMPILE_ONE, COMPILE_TEN, FIT, MNIST, ONE, TABLE, TEN, UNKNOWN, Idioms, check, runs_of

CSV = "import pandas as pd\nframe = pd.read_csv('data.csv')\nx = frame.iloc[:, :8].values\ny = frame.iloc[:, 8].values\n"
RUN = ONE + COMPILE_ONE + FIT
REGRESS = "model = Sequential([Dense(8, activation='relu'), Dense(1)])\nmodel.compile('rmsprop', 'mse')\n" + FIT
UNSCALED = {"scale": "unknown", "low": None, "high": None, "steps": UNKNOWN}

IDIOMS: Idioms = {
    "a table of Keras": (
        "(x, y), _ = keras.datasets.boston_housing.load_data()\n" + REGRESS,
        {"shape": (404, 13), "scale": "unnormalized", "steps": 13},
    ),
    "a table of Keras, standardized with its own moments": (
        "(x, y), (x_test, y_test) = keras.datasets.boston_housing.load_data()\nmean = x.mean(axis=0)\nx -= mean\n"
        "std = x.std(axis=0)\nx /= std\nx_test -= mean\nx_test /= std\n" + REGRESS,
        {"shape": (404, 13), "scale": "standardized"},
    ),
    "a table of scikit-learn as it is": (
        "from sklearn.datasets import load_iris\nx, y = load_iris(return_X_y=True)\n"
        "model = Sequential([Dense(3, activation='softmax')])\nmodel.compile('adam', 'sparse_categorical_crossentropy')\n" + FIT,
        {"shape": (150, 4), "labels": "int", "classes": 3, "scale": "unnormalized", "steps": 5},
    ),
    "made by scikit-learn": (
        "from sklearn.datasets import make_moons\nx, y = make_moons(n_samples=500, noise=0.1)\n" + RUN,
        {"shape": (500, 2), "labels": "binary", "steps": 16},
    ),
    "standardized in a pipeline": (
        CSV + "from sklearn.pipeline import make_pipeline\nfrom sklearn.preprocessing import StandardScaler\n"
        "x = StandardScaler().fit_transform(x)\n" + RUN,
        {"scale": "standardized", "labels": "unknown"},
    ),
    "standardized after the split": (
        CSV + "from sklearn.model_selection import train_test_split\nfrom sklearn import preprocessing\n"
        "x_train, x_test, y_train, y_test = train_test_split(x, y, test_size=0.2, random_state=1)\n"
        "scaler = preprocessing.StandardScaler().fit(x_train)\n"
        + ONE
        + COMPILE_ONE
        + "model.fit(scaler.transform(x_train), y_train, validation_data=(scaler.transform(x_test), y_test))\n",
        {"scale": "standardized", "labels": "unknown"},
    ),
    "scaled to a range of one's own": (
        CSV + "from sklearn.preprocessing import MinMaxScaler\nx = MinMaxScaler(feature_range=(-1, 1)).fit_transform(x)\n" + RUN,
        {"scale": "unit", "low": -1.0, "high": 1.0},
    ),
    "a scaler that is fitted and not used": (
        CSV + "from sklearn.preprocessing import MinMaxScaler\nMinMaxScaler().fit(x)\n" + RUN,
        UNSCALED,
    ),
    "the script scales its rows between their extremes": (
        CSV + "x = (x - x.min(axis=0)) / (x.max(axis=0) - x.min(axis=0))\n" + RUN,
        {"scale": "unit"},
    ),
    "a table divided by a number": (CSV + "x = x / 100.0\n" + RUN, UNSCALED),
    "logarithms": (CSV + "x = np.log1p(x)\n" + RUN, {"scale": "unknown"}),
    "a table of text with missing fields": (
        "x = np.genfromtxt('a.csv', delimiter=',', skip_header=1)\ny = x[:, -1]\nx = x[:, :-1]\n" + RUN,
        UNSCALED,
    ),
    "an array file": ("x = np.load('x.npy')\ny = np.load('y.npy')\n" + RUN, UNSCALED),
    "an archive of arrays": ("d = np.load('all.npz')\nx, y = d['x'], d['y']\n" + RUN, UNSCALED),
    "columns by name": (
        "import pandas as pd\nframe = pd.read_csv('a.csv').dropna()\ny = frame.pop('label')\nx = frame[['a', 'b']]\n" + RUN,
        {"scale": "unknown", "labels": "unknown", "batch": 32},
    ),
    "one-hot columns": (
        CSV + "y = pd.get_dummies(frame['kind']).values\nmodel = Sequential([Dense(3, activation='softmax')])\n"
        "model.compile('adam', 'categorical_crossentropy')\n" + FIT,
        {"labels": "onehot"},
    ),
    "an encoder of labels, then one-hot": (
        CSV + "from sklearn.preprocessing import LabelEncoder\ncodes = LabelEncoder().fit_transform(frame['kind'])\n"
        "y = keras.utils.to_categorical(codes, num_classes=3)\nmodel = Sequential([Dense(3, activation='softmax')])\n"
        "model.compile('adam', 'categorical_crossentropy')\n" + FIT,
        {"labels": "onehot", "classes": 3},
    ),
    "one-hot by indexing the identity": (
        MNIST + "x = x / 255.0\ny = np.eye(10)[y]\n" + TEN + "model.compile('adam', 'categorical_crossentropy')\n" + FIT,
        {"labels": "onehot", "scale": "unit"},
    ),
    "slices and concatenation": (
        MNIST
        + "x = np.concatenate([x[:1000], x_test[:500]]) / 255.0\ny = np.concatenate([y[:1000], y_test[:500]])\n"
        + TEN
        + COMPILE_TEN
        + FIT,
        {"shape": (1500, 28, 28), "scale": "unit", "labels": "int", "steps": 47},
    ),
    "the last rows held out": (
        MNIST
        + "x = x / 255.0\npart, rest = x[:-10000], x[-10000:]\n"
        + TEN
        + COMPILE_TEN
        + "model.fit(part, y[:-10000], batch_size=64)\n",
        {"shape": (50000, 28, 28), "steps": 782},
    ),
    "rows in random order": (
        MNIST + "order = np.random.permutation(len(x))\nx, y = x[order] / 255.0, y[order]\n" + TEN + COMPILE_TEN + FIT,
        {"shape": (60000, 28, 28), "scale": "unit", "labels": "int"},
    ),
    "a layer that is adapted": (
        TABLE + "x = x * 300\nscale = layers.Normalization()\nscale.adapt(x)\nmodel = Sequential([scale, Dense(1)])\n"
        "model.compile('adam', 'mse')\n" + FIT,
        {"scale": "unnormalized", "low": 0.0, "high": 300.0},
    ),
    "a data set of TensorFlow, mapped": (
        "import tensorflow_datasets as tfds\ntrain, test = tfds.load('mnist', split=['train', 'test'], as_supervised=True)\n"
        "train = train.map(lambda a, b: (tf.cast(a, tf.float32) / 255.0, b)).cache().shuffle(1000).batch(128)\n"
        + TEN
        + COMPILE_TEN
        + "model.fit(train, epochs=6)\n",
        {"scale": "unit", "batch": 128, "steps": 469, "epochs": 6, "labels": "int"},
    ),
    "a part of a data set of TensorFlow": (
        "import tensorflow_datasets as tfds\ntrain = tfds.load('cats_vs_dogs', split='train[:40%]', as_supervised=True)\n"
        "resize = layers.Resizing(64, 64)\ntrain = train.map(lambda a, b: (resize(a), b)).batch(64)\n"
        + RUN.replace("x, y", "train"),
        {"scale": "byte", "batch": 64, "steps": 146, "labels": "binary", "shape": (9305, 64, 64, 3)},
    ),
    "a data set of TensorFlow that nobody knows": (
        "import tensorflow_datasets as tfds\ntrain = tfds.load('my_own', split='train').batch(16)\n"
        + RUN.replace("x, y", "train"),
        {"scale": "unknown", "batch": 16, "steps": UNKNOWN, "labels": "unknown"},
    ),
    "a part of a batched data set": (
        MNIST
        + "train = tf.data.Dataset.from_tensor_slices((x / 255.0, y)).batch(64).take(100)\n"
        + TEN
        + COMPILE_TEN
        + "model.fit(train)\n",
        {"steps": 100, "batch": 64, "shape": (6400, 28, 28)},
    ),
    "what is left behind the first rows": (
        MNIST
        + "train = tf.data.Dataset.from_tensor_slices((x / 255.0, y)).skip(1000).batch(64, drop_remainder=True)\n"
        + TEN
        + COMPILE_TEN
        + "model.fit(train)\n",
        {"steps": 921, "batch": 64, "shape": (59000, 28, 28)},
    ),
    "a data set without an end": (
        MNIST
        + "train = tf.data.Dataset.from_tensor_slices((x / 255.0, y)).repeat().batch(64)\n"
        + TEN
        + COMPILE_TEN
        + "model.fit(train, steps_per_epoch=500)\n",
        {"steps": 500, "batch": 64},
    ),
    "a data set that is filtered": (
        MNIST
        + "train = tf.data.Dataset.from_tensor_slices((x / 255.0, y)).filter(lambda a, b: b < 5).batch(64)\n"
        + TEN
        + COMPILE_TEN
        + "model.fit(train)\n",
        {"steps": UNKNOWN, "batch": 64, "steps_why": "number of samples", "shape": (None, 28, 28)},
    ),
    "a data set of dicts": (
        TABLE + "train = tf.data.Dataset.from_tensor_slices(({'a': x}, {'b': y})).batch(20)\n"
        "i = Input((8,), name='a')\nmodel = Model(i, Dense(1, name='b')(i))\nmodel.compile('sgd', 'mse')\nmodel.fit(train)\n",
        {"scale": "unit", "batch": 20, "steps": 50, "parameters": 9},
    ),
    "a data set out of a generator": (
        "def rows():\n    for _ in range(100):\n        yield np.random.random(8), 1.0\n"
        "train = tf.data.Dataset.from_generator(rows, output_types=(tf.float32, tf.float32)).batch(5)\n"
        + RUN.replace("x, y", "train"),
        {"batch": 5, "steps": UNKNOWN, "scale": "unit"},
    ),
    "pictures in a folder, read with PIL": (
        "import glob\nfrom PIL import Image\nx = np.array([np.array(Image.open(n).resize((32, 32))) for n in glob.glob('*.png')])\n"
        "y = np.load('y.npy')\nx = x.astype('float32') / 255.0\n" + RUN,
        {"scale": "unit"},
    ),
    "pictures from a folder through a layer in the map": (
        (
            "train = keras.utils.image_dataset_from_directory('train', image_size=(64, 64), label_mode='categorical', class_names=['a', 'b', 'c'])\n"
            "train = train.map(lambda a, b: (layers.Rescaling(1 / 127.5, offset=-1)(a), b))\n"
            "model = Sequential([Flatten(), Dense(3, activation='softmax')])\nmodel.compile('adam', 'categorical_crossentropy')\nmodel.fit(train)\n"
        ),
        {"scale": "unit", "low": -1.0, "high": 1.0, "labels": "onehot", "classes": 3, "batch": 32},
    ),
}


@pytest.mark.parametrize("name", IDIOMS)
def test_idiom(name: str) -> None:
    text, expected = IDIOMS[name]
    check(runs_of(text), expected)
