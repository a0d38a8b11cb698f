"""trainlint: a static linter for training scripts."""

__version__ = "0.1.0"
