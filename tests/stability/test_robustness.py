"""Whatever a graph holds, the answer is a bound or a reason."""

import itertools

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from tests.stability.graphs import data, run, squared, weight
from trainlint.core import Fact, Unknown
from trainlint.facts.graph import Initializer, Node, Parameter
from trainlint.stability import stability
from trainlint.stability.bound import StabilityBound
from trainlint.stability.twin.table import TABLE

JUNK = [
    None,
    -1,
    0,
    10**12,
    1.5,
    True,
    "same",
    "x",
    (),
    (0,),
    (-3, 2),
    (1, "a"),
    ((1, 2), (3,)),
    slice(None),
    Unknown("?"),
    [1, 2],
    {},
]
NAMES = (
    "axis", "axes", "shape", "exponent", "index", "units", "filters", "kernel_size", "strides", "padding", "dilation", "groups",
    "pool_size", "output_size", "size", "rows", "alpha", "epsilon", "normalized_shape", "reduction", "delta", "label_smoothing",
    "mean", "variance", "scale", "offset", "start_dim", "data_format", "use_bias", "dtype", "depth_multiplier", "keepdims",
)  # fmt: skip
SHAPES = [(), (1,), (3,), (3, 2), (3, 4, 2), (3, 4, 4, 2), (0, 2), (3, 0)]
OPTIMIZERS = ["sgd", "adam", "rmsprop", "adagrad", "nadam", "adamax"]


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    op=st.sampled_from(sorted(TABLE)),
    shapes=st.lists(st.sampled_from(SHAPES), max_size=3),
    owned=st.lists(st.sampled_from([None, *SHAPES]), max_size=2),
    attributes=st.dictionaries(st.sampled_from(NAMES), st.sampled_from(JUNK), max_size=6),
    optimizer=st.sampled_from(OPTIMIZERS),
    batch=st.sampled_from([None, 1, 2]),
)
def test_junk(op, shapes, owned, attributes, optimizer, batch):
    inputs = tuple(data(np.ones(one), batched=bool(index % 2)) for index, one in enumerate(shapes))
    parameters = tuple(Parameter("w", one, Initializer("glorot_uniform")) for one in owned)
    node = Node(op, inputs, attributes, parameters)
    scaled = Node("multiply", (node, Node("parameter", (), {}, (weight(()),))))
    for root in (node, Node("mean", (Node("square", (scaled,)),)), squared(scaled, data(np.ones(3)))):
        found = stability(run(root, name=optimizer, batch=batch, epochs=3))
        assert isinstance(found, StabilityBound | Unknown)


@pytest.mark.parametrize(("rate", "momentum"), list(itertools.product([1e-300, 1e300, 5.0], [0.0, 0.999999])))
@pytest.mark.parametrize("scale", [1e-200, 1e150, 1.0])
def test_extreme_numbers(rate, momentum, scale):
    graph = squared(
        Node("dense", (data(scale * np.ones((4, 2))),), {"units": 1, "use_bias": False}, (weight(None),)), data(np.ones((4, 1)))
    )
    for batch in (None, 1, 2):
        found = stability(run(graph, rate, momentum=Fact(momentum), batch=batch))
        assert isinstance(found, StabilityBound | Unknown)
        if isinstance(found, StabilityBound):
            numbers = [found.sharpness, found.max_learning_rate, found.ratio, found.growth_per_step or 0.0]
            assert np.isfinite(numbers[:2]).all()
            assert not np.isnan(numbers).any()


def test_many_nodes():
    node = data(np.ones((2, 1)))
    for _ in range(5_000):
        node = Node("linear", (node,))
    assert isinstance(stability(run(squared(node, data(np.ones((2, 1)))))), Unknown)


@pytest.mark.parametrize(
    "kind", ["zeros", "ones", "constant", "uniform", "normal", "orthogonal", "values", "unknown", "no such kind"]
)
def test_kinds_of_start(kind):
    hidden = Node("dense", (data(np.ones((4, 3))),), {"units": 2, "use_bias": False}, (weight((3, 2), kind),))
    out = Node("dense", (Node("tanh", (hidden,)),), {"units": 1}, (weight(None, kind), weight(None, "zeros")))
    assert isinstance(stability(run(squared(out, data(np.ones((4, 1)))))), StabilityBound | Unknown)
