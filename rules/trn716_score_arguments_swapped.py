"""Labels and predictions change places in a score.

## Why

scikit-learn's scores take the true values first. R² divides by the spread of its first argument: with the predictions there it
tells another number, far below 0 where they hardly vary. Precision and recall change places, and so do rows and columns.

```python bad
import torch
from sklearn.metrics import r2_score
from torch import nn, optim

x, y = torch.randn(200, 4), torch.randn(200, 1)
model = nn.Linear(4, 1)
optimizer = optim.SGD(model.parameters(), lr=0.01)
for epoch in range(500):
    optimizer.zero_grad()
    nn.functional.mse_loss(model(x), y).backward()
    optimizer.step()
print(r2_score(model(x).detach().numpy(), y.numpy()))  # finding: TRN716
```

```python bad
import numpy as np
from sklearn.metrics import recall_score
from tensorflow import keras

x, y = np.random.rand(600, 8), np.random.randint(0, 2, size=600)
model = keras.Sequential([keras.layers.Dense(16, activation="relu"), keras.layers.Dense(1, activation="sigmoid")])
model.compile(optimizer="adam", loss="binary_crossentropy")
model.fit(x, y, epochs=20)
print(recall_score(np.round(model.predict(x)), y))  # finding: TRN716
```

## When it is silent

Arguments by name, scores that are the same both ways, and values that may be either.

```python good
import numpy as np
from sklearn.metrics import recall_score
from tensorflow import keras

x, y = np.random.rand(600, 8), np.random.randint(0, 2, size=600)
model = keras.Sequential([keras.layers.Dense(16, activation="relu"), keras.layers.Dense(1, activation="sigmoid")])
model.compile(optimizer="adam", loss="binary_crossentropy")
model.fit(x, y, epochs=20)
print(recall_score(y, np.round(model.predict(x))))
```

```python good
import torch
from sklearn.metrics import r2_score
from torch import nn, optim

x, y = torch.randn(200, 4), torch.randn(200, 1)
model = nn.Linear(4, 1)
optimizer = optim.SGD(model.parameters(), lr=0.01)
for epoch in range(500):
    optimizer.zero_grad()
    nn.functional.mse_loss(model(x), y).backward()
    optimizer.step()
print(r2_score(y_pred=model(x).detach().numpy(), y_true=y.numpy()))
```

```python good
import torch
from sklearn.metrics import accuracy_score, mean_squared_error
from torch import nn, optim

x, y = torch.randn(200, 4), torch.randn(200, 1)
model = nn.Linear(4, 1)
optimizer = optim.SGD(model.parameters(), lr=0.01)
for epoch in range(500):
    optimizer.zero_grad()
    nn.functional.mse_loss(model(x), y).backward()
    optimizer.step()
print(mean_squared_error(model(x).detach().numpy(), y.numpy()))
```

## References

- scikit-learn documentation, sklearn.metrics.r2_score (`y_true` first) and sklearn.metrics.confusion_matrix.
"""

from __future__ import annotations

from collections.abc import Iterator

from trainlint.api import Report, Script, Severity, rule, site_cause, swapped_scores

RATES = "precision and recall change places"
EFFECTS = {
    "r2_score": "it divides by the spread of the predictions, not by that of the labels",
    "explained_variance_score": "it divides by the spread of the predictions, not by that of the labels",
    "mean_absolute_percentage_error": "it divides by the predictions, not by the labels",
    "confusion_matrix": "its rows and columns change places",
    "precision_score": "this is the recall",
    "recall_score": "this is the precision",
}


@rule("TRN716", "score-arguments-swapped", Severity.ERROR, scope="script", default="preview")
def check(script: Script) -> Iterator[Report]:
    """Look for scores that get what a model computed in the place of the labels, and labels for predictions."""
    for place, name in swapped_scores(script):
        said = f"`{name}` takes the labels first and gets the predictions: {EFFECTS.get(name, RATES)}. Swap the two"
        yield Report(said, at=place, cause=site_cause("score", place))
