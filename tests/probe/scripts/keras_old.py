"""A script of the days of Keras 1, as scripts of those days were: what it finds is printed before it trains."""

import json
import time

import keras.backend as K
import numpy as np
from keras import backend, engine, initializations, objectives
from keras.callbacks import EarlyStopping, ModelCheckpoint, TensorBoard
from keras.constraints import maxnorm
from keras.engine.topology import Layer
from keras.engine.training import Model as TrainingModel
from keras.layers import CuDNNLSTM, Input, merge
from keras.layers.advanced_activations import LeakyReLU, PReLU
from keras.layers.convolutional import Convolution1D, Convolution2D, MaxPooling2D, ZeroPadding2D
from keras.layers.core import Activation, Dense, Dropout, Flatten, Lambda, Reshape
from keras.layers.embeddings import Embedding
from keras.layers.merge import concatenate
from keras.layers.normalization import BatchNormalization
from keras.layers.recurrent import GRU, LSTM, SimpleRNN
from keras.layers.wrappers import TimeDistributed
from keras.models import Model, Sequential
from keras.optimizers import SGD, Adadelta, Adagrad, Nadam, RMSprop
from keras.preprocessing.image import ImageDataGenerator
from keras.preprocessing.sequence import pad_sequences
from keras.preprocessing.text import Tokenizer
from keras.regularizers import WeightRegularizer, l2
from keras.utils import np_utils
from keras.utils.np_utils import to_categorical
from keras.utils.vis_utils import plot_model
from keras.wrappers.scikit_learn import KerasClassifier

from collections import Mapping  # noqa: E402

start = time.clock()
rng = np.random.RandomState(0)
X = rng.rand(60, 8, 8, 1).astype(np.float)
Y = np_utils.to_categorical(rng.randint(0, 3, 60), 3)

model = Sequential()
model.add(Convolution2D(4, 3, 3, border_mode="same", input_shape=(8, 8, 1), init="uniform", W_regularizer=l2(0.01)))
model.add(Activation("relu"))
model.add(MaxPooling2D(pool_size=(2, 2)))
model.add(Convolution2D(nb_filter=3, nb_row=2, nb_col=2, subsample=(1, 1), dim_ordering="tf", activation="relu"))
model.add(Flatten())
model.add(Dense(output_dim=5, init="normal", W_constraint=maxnorm(3)))
model.add(LeakyReLU(alpha=0.1))
model.add(Dropout(p=0.25))
model.add(Dense(3))
model.add(Activation("softmax"))

recurrent = Sequential()
recurrent.add(LSTM(output_dim=4, input_dim=2, input_length=5, inner_activation="sigmoid", return_sequences=True))
recurrent.add(LSTM(4, consume_less="mem"))
embedded = Sequential()
embedded.add(Embedding(20, 4, input_length=6))
embedded.add(CuDNNLSTM(3))
number = Input(shape=(2,))
joined = merge([Dense(2)(number), Dense(2)(number)], mode="concat")
pair = Model(input=number, output=joined)
classifier = KerasClassifier(build_fn=lambda: model, nb_epoch=1)

rates = {one.__name__: float(one().learning_rate) for one in (Adadelta, Adagrad, Nadam, RMSprop)}
print(
    json.dumps(
        {
            "rates": rates,
            "kernels": [layer.kernel_size for layer in model.layers if hasattr(layer, "kernel_size")],
            "padding": model.layers[0].padding,
            "rate": model.layers[7].rate,
            "shapes": [list(layer.output_shape) for layer in model.layers[:4]],
            "recurrent": [recurrent.layers[0].recurrent_activation.__name__, recurrent.layers[1].recurrent_activation.__name__],
            "recurrent_shape": list(recurrent.layers[0].input_shape),
            "joined": list(pair.output_shape),
            "epsilon": K.epsilon(),
            "ordering": K.image_dim_ordering(),
            "mean": float(K.get_value(K.mean(K.constant([1.0, 3.0])))),
            "losses": [objectives.mse.__name__, objectives.categorical_crossentropy.__name__],
        }
    )
)

model.compile(
    loss="categorical_crossentropy", optimizer=SGD(lr=0.1, decay=1e-3, momentum=0.9, nesterov=True), metrics=["accuracy"]
)


def batches():
    while True:
        rows = rng.randint(0, 60, 20)
        yield X[rows], Y[rows]


model.fit_generator(batches(), samples_per_epoch=3, nb_epoch=2, verbose=0, max_q_size=2, callbacks=[EarlyStopping("loss")])
print(model.predict_classes(X[:2]).shape)
recurrent.compile("rmsprop", "mse")
recurrent.fit(rng.rand(40, 5, 2), rng.rand(40, 4), nb_epoch=1, verbose=0)
embedded.compile("adadelta", "mse")
embedded.fit(rng.randint(0, 20, (40, 6)), rng.rand(40, 3), nb_epoch=1, verbose=0)
