"""Shuffled predictions compared with labels in order.

## Why

`flow_from_directory` shuffles unless it is told not to. `predict` then gives the answers in the shuffled order, while
`.classes` lists the labels in the order of the files: the comparison pairs answers with the labels of other images, and the
accuracy is that of chance however good the network is.

```python bad
import numpy as np
from sklearn.metrics import classification_report
from tensorflow import keras

generator = keras.preprocessing.image.ImageDataGenerator(rescale=1 / 255)
test = generator.flow_from_directory("test", target_size=(64, 64))
model = keras.models.load_model("trained.h5")
answers = np.argmax(model.predict(test), axis=1)
print(classification_report(test.classes, answers))  # error: TRN712
```

```python bad
import numpy as np
from tensorflow import keras

generator = keras.preprocessing.image.ImageDataGenerator(rescale=1 / 255)
test = generator.flow_from_directory("test", target_size=(64, 64), shuffle=True)
model = keras.models.load_model("trained.h5")
answers = np.argmax(model.predict_generator(test), axis=1)
accuracy = np.mean(answers == test.classes)  # error: TRN712
```

## When it is silent

`shuffle=False`, labels that were read before anything was predicted.

```python good
import numpy as np
from sklearn.metrics import classification_report
from tensorflow import keras

generator = keras.preprocessing.image.ImageDataGenerator(rescale=1 / 255)
test = generator.flow_from_directory("test", target_size=(64, 64), shuffle=False)
model = keras.models.load_model("trained.h5")
answers = np.argmax(model.predict(test), axis=1)
print(classification_report(test.classes, answers))
```

```python good
from collections import Counter

from tensorflow import keras

generator = keras.preprocessing.image.ImageDataGenerator(rescale=1 / 255)
train = generator.flow_from_directory("train", target_size=(64, 64))
print(Counter(train.classes))
model = keras.models.load_model("trained.h5")
model.predict(train)
```

```python good
import numpy as np
from tensorflow import keras

generator = keras.preprocessing.image.ImageDataGenerator(rescale=1 / 255)
test = generator.flow_from_directory("test", target_size=(64, 64))
model = keras.models.load_model("trained.h5")
hits = []
for images, labels in test:
    hits.append(np.mean(np.argmax(model.predict(images), 1) == np.argmax(labels, 1)))
```

## References

- Keras documentation, ImageDataGenerator.flow_from_directory (`shuffle`: default True; False keeps alphanumeric order).
"""

from __future__ import annotations

from collections.abc import Iterator

from trainlint.api import (
    Report,
    Script,
    Severity,
    every_event,
    keep_order,
    row_in_words,
    rule,
    shuffled_answers,
    site_cause,
)


@rule("TRN712", "shuffled-predictions-compared", Severity.ERROR, scope="script")
def check(script: Script) -> Iterator[Report]:
    """Look for labels in file order that are read after a shuffled prediction."""
    for read, predicted, made in shuffled_answers(every_event(script)):
        if read.place is None or predicted.place is None:
            continue
        yield Report(
            f"the generator shuffles: the predictions of {row_in_words(predicted.place)} are in another order than these labels:"
            " comparing them gives chance. Make it with `shuffle=False`",
            at=read.place,
            related=(("made here", made),) if made is not None else (),
            fix_message="keep the order of the files",
            edits=keep_order(made),
            cause=site_cause("prediction-order", predicted.place),
        )
