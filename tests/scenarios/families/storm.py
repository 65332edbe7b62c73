# SPDX-License-Identifier: GPL-3.0-or-later
"""Thousands of small files are made by somebody, and each is scanned as it comes."""
import os
import random

KIND = "benign"


def stranger(world):
    tree = os.path.join(world["scratch"], "tree")
    os.mkdir(tree)
    rng = random.Random(world["seed"])
    for number in range(300 if world["small"] else 3000):
        with open(os.path.join(tree, str(number)), "wb") as file:
            file.write(rng.randbytes(rng.randint(1, 2000)))
    open(os.path.join(world["scratch"], "ready"), "w").close()


def product(world):
    for directory, _, names in os.walk(world["scratch"]):
        for name in names:
            with open(os.path.join(directory, name), "rb") as file:
                file.read()
    for path in world["files"]:
        with open(path, "rb") as file:
            file.read()
