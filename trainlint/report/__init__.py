"""Findings in, text out."""
