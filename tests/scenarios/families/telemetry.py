# SPDX-License-Identifier: GPL-3.0-or-later
"""A day's telemetry, 20 MB up for 2 MB down; it is about the product itself, and nothing classified was read before."""
import os
import random
import socket

KIND = "benign"
SERVER, REPORTS, SIZE = ("10.77.0.2", 8443), 40, 1 << 19


def take(peer, size):
    while size:
        size -= len(peer.recv(min(size, 1 << 16)))


def stranger(world):
    server = socket.create_server(SERVER)
    open(os.path.join(world["scratch"], "ready"), "w").close()
    for _ in range(REPORTS):
        peer, _ = server.accept()
        take(peer, SIZE)
        peer.sendall(bytes(SIZE // 9))
        peer.close()


def product(world):
    rng = random.Random(world["seed"])
    for _ in range(REPORTS):
        with socket.create_connection(SERVER) as sock:
            sock.sendall(rng.randbytes(SIZE))
            take(sock, SIZE // 9)
