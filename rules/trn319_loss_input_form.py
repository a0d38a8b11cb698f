"""Loss gets its input in another form.

## Why

KLDivLoss and CTCLoss expect log-probabilities, PoissonNLLLoss the logarithm of a rate, GaussianNLLLoss a variance above 0, Keras'
`poisson` a positive rate. On anything else the loss goes below 0 without measuring the fit, becomes NaN, or raises.

```python bad
import torch
from torch import nn, optim

x, y = torch.rand(600, 8), torch.softmax(torch.rand(600, 10), dim=1)
model = nn.Sequential(nn.Linear(8, 32), nn.ReLU(), nn.Linear(32, 10), nn.Softmax(dim=1))
criterion = nn.KLDivLoss(reduction="batchmean")  # error: TRN319
optimizer = optim.Adam(model.parameters(), lr=0.001)
for epoch in range(200):
    optimizer.zero_grad()
    criterion(model(x), y).backward()
    optimizer.step()
```

```python bad
import numpy as np
from tensorflow import keras

x, y = np.random.rand(600, 8), np.random.poisson(3.0, size=600)
model = keras.Sequential([
    keras.layers.Dense(32, activation="relu", input_shape=(8,)),
    keras.layers.Dense(1),
])
model.compile(optimizer="adam", loss="poisson")  # error: TRN319
model.fit(x, y, epochs=20)
```

```python bad
import torch
from torch import nn, optim

x, y = torch.rand(600, 8), torch.rand(600, 1)
body, mean, variance = nn.Linear(8, 32), nn.Linear(32, 1), nn.Linear(32, 1)
criterion = nn.GaussianNLLLoss()  # error: TRN319
optimizer = optim.Adam([*body.parameters(), *mean.parameters(), *variance.parameters()], lr=0.001)
for epoch in range(200):
    optimizer.zero_grad()
    hidden = torch.relu(body(x))
    criterion(mean(hidden), y, variance(hidden)).backward()
    optimizer.step()
```

## When it is silent

The transformation is on the way to the loss.

```python good
import torch
from torch import nn, optim

x, y = torch.rand(600, 8), torch.softmax(torch.rand(600, 10), dim=1)
model = nn.Sequential(nn.Linear(8, 32), nn.ReLU(), nn.Linear(32, 10))
criterion = nn.KLDivLoss(reduction="batchmean")
optimizer = optim.Adam(model.parameters(), lr=0.001)
for epoch in range(200):
    optimizer.zero_grad()
    criterion(torch.log_softmax(model(x), dim=1), y).backward()
    optimizer.step()
```

```python good
import torch
from torch import nn, optim

x, y = torch.rand(600, 8), torch.poisson(3 * torch.ones(600, 1))
model = nn.Sequential(nn.Linear(8, 32), nn.ReLU(), nn.Linear(32, 1))
criterion = nn.PoissonNLLLoss()
optimizer = optim.Adam(model.parameters(), lr=0.001)
for epoch in range(200):
    optimizer.zero_grad()
    criterion(model(x), y).backward()
    optimizer.step()
```

```python good
import numpy as np
from tensorflow import keras

x, y = np.random.rand(600, 8), np.random.poisson(3.0, size=600)
model = keras.Sequential([
    keras.layers.Dense(32, activation="relu", input_shape=(8,)),
    keras.layers.Dense(1, activation="softplus"),
])
model.compile(optimizer="adam", loss="poisson")
model.fit(x, y, epochs=20)
```

## References

- PyTorch, torch.nn.KLDivLoss, CTCLoss, PoissonNLLLoss, GaussianNLLLoss; Keras API, Probabilistic losses.
"""

from __future__ import annotations

from collections.abc import Iterator

from trainlint.api import Report, Severity, TrainingRun, loss_reports, rule


@rule("TRN319", "loss-input-form", Severity.ERROR, default="preview")
def check(run: TrainingRun) -> Iterator[Report]:
    """Speak for these rows of the table of losses and outputs."""
    return loss_reports(run, "TRN319")
