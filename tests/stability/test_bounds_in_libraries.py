"""Every bound of `trainlint.stability.bounds` against the libraries' own optimizers: stable 1 % below it, unstable 1 % above it.

The loss is w'Hw/2, so that each optimizer is a linear map of weights and state. Preconditioners are frozen: the average of squares
is set by hand, and decays by a millionth a step at most.
"""

import itertools
import math

import numpy as np
import pytest

from tests.stability.graphs import data, run, squared, weight
from trainlint.core import Fact
from trainlint.facts.graph import Node
from trainlint.stability import stability
from trainlint.stability.bounds import adaptive_bound, nadam_bound

pytestmark = pytest.mark.framework
RNG = np.random.default_rng(0)
X = RNG.standard_normal((20, 3)) * np.array([1.0, 2.0, 5.0])
H = 2 / 20 * X.T @ X
P = np.array([0.5, 3.0, 8.0])
PRECONDITIONED = H / np.sqrt(np.outer(P, P))
SHARPNESS = float(np.linalg.eigvalsh(PRECONDITIONED)[-1])
TINY = 1e-60
"""The size of weights: their gradients do not move a preconditioner."""

ALMOST_ONE, LATE = 1 - 2.0**-20, 1e9
"""A running average that stands still (exact in float32), and a step by which every correction has gone."""


def grows(step, steps):
    """Whether the weights grow over the second half of the steps, each normalised so that none overflows."""
    lengths = [step() for _ in range(steps)]
    return lengths[-1] > max(lengths[steps // 2 - 10 : steps // 2])


def torch_stepper(make, prepare=lambda state: None):
    import torch

    w = torch.tensor(TINY * RNG.standard_normal(3), requires_grad=True)
    hessian, optimizer = torch.from_numpy(H), make([w])
    state = {}
    prepare(state)
    if state:
        optimizer.state[w].update({key: torch.tensor(value, dtype=torch.float64) for key, value in state.items()})

    def step():
        w.grad = hessian @ w.detach()
        optimizer.step()
        return float(w.detach().norm())

    return step


def keras_stepper(make, prepare=lambda optimizer: None):
    import keras
    import tensorflow as tf

    w = keras.Variable(TINY * RNG.standard_normal(3), dtype="float64")
    optimizer = make()
    optimizer.build([w])
    prepare(optimizer)

    @tf.function
    def step():
        optimizer.apply([tf.linalg.matvec(H, w.value)], [w])
        return tf.norm(w.value)

    return lambda: float(step())


DESCENT = [
    {},
    {"momentum": 0.9},
    {"momentum": 0.5},
    {"momentum": 0.9, "nesterov": True},
    {"weight_decay": 5.0},
    {"momentum": 0.9, "weight_decay": 5.0},
    {"momentum": 0.9, "nesterov": True, "weight_decay": 5.0},
]
DAMPED = [{"momentum": 0.9, "dampening": 0.3}, {"momentum": 0.9, "dampening": 0.9, "weight_decay": 5.0}]


def predicted(library, settings):
    """The bound as the engine judges a linear regression with these rows."""
    node = Node("dense", (data(X),), {"units": 1, "use_bias": False}, (weight((3, 1)),))
    facts = {"momentum": Fact(settings.get("momentum", 0.0)), "nesterov": settings.get("nesterov", False)}
    if "weight_decay" in settings:
        facts |= {"weight_decay": Fact(settings["weight_decay"]), "decoupled": library == "keras"}
    found = stability(run(squared(node, data(X[:, :1])), framework=library, dampening=settings.get("dampening", 0.0), **facts))
    return found.max_learning_rate


@pytest.mark.parametrize("settings", [*DESCENT, *DAMPED])
def test_gradient_descent_of_torch(settings):
    import torch

    bound = predicted("torch", settings)
    assert not grows(torch_stepper(lambda held: torch.optim.SGD(held, lr=0.99 * bound, **settings)), 300)
    assert grows(torch_stepper(lambda held: torch.optim.SGD(held, lr=1.01 * bound, **settings)), 300)


@pytest.mark.parametrize("settings", DESCENT)
def test_gradient_descent_of_keras(settings):
    import keras

    bound = predicted("keras", settings)
    assert not grows(keras_stepper(lambda: keras.optimizers.SGD(0.99 * bound, **settings)), 300)
    assert grows(keras_stepper(lambda: keras.optimizers.SGD(1.01 * bound, **settings)), 300)


ADAM, SQUARES = {"betas": (0.9, ALMOST_ONE)}, {"exp_avg_sq": P**2, "exp_avg": 0 * P, "step": LATE}
TORCH = {
    "Adam": ("Adam", ADAM, SQUARES, adaptive_bound(SHARPNESS, 0.9)),
    "Adam, beta1 0.5": ("Adam", {"betas": (0.5, ALMOST_ONE)}, SQUARES, adaptive_bound(SHARPNESS, 0.5)),
    "AMSGrad": ("Adam", {**ADAM, "amsgrad": True}, {**SQUARES, "max_exp_avg_sq": P**2}, adaptive_bound(SHARPNESS, 0.9)),
    "AdamW": ("AdamW", {**ADAM, "weight_decay": 0.05}, SQUARES, adaptive_bound(SHARPNESS, 0.9, decay=0.05)),
    "AdamW, decay 2": ("AdamW", {**ADAM, "weight_decay": 2.0}, SQUARES, adaptive_bound(SHARPNESS, 0.9, decay=2.0)),
    "RAdam": ("RAdam", ADAM, SQUARES, adaptive_bound(SHARPNESS, 0.9)),
    "Adamax": ("Adamax", {**ADAM, "eps": 0.0}, {"exp_avg": 0 * P, "exp_inf": P, "step": LATE}, adaptive_bound(SHARPNESS, 0.9)),
    "NAdam": ("NAdam", ADAM, {**SQUARES, "mu_product": 0.0}, nadam_bound(SHARPNESS, 0.9, 0.9)),
    "NAdam, first steps": (
        "NAdam",
        {**ADAM, "momentum_decay": 1e-30},
        {**SQUARES, "mu_product": 0.0},
        nadam_bound(SHARPNESS, 0.9, 0.45),
    ),
    "RMSprop": ("RMSprop", {"alpha": ALMOST_ONE}, {"square_avg": P**2, "step": LATE}, adaptive_bound(SHARPNESS)),
    "RMSprop, momentum": (
        "RMSprop",
        {"alpha": ALMOST_ONE, "momentum": 0.9},
        {"square_avg": P**2, "step": LATE, "momentum_buffer": 0 * P},
        adaptive_bound(SHARPNESS, heavy=0.9),
    ),
    "RMSprop, centered": (
        "RMSprop",
        {"alpha": ALMOST_ONE, "centered": True},
        {"square_avg": P**2, "step": LATE, "grad_avg": 0 * P},
        adaptive_bound(SHARPNESS),
    ),
    "Adagrad": ("Adagrad", {}, {"sum": P**2, "step": LATE}, adaptive_bound(SHARPNESS)),
    "Adadelta": (
        "Adadelta",
        {"rho": ALMOST_ONE, "eps": 0.0},
        {"square_avg": P**2, "acc_delta": 0 * P + 4.0, "step": LATE},
        adaptive_bound(2 * SHARPNESS),
    ),
}


@pytest.mark.parametrize("name", TORCH)
def test_preconditioned_optimizers_of_torch(name):
    import torch

    kind, arguments, state, bound = TORCH[name]
    for share in (0.99, 1.01):
        make = lambda held, share=share: getattr(torch.optim, kind)(held, lr=share * bound, **arguments)  # noqa: E731
        assert grows(torch_stepper(make, lambda held: held.update(state)), 300) == (share > 1)


def late(**states):
    def prepare(optimizer):
        optimizer.iterations.assign(10**8)
        for name, value in states.items():
            held = getattr(optimizer, name)
            (held[0] if isinstance(held, list) else held).assign(value)

    return prepare


MOMENTS = {"beta_1": 0.9, "beta_2": ALMOST_ONE, "epsilon": 0.0}
KERAS = {
    "Adam": ("Adam", MOMENTS, late(_velocities=P**2), adaptive_bound(SHARPNESS, 0.9)),
    "AMSGrad": (
        "Adam",
        {**MOMENTS, "amsgrad": True},
        late(_velocities=P**2, _velocity_hats=P**2),
        adaptive_bound(SHARPNESS, 0.9),
    ),
    "AdamW": ("AdamW", {**MOMENTS, "weight_decay": 2.0}, late(_velocities=P**2), adaptive_bound(SHARPNESS, 0.9, decay=2.0)),
    "Adamax": ("Adamax", MOMENTS, late(_u=P), adaptive_bound(SHARPNESS, 0.9)),
    "Nadam": ("Nadam", MOMENTS, late(_velocities=P**2, _u_product=0.0), nadam_bound(SHARPNESS, 0.9, 0.9)),
    "RMSprop": ("RMSprop", {"rho": ALMOST_ONE}, late(_velocities=P**2), adaptive_bound(SHARPNESS)),
    "RMSprop, momentum": (
        "RMSprop",
        {"rho": ALMOST_ONE, "momentum": 0.9},
        late(_velocities=P**2),
        adaptive_bound(SHARPNESS, heavy=0.9),
    ),
    "Adagrad": ("Adagrad", {}, late(_accumulators=P**2), adaptive_bound(SHARPNESS)),
    "Adadelta": (
        "Adadelta",
        {"rho": ALMOST_ONE, "epsilon": 0.0},
        late(_accumulated_grads=P**2, _accumulated_delta_vars=0 * P + 4.0),
        adaptive_bound(2 * SHARPNESS),
    ),
}


@pytest.mark.parametrize("name", KERAS)
def test_preconditioned_optimizers_of_keras(name):
    import keras

    kind, arguments, prepare, bound = KERAS[name]
    for share in (0.99, 1.01):
        make = lambda share=share: getattr(keras.optimizers, kind)(share * bound, **arguments)  # noqa: E731
        assert grows(keras_stepper(make, prepare), 300) == (share > 1)


@pytest.mark.parametrize(("library", "name"), [("torch", "Rprop"), ("keras", "Lion")])
def test_steps_of_a_fixed_size_never_grow_exponentially(library, name):
    """No learning rate of a sign-like optimizer is unstable: the weights stay within its largest step."""
    import keras
    import torch

    if library == "torch":
        step = torch_stepper(lambda held: getattr(torch.optim, name)(held, lr=1e3, step_sizes=(1e-6, 1e3)))
    else:
        step = keras_stepper(lambda: getattr(keras.optimizers, name)(1e3))
    assert max(step() for _ in range(300)) < 10 * math.sqrt(3) * 1e3


@pytest.mark.parametrize("rate", [2.1, 3.0])
def test_steps_of_lamb_longer_than_twice_the_weights_always_grow(rate):
    """A step is `rate` times as long as the weights, which are `rate - 1` times as long at least after it."""
    import keras

    step = keras_stepper(lambda: keras.optimizers.Lamb(rate))
    lengths = [step() for _ in range(60)]
    assert all(after >= 0.999 * (rate - 1) * before for before, after in itertools.pairwise(lengths))
