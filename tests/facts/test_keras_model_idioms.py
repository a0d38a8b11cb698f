"""How Keras models are built: functions, loops, classes, graphs with branches, pretrained networks, frozen and wrapped parts."""

from __future__ import annotations

import pytest

from tests.facts.keras_idioms import COMPILE_ONE, FIT, TABLE, UNKNOWN, Idioms, check, runs_of

PHOTOS = "x = np.random.random((40, 64, 64, 3))\ny = np.random.randint(2, size=(40, 1))\n"
SEQUENCES = "x = np.random.random((100, 12, 5))\ny = np.random.randint(2, size=(100, 1))\n"
COMPILE = "model.compile('adam', 'mse')\n"

IDIOMS: Idioms = {
    "a list of layers unpacked": (
        TABLE + "hidden = [Dense(4, activation='relu') for _ in range(3)]\n"
        "model = Sequential([Input((8,)), *hidden, Dense(1, activation='sigmoid')])\n" + COMPILE_ONE + FIT,
        {"parameters": 36 + 20 + 20 + 5, "activation": "sigmoid"},
    ),
    "a list that grows and is given to Sequential": (
        TABLE
        + "stack = [Input((8,))]\nfor units in [4, 4]:\n    stack.append(Dense(units))\n    stack.append(Activation('tanh'))\n"
        "stack += [Dense(1)]\nmodel = Sequential(stack)\n" + COMPILE + FIT,
        {"parameters": 36 + 20 + 5, "activation": "linear", "layers": ["dense", "dense", "dense"]},
    ),
    "a block function used twice": (
        TABLE + "def block(x, units, rate=0.5):\n    x = Dense(units)(x)\n    x = layers.BatchNormalization()(x)\n"
        "    x = layers.ReLU()(x)\n    return Dropout(rate)(x)\n"
        "i = Input((8,))\nmodel = Model(i, Dense(1, activation='sigmoid')(block(block(i, 6), 4, rate=0.1)))\n"
        + COMPILE_ONE
        + FIT,
        {"parameters": (54 + 12) + (28 + 8) + 5, "activation": "sigmoid"},
    ),
    "add out of order and pop": (
        TABLE + "model = Sequential()\nmodel.add(Dense(4, input_dim=8))\nmodel.add(Dense(9))\nmodel.pop()\nadd = model.add\n"
        "add(Dense(1))\n" + COMPILE + FIT,
        {"parameters": 36 + 5, "layers": ["dense", "dense"]},
    ),
    "a class attribute holds the width": (
        TABLE
        + "class Config:\n    width = 6\n    rate = 0.02\nmodel = Sequential([Dense(Config.width, input_shape=(8,)), Dense(1)])\n"
        "model.compile(keras.optimizers.SGD(Config.rate), 'mse')\n" + FIT,
        {"parameters": 54 + 7, "lr": 0.02},
    ),
    "inheritance with super": (
        TABLE + "class Base(keras.Model):\n    def __init__(self, units):\n        super().__init__()\n"
        "        self.hidden = Dense(units, activation='relu')\n        self.head = Dense(1)\n"
        "    def features(self, x):\n        return self.hidden(x)\n    def call(self, x):\n        return self.head(self.features(x))\n"
        "class Deep(Base):\n    def __init__(self):\n        super().__init__(4)\n        self.second = Dense(4, activation='relu')\n"
        "    def features(self, x):\n        return self.second(super().features(x))\nmodel = Deep()\n" + COMPILE + FIT,
        {"parameters": 36 + 20 + 5, "activation": "linear"},
    ),
    "a subclass that keeps its layers in a list": (
        TABLE + "class Net(Model):\n    def __init__(self, n):\n        super(Net, self).__init__()\n"
        "        self.blocks = [Dense(8, activation='relu') for _ in range(n)]\n        self.out = Dense(1)\n"
        "    def call(self, x, training=False):\n        for block in self.blocks:\n            x = x + block(x)\n"
        "        return self.out(x)\nmodel = Net(2)\n" + COMPILE + FIT,
        {"parameters": 72 * 2 + 9, "activation": "linear"},
    ),
    "a Sequential inside a subclass": (
        TABLE + "class Net(Model):\n    def __init__(self):\n        super().__init__()\n"
        "        self.body = Sequential([Dense(4, activation='relu'), Dense(1, activation='sigmoid')])\n"
        "    def call(self, x):\n        return self.body(x)\nmodel = Net()\n" + COMPILE_ONE + FIT,
        {"parameters": 36 + 5, "activation": "sigmoid"},
    ),
    "a layer of the script with add_weight": (
        TABLE + "class Linear(layers.Layer):\n    def __init__(self, units=32, **kwargs):\n        super().__init__(**kwargs)\n"
        "        self.units = units\n    def build(self, input_shape):\n"
        "        self.w = self.add_weight(shape=(input_shape[-1], self.units), initializer='random_normal', trainable=True)\n"
        "        self.b = self.add_weight(shape=(self.units,), initializer='zeros', trainable=True)\n"
        "    def call(self, inputs):\n        return tf.matmul(inputs, self.w) + self.b\n"
        "model = Sequential([Linear(4), layers.ReLU(), Linear(1)])\n" + COMPILE + FIT,
        {"parameters": 36 + 5, "activation": "linear"},
    ),
    "residual branches": (
        TABLE + "i = Input((8,))\na = Dense(8, activation='relu')(i)\nb = layers.add([i, a])\nc = layers.concatenate([b, i])\n"
        "model = Model(i, Dense(1)(c))\n" + COMPILE + FIT,
        {"parameters": 72 + 17, "activation": "linear"},
    ),
    "two inputs by position": (
        "a = np.random.random((50, 3))\nb = np.random.random((50, 4))\ny = np.random.random((50, 1))\n"
        "i, j = Input((3,)), Input((4,))\nmodel = Model([i, j], Dense(1)(layers.Concatenate()([i, j])))\n"
        + COMPILE
        + "model.fit([a, b], y, batch_size=10)\n",
        {"parameters": 8, "steps": 5, "scale": "unit"},
    ),
    "two inputs by name": (
        "a = np.random.random((50, 3))\nb = np.random.random((50, 4))\ny = np.random.random((50, 1))\n"
        "i, j = Input((3,), name='left'), Input((4,), name='right')\n"
        "model = Model(inputs=[i, j], outputs=Dense(1)(layers.Concatenate()([i, j])))\n"
        + COMPILE
        + "model.fit({'right': b, 'left': a}, y, batch_size=10)\n",
        {"parameters": 8, "steps": 5, "scale": "unit", "batch": 10},
    ),
    "two outputs with losses of their own": (
        TABLE + "i = Input((8,))\nmodel = Model(i, [Dense(1, name='value')(i), Dense(3, activation='softmax', name='kind')(i)])\n"
        "model.compile('rmsprop', loss={'value': 'mse', 'kind': 'categorical_crossentropy'}, loss_weights={'value': 1., 'kind': 2.})\n"
        "model.fit(x, {'value': y, 'kind': np.random.random((1000, 3))}, epochs=4, batch_size=50)\n",
        {
            "optimizer": "rmsprop",
            "loss": UNKNOWN,
            "epochs": 4,
            "batch": 50,
            "steps": 20,
            "scale": "unit",
            "loss_why": "each output has a loss of its own: mean_squared_error, categorical_crossentropy",
            "model_why": "the model has 2 outputs",
        },
    ),
    "two outputs with one loss": (
        TABLE + "i = Input((8,))\nmodel = Model(i, [Dense(1)(i), Dense(1)(i)])\nmodel.compile('sgd', loss=['mae', 'mae'])\n"
        "model.fit(x, [y, y])\n",
        {"loss": "mean_absolute_error"},
    ),
    "shared layers": (
        "a = np.random.random((50, 3))\nb = np.random.random((50, 3))\ny = np.random.random((50, 1))\n"
        "i, j = Input((3,)), Input((3,))\nshared = Dense(4)\nmodel = Model([i, j], Dense(1)(layers.concatenate([shared(i), shared(j)])))\n"
        + COMPILE
        + "model.fit([a, b], y)\n",
        {"parameters": 16 + 9},
    ),
    "TimeDistributed": (
        SEQUENCES
        + "model = Sequential([Input((12, 5)), layers.TimeDistributed(Dense(3)), Flatten(), Dense(1, activation='sigmoid')])\n"
        + COMPILE_ONE
        + FIT,
        {"parameters": 18 + 37, "activation": "sigmoid"},
    ),
    "Bidirectional": (
        SEQUENCES
        + "model = Sequential([layers.Bidirectional(layers.LSTM(4), input_shape=(12, 5)), Dense(1, activation='sigmoid')])\n"
        + COMPILE_ONE
        + FIT,
        {"parameters": 2 * 4 * (4 * (5 + 4) + 4) + 9, "activation": "sigmoid"},
    ),
    "stacked recurrent layers": (
        SEQUENCES
        + "model = Sequential([layers.GRU(4, return_sequences=True, reset_after=False), layers.SimpleRNN(3), Dense(1)])\n"
        + COMPILE
        + FIT,
        {"parameters": 3 * (4 * (5 + 4) + 4) + (3 * (4 + 3) + 3) + 4},
    ),
    "a pretrained network with its own head": (
        PHOTOS + "model = keras.applications.MobileNetV2(weights=None, classes=5, input_shape=(64, 64, 3))\n"
        "model.compile('adam', 'sparse_categorical_crossentropy')\n" + FIT,
        {"optimizer": "adam", "loss": "sparse_categorical_crossentropy", "scale": "unit"},
    ),
    "a frozen pretrained network under a new head": (
        PHOTOS
        + "base = keras.applications.VGG16(weights='imagenet', include_top=False, input_shape=(64, 64, 3), pooling='avg')\n"
        "base.trainable = False\nmodel = Sequential([base, Dense(1, activation='sigmoid')])\n" + COMPILE_ONE + FIT,
        {"layers": ["backbone", "dense"], "frozen": ["backbone"], "activation": "sigmoid"},
    ),
    "a frozen pretrained network, layer by layer": (
        PHOTOS + "base = keras.applications.ResNet50(include_top=False)\nfor layer in base.layers:\n    layer.trainable = False\n"
        "out = Dense(1, activation='sigmoid')(layers.GlobalAveragePooling2D()(base.output))\n"
        "model = Model(inputs=base.input, outputs=out)\n" + COMPILE_ONE + FIT,
        {"activation": "sigmoid", "loss": "binary_crossentropy"},
    ),
    "preprocess_input of the network": (
        "from tensorflow.keras.applications.mobilenet_v2 import MobileNetV2, preprocess_input\n"
        "gen = ImageDataGenerator(preprocessing_function=preprocess_input)\n"
        "train = gen.flow_from_directory('train', target_size=(96, 96), batch_size=8, class_mode='binary')\n"
        "base = MobileNetV2(include_top=False, pooling='avg')\nmodel = Sequential([base, Dense(1, activation='sigmoid')])\n"
        + COMPILE_ONE
        + "model.fit(train, epochs=2)\n",
        {"scale": "unit", "low": -1.0, "high": 1.0, "batch": 8},
    ),
    "some layers frozen by their number": (
        TABLE + "model = Sequential([Dense(4, input_dim=8), Dense(4), Dense(1)])\nfor layer in model.layers[:2]:\n"
        "    layer.trainable = False\n" + COMPILE + FIT,
        {"frozen": ["dense", "dense"], "parameters": 36 + 20 + 5},
    ),
    "a layer of another model": (
        TABLE + "first = Sequential([Dense(4, input_shape=(8,), name='code'), Dense(8)])\n"
        "model = Model(first.input, Dense(1)(first.get_layer('code').output))\n" + COMPILE + FIT,
        {"parameters": 36 + 5},
    ),
    "an autoencoder of two models": (
        TABLE
        + "encoder = Sequential([Dense(3, activation='relu', input_shape=(8,))])\ndecoder = Sequential([Dense(8, activation='sigmoid')])\n"
        "model = Sequential([encoder, decoder])\n" + COMPILE + "model.fit(x, x, epochs=2)\n",
        {"parameters": 27 + 32, "activation": "sigmoid", "loss": "mean_squared_error"},
    ),
    "a model cloned": (
        TABLE + "first = Sequential([Dense(1, input_shape=(8,))])\nmodel = keras.models.clone_model(first)\n" + COMPILE + FIT,
        {"parameters": 9},
    ),
    "a model from a file": (
        TABLE + "model = keras.models.load_model('best.h5')\nmodel.compile(keras.optimizers.Adam(1e-5), 'mse')\n" + FIT,
        {"lr": 1e-5, "loss": "mean_squared_error", "activation": None, "layers": ["custom"]},
    ),
    "a loss of the script": (
        TABLE + "def half(y_true, y_pred):\n    return 0.5 * tf.reduce_mean(tf.square(y_true - y_pred))\n"
        "model = Sequential([Dense(1)])\nmodel.compile('sgd', loss=half)\n" + FIT,
        {"loss": "custom", "optimizer": "sgd", "lr": 0.01},
    ),
    "a loss that a function makes": (
        TABLE + "def weighted(w):\n    def loss(y_true, y_pred):\n        return w * tf.reduce_mean(tf.abs(y_true - y_pred))\n"
        "    return loss\nmodel = Sequential([Dense(1)])\nmodel.compile('sgd', loss=weighted(3.0))\n" + FIT,
        {"loss": "custom"},
    ),
    "a subclass of a loss": (
        TABLE
        + "class Mine(keras.losses.Loss):\n    def call(self, y_true, y_pred):\n        return tf.reduce_mean((y_true - y_pred) ** 2)\n"
        "model = Sequential([Dense(1)])\nmodel.compile('sgd', loss=Mine())\n" + FIT,
        {"loss": "custom"},
    ),
    "a dropout written with keras.random": (
        TABLE + "class Drop(layers.Layer):\n    def call(self, x):\n        return keras.random.dropout(x, 0.5)\n"
        "model = Sequential([Dense(4, input_shape=(8,)), Drop(), Dense(1)])\n" + COMPILE + FIT,
        {"parameters": 36 + 5, "layers": ["dense", "dropout", "dense"]},
    ),
}


@pytest.mark.parametrize("name", IDIOMS)
def test_idiom(name: str) -> None:
    text, expected = IDIOMS[name]
    check(runs_of(text), expected)
