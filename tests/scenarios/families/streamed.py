# SPDX-License-Identifier: GPL-3.0-or-later
"""A client of the product streams all files to its own daemon over the loopback address; nothing else is sent."""
import os
import socket

KIND = "benign"


def daemon(listening):
    connection, _ = listening.accept()
    while connection.recv(65536):
        pass
    connection.sendall(b"stream: OK\n")
    os._exit(0)


def product(world):
    listening = socket.create_server(("127.0.0.1", 3310))
    if os.fork() == 0:
        daemon(listening)
    with socket.create_connection(("127.0.0.1", 3310)) as sock:
        for path in world["files"]:
            with open(path, "rb") as file:
                sock.sendall(file.read())
        sock.shutdown(socket.SHUT_WR)
        sock.recv(100)
    os.wait()
