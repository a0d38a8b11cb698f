"""The PyTorch rows against the installed library: every class and function, every parameter, every default."""

import importlib
import inspect
import typing

import pytest

from trainlint.knowledge import find
from trainlint.knowledge.rows import REQUIRED
from trainlint.knowledge.torch_layer_rows import ACTIVATIONS
from trainlint.knowledge.torch_rows import ROWS

# Written by hand, since the library's own signature says nothing: (*args, **kwargs), or a function in C.
WITHOUT_SIGNATURE = {
    "torch.nn.RNN",
    "torch.nn.LSTM",
    "torch.nn.GRU",
    "torch.autograd.Variable",
    "torch.nn.functional.linear",
    "torch.nn.functional.bilinear",
    *(f"torch.nn.functional.conv{kind}{n}d" for kind in ("", "_transpose") for n in (1, 2, 3)),
}
OPEN_ENDED = {"torch.compile", "torch.nn.parallel.DistributedDataParallel"}
CALLABLE_DEFAULTS = {"activation", "generator", "dtype"}  # a function or object, which a row cannot spell
SIGNED = [row for row in ROWS if row.library == "torch" and row.makes != "base"]


def located(path):
    parts = path.split(".")
    for count in range(len(parts) - 1, 0, -1):
        try:
            found = importlib.import_module(".".join(parts[:count]))
        except ImportError:
            continue
        for part in parts[count:]:
            found = getattr(found, part)
        return found
    raise AssertionError(path)


def spelled(row):
    """Every (name as the library spells it) of the row's parameters, with the default."""
    return [(parameter.aliases[0] if parameter.aliases else parameter.name, parameter) for parameter in row.parameters]


def test_every_row_is_found_by_each_of_its_names():
    for row in ROWS:
        assert [find(name).name for name in (row.name, *row.aliases)] == [row.name] * (1 + len(row.aliases))


def test_names_are_unique():
    names = [name for row in ROWS for name in (row.name, *row.aliases)]
    assert len(names) == len(set(names))


def test_learning_rate_of_sgd_was_required_before_2_2():
    sgd = find("torch.optim.SGD")
    assert sgd.default("learning_rate") == 0.001
    assert sgd.default("learning_rate", "torch<2.2") is REQUIRED


def test_parameters_go_by_their_canonical_names():
    assert find("torch.nn.Linear").parameter("out_features").name == "units"
    assert find("torch.nn.Conv2d").parameter("stride").name == "strides"
    assert find("torch.optim.Adam").parameter("lr").name == "learning_rate"
    assert find("torch.optim.Adam").parameter("eps").name == "epsilon"
    assert {"relu", "softmax", "swish"} <= ACTIVATIONS


@pytest.mark.framework
@pytest.mark.parametrize("row", [row for row in ROWS if row.library == "torch"], ids=lambda row: row.name)
def test_every_name_and_alias_exists(row):
    assert all(callable(located(name)) for name in (row.name, *row.aliases))


@pytest.mark.framework
@pytest.mark.parametrize("row", [row for row in SIGNED if row.name not in WITHOUT_SIGNATURE], ids=lambda row: row.name)
def test_signature_is_the_library_s(row):
    expected = inspect.signature(located(row.name)).parameters
    if row.name in OPEN_ENDED:
        listed = [name for name, parameter in spelled(row) if not parameter.variadic]
        assert list(expected)[: len(listed)] == listed
        return
    assert [name for name, _ in spelled(row)] == list(expected)
    for name, parameter in spelled(row):
        theirs = expected[name]
        variadic = theirs.kind in (theirs.VAR_POSITIONAL, theirs.VAR_KEYWORD)
        assert parameter.variadic == variadic, name
        assert parameter.keyword_only == (theirs.kind in (theirs.KEYWORD_ONLY, theirs.VAR_KEYWORD)), name
        if name not in CALLABLE_DEFAULTS and not variadic:
            assert parameter.default == (REQUIRED if theirs.default is theirs.empty else theirs.default), name


@pytest.mark.framework
@pytest.mark.parametrize("name", ["RNN", "LSTM", "GRU"])
def test_recurrent_signatures_are_those_of_the_overloads(name):
    import torch

    overload = max(
        (inspect.signature(one) for one in typing.get_overloads(getattr(torch.nn, name).__init__)),
        key=lambda one: len(one.parameters),
    )
    expected = {key: one for key, one in overload.parameters.items() if key != "self"}
    ours = spelled(find(f"torch.nn.{name}"))
    assert [key for key, _ in ours][: len(expected)] == list(expected)
    given = {
        key: parameter.default
        for key, parameter in ours
        if expected[key].default is not inspect.Parameter.empty and expected[key].default is not ...
    }
    assert given == {key: expected[key].default for key in given}


@pytest.mark.framework
def test_every_public_layer_loss_optimizer_and_schedule_has_a_row():
    import torch
    from torch.optim.lr_scheduler import LRScheduler

    bases = {
        "torch.nn": torch.nn.Module,
        "torch.optim": torch.optim.Optimizer,
        "torch.optim.lr_scheduler": LRScheduler,
    }
    rare = {
        "torch.nn.AdaptiveLogSoftmaxWithLoss",
        "torch.nn.Container",
        "torch.nn.LinearCrossEntropyLoss",
        "torch.nn.NLLLoss2d",
        "torch.nn.RNNBase",
        "torch.nn.RNNCellBase",
    }
    missing = [
        f"{module}.{name}"
        for module, base in bases.items()
        for name, value in vars(importlib.import_module(module)).items()
        if inspect.isclass(value) and issubclass(value, base) and not name.startswith("_") and find(f"{module}.{name}") is None
    ]
    assert set(missing) - rare - {"torch.optim.lr_scheduler.Optimizer"} == set()
