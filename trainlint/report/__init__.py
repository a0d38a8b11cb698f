"""Findings and facts in, text out; nothing is decided here."""
