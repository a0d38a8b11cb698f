"""Suppression not used.

## Why

The comment names a code that no rule has, or suppresses nothing although its rule ran. A comment that no longer suppresses
anything hides the next finding on its line, and tells readers of a fault that is not there.

```python bad
import torch

x = torch.zeros(8)  # trainlint: ignore[TRN504]  # error: TRN003
```

## When it is silent

The comment suppresses a finding, or its rule did not run: it is off, in preview, ignored, or raised.

```python good
import torch

model = torch.nn.Linear(8, 1)
model.eval  # trainlint: ignore[TRN504]
```

## Fix safety

Safe: only the comment's code is removed.

## References

- Ruff has the same rule for all its codes: RUF100.
"""

from __future__ import annotations

from collections.abc import Iterator

from trainlint.api import Report, Script, Severity, rule


@rule("TRN003", "suppression-not-used", Severity.WARNING, scope="afterwards")
def check(script: Script) -> Iterator[Report]:
    """Say which comments suppress nothing."""
    for unused in script.unused_suppressions:
        yield Report(
            unused.reason,
            at=unused.place,
            fix_message=f"remove {unused.code} from the comment",
            edits=unused.edits,
            fix_is_safe=True,
        )
