"""Which context managers of PyTorch let a graph be built: the rules that ask it answer as the library does."""

from __future__ import annotations

from contextlib import ExitStack

import pytest

from tests.rules.checking import of
from tests.rules.torch_scripts import IMPORTS, PASS, SMALL

MANAGERS: dict[str, bool] = {
    "torch.no_grad()": False,
    "torch.inference_mode()": False,
    "torch.inference_mode(mode=False)": True,
    "torch.enable_grad()": True,
    "torch.set_grad_enabled(False)": False,
    "torch.set_grad_enabled(True)": True,
    "torch.no_grad(), torch.enable_grad()": True,
    "torch.no_grad(), torch.inference_mode(False)": True,
    "torch.enable_grad(), torch.set_grad_enabled(mode=False)": False,
}
TRAINING = IMPORTS + SMALL + PASS.replace("        loss = ", "        with {managers}:\n            loss = ")
JUDGING = (
    IMPORTS
    + SMALL
    + PASS
    + """    kept = []
    for rows, targets in DataLoader(TensorDataset(x, y), batch_size=32):
        with {managers}:
            kept.append(model(rows))
"""
)


@pytest.mark.parametrize(("managers", "records"), MANAGERS.items())
def test_training_that_builds_no_graph(managers: str, records: bool) -> None:
    row = TRAINING.count("\n") - 2
    assert of(TRAINING.format(managers=managers), "TRN507") == (set() if records else {("TRN507", row)})


@pytest.mark.parametrize(("managers", "records"), MANAGERS.items())
def test_validation_that_builds_one(managers: str, records: bool) -> None:
    row = JUDGING.count("\n")
    assert of(JUDGING.format(managers=managers), "TRN508") == ({("TRN508", row)} if records else set())


def test_a_decorator_that_builds_one_all_the_same() -> None:
    head = "@torch.inference_mode({})\ndef train():\n    "
    text = IMPORTS + SMALL + head + PASS.replace("\n", "\n    ") + "\ntrain()\n"
    assert of(text.replace("mode({})", "mode(False)"), "TRN507") == set()
    assert of(text.replace("mode({})", "mode()"), "TRN507") != set()


@pytest.mark.framework
@pytest.mark.parametrize(("managers", "records"), MANAGERS.items())
def test_as_pytorch_does(managers: str, records: bool) -> None:
    import torch

    with ExitStack() as stack:
        for one in managers.split(", "):
            stack.enter_context(eval(one, {"torch": torch}))
        assert torch.ones(1, requires_grad=True).mul(2).requires_grad is records
