"""Argument is ignored by the installed version.

## Why

Keras 2.11 to 2.15 take `lr=` of an optimizer, write a line to the log and go on with the default rate. Keras 3 does the same with
`decay=`. The script runs, and not with the numbers it says.

```python bad
# /// script
# dependencies = ["keras==2.12.0"]
# ///
import keras

optimizer = keras.optimizers.Adam(lr=0.1)  # error: TRN602
```

```python bad
# /// script
# dependencies = ["tensorflow>=2.16"]
# ///
from tensorflow import keras

optimizer = keras.optimizers.SGD(learning_rate=0.01, decay=1e-6)  # error: TRN602
```

## When it is silent

Releases that read the argument, `optimizers.legacy`, scripts of which no release is known, branches that test the version.

```python good
# /// script
# dependencies = ["tensorflow==2.10.1"]
# ///
from tensorflow import keras

optimizer = keras.optimizers.Adam(lr=0.1)
```

```python good
from tensorflow import keras

optimizer = keras.optimizers.Adam(lr=0.1)
```

```python good
# /// script
# dependencies = ["tensorflow==2.12"]
# ///
from tensorflow import keras

optimizer = keras.optimizers.legacy.Adam(lr=0.1, decay=1e-6)
```

## Fix safety

Unsafe: the number that the script gives takes effect.

## References

- Keras 2.11 release notes (new optimizers); keras.optimizers.Optimizer of Keras 2.12 and 3.
"""

from __future__ import annotations

from collections.abc import Iterator

from trainlint.api import Report, Script, Severity, ignored_arguments, rename_argument, rule, site_cause, text_at


@rule("TRN602", "argument-ignored-by-version", Severity.ERROR, scope="script")
def check(script: Script) -> Iterator[Report]:
    """Look for arguments that the pinned release takes and does not read."""
    for one in ignored_arguments(script):
        given = f"{one.owner}({one.argument}={text_at(one.place)})"
        acts = f"it runs at the default {one.default}" if isinstance(one.default, float) else "the rate never falls"
        yield Report(
            f"{one.release} takes `{given}` and does not read `{one.argument}`: {acts}",
            at=one.place,
            fix_message=f"write `{one.instead}`",
            edits=rename_argument(one.place, one.argument, one.instead),
            cause=site_cause("argument", one.place),
        )
