"""Optimizers as numbers: what a script says of them, what the libraries set beside it, and the bound in words."""

import dataclasses
import inspect
import itertools
import math
import re

import pytest

from tests.stability.graphs import PLACE
from trainlint.core import Evidence, Fact, Unknown
from trainlint.facts.run import OptimizerFacts
from trainlint.stability.bounds import Descent, gradient_descent_bound
from trainlint.stability.optimizers import descent_of, evidence_of, formula_of, frozen_bound, settings_of
from trainlint.stability.updates import Settings


def optimizer(name="sgd", library="torch", rate=0.1, **settings):
    return OptimizerFacts(name, library, Fact(rate), place=PLACE, **settings)


def test_every_number_that_a_script_gives():
    given = optimizer(
        "rmsprop",
        "keras",
        0.5,
        momentum=Fact(0.8),
        nesterov=True,
        dampening=0.2,
        weight_decay=Fact(0.01),
        decoupled=True,
        epsilon=Fact(1e-3),
        betas=(0.7, 0.8),
        amsgrad=True,
        clip=("norm", 2.0),
        parameters={"rho": 0.6, "centered": True, "initial_accumulator_value": 3, "momentum_decay": 0.1, "maximize": False},
    )
    assert settings_of(given) == Settings(
        "rmsprop", "keras", 0.5, 0.8, True, 0.2, 0.01, True, 1e-3, (0.7, 0.8), True, 0.6, True, 3.0, 0.1, ("norm", 2.0),
        given.parameters,
    )  # fmt: skip


def test_rmsprop_of_torch_calls_it_alpha():
    assert settings_of(optimizer("rmsprop", parameters={"alpha": 0.3})).rho == 0.3


@pytest.mark.framework
@pytest.mark.parametrize("name", ["SGD", "RMSprop", "Adam", "NAdam", "Adagrad"])
def test_what_torch_sets(name):
    import torch

    defaults = {key: one.default for key, one in inspect.signature(getattr(torch.optim, name)).parameters.items()}
    names = {"alpha": "rho"} | ({} if name == "Adagrad" else {"eps": "epsilon"})  # whose own 1e-10 the knowledge tables hold
    compare(settings_of(optimizer(name.lower())), defaults, names)


@pytest.mark.framework
@pytest.mark.parametrize("name", ["SGD", "RMSprop", "Adam", "Nadam", "Adagrad"])
def test_what_keras_sets(name):
    import keras

    defaults = {key: one.default for key, one in inspect.signature(getattr(keras.optimizers, name)).parameters.items()}
    if "beta_1" in defaults:
        defaults["betas"] = (defaults["beta_1"], defaults["beta_2"])
    compare(settings_of(optimizer(name.lower(), "keras")), defaults, {})


def compare(found, defaults, names):
    names = {"initial_accumulator_value": "accumulator", **names}
    own = {names.get(key, key): value for key, value in defaults.items()}
    shared = set(own) & set(found._fields) - {"name"}
    assert {key: getattr(found, key) for key in shared} == {key: own[key] for key in shared}
    assert shared


def test_keras_has_a_momentum_schedule_of_its_own():
    """Dozat's 0.96^t without PyTorch's 0.004."""
    assert settings_of(optimizer("nadam", "keras")).momentum_decay == 1


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        (optimizer("lion"), "lion has no step-size bound"),
        (optimizer("shampoo"), "the step size of shampoo is not judged"),
        (optimizer("lamb", "torch"), "lamb has no step-size bound"),
        (optimizer("lars"), "lars has no step-size bound"),
        (optimizer("signsgd"), "signsgd has no step-size bound"),
        (optimizer("rprop", "keras"), "rprop has no step-size bound"),
        (optimizer("lbfgs", "tensorflow_probability"), "lbfgs has no step-size bound"),
        (optimizer(parameters={"maximize": True}), "`maximize` of the optimizer is not taken into account"),
        (optimizer(parameters={"gradient_accumulation_steps": 4}), "`gradient_accumulation_steps` of"),
        (optimizer(weight_decay=Unknown("read from a file")), "the weight decay is not known: read from a file"),
        (optimizer(epsilon=Unknown("read from a file")), "the epsilon is not known: read from a file"),
        (dataclasses.replace(optimizer(), learning_rate=Unknown("it is read")), "the learning rate is not known: it is read"),
        (optimizer(momentum=Fact(math.inf)), "the momentum is not finite"),
        (optimizer(rate=0.0), "the learning rate is not positive"),
        (optimizer(momentum=Fact(1.0)), "momentum or weight decay is outside of its range"),
        (optimizer(momentum=Fact(-0.1)), "momentum or weight decay is outside of its range"),
        (optimizer(weight_decay=Fact(-0.1)), "momentum or weight decay is outside of its range"),
        (optimizer("muon", "keras", weight_decay=Fact(0.1), parameters={"adam_weight_decay": 0.2}), "for some weights only"),
        (optimizer("muon", "keras", parameters={"adam_weight_decay": 0.2}), "for some weights only"),
        (optimizer("rmsprop", parameters={"alpha": 1.0}), "the running averages of the optimizer are outside of their range"),
        (optimizer("rmsprop", parameters={"alpha": -0.1}), "running averages"),
        (optimizer("adam", betas=(1.0, 0.9)), "running averages"),
        (optimizer("adam", betas=(-0.1, 0.9)), "running averages"),
        (optimizer("adam", betas=(0.9, 1.0)), "running averages"),
        (optimizer("adam", betas=(0.9, -0.1)), "running averages"),
        (optimizer(dampening=1.1), "running averages"),
        (optimizer(dampening=-0.1), "running averages"),
    ],
)
def test_what_is_not_known_or_out_of_range(given, reason):
    found = settings_of(given)
    assert isinstance(found, Unknown)
    assert reason in found.reason
    assert found.place == PLACE or "finite" in reason


def test_the_place_of_a_number_goes_before_that_of_the_optimizer():
    there = dataclasses.replace(PLACE, span=dataclasses.replace(PLACE.span, row=7, end_row=7))
    assert settings_of(optimizer(momentum=Unknown("?", there))).place == there
    assert settings_of(optimizer(momentum=Fact(math.nan, there))).place == there


def test_the_ends_of_the_ranges_are_allowed():
    found = settings_of(
        optimizer(momentum=Fact(0.0), weight_decay=Fact(0.0), betas=(0.0, 0.0), dampening=1.0, parameters={"alpha": 0.0})
    )
    assert isinstance(found, Settings)
    harmless = {"maximize": False, "gradient_accumulation_steps": 1, "lr_decay": 0, "line_search_fn": None}
    assert isinstance(settings_of(optimizer(parameters=harmless)), Settings)
    assert (found.rho, found.betas, found.dampening) == (0, (0, 0), 1)
    same = optimizer("muon", "keras", weight_decay=Fact(0.1), parameters={"adam_weight_decay": 0.1, "maximize": None})
    assert isinstance(settings_of(same), Settings)
    assert isinstance(settings_of(optimizer("muon", "keras", weight_decay=Fact(0.1))), Settings)
    assert isinstance(settings_of(optimizer("muon", "keras")), Settings)


def test_what_is_no_number_is_left_at_its_usual_value():
    found = settings_of(optimizer("rmsprop", parameters={"alpha": "0.5", "centered": 1, "initial_accumulator_value": True}))
    assert (found.rho, found.centered, found.accumulator) == (0.99, False, 0.0)
    assert settings_of(optimizer(library="keras", clip=("norm", 0.0))).clip is None


@pytest.mark.parametrize(
    ("momentum", "nesterov", "dampening", "decay", "decoupled"),
    [*itertools.product([0.0, 0.9], [False, True], [0.0, 0.25], [0.0, 0.5], [False, True])],
)
def test_the_formula_gives_the_bound(momentum, nesterov, dampening, decay, decoupled):
    """The formula with its letters replaced by numbers; dampening goes without Nesterov or decoupled decay in every library."""
    if dampening and (nesterov or not momentum or decoupled):
        dampening = 0.0
    method = Descent(momentum, nesterov and momentum > 0, dampening, decay, decoupled)
    assert descent_of(Settings("sgd", "torch", 0.1, momentum, nesterov, dampening, decay, decoupled)) == method
    formula = formula_of(method)
    assert [letter in formula for letter in "βdw"] == [momentum > 0, dampening > 0, decay > 0]
    numerator, denominator = formula.split("/")
    product = re.compile(r"(?<=[0-9)])(?=[λβw(])")
    numbers = {"λ": 3.0, "β": momentum, "d": dampening, "w": decay}
    found, below = (eval(product.sub("*", one), {}, numbers) for one in (numerator, denominator))
    assert found / below == pytest.approx(gradient_descent_bound(3.0, method), rel=1e-12)


def test_evidence_is_that_of_the_weakest_number():
    simulated, estimated = Fact(0.1, evidence=Evidence.SIMULATED), Fact(8, evidence=Evidence.ESTIMATED)
    assert evidence_of(optimizer()) is Evidence.PROVED
    assert evidence_of(optimizer(), Unknown("?"), Fact(8)) is Evidence.PROVED
    assert evidence_of(optimizer(), estimated) is Evidence.ESTIMATED
    for change in ({"learning_rate": simulated}, {"momentum": simulated}, {"weight_decay": simulated}):
        assert evidence_of(dataclasses.replace(optimizer(), **change)) is Evidence.SIMULATED


@pytest.mark.parametrize(
    ("name", "settings", "expected"),
    [
        ("adam", {"betas": (0.9, 0.999)}, 38 / 5),
        ("adamw", {"betas": (0.5, 0.999), "weight_decay": Fact(0.1), "decoupled": True}, 2 * 1.5 / (0.5 * 5 + 1.5 * 0.1)),
        ("rmsprop", {"momentum": Fact(0.9)}, 3.8 / 5),
        ("adagrad", {}, 2 / 5),
        ("nadam", {"betas": (0.9, 0.999)}, 3.8 / (1.9 - 1.62) / 5),
        ("sgd", {}, None),
        ("lion", {}, None),
    ],
)
def test_the_bound_while_a_preconditioner_stands_still(name, settings, expected):
    """Cohen et al. (2022): 2(1+b1)/(1-b1)/s, 2(1+m)/s, with weights that shrink beside the step; NAdam's late momentum is b1."""
    found = frozen_bound(settings_of(optimizer(name, "keras", **settings)), 5.0, 10**6)
    assert found == (None if expected is None else pytest.approx(expected, rel=1e-9))
