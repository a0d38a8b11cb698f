"""Scripts for Keras 1 and 2 on today's Keras: names that are gone are found again, arguments translated, defaults restored.

Everything is a row of `tables`. Missing modules and names are only ever looked up after the real ones, so a script for today's
Keras sees no difference; arguments and defaults are touched only if the script's own text shows that it was written for an older
release.
"""
