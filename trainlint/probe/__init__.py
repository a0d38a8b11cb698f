"""The probe: a few seconds of the real training, measured in a process of its own.

`host` starts the user's command in a cage (`cage`), with `child/site` first on the path; its `sitecustomize` loads this package
under the name `_trainlint_probe` and waits for the framework's import. At the first optimizer steps the child measures and writes
one `protocol.Measurement` a run as JSON; `host` reads it, `match` puts it beside the static facts, and the same rules judge both.

The host imports no framework. The child imports nothing of trainlint but `protocol`, `lanczos` and `child`, and these import one
another relatively: the user's process need not have trainlint installed, and nothing that trainlint needs is put on its path.
"""
