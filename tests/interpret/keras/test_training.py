"""compile, fit and their relatives: what the events say."""

import pytest

from tests.interpret.helpers import acts, follow, plain
from trainlint.interpret.values import Array, Function, Object

HEAD = "import numpy as np\nfrom keras.models import Sequential\nfrom keras.layers import Dense\nimport keras\n"
MODEL = f"{HEAD}m = Sequential([Dense(1, input_shape=(2,))])\n"


def events(script, kind):
    return [one for one in follow(script).events if one.kind == kind]


@pytest.mark.parametrize(
    ("argument", "name"),
    [
        ("'sgd'", "SGD"),
        ("'Adam'", "Adam"),
        ("keras.optimizers.RMSprop()", "RMSprop"),
        ("keras.optimizers.legacy.SGD(0.1)", "SGD"),
        ("keras.optimizers.Adam", "Adam"),
    ],
)
def test_optimizers(argument, name):
    (fit,) = events(f"{MODEL}m.compile({argument}, 'mse')\nm.fit(x, y)\n", "fit")
    assert fit.values["optimizer"].row.name == f"keras.optimizers.{name}"


@pytest.mark.parametrize(
    ("argument", "kind"),
    [
        ("'mse'", "mean_squared_error"),
        ("'MSE'", "mean_squared_error"),
        ("'mean_squared_error'", "mean_squared_error"),
        ("keras.losses.mse", "mean_squared_error"),
        ("keras.losses.MeanSquaredError()", "mean_squared_error"),
        ("keras.losses.MeanSquaredError", "mean_squared_error"),
        ("keras.metrics.mae", "mean_absolute_error"),
        ("'kullback_leibler_divergence'", "kl_divergence"),
        ("['binary_crossentropy']", "binary_crossentropy"),
    ],
)
def test_losses(argument, kind):
    (fit,) = events(f"{MODEL}m.compile('sgd', {argument})\nm.fit(x, y)\n", "fit")
    assert fit.values["loss"].row.kind == kind
    assert fit.values["loss"].row.makes == "loss"


def test_no_optimizer_means_rmsprop():
    (fit,) = events(f"{MODEL}m.compile(loss='mse')\nm.fit(x, y)\n", "fit")
    assert fit.values["optimizer"].row.kind == "rmsprop"


def test_an_unknown_optimizer_string():
    (fit,) = events(f"{MODEL}m.compile('sdg', 'mse')\nm.fit(x, y)\n", "fit")
    assert "sdg" in fit.values["optimizer"].why


def test_strings_keep_their_place():
    (fit,) = events(f"{MODEL}m.compile('sgd', 'mse')\nm.fit(x, y)\n", "fit")
    assert (fit.values["optimizer"].place.span.row, fit.values["optimizer"].place.span.column) == (6, 11)
    (compiled,) = events(f"{MODEL}m.compile('sgd', 'mse')\n", "compile")
    assert plain(compiled.values["optimizer"]) == "sgd"
    assert compiled.argument_places["loss"].span.column == 18


def test_arguments_bind_as_python_binds_them():
    script = (
        f"{MODEL}o = keras.optimizers.Adam(0.00001)\nf = keras.losses.binary_crossentropy\nm.compile(m, o, loss_function=f)\n"
    )
    (compiled,) = events(script, "compile")
    assert compiled.values["optimizer"] is compiled.values["model"]
    assert compiled.values["loss"].row.name == "keras.optimizers.Adam"
    assert compiled.values["extra:loss_function"].name == "keras.losses.binary_crossentropy"
    assert compiled.argument_places["extra:loss_function"].span.row == 8


@pytest.mark.parametrize(
    ("third", "role", "other"),
    [("['mae']", "metrics", "loss_weights"), ("[0.5, 0.5]", "loss_weights", "metrics")],
)
def test_the_third_positional_argument(third, role, other):
    (compiled,) = events(f"{MODEL}m.compile('sgd', 'mse', {third})\n", "compile")
    assert role in compiled.values
    assert other not in compiled.values


def test_compiling_again_replaces():
    (fit,) = events(f"{MODEL}m.compile('sgd', 'mse')\nm.compile('adam', 'mae')\nm.fit(x, y)\n", "fit")
    assert (fit.values["optimizer"].row.kind, fit.values["loss"].row.kind) == ("adam", "mean_absolute_error")


def test_fit_roles():
    script = f"{MODEL}m.compile('sgd', 'mse')\nm.fit(x, y, 16, nb_epoch=5, validation_split=0.2, shufle=True)\n"
    (fit,) = events(script, "fit")
    assert {name: plain(fit.values[name]) for name in ("batch_size", "epochs", "validation_split", "extra:shufle")} == {
        "batch_size": 16,
        "epochs": 5,
        "validation_split": 0.2,
        "extra:shufle": True,
    }
    assert fit.argument_places["epochs"].span.column == 26


def test_the_output_is_the_model_on_its_data():
    (fit,) = events(f"{MODEL}m.compile('sgd', 'mse')\nx = np.ones((6, 2))\nm.fit(x, y)\n", "fit")
    output = fit.values["output"]
    assert (output.op, output.shape) == ("layer", (6, 1))
    assert output.inputs[0] is fit.values["x"]


def test_lists_of_numbers_are_arrays():
    (fit,) = events(f"{MODEL}m.compile('sgd', 'mse')\nm.fit([[1.0, 2.0]], [3.0])\n", "fit")
    assert (fit.values["x"].shape, fit.values["y"].shape) == ((1, 2), (1,))


def test_data_of_unknown_origin():
    (fit,) = events(f"{MODEL}m.compile('sgd', 'mse')\nm.fit(load(), y)\n", "fit")
    leaf = fit.values["output"].inputs[0]
    assert (leaf.op, leaf.shape, leaf.symbolic) == ("data", (None, 2), False)


def test_generators():
    script = (
        f"{MODEL}m.compile('sgd', 'mse')\n"
        "def batches():\n    while True:\n        yield np.ones((8, 2)), np.zeros((8, 1))\n"
        "m.fit_generator(batches(), steps_per_epoch=10, epochs=3)\n"
    )
    interpretation = follow(script)
    (fit,) = [one for one in interpretation.events if one.kind == "fit"]
    assert plain(fit.values["steps_per_epoch"]) == 10
    assert fit.values["output"].shape == (8, 1)
    assert fit.values["y"].shape == (8, 1)
    assert interpretation.era == "keras2.11"


def test_a_loss_of_the_script_is_computed():
    script = f"{MODEL}def own(y_true, y_pred):\n    return (y_true - y_pred) / 3\nm.compile('sgd', own)\nm.fit(np.ones((6, 2)), np.ones((6, 1)))\n"
    (fit,) = events(script, "fit")
    assert isinstance(fit.values["loss"], Function)
    assert fit.values["loss_output"].op == "divide"


def test_learning_rates_can_be_changed():
    script = (
        f"{MODEL}from keras import backend as K\nm.compile(keras.optimizers.SGD(lr=0.1), 'mse')\n"
        "a = K.get_value(m.optimizer.lr)\nK.set_value(m.optimizer.lr, 0.5)\nm.optimizer.learning_rate.assign(0.25)\n"
        "m.optimizer.learning_rate = 0.125\nm.fit(x, y)\n"
    )
    interpretation = follow(script)
    assert interpretation.module.scope.cells["a"].data == 0.1
    changes = [plain(one.values["value"]) for one in interpretation.events if one.kind == "set_attribute"]
    assert changes == [0.5, 0.25, 0.125]


def test_predict_and_evaluate():
    script = f"{MODEL}m.compile('sgd', 'mse')\np = m.predict(np.ones((4, 2)))\nm.evaluate(x, y, batch_size=8)\n"
    interpretation = follow(script)
    prediction = interpretation.module.scope.cells["p"]
    assert (prediction.detached, prediction.shape) == (True, (4, 1))
    assert [one.kind for one in acts(interpretation)] == ["compile", "predict", "evaluate"]


def test_a_model_from_a_parameter():
    script = (
        "import tensorflow as tf\ndef train(model, x, y, lr=0.1):\n"
        "    model.compile(optimizer=tf.keras.optimizers.SGD(learning_rate=lr), loss='mse')\n    model.fit(x, y, epochs=3)\n"
    )
    (fit,) = events(script, "fit")
    assert plain(fit.values["optimizer"].arguments["learning_rate"]) == 0.1
    assert fit.values["output"].op == "unknown"


def test_other_things_that_are_fitted_are_left_alone():
    assert events("def f(model, x, y):\n    model.fit(x, y)\n", "fit") == []


def test_wrapped_models():
    script = (
        f"{HEAD}from keras.wrappers.scikit_learn import KerasRegressor\n"
        "def build(units=3):\n    m = Sequential([Dense(units, input_shape=(2,)), Dense(1)])\n    m.compile('adam', 'mse')\n    return m\n"
        "r = KerasRegressor(build_fn=build, units=7, epochs=4, batch_size=5)\nr.fit(x, y)\n"
    )
    (fit,) = events(script, "fit")
    assert (plain(fit.values["epochs"]), plain(fit.values["batch_size"])) == (4, 5)
    inner = fit.values["output"].inputs[0]
    assert isinstance(inner, Array)
    assert plain(inner.attributes["layer"].arguments["units"]) == 7


def test_own_train_step():
    script = (
        "import tensorflow as tf\nclass Net(tf.keras.Model):\n    def __init__(self):\n        super().__init__()\n"
        "        self.d = tf.keras.layers.Dense(1)\n    def call(self, x):\n        return self.d(x)\n"
        "    def train_step(self, data):\n        x, y = data\n        with tf.GradientTape() as tape:\n"
        "            p = self(x, training=True)\n            loss = self.compiled_loss(y, p)\n"
        "        g = tape.gradient(loss, self.trainable_variables)\n"
        "        self.optimizer.apply_gradients(zip(g, self.trainable_variables))\n"
        "m = Net()\nm.compile('sgd', 'mse')\nm.fit(x, y)\n"
    )
    kinds = [one.kind for one in acts(follow(script))]
    assert kinds == ["compile", "fit", "forward", "loss", "backward", "step"]


def test_optimizer_object_is_shared():
    (fit,) = events(f"{MODEL}o = keras.optimizers.SGD(0.1)\nm.compile(o, 'mse')\nm.fit(x, y)\n", "fit")
    assert isinstance(fit.values["optimizer"], Object)
    assert plain(fit.values["optimizer"].arguments["learning_rate"]) == 0.1
