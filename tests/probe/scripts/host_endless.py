"""Prepares for ever."""

import time


def prepare():
    while True:
        time.sleep(0.01)


print("preparing")
prepare()
