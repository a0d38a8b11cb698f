"""Takes memory for ever."""

held = []
while True:
    held.append(b"x" * (16 << 20))
