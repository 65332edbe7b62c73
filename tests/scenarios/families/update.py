# SPDX-License-Identifier: GPL-3.0-or-later
"""300 MB of signatures are fetched in parts from a server that is new, and then everything is scanned with them."""
import os
import random
import socket

KIND = "benign"
SERVER, PARTS, SIZE = ("10.77.0.2", 8080), 30, 10 << 20


def stranger(world):
    block = random.Random(world["seed"]).randbytes(1 << 20)
    server = socket.create_server(SERVER)
    open(os.path.join(world["scratch"], "ready"), "w").close()
    for _ in range(PARTS):
        peer, _ = server.accept()
        peer.recv(4096)
        for _ in range(SIZE >> 20):
            peer.sendall(block)
        peer.close()


def product(world):
    rng = random.Random(world["seed"])
    with open(os.path.join(world["own"], "signatures"), "wb") as out:
        for number in range(PARTS):
            with socket.create_connection(SERVER) as sock:
                sock.sendall(b"GET /vdl-%d?%s HTTP/1.1\r\n\r\n" % (number, b"x" * rng.randint(50, 300)))
                while data := sock.recv(1 << 18):
                    out.write(data)
    for path in world["files"]:
        with open(path, "rb") as file:
            file.read()
