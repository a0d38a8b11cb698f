"""Leaves processes that try to live on: in sessions of their own, forked twice, deaf to signals."""

import os
import signal
import sys
import time

for _ in range(3):
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            for name in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
                signal.signal(name, signal.SIG_IGN)
            os.execvp("sleep", ["sleep", sys.argv[1]])
        os._exit(0)
while sys.argv[2] == "stay":
    time.sleep(1)
