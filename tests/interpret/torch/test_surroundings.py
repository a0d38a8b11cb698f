"""What stands around a training loop: batches of unknown structure, wrappers, processes, what a statement drops."""

from __future__ import annotations

import pytest

from tests.interpret.helpers import follow, plain
from trainlint.interpret.values import Array, Class, Instance, Object, Unknown

HEADER = "import torch\nfrom torch import nn\nimport torch.nn.functional as F\nfrom torch.utils.data import DataLoader\n"


def names(script: str):
    return follow(HEADER + script).module.scope.cells


def kinds(script: str) -> list[str]:
    return [event.kind for event in follow(HEADER + script).events]


def test_parts_of_an_unknown_batch_are_batches_of_their_own() -> None:
    found = names("loader = DataLoader(read(), batch_size=16)\nfor x, y in loader:\n    z = x * 2\n")
    x, y = found["x"], found["y"]
    assert isinstance(x, Array)
    assert isinstance(y, Array)
    assert x is not y
    assert {x.op, y.op} == {"batch"}
    assert x.attributes["batch_size"] == y.attributes["batch_size"] == 16


@pytest.mark.parametrize("part", ['batch["x"]', "batch[0]", "batch.text", 'batch.to("cuda")["x"]', "batch"])
def test_an_unknown_batch_may_be_a_dict_a_tuple_or_a_tensor(part: str) -> None:
    found = names(f"for batch in DataLoader(read(), batch_size=16):\n    x = {part}\n    y = nn.Linear(3, 2)(x)\n")
    assert isinstance(found["y"], Array)
    assert isinstance(found["x"], Array)


def test_settings_behind_unknown_keywords_are_not_the_defaults() -> None:
    optimizer = names("optimizer = torch.optim.SGD(params(), momentum=0.5, **read())\n")["optimizer"]
    assert isinstance(optimizer, Object)
    assert isinstance(optimizer.arguments["learning_rate"], Unknown)
    assert plain(optimizer.arguments["momentum"]) == 0.5


def test_keywords_that_differ_between_branches() -> None:
    found = names("a = {'u': 1, 'v': 2} if flag() else {'u': 1}\ndef f(**k):\n    return k\nk = f(**a)\n")["k"]
    assert plain(found.cells["u"]) == 1
    assert isinstance(found.cells["v"], Unknown)


def test_a_function_that_surely_raises_gives_nothing() -> None:
    assert isinstance(names("def f():\n    raise ValueError\nx = f()\n")["x"], Unknown)


def test_named_tuples_have_fields_and_are_unpacked() -> None:
    found = names("from collections import namedtuple\nP = namedtuple('P', 'a b')\np = P(1, b=2)\na, b = p\nc = p.b\n")
    assert isinstance(found["P"], Class)
    assert isinstance(found["p"], Instance)
    assert [plain(found[one]) for one in "abc"] == [1, 2, 2]


def test_deques_are_lists() -> None:
    assert plain(names("from collections import deque\nd = deque([1, 2])\nd.append(3)\n")["d"]) == [1, 2, 3]


@pytest.mark.parametrize(
    "statement",
    ["w.zero_()", "nn.init.ones_(w)", "F.relu(x, inplace=True)", "torch.add(x, x, out=x)", "w.data.add_(x)", "x.clamp_(0, 1)"],
)
def test_changes_in_place_are_not_dropped(statement: str) -> None:
    assert "dropped" not in kinds(f"x = torch.zeros(3)\nw = nn.Parameter(torch.zeros(3))\n{statement}\n")


@pytest.mark.parametrize("statement", ["x + 1", "x.to('cuda')", "F.relu(x)"])
def test_results_that_nobody_keeps_are_dropped(statement: str) -> None:
    assert "dropped" in kinds(f"x = torch.zeros(3)\n{statement}\n")


@pytest.mark.parametrize(
    "wrapped",
    [
        "nn.DataParallel(model)",
        "torch.nn.parallel.DistributedDataParallel(model, device_ids=[0])",
        "torch.distributed.fsdp.FullyShardedDataParallel(model, use_orig_params=True)",
        "torch.compile(model)",
        "nn.SyncBatchNorm.convert_sync_batchnorm(model)",
    ],
)
def test_wrappers_are_the_module(wrapped: str) -> None:
    found = names(f"model = nn.Linear(2, 1)\nwrapped = {wrapped}\n")
    assert found["wrapped"] is found["model"]


@pytest.mark.parametrize(
    "launch",
    [
        "import torch.multiprocessing as mp\nmp.spawn(train, args=(0.5,), nprocs=4)",
        "import torch.multiprocessing as mp\np = mp.Process(target=train, args=(0, 0.5))\np.start()\np.join()",
        "from multiprocessing import Process\nProcess(target=train, kwargs={'rank': 0, 'lr': 0.5}).start()",
    ],
)
def test_processes_call_their_function(launch: str) -> None:
    script = "def train(rank, lr):\n    o = torch.optim.SGD(nn.Linear(1, 1).parameters(), lr=lr)\n    o.step()\n" + launch + "\n"
    steps = [event for event in follow(HEADER + script).events if event.kind == "step"]
    assert [plain(one.values["optimizer"].arguments["learning_rate"]) for one in steps] == [0.5]


@pytest.mark.parametrize("name", ["max_pool2d", "avg_pool2d"])
def test_functional_pooling_is_the_layer(name: str) -> None:
    assert names(f"y = F.{name}(torch.zeros(2, 3, 8, 8), 2)\n")["y"].shape == (2, 3, 4, 4)


def test_dropout_that_is_switched_off_is_nothing() -> None:
    found = names("x = torch.zeros(3)\ny = F.dropout(x, 0.5, training=False)\nz = F.dropout(x, 0.5)\n")
    assert found["y"] is found["x"]
    assert plain(found["z"].attributes["layer"].arguments["rate"]) == 0.5
