"""What goes into Keras: arrays, tables, pictures, generators and data sets, with what is known of their numbers."""

from __future__ import annotations

import pytest

from tests.facts.keras_idioms import COMPILE_ONE, COMPILE_TEN, CONV, FIT, MNIST, ONE, TABLE, TEN, UNKNOWN, Idioms, check, runs_of

IDIOMS: Idioms = {
    # arrays
    "mnist as it is": (
        MNIST + TEN + COMPILE_TEN + FIT,
        {"scale": "byte", "labels": "int", "classes": 10, "batch": 32, "steps": 1875, "shape": (60000, 28, 28)},
    ),
    "mnist divided in place": (
        MNIST + "x = x.reshape(60000, 784).astype('float32')\nx /= 255\ny = keras.utils.to_categorical(y, 10)\n"
        "model = Sequential([Dense(10, activation='softmax', input_shape=(784,))])\n"
        "model.compile('adam', 'categorical_crossentropy')\n" + FIT,
        {"scale": "unit", "labels": "onehot", "classes": 10, "shape": (60000, 784)},
    ),
    "both parts divided in one line": (
        MNIST + "x, x_test = x / 255.0, x_test / 255.0\n" + TEN + COMPILE_TEN + FIT,
        {"scale": "unit", "labels": "int"},
    ),
    "images with a channel axis": (
        MNIST + "x = np.expand_dims(x, -1).astype('float32') / 255\nx = x[..., np.newaxis] if x.ndim == 3 else x\n"
        "model = Sequential([Conv2D(4, 3), Flatten(), Dense(10, activation='softmax')])\n" + COMPILE_TEN + FIT,
        {"scale": "unit", "shape": (60000, 28, 28, 1)},
    ),
    "pixels from -1 to 1": (
        MNIST + "x = (x.astype('float32') - 127.5) / 127.5\n" + TEN + COMPILE_TEN + FIT,
        {"scale": "unit", "low": -1.0, "high": 1.0},
    ),
    "a Rescaling layer": (
        MNIST
        + "model = Sequential([layers.Rescaling(1.0 / 255), Flatten(), Dense(10, activation='softmax')])\n"
        + COMPILE_TEN
        + FIT,
        {"scale": "byte", "output_shape": (60000, 10)},
    ),
    "a function that prepares": (
        "def load():\n    (a, b), _ = keras.datasets.cifar10.load_data()\n    a = a.astype('float32') / 255\n"
        "    return a, keras.utils.to_categorical(b)\nx, y = load()\n"
        + TEN
        + "model.compile('adam', 'categorical_crossentropy')\n"
        + FIT,
        {"scale": "unit", "shape": (50000, 32, 32, 3), "labels": "onehot", "classes": 10},
    ),
    "train_test_split and a StandardScaler": (
        "from sklearn.datasets import load_breast_cancer\nfrom sklearn.model_selection import train_test_split\n"
        "from sklearn.preprocessing import StandardScaler\ndata = load_breast_cancer()\n"
        "a, b, c, d = train_test_split(data.data, data.target, test_size=0.2)\nscaler = StandardScaler()\n"
        "x = scaler.fit_transform(a)\nb = scaler.transform(b)\ny = c\n" + ONE + COMPILE_ONE + FIT,
        {"scale": "standardized", "shape": (455, 30), "labels": "binary", "steps": 15},
    ),
    "a data frame": (
        "import pandas as pd\ndf = pd.read_csv('data.csv')\nx = df.drop('target', axis=1).values\ny = df['target'].values\n"
        + ONE
        + COMPILE_ONE
        + FIT,
        {"scale": "unknown", "labels": "unknown", "batch": 32, "steps": UNKNOWN},
    ),
    "a data frame through MinMaxScaler": (
        "import pandas as pd\nfrom sklearn.preprocessing import MinMaxScaler\ndf = pd.read_csv('data.csv')\n"
        "x = MinMaxScaler().fit_transform(df.iloc[:, :-1])\ny = df.iloc[:, -1]\n" + ONE + COMPILE_ONE + FIT,
        {"scale": "unit", "labels": "unknown"},
    ),
    "standardized by hand": (
        "import pandas as pd\ndata = pd.read_csv('data.csv').values\nx, y = data[:, :8], data[:, 8]\n"
        "x = (x - x.mean(axis=0)) / x.std(axis=0)\n" + ONE + COMPILE_ONE + FIT,
        {"scale": "standardized"},
    ),
    "numbers from a text file": (
        "d = np.loadtxt('pima.csv', delimiter=',')\nx = d[:, 0:8]\ny = d[:, 8]\n" + ONE + COMPILE_ONE + FIT,
        {"scale": "unknown", "batch": 32, "steps": UNKNOWN, "labels": "unknown"},
    ),
    "literal numbers": (
        "x = np.array([[0, 0], [0, 1], [1, 0], [1, 1]])\ny = np.array([0, 1, 1, 0])\n" + ONE + COMPILE_ONE + FIT,
        {"scale": "unit", "labels": "binary", "steps": 1, "known": "exact"},
    ),
    "validation_split keeps the first rows": (
        TABLE + ONE + COMPILE_ONE + "model.fit(x, y, validation_split=0.3, batch_size=100)\n",
        {"steps": 7, "epochs": 1, "batch": 100, "labels": "binary"},
    ),
    "token numbers": (
        "(x, y), _ = keras.datasets.imdb.load_data(num_words=1000)\n"
        "x = keras.preprocessing.sequence.pad_sequences(x, maxlen=80)\n"
        "model = Sequential([layers.Embedding(1000, 8), layers.LSTM(8), Dense(1, activation='sigmoid')])\n" + COMPILE_ONE + FIT,
        {"shape": (25000, 80), "labels": "binary", "steps": 782},
    ),
    "images read one by one": (
        "import cv2, os\nx, y = [], []\nfor name in os.listdir('images'):\n"
        "    img = cv2.imread('images/' + name)\n    img = cv2.resize(img, (64, 64))\n    x.append(img)\n    y.append(0)\n"
        "x = np.array(x)\ny = np.array(y)\n" + ONE + COMPILE_ONE + FIT,
        {"scale": "byte", "shape": (None, 64, 64, 3)},
    ),
    "images read one by one and divided": (
        "import cv2, glob\nx = []\nfor name in glob.glob('*.png'):\n    x.append(cv2.resize(cv2.imread(name), (32, 32)))\n"
        "x = np.array(x, dtype='float') / 255.0\ny = np.load('y.npy')\n" + ONE + COMPILE_ONE + FIT,
        {"scale": "unit", "shape": (None, 32, 32, 3)},
    ),
    "images loaded by Keras": (
        "import glob\nfrom tensorflow.keras.preprocessing.image import load_img, img_to_array\n"
        "x = np.array([img_to_array(load_img(n, target_size=(96, 96))) for n in glob.glob('*.jpg')])\ny = np.load('y.npy')\n"
        + ONE
        + COMPILE_ONE
        + FIT,
        {"scale": "byte", "shape": (None, 96, 96, 3)},
    ),
    "rows written into zeros": (
        "import cv2, glob\nfiles = glob.glob('*.png')\nx = np.zeros((len(files), 64, 64, 3))\n"
        "for i, name in enumerate(files):\n    x[i] = cv2.imread(name)\ny = np.load('y.npy')\n" + ONE + COMPILE_ONE + FIT,
        {"scale": "byte", "shape": (None, 64, 64, 3)},
    ),
    # generators
    "flow_from_directory, rescaled": (
        "gen = ImageDataGenerator(rescale=1.0 / 255, shear_range=0.2)\n"
        "train = gen.flow_from_directory('train', target_size=(150, 150), batch_size=20, class_mode='binary')\n"
        + CONV
        + "model.fit_generator(train, steps_per_epoch=100, epochs=30)\n",
        {"scale": "unit", "batch": 20, "steps": 100, "epochs": 30, "shape": (None, 150, 150, 3), "labels": "binary"},
    ),
    "flow_from_directory as it is": (
        "train = ImageDataGenerator().flow_from_directory('train', (150, 150), class_mode='binary')\n"
        + CONV
        + "model.fit(train, epochs=2)\n",
        {"scale": "byte", "batch": 32, "steps": UNKNOWN},
    ),
    "flow_from_directory through a script's preprocessing": (
        "def prepare(image):\n    return image / 127.5 - 1\n"
        "train = ImageDataGenerator(preprocessing_function=prepare).flow_from_directory('train', (150, 150), class_mode='binary')\n"
        + CONV
        + "model.fit(train, epochs=2)\n",
        {"scale": "unit", "low": -1.0, "high": 1.0},
    ),
    "the default class_mode is one-hot": (
        "train = ImageDataGenerator(rescale=1/255.).flow_from_directory('train', target_size=(150, 150))\n"
        + CONV
        + "model.fit(train, epochs=2)\n",
        {"labels": "onehot", "scale": "unit"},
    ),
    "flow over arrays": (
        "(x, y), _ = keras.datasets.cifar10.load_data()\nx = x.astype('float32') / 255\ny = keras.utils.to_categorical(y, 10)\n"
        "gen = ImageDataGenerator(width_shift_range=0.1, horizontal_flip=True)\ngen.fit(x)\n"
        + TEN
        + "model.compile('adam', 'categorical_crossentropy')\nmodel.fit_generator(gen.flow(x, y, batch_size=64), epochs=5)\n",
        {"scale": "unit", "batch": 64, "steps": 782, "epochs": 5, "labels": "onehot", "shape": (50000, 32, 32, 3)},
    ),
    "a generator function": (
        "def batches(size):\n    while True:\n        yield np.random.random((size, 8)), np.random.randint(2, size=(size, 1))\n"
        + ONE
        + COMPILE_ONE
        + "model.fit(batches(16), steps_per_epoch=40, epochs=3)\n",
        {"steps": 40, "batch": 16, "scale": "unit"},
    ),
    "a Sequence of the script": (
        "class Batches(keras.utils.Sequence):\n    def __init__(self, x, y, size):\n        self.x, self.y, self.size = x, y, size\n"
        "    def __len__(self):\n        return len(self.x) // self.size\n    def __getitem__(self, i):\n"
        "        part = slice(i * self.size, (i + 1) * self.size)\n        return self.x[part] / 255.0, self.y[part]\n"
        + MNIST
        + TEN
        + COMPILE_TEN
        + "model.fit(Batches(x, y, 100), epochs=4)\n",
        {"scale": "unit", "labels": "int", "epochs": 4},
    ),
    # data sets
    "image_dataset_from_directory": (
        "train = keras.utils.image_dataset_from_directory('train', image_size=(150, 150), batch_size=16)\n"
        + CONV
        + "model.fit(train, epochs=2)\n",
        {"scale": "byte", "batch": 16, "shape": (None, 150, 150, 3), "steps": UNKNOWN},
    ),
    "image_dataset_from_directory with a scaling map": (
        "train = tf.keras.preprocessing.image_dataset_from_directory('train', image_size=(150, 150))\n"
        "train = train.map(lambda a, b: (a / 255.0, b)).cache().prefetch(tf.data.AUTOTUNE)\n" + CONV + "model.fit(train)\n",
        {"scale": "unit", "batch": 32},
    ),
    "a Normalization map over a data set": (
        "train = keras.utils.image_dataset_from_directory('train', image_size=(150, 150))\nscale = layers.Rescaling(1.0 / 255)\n"
        "train = train.map(lambda a, b: (scale(a), b))\n" + CONV + "model.fit(train)\n",
        {"scale": "unit", "batch": 32},
    ),
    "tf.data from arrays": (
        MNIST
        + "train = tf.data.Dataset.from_tensor_slices((x / 255.0, y)).shuffle(1000).batch(50)\n"
        + TEN
        + COMPILE_TEN
        + "model.fit(train, epochs=5)\n",
        {"scale": "unit", "batch": 50, "steps": 1200, "labels": "int", "classes": 10},
    ),
    "tf.data with a map of the script": (
        MNIST + "def prepare(image, label):\n    return tf.cast(image, tf.float32) / 255.0, label\n"
        "train = tf.data.Dataset.from_tensor_slices((x, y)).map(prepare, num_parallel_calls=4).batch(64).prefetch(1)\n"
        + TEN
        + COMPILE_TEN
        + "model.fit(train, epochs=5)\n",
        {"scale": "unit", "batch": 64, "steps": 938, "labels": "int"},
    ),
    "tf.data as it is": (
        MNIST + "train = tf.data.Dataset.from_tensor_slices((x, y)).batch(64)\n" + TEN + COMPILE_TEN + "model.fit(train)\n",
        {"scale": "byte", "batch": 64, "steps": 938},
    ),
    "tf.data of unknown files": (
        "train = tf.data.TFRecordDataset(['a.tfrecord']).map(lambda r: tf.io.parse_single_example(r, {})).batch(8)\n"
        + ONE
        + COMPILE_ONE
        + "model.fit(train, epochs=3)\n",
        {"scale": "unknown", "batch": 8, "steps": UNKNOWN, "epochs": 3},
    ),
}


@pytest.mark.parametrize("name", IDIOMS)
def test_idiom(name: str) -> None:
    text, expected = IDIOMS[name]
    check(runs_of(text), expected)
