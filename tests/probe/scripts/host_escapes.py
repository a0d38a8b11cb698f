"""Tries to change what is not its own, and prints what became of each try."""

import os
import socket
import sys

target = sys.argv[1]


def attempt(name, action):
    try:
        action()
    except OSError as error:
        print(name, type(error).__name__)
    else:
        print(name, "done")


attempt("write", lambda: open(os.path.join(target, "new.txt"), "w").close())
attempt("overwrite", lambda: open(os.path.join(target, "kept.txt"), "w").close())
attempt("unlink", lambda: os.unlink(os.path.join(target, "kept.txt")))
attempt("rename", lambda: os.rename(os.path.join(target, "other.txt"), os.path.join(target, "gone.txt")))
attempt("mkdir", lambda: os.mkdir(os.path.join(target, "folder")))
attempt("temporary", lambda: open(os.path.join(os.environ["TMPDIR"], "own.txt"), "w").close())
attempt("tcp", lambda: socket.create_connection(("192.0.2.1", 80), 0.5))
attempt("udp", lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b"x", ("192.0.2.1", 53)))
pair = socket.socketpair()
attempt("local", lambda: pair[0].send(b"x"))
server = None
try:
    server = socket.create_server(("127.0.0.1", 0))
    socket.create_connection(server.getsockname(), 1)
    print("loopback done")
except OSError as error:
    print("loopback", type(error).__name__)
