"""Syntax error.

## Why

The file cannot be parsed, as it is no Python 3 of any version, or too deeply nested. Python 3 will not run it either, and
nothing else is checked in it. In a notebook, magics, shell lines and `?` help are left out before the cells are parsed.

```python bad
import torch

model = torch.nn.Linear(1, 1  # error: TRN001
optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
```

```python good
import torch

model = torch.nn.Linear(1, 1)
optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
```

## References

- Python language reference, section 10 (full grammar specification).
"""

from __future__ import annotations

from collections.abc import Iterator

from trainlint.api import Report, Script, Severity, rule


@rule("TRN001", "syntax-error", Severity.ERROR, scope="script")
def check(script: Script) -> Iterator[Report]:
    """Say where the parser stopped."""
    if script.syntax_failure is not None:
        yield Report(script.syntax_failure.reason, at=script.syntax_failure.place or script.start)
