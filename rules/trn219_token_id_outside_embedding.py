r"""Token id outside the embedding.

## Why

An embedding of n rows has rows 0 to n - 1. A `Tokenizer` numbers its words from 1 to `len(word_index)`, so the last has no row.
On a CPU the lookup raises; TensorFlow on a GPU gives zeros and says nothing.

```python bad
import numpy as np
from tensorflow import keras
from tensorflow.keras.preprocessing.text import Tokenizer

texts = open("reviews.txt").read().split("\n")
tokenizer = Tokenizer()
tokenizer.fit_on_texts(texts)
x = keras.utils.pad_sequences(tokenizer.texts_to_sequences(texts), maxlen=50)
words = len(tokenizer.word_index)
embedding = keras.layers.Embedding(words, 16)  # error: TRN219
model = keras.Sequential([embedding, keras.layers.Flatten(), keras.layers.Dense(1, activation="sigmoid")])
model.compile("adam", "binary_crossentropy")
model.fit(x, np.load("labels.npy"), epochs=5)
```

```python bad
from tensorflow import keras

(x, y), _ = keras.datasets.imdb.load_data(num_words=20000)
x = keras.utils.pad_sequences(x, maxlen=100)
model = keras.Sequential()
model.add(keras.layers.Embedding(10000, 16))  # warning: TRN219
model.add(keras.layers.GlobalAveragePooling1D())
model.add(keras.layers.Dense(1, activation="sigmoid"))
model.compile("adam", "binary_crossentropy")
model.fit(x, y, epochs=5)
```

## When it is silent

One row more, `num_words` set, rows for every number.

```python good
import numpy as np
from tensorflow import keras
from tensorflow.keras.preprocessing.text import Tokenizer

texts = open("reviews.txt").read().split("\n")
tokenizer = Tokenizer()
tokenizer.fit_on_texts(texts)
x = keras.utils.pad_sequences(tokenizer.texts_to_sequences(texts), maxlen=50)
embedding = keras.layers.Embedding(len(tokenizer.word_index) + 1, 16)
model = keras.Sequential([embedding, keras.layers.Flatten(), keras.layers.Dense(1, activation="sigmoid")])
model.compile("adam", "binary_crossentropy")
model.fit(x, np.load("labels.npy"), epochs=5)
```

```python good
import numpy as np
from tensorflow import keras
from tensorflow.keras.preprocessing.text import Tokenizer

texts = open("reviews.txt").read().split("\n")
tokenizer = Tokenizer(num_words=5000)
tokenizer.fit_on_texts(texts)
x = keras.utils.pad_sequences(tokenizer.texts_to_sequences(texts), maxlen=50)
embedding = keras.layers.Embedding(len(tokenizer.word_index), 16)
model = keras.Sequential([embedding, keras.layers.Flatten(), keras.layers.Dense(1, activation="sigmoid")])
model.compile("adam", "binary_crossentropy")
model.fit(x, np.load("labels.npy"), epochs=5)
```

```python good
import torch
from torch import nn

words = torch.tensor([[1, 2, 3], [4, 5, 9]])
model = nn.Sequential(nn.Embedding(10, 4), nn.Flatten(), nn.Linear(12, 1))
print(model(words))
```

## References

- Keras documentation, Embedding ("input_dim: size of the vocabulary, i.e. maximum integer index + 1").
"""

from __future__ import annotations

from collections.abc import Iterator

from trainlint.api import Report, Severity, TrainingRun, outside_embeddings, rule, site_cause


@rule("TRN219", "token-id-outside-embedding", Severity.ERROR, default="preview")
def check(run: TrainingRun) -> Iterator[Report]:
    """Look for embeddings without a row for the largest number."""
    for one in outside_embeddings(run):
        if one.largest is not None and one.largest < 0:
            said = f"the numbers that are looked up go down to {one.largest}, and an embedding has no row below 0"
        elif one.rows is not None and one.largest is not None:
            said = f"the embedding has rows 0 to {one.rows - 1:,}, and the numbers that are looked up go to {one.largest:,}"
        else:
            said = "the embedding has as many rows as the Tokenizer has words, which it numbers from 1: the last word has no row"
        yield Report(
            f"{said}: the lookup raises on a CPU and gives zeros in TensorFlow on a GPU. It takes the largest number plus 1",
            at=one.place,
            severity=one.severity,
            fix_message="make room for the largest number",
            edits=one.edits,
            cause=site_cause("embedding", one.place),
        )
