"""Prints a lot, then ends with an exit code of its own before it trains."""

import sys

for number in range(20_000):
    print("line", number)
print("the end", file=sys.stderr)
sys.exit(3)
