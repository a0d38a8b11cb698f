"""Sequential, functional and subclassed models: their layers, inputs and outputs, and calling them."""

from tests.interpret.helpers import acts, follow, plain
from trainlint.interpret.keras.graphs import inputs_of, substitute
from trainlint.interpret.values import Array, Object, Unknown


def cells(script):
    return follow(script).module.scope.cells


def chain(array):
    found = []
    while isinstance(array, Array):
        layer = array.attributes.get("layer")
        found.append(layer.row.name.rpartition(".")[2] if isinstance(layer, Object) else array.op)
        array = next((one for one in array.inputs if isinstance(one, Array) and one.op != "parameter"), None)
    return found


HEAD = "from tensorflow import keras\nfrom tensorflow.keras import layers\n"


def test_sequential_from_a_list():
    found = cells(
        f"{HEAD}m = keras.Sequential([layers.Dense(4, input_shape=(8,)), layers.Dense(2)])\ny = m.output\nx = m.input\n"
    )
    assert found["x"].shape == (None, 8)
    assert chain(found["y"]) == ["Dense", "Dense", "input"]


def test_sequential_by_add_and_pop():
    script = f"{HEAD}m = keras.models.Sequential()\nfor n in [8, 4, 2]:\n    m.add(layers.Dense(n))\nm.pop()\ny = m(keras.Input((3,)))\n"
    assert chain(cells(script)["y"]) == ["Dense", "Dense", "input"]


def test_sequential_with_an_input_object():
    script = (
        f"{HEAD}m = keras.Sequential([keras.Input(shape=(28, 28, 1)), layers.Flatten(), layers.Dense(10)])\ny = m.output_shape\n"
    )
    assert plain(cells(script)["y"]) == (None, 10)


def test_declared_input_shapes():
    for first, shape in (
        ("layers.Dense(4, input_dim=8)", (None, 8)),
        ("layers.Dense(4, input_shape=[8])", (None, 8)),
        ("layers.Dense(4, batch_input_shape=(16, 8))", (16, 8)),
        ("layers.InputLayer(input_shape=(8,))", (None, 8)),
        ("layers.Embedding(100, 4, input_length=12)", (None, 12)),
        ("layers.LSTM(4, input_dim=3, input_length=12)", (None, 12, 3)),
        ("keras.Sequential([layers.Dense(4, input_shape=(8,))])", (None, 8)),
    ):
        script = f"{HEAD}m = keras.Sequential()\nm.add({first})\nx = m.input\n"
        assert cells(script)["x"].shape == shape, first


def test_layers_can_be_listed_and_taken_away():
    script = f"{HEAD}m = keras.Sequential([layers.Dense(4), layers.Dense(2)])\nn = len(m.layers)\nlast = m.layers[-1]\nm.layers.pop()\nk = len(m.layers)\n"
    found = cells(script)
    assert (plain(found["n"]), plain(found["k"])) == (2, 1)
    assert plain(found["last"].arguments["units"]) == 2


def test_functional_model():
    script = (
        f"{HEAD}a = keras.Input((4,), name='a')\nh = layers.Dense(3)(a)\nb = layers.Dense(2, name='head')(h)\n"
        "m = keras.Model(inputs=a, outputs=b)\ny = m(data)\nl = m.get_layer('head')\nn = len(m.layers)\n"
        "part = keras.Model(m.input, m.get_layer('head').output)\nz = part(data)\n"
    )
    found = cells(script)
    assert chain(found["y"]) == ["Dense", "Dense"]
    assert isinstance(found["y"].inputs[0].inputs[0], Unknown)
    assert plain(found["l"].arguments["units"]) == 2
    assert plain(found["n"]) == 3
    assert chain(found["z"]) == ["Dense", "Dense"]


def test_functional_model_of_keras_1():
    script = "from keras.layers import Input, Dense\nfrom keras.models import Model\na = Input(shape=(4,))\nm = Model(input=a, output=Dense(2)(a))\ny = m(a)\n"
    interpretation = follow(script)
    assert chain(interpretation.module.scope.cells["y"]) == ["Dense", "input"]


def test_a_functional_model_is_reused_on_other_inputs():
    script = (
        f"{HEAD}a = keras.Input((4,))\nencoder = keras.Model(a, layers.Dense(2)(a))\n"
        "b = keras.Input((4,))\nboth = layers.Subtract()([encoder(a), encoder(b)])\n"
    )
    both = cells(script)["both"]
    first, second = both.inputs
    assert first.attributes["layer"] is second.attributes["layer"]
    assert first.inputs[0] is not second.inputs[0]


def test_several_inputs():
    script = (
        f"{HEAD}a, b = keras.Input((4,)), keras.Input((3,))\nm = keras.Model([a, b], layers.concatenate([a, b]))\n"
        "p, q = keras.Input((4,)), keras.Input((3,))\ny = m([p, q])\n"
    )
    found = cells(script)
    assert [one is other for one, other in zip(found["y"].inputs, (found["p"], found["q"]), strict=True)] == [True, True]


def test_models_are_layers():
    script = f"{HEAD}inner = keras.Sequential([layers.Dense(4), layers.Dense(3)])\nm = keras.Sequential([inner, layers.Dense(2)])\ny = m(keras.Input((5,)))\n"
    assert chain(cells(script)["y"]) == ["Dense", "Dense", "Dense", "input"]


SUBCLASS = """
class Net(keras.Model):
    def __init__(self, units):
        super().__init__()
        self.first = layers.Dense(units)
        self.blocks = [layers.Dense(units) for _ in range(2)]
        self.last = layers.Dense(2)

    def call(self, x, training=False):
        x = self.first(x)
        for block in self.blocks:
            x = block(x)
        return self.last(x)
"""


def test_subclassed_model():
    interpretation = follow(f"{HEAD}{SUBCLASS}\nm = Net(5)\ny = m(keras.Input((3,)))\n")
    assert chain(interpretation.module.scope.cells["y"]) == ["Dense"] * 4 + ["input"]
    assert acts(interpretation) == []


def test_a_call_on_data_is_an_event():
    interpretation = follow(f"{HEAD}{SUBCLASS}\nm = Net(5)\ny = m(batch)\n")
    (event,) = acts(interpretation)
    assert (event.kind, event.values["output"]) == ("forward", interpretation.module.scope.cells["y"])


def test_deep_graphs_do_not_exhaust_the_stack():
    first, other = Array("input", symbolic=True), Array("input", symbolic=True)
    output = first
    for _ in range(5_000):
        output = Array("relu", (output,), symbolic=True)
    replaced = substitute(output, {id(first): other})
    assert len(chain(replaced)) == 5_001
    assert inputs_of((replaced,)) == (other,)


def test_pretrained_backbone():
    script = (
        f"{HEAD}base = keras.applications.VGG16(include_top=False, pooling='avg', input_shape=(224, 224, 3))\n"
        "base.trainable = False\nm = keras.Model(base.input, layers.Dense(2)(base.output))\ny = m(keras.Input((224, 224, 3)))\n"
    )
    found = cells(script)
    assert chain(found["y"]) == ["Dense", "VGG16", "input"]
    assert plain(found["base"].cells["trainable"]) is False


def test_loaded_model():
    found = cells(f"{HEAD}m = keras.models.load_model('model.h5')\ny = m(keras.Input((3,)))\n")
    assert (found["m"].row.kind, found["y"].op, found["y"].shape) == ("pretrained", "layer", None)


def test_layers_of_both_branches_are_kept():
    script = f"{HEAD}m = keras.Sequential()\nm.add(layers.Dense(4))\nif unknown:\n    m.add(layers.Dropout(0.5))\nm.add(layers.Dense(2))\n"
    (first, second) = cells(script)["m"].cells["layers"].cells["items"].alternatives
    names = {tuple(one.row.name.rpartition(".")[2] for one in items.items) for items in (first, second)}
    assert names == {("Dense", "Dropout", "Dense"), ("Dense", "Dense")}


def test_a_model_that_contains_itself():
    found = cells(f"{HEAD}m = keras.Sequential([layers.Dense(4)])\nm.add(m)\ny = m(keras.Input((3,)))\n")
    assert isinstance(found["y"], Unknown)
