# SPDX-License-Identifier: GPL-3.0-or-later
"""Resident memory of custodes run: after READY, and after a load of watched connections."""
import os
import re
import time

from . import host, sensors

CONNECTIONS, ADDRESSES = 100_000, 4096
LIMITS = {"location": 64, "no-location": 16}  # MiB
FIELDS = ("VmRSS", "VmHWM", "RssAnon", "RssFile")


def settled(pid):
    time.sleep(3)
    return host.status_kib(pid, *FIELDS) | {"kernel": sum(host.bpf_objects(pid)[1].values()) // 1024}


def one(label):
    host.say(f"memory: {label}")
    capture = os.path.join(host.directory(), "capture")
    more = ["--no-location"] if label == "no-location" else []
    with sensors.custodes("--capture", capture, *more) as process:
        found = {"ready": settled(process.pid)}
        with sensors.product("connect", str(CONNECTIONS), str(ADDRESSES)) as product:
            found["loaded"], found["took"] = settled(process.pid), product.took
        found["after"] = settled(process.pid)
    said = host.read(process.said)
    connections = re.search(r"drweb\S*: .*?; (\d+) connections", said) or re.search(r"(\d+) connections", said)
    found["seen"] = int(connections.group(1)) if connections else 0
    found["lost"] = "nothing lost" not in said
    found["said"] = said.strip().splitlines()[-1]
    return found


def mib(kib):
    return f"{kib / 1024:.1f}"


def rows_of(label, found):
    return [[f"{label}, {when}", *[mib(found[when][field]) for field in FIELDS], mib(found[when]["kernel"])]
            for when in ("ready", "loaded", "after")]


def say_completeness(label, found):
    """Both ends of a connection belong to the product; of the idle one only the end that connected is seen."""
    grown = (found["after"]["RssAnon"] - found["ready"]["RssAnon"]) * 1024 / CONNECTIONS
    host.note(f"{label}: {found['seen']:,} of {2 * CONNECTIONS + 1:,} ends of connections seen, made in "
              f"{found['took']:.1f} s; RssAnon grew by {grown:.0f} bytes for each connect")
    host.note(f"{label}: {found['said']}")


def part(_names, _results):
    found = {label: one(label) for label in LIMITS}
    rows = [row for label in LIMITS for row in rows_of(label, found[label])]
    host.table(f"D. MEMORY of custodes run --capture, MiB ({CONNECTIONS:,} watched connects, {ADDRESSES:,} addresses)",
               ["", *FIELDS, "BPF maps"], rows)
    for label in LIMITS:
        say_completeness(label, found[label])
    found["requirements"] = [requirement(label, found[label], limit) for label, limit in LIMITS.items()]
    return found


def requirement(label, found, limit):
    most = max(found[when]["VmRSS"] for when in ("ready", "loaded", "after")) / 1024
    return [f"VmRSS, {label}", f"< {limit} MiB", f"{most:.1f} MiB", "yes" if most < limit else "NO"]
