# SPDX-License-Identifier: GPL-3.0-or-later
"""Resident memory: of custodes run after READY and after a load of watched connections, and of the engine for a large host."""
import os
import re
import shutil
import subprocess
import time

from . import host, replay, sensors

CONNECTIONS, ADDRESSES = 100_000, 4096
LIMITS = {"location": 64, "no-location": 16}  # MiB
CROWD, FILES, CROWD_LIMIT = 10_000, 1_000_000, 64  # MiB
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


# ---- the engine, for a host with a crowd of processes that has read all that is classified ----

def peak(capture):
    """(VmHWM of its replay in KiB, seconds, what it said): the engine with all rules, and the reader."""
    begun, most = time.monotonic(), 0
    with subprocess.Popen([host.custodes(), "replay", capture, "--output", "text:/dev/null"], stderr=subprocess.PIPE,
                          text=True) as process:
        while process.poll() is None:
            try:
                most = max(most, host.status_kib(process.pid, "VmHWM").get("VmHWM", 0))
            except (OSError, KeyError):
                pass  # it has ended meanwhile
            time.sleep(0.005)
        took, said = time.monotonic() - begun, process.stderr.read()
    if process.returncode not in (0, 1):
        raise RuntimeError("custodes replay: " + said)
    return most, took, said.strip().splitlines()[-1]


def crowd():
    host.say(f"memory: {CROWD:,} processes, {FILES:,} classified files")
    source = replay.real_capture()
    large, said = replay.synthetic(source, 0, 0, (CROWD, FILES))
    nothing, _ = replay.synthetic(source, 0)
    most, took, words = peak(large)
    found = {"events": said["events"], "kib": most, "seconds": took, "nothing_kib": peak(nothing)[0], "said": words}
    shutil.rmtree(large), shutil.rmtree(nothing)
    return found


def say_crowd(found):
    host.note(f"engine, {CROWD:,} processes and {FILES:,} classified files: {mib(found['kib'])} MiB at most, "
              f"{mib(found['nothing_kib'])} MiB with no event; {found['events']:,} events in {found['seconds']:.1f} s, "
              f"{host.number(found['events'] / found['seconds'])} a second")
    host.note(found["said"])
    return ["replay, most resident", f"<= {CROWD_LIMIT} MiB", f"{mib(found['kib'])} MiB",
            "yes" if found["kib"] <= CROWD_LIMIT << 10 else "NO"]


def part(_names, _results):
    found = {label: one(label) for label in LIMITS}
    rows = [row for label in LIMITS for row in rows_of(label, found[label])]
    host.table(f"D. MEMORY of custodes run --capture, MiB ({CONNECTIONS:,} watched connects, {ADDRESSES:,} addresses)",
               ["", *FIELDS, "BPF maps"], rows)
    for label in LIMITS:
        say_completeness(label, found[label])
    found["crowd"] = crowd()
    found["requirements"] = [requirement(label, found[label], limit) for label, limit in LIMITS.items()]
    found["requirements"].append(say_crowd(found["crowd"]))
    return found


def requirement(label, found, limit):
    most = max(found[when]["VmRSS"] for when in ("ready", "loaded", "after")) / 1024
    return [f"VmRSS, {label}", f"< {limit} MiB", f"{most:.1f} MiB", "yes" if most < limit else "NO"]
