"""Syntax error.

## Why

A statement cannot be parsed, as it is no Python 3 of any version. Python will not run the file either. The statement is taken
for one that is not known, and all others are still checked, except for what they seem to lack: that may stand in the broken
one. Where too little of a file is left, or it is nested too deeply, this is the one finding. What is Python 2 only by its
spelling (`print x`, `except X, e`, backquotes) is checked as it is. In a notebook, magics, shell lines and `?` help are left
out before the cells are parsed.

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
    failures = script.holes if script.syntax_failure is None else (script.syntax_failure,)
    for failure in failures:
        yield Report(failure.reason, at=failure.place or script.start)
