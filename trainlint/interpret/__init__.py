"""The abstract interpreter: from the syntax tree to values and events."""
