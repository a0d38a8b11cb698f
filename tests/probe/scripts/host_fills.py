"""Writes for ever."""

import itertools
import os
import tempfile

folder = tempfile.mkdtemp()
for number in itertools.count():
    with open(os.path.join(folder, str(number)), "wb") as file:
        file.write(os.urandom(4 << 20))
