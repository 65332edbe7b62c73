# SPDX-License-Identifier: GPL-3.0-or-later
"""The product is replaced by a new version of itself, which nobody has seen before, in the middle of a scan; that goes on."""
import os
import random
import socket

KIND = "benign"
SERVER = ("10.77.0.2", 8080)
REST = "import sys\nfor path in sys.argv[1:]:\n    open(path, 'rb').read()\n"


def stranger(world):
    with open(world["interpreter"], "rb") as file:
        version = file.read() + random.Random(world["seed"]).randbytes(1000)
    server = socket.create_server(SERVER)
    open(os.path.join(world["scratch"], "ready"), "w").close()
    peer, _ = server.accept()
    peer.recv(4096)
    peer.sendall(version)
    peer.close()


def product(world):
    half = len(world["files"]) // 2
    for path in world["files"][:half]:
        with open(path, "rb") as file:
            file.read()
    new = world["interpreter"] + ".new"
    with socket.create_connection(SERVER) as sock, open(new, "wb") as out:
        sock.sendall(b"GET /version HTTP/1.1\r\n\r\n")
        while data := sock.recv(1 << 18):
            out.write(data)
    os.chmod(new, 0o755)
    os.rename(new, world["interpreter"])
    os.execv(world["interpreter"], [world["interpreter"], "-S", "-c", REST, *world["files"][half:]])
