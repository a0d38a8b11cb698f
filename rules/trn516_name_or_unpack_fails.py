"""Name or unpacking fails.

## Why

A name that is bound nowhere raises a NameError when the script reaches it, often after the data have been loaded. A loader over
two tensors gives pairs: three names for them raise a ValueError at the first batch. PyTorch has no `nn.Conv2D`, and `optim.adam`
is a module.

```python bad
import numpy as np
from tensorflow import keras

x_train = np.random.rand(500, 8)
model = keras.Sequential([keras.layers.Dense(1, input_shape=(8,))])
model.compile("adam", "mse")
model.fit(x_train, y_train, epochs=20)  # error: TRN516
```

```python bad
import torch
from torch import nn, optim
from torch.utils.data import DataLoader, TensorDataset

loader = DataLoader(TensorDataset(torch.rand(640, 8), torch.rand(640, 1)), batch_size=32, shuffle=True)
model = nn.Linear(8, 1)
optimizer = optim.SGD(model.parameters(), lr=0.01)
for epoch in range(20):
    for x, mask, y in loader:  # error: TRN516
        optimizer.zero_grad()
        nn.functional.mse_loss(model(x), y).backward()
        optimizer.step()
```

```python bad
from torch import nn

model = nn.Sequential(nn.Linear(8, 8), nn.LeakyRelu(0.1), nn.Linear(8, 1))  # error: TRN516
```

## When it is silent

Star imports, `exec`, notebooks, names bound on some branch, pieces of scripts, functions that nobody calls.

```python good
from my_data import *
from tensorflow import keras

model = keras.Sequential([keras.layers.Dense(1, input_shape=(8,))])
model.compile("adam", "mse")
model.fit(x_train, y_train)
```

```python good
import sys

from tensorflow import keras

if len(sys.argv) > 1:
    width = int(sys.argv[1])
model = keras.Sequential([keras.layers.Dense(width, input_shape=(8,))])
```

```python good
import torch
from torch.utils.data import DataLoader, TensorDataset

loader = DataLoader(TensorDataset(torch.rand(640, 8), torch.rand(640, 1)), batch_size=32)
for x, y in loader:
    print(x.shape)

def unused():
    return not_there
```

## References

- Python language reference, section 4.2.2 (resolution of names); PyTorch, torch.utils.data.TensorDataset.
"""

from __future__ import annotations

from collections.abc import Iterator

from trainlint.api import Report, Script, Severity, failed_unpackings, misspelt_calls, rule, site_cause, unbound_names

WHOLE = {
    "batch": "a batch has {} tensors",
    "data": "the data set comes in {} parts",
    "split": "the split gives {} parts",
}


@rule("TRN516", "name-or-unpack-fails", Severity.ERROR, scope="script")
def check(script: Script) -> Iterator[Report]:
    """Look for names on the certain path that nothing binds, and for batches of another length."""
    for name, place, later in unbound_names(script):
        bound = f"not bound before line {later}" if later is not None else "bound nowhere"
        yield Report(f"`{name}` is read here and {bound}: raises a NameError", at=place, cause=site_cause("name", place))
    for name, meant, place in misspelt_calls(script):
        module, _, last = name.rpartition(".")
        yield Report(
            f"`{module}` has no `{last}` to call: raises. It is spelled `{meant}`", at=place, cause=site_cause("name", place)
        )
    for place, tensors, names, what in failed_unpackings(script):
        yield Report(
            f"{WHOLE[what].format(tensors)} and is unpacked to {names} names: raises a ValueError",
            at=place,
            cause=site_cause("name", place),
        )
