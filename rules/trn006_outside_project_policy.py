"""Outside the project's policy.

## Why

A project can set limits for its training runs in `[tool.trainlint.policy]`: allowed `optimizers`, `losses` and `frameworks` (by
the names that `trainlint facts` shows), `max-learning-rate`, `min-learning-rate`, `max-batch-size`, `min-batch-size`,
`max-epochs`, `max-updates`, `max-parameters`, and `mixed-precision = true`. A run that is known to lie outside of one is reported
where the value is set. A value that is not known breaks no limit. Without a policy this rule says nothing.

```toml
[tool.trainlint.policy]
optimizers = ["adamw", "sgd"]
max-batch-size = 512
mixed-precision = true
```

## References

- The limits are the project's own.
"""

from __future__ import annotations

from collections.abc import Iterator

from trainlint.api import Report, Script, Severity, breaches, rule


@rule("TRN006", "outside-project-policy", Severity.ERROR, scope="script")
def check(script: Script) -> Iterator[Report]:
    """Compare each run with the limits of the project."""
    for breach in breaches(script):
        yield Report(breach.message, at=breach.place, cause=("policy", breach.key))
