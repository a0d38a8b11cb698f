"""Random split of a time series.

## Why

Rows in order of time are like their neighbours. A shuffled split puts the row of Tuesday into the test part and those of the
days around it into the training part: the model fills gaps instead of telling the future, and the score is far too good.

```python bad
import pandas as pd
from sklearn.model_selection import train_test_split

frame = pd.read_csv("sales.csv").sort_values("date")
x, y = frame.drop("sales", axis=1), frame["sales"]
x_train, x_test, y_train, y_test = train_test_split(x, y, test_size=0.2)  # warning: TRN713
```

```python bad
import pandas as pd
from sklearn.model_selection import train_test_split

frame = pd.read_csv("load.csv", index_col=0, parse_dates=True)
train, test = train_test_split(frame, test_size=0.2, random_state=0)  # warning: TRN713
```

## When it is silent

A split without shuffling, TimeSeriesSplit, a split at a date, rows whose order is not known.

```python good
import pandas as pd
from sklearn.model_selection import train_test_split

frame = pd.read_csv("sales.csv").sort_values("date")
x, y = frame.drop("sales", axis=1), frame["sales"]
x_train, x_test, y_train, y_test = train_test_split(x, y, test_size=0.2, shuffle=False)
```

```python good
import pandas as pd
from sklearn.model_selection import TimeSeriesSplit

frame = pd.read_csv("load.csv", index_col=0, parse_dates=True)
for train, test in TimeSeriesSplit(5).split(frame):
    print(len(train), len(test))
```

```python good
import pandas as pd
from sklearn.model_selection import train_test_split

frame = pd.read_csv("sales.csv").sort_values("price")
train, test = train_test_split(frame, test_size=0.2)
```

## References

- R. Hyndman, G. Athanasopoulos, Forecasting: Principles and Practice, section 5.8 (evaluating point forecast accuracy).
"""

from __future__ import annotations

from collections.abc import Iterator

from trainlint.api import (
    Report,
    Script,
    Severity,
    every_event,
    keep_order,
    rule,
    shuffled_series,
    site_cause,
)


@rule("TRN713", "random-split-of-time-series", Severity.WARNING, scope="script", default="preview")
def check(script: Script) -> Iterator[Report]:
    """Look for shuffled splits of rows in order of time."""
    for split, made, order in shuffled_series(every_event(script)):
        yield Report(
            f"the rows are {order}, and the split is random: rows of the test part lie between those of the training part, and"
            " the score tells how well gaps are filled. Split at a point in time",
            at=split,
            related=(("put in order of time here", made),) if made is not None else (),
            fix_message="split without shuffling",
            edits=keep_order(split),
            cause=site_cause("split", split),
        )
