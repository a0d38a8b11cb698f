"""Data sets and loaders: lengths, batches, splits."""

import math

import pytest

from tests.interpret.helpers import follow, plain
from trainlint.interpret.values import Array, Unknown

HEADER = """
import torch
from torch.utils.data import DataLoader, Dataset, IterableDataset, Subset, TensorDataset, random_split
X, y = torch.zeros(100, 5), torch.zeros(100)
"""


def names(script):
    return follow(HEADER + script).module.scope.cells


@pytest.mark.parametrize("size", [1, 32, 100, 300])
@pytest.mark.parametrize("drop", [False, True])
def test_length_of_a_loader(size, drop):
    expected = 100 // size if drop else math.ceil(100 / size)
    assert plain(names(f"n = len(DataLoader(TensorDataset(X, y), batch_size={size}, drop_last={drop}))")["n"]) == expected


@pytest.mark.framework
@pytest.mark.parametrize("lengths", [[80, 20], [0.8, 0.2], [0.5, 0.333, 0.167], [0.335, 0.335, 0.33]])
def test_random_split_has_the_lengths_of_the_library(lengths):
    import torch
    from torch.utils.data import TensorDataset, random_split

    expected = [len(one) for one in random_split(TensorDataset(torch.zeros(100)), lengths)]
    assert plain(names(f"n = [len(one) for one in random_split(TensorDataset(X, y), {lengths})]")["n"]) == expected


def test_batches_of_a_tensor_dataset():
    found = follow(HEADER + "for xb, yb in DataLoader(TensorDataset(X, y), 32):\n    pass").module.scope.cells
    batch = found["xb"]
    assert (batch.op, batch.shape, found["yb"].shape) == ("batch", (32, 5), (32,))
    assert batch.inputs == (found["X"],)
    assert batch.attributes["batch_size"] == 32
    assert batch.attributes["sample"] is False
    assert not batch.symbolic


def test_a_batch_is_never_larger_than_the_data():
    assert names("for xb, yb in DataLoader(TensorDataset(X, y), 256):\n    pass")["xb"].shape == (100, 5)


def test_a_script_s_data_set():
    found = names(
        """
class Rows(Dataset):
    def __init__(self, x, y):
        self.x, self.y = x, y
    def __len__(self):
        return len(self.x)
    def __getitem__(self, index):
        return {"x": self.x[index] / 255, "y": self.y[index]}
data = Rows(X, y)
loader = DataLoader(data, batch_size=10, shuffle=True)
n = len(loader)
for batch in loader:
    xb, yb = batch["x"], batch["y"]
"""
    )
    assert plain(found["n"]) == 10
    assert found["xb"].shape == (10, 5)
    whole = found["xb"].inputs[0]
    assert (whole.op, whole.shape, whole.inputs[0]) == ("divide", (100, 5), found["X"])
    assert found["yb"].inputs == (found["y"],)


def test_subsets_samplers_and_loaders_of_arrays():
    found = names(
        """
from torch.utils.data import SubsetRandomSampler, BatchSampler, RandomSampler
data = TensorDataset(X, y)
a = len(DataLoader(Subset(data, range(30)), 8))
b = len(DataLoader(Subset(data, [1, 2, 3]), 2))
c = len(DataLoader(data, 8, sampler=SubsetRandomSampler([1, 2, 3, 4, 5, 6, 7, 8, 9])))
d = len(DataLoader(X, 8))
e = len(DataLoader(data + data, 8)) if False else 0
first = next(iter(DataLoader(X, 8)))
"""
    )
    assert plain(found["b"]) == 2
    assert plain(found["c"]) == 2
    assert plain(found["d"]) == 13
    assert found["first"].shape == (8, 5)


def test_what_is_not_known_stays_unknown():
    found = names(
        """
import os
from somewhere import Images
loader = DataLoader(Images("train"), batch_size=int(os.environ["B"]))
n = len(loader)
for xb, yb in loader:
    pass
"""
    )
    assert isinstance(found["n"], Unknown)
    assert isinstance(found["xb"], Unknown | Array)


def test_collate_function_of_the_script():
    found = names(
        """
def collate(samples):
    return samples[0]
for item in DataLoader(X, 8, collate_fn=collate):
    pass
"""
    )
    assert found["item"].shape == (5,)


@pytest.mark.parametrize("base", ["TensorDataset", "Subset", "IterableDataset", "Dataset"])
def test_a_data_set_that_leaves_its_items_to_the_library_is_followed_to_the_end(base):
    followed = follow(
        f"{HEADER}class D({base}):\n    pass\nd = D(X, y)\na, n = d[0], len(d)\nfor b in DataLoader(d):\n    pass\nk = 3\n"
    )
    assert not followed.limits
    assert plain(followed.module.scope.cells["k"]) == 3


@pytest.mark.parametrize(
    "script",
    [
        "DataLoader(); len(DataLoader()); list(DataLoader(None, batch_size='x')); next(iter(DataLoader(3, batch_size=0)))",
        "TensorDataset(); len(TensorDataset()); TensorDataset(1, 'a')[0]",
        "random_split(3); random_split(X, 4); random_split(X, [])",
        """
class D(Dataset):
    def __getitem__(self, i):
        return self[i]
    def __len__(self):
        return len(self)
len(DataLoader(D()))
for b in DataLoader(D()):
    pass
""",
        "d = [1]\nd.append(d)\nfor b in DataLoader(d): pass\nfor b in DataLoader([(X, (y, d))]): pass",
        "Subset(); len(Subset(X, 'abc')); random_split(X, [0.5, 'a'])",
    ],
)
def test_nonsense_is_followed_without_an_error(script):
    assert follow(HEADER + script).tree is not None
