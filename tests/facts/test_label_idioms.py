"""What labels are, by the ways in which scripts make them: columns of a frame, `where`, `sign`, `argmax`, whole numbers drawn."""

from __future__ import annotations

import pytest

from tests.facts.idioms import runs

START = """
import keras
import numpy as np
import pandas as pd
from pandas.io.parsers import read_csv
from sklearn.preprocessing import OneHotEncoder
df = read_csv('a.csv')
x = np.random.randn(100, 5)
y = {labels}
model = keras.Sequential([keras.layers.Dense(4, activation="relu"), keras.layers.Dense(1)])
model.compile("adam", "mse")
model.fit(x, y)
"""

LABELS = [
    ("np.sign(x[:, 0])", "pm1", 2),
    ("np.where(x[:, 0] > 0, 1, -1)", "pm1", 2),
    ("np.where(x[:, 0] > 0, 1., 0.)", "binary", 2),
    ("np.argmax(np.random.rand(100, 3), axis=1)", "int", 3),
    ("np.random.randint(1, 4, 100)", "int", 4),
    ("np.random.randint(1, 400, 100)", "unknown", None),
    ("np.random.randint(2, 4, 100)", "unknown", None),
    ("df['c'].map({'no': 0, 'yes': 1})", "binary", 2),
    ("df['c'].map({'a': 0, 'b': 1, 'c': 2}).values", "int", 3),
    ("df['c'].map({'a': -1, 'b': 1})", "pm1", 2),
    ("df['c'].map({'a': 3.5, 'b': 7.25})", "unknown", None),
    ("df['c'].replace({'no': 0, 'yes': 1})", "binary", 2),
    ("df['c'].apply(lambda text: 1 if text == 'M' else 0)", "binary", 2),
    ("(df['c'] == 'M').astype(int)", "binary", 2),
    ("df['c'].astype('category').cat.codes", "int", None),
    ("pd.factorize(df['c'])[0]", "int", None),
    ("OneHotEncoder().fit_transform(df[['c']]).toarray()", "onehot", None),
]


@pytest.mark.parametrize(("labels", "kind", "classes"), LABELS, ids=[one[0] for one in LABELS])
def test_labels(labels: str, kind: str, classes: int | None) -> None:
    (run,) = runs(START.format(labels=labels))
    assert (run.targets.labels, run.targets.classes) == (kind, classes)


@pytest.mark.parametrize(
    ("part", "shape"),
    [
        ("df.loc[:, ['a', 'b']]", (None, 2)),
        ("df.loc[:, 'a']", (None,)),
        ("df.filter(['a', 'b']).as_matrix()", (None, None)),
        ("df.select_dtypes(include='number').values", (None, None)),
    ],
)
def test_parts_of_a_frame(part: str, shape: tuple[int | None, ...]) -> None:
    (run,) = runs(START.format(labels=part))
    assert run.targets.shape == shape
