# SPDX-License-Identifier: GPL-3.0-or-later
"""A full scan by a watched product: how much slower is the product with custodes recording it?

ClamAV scans, with a signature of ours. Beside it stands the worst that a product could
be: one that reads every file from the page cache and does nothing with what it read.
"""
import os
import re
import shutil
import subprocess
import time

from . import host, programs, sensors

FILES, SIZE, EACH = 100_000, 20_000, 1000  # 2 GB, a thousand files a directory
ROUNDS = int(os.environ.get("SCANS", "3"))
LIMIT = 5.0  # per cent
SIGNATURE = "Custodes.Bench:0:*:637573746f6465732d62656e63682d7369676e6174757265\n"


def write_files(where):
    """Text of different words: a scanner looks at all of it."""
    host.say(f"scan: {FILES:,} files of {SIZE:,} bytes")
    for number in range(FILES):
        if number % EACH == 0:
            os.mkdir(f"{where}/{number // EACH}")
        line = f"{number:08d} quis custodiet ipsos custodes\n".encode()
        with open(f"{where}/{number // EACH}/{number}", "wb") as file:
            file.write((line * (SIZE // len(line) + 1))[:SIZE])


def seconds_of(command):
    """What it takes on the wall, start included; its exit code is 0 where nothing was found."""
    begun = time.monotonic()
    subprocess.run(command, stdout=subprocess.DEVNULL, check=True)
    return time.monotonic() - begun


def scanners(where):
    """Name: command. The reader stands at a path of the catalogue, in a mount namespace of its own."""
    script = ('mount -t tmpfs tmpfs /opt; mkdir -p /opt/drweb.com/bin; cp "$0" /opt/drweb.com/bin/drweb-configd; '
              'exec /opt/drweb.com/bin/drweb-configd "$@"')
    found = {"reader": ["unshare", "-m", "sh", "-ec", script, programs.path("reader"), where]}
    if shutil.which("clamscan"):
        base = os.path.join(host.directory(), "bench.ndb")
        with open(base, "w", encoding="ascii") as file:
            file.write(SIGNATURE)
        found["clamscan"] = ["clamscan", "--database=" + base, "--infected", "--no-summary", "--recursive", where]
    else:
        host.say("scan: clamscan is not installed: only the reader is measured")
    return found


def watched(command):
    """The same with custodes at work: seconds, and what custodes said of it at the end."""
    where = host.directory()
    with sensors.custodes("--capture", os.path.join(where, "capture"), installed=True) as process:
        time.sleep(1)
        before = host.run_ns(process.pid)
        took = seconds_of(command)
        spent = (host.run_ns(process.pid) - before) / 1e9
    shutil.rmtree(where)
    said = host.read(process.said)
    read = re.search(r"; (\d+) read", said)
    return {"seconds": took, "custodes": spent, "read": int(read.group(1)) if read else 0,
            "lost": "nothing lost" not in said}


def alternate(name, command):
    """Without, with, without, with ... without: each with is held against both its neighbours."""
    seconds_of(command)
    without, with_it = [seconds_of(command)], []
    for number in range(ROUNDS):
        host.say(f"scan: {name}, {number + 1} of {ROUNDS}")
        with_it.append(watched(command))
        without.append(seconds_of(command))
    ratios = [row["seconds"] / ((a + b) / 2) for row, a, b in zip(with_it, without, without[1:])]
    return {"without": without, "with": with_it, "ratio": host.median(ratios)}


def row_of(name, found):
    more = (found["ratio"] - 1) * host.median(found["without"]) / FILES * 1e6
    last = found["with"][-1]
    return [name, f"{host.median(found['without']):.2f}", host.percent(found["ratio"], 2), f"{more:.2f}",
            f"{host.median([row['custodes'] for row in found['with']]):.2f}", f"{last['read']:,}",
            "yes" if any(row["lost"] for row in found["with"]) else "no"]


def part(_names, _results):
    where = os.path.join(host.directory(), "scanned")
    os.mkdir(where)
    write_files(where)
    done = {name: alternate(name, command) for name, command in scanners(where).items()}
    host.table(f"E. FULL SCAN by a watched product: {FILES:,} files, {FILES * SIZE / 1e9:.0f} GB from the page cache",
               ["scanner", "s", "custodes %", "us/file", "custodes s", "bytes told", "lost"],
               [row_of(name, found) for name, found in done.items()])
    host.note("us/file: what a file costs the scanner more. custodes s: CPU time of custodes itself, recording.")
    host.note("reader: a bound that no product reaches, since it looks at nothing that it reads; not a requirement.")
    rows = [[f"full scan, {name}", f"< {LIMIT:.0f} %", f"{host.percent(found['ratio'], 2)} %",
             "yes" if found["ratio"] < 1 + LIMIT / 100 else "NO"] for name, found in done.items() if name != "reader"]
    return {"scanners": done, "requirements": rows}
