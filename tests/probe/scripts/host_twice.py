"""Two trainings."""

from standin import measure

measure(loss=1.0)
print("between")
measure(loss=2.0)
print("never")
