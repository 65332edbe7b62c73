# SPDX-License-Identifier: GPL-3.0-or-later
"""Events per second from a compressed capture, and where the instructions go."""
import hashlib
import os
import re
import resource
import shutil
import subprocess
import time

from . import host, programs

LIMIT = 1_000_000  # events a second
RUNS = 5
TOP = 10


def real_capture():
    """A short capture of this host: START, the documents, POLICY come from it."""
    path = os.path.join(host.directory(), "source")
    subprocess.run([host.custodes(), "key", "new", path + ".key"], check=True)
    done = subprocess.run([host.custodes(), "-q", "run", "--host", "uk-secret", "--no-location", "--for", "1",
                           "--capture", path, "--key", path + ".key", "--output", "text:/dev/null"], stderr=subprocess.PIPE, check=False)
    if done.returncode not in (0, 1):
        raise RuntimeError(f"custodes run: {done.stderr.decode()}")
    return path


def synthetic(source, events, each=None, crowd=()):
    """`crowd`: so many processes, which read so many classified files before the events."""
    path = os.path.join(os.path.dirname(source), "-".join(map(str, ("of", events, *crowd))))
    more = [] if each is None else [str(each), *map(str, crowd)]
    line = host.output_of([programs.path("linked/synthetic"), source, path, str(events), *more]).split()
    said = {key: int(value) for key, value in zip(line[::2], line[1::2])}
    return path, said | {"disk": disk_bytes(path)}


def disk_bytes(path):
    return sum(os.path.getsize(os.path.join(where, name)) for where, _, names in os.walk(path) for name in names)


def writer_numbers(said):
    events = said["events"]
    return {"events": events, "per_second": events / (said["seal_ns"] / 1e9), "raw_bytes": said["bytes"] / events,
            "disk_bytes": said["disk"] / events}


# ---- speed ----

def replay(capture, output):
    """Wall and CPU seconds of one replay."""
    before, begun = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    done = subprocess.run([host.custodes(), "replay", capture, "--output", output + ":/dev/null"],
                          stderr=subprocess.PIPE, text=True, check=False)
    wall, after = time.monotonic() - begun, resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode not in (0, 1):
        raise RuntimeError("custodes replay: " + done.stderr)
    return wall, after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime, done.stderr


def speed(capture, events, output):
    runs = []
    for index in range(RUNS):
        host.say(f"replay: {output}, {events:,} events, run {index + 1} of {RUNS}")
        runs.append(replay(capture, output))
    rates = [events / run[0] for run in runs]
    return {"events": events, "per_second": host.median(rates), "low": min(rates), "high": max(rates),
            "per_cpu_second": host.median([events / run[1] for run in runs]),
            "said": runs[-1][2].strip().splitlines()[-1]}


# ---- sameness: a rate is worth nothing where two replays differ ----

def twice(capture, events):
    """Replays to a file twice: whether both are the same, and how large."""
    sums, target = [], capture + ".ndjson"
    for _ in range(2):
        subprocess.run([host.custodes(), "-q", "replay", capture, "--output", "ecs:" + target], check=False)
        with open(target, "rb") as file:
            sums.append(hashlib.sha256(file.read()).hexdigest())
    return {"same": sums[0] == sums[1], "bytes": os.path.getsize(target) / events}


# ---- instructions ----

def profile(capture, output):
    """Instructions of each function: by itself, and with what it calls."""
    out = capture + ".callgrind." + output
    subprocess.run(["valgrind", "--tool=callgrind", "--callgrind-out-file=" + out, host.custodes(), "replay", capture,
                    "--output", output + ":/dev/null"], stderr=subprocess.DEVNULL, check=False)
    return annotated(out, "no"), annotated(out, "yes")


def annotated(out, inclusive):
    # From another directory: below its own it names some functions twice.
    text = subprocess.run(["callgrind_annotate", "--threshold=100", "--auto=no", "--inclusive=" + inclusive, out],
                          stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, check=False, cwd="/").stdout
    found = {}
    for match in re.finditer(r"^\s*([\d,]+) \([^)]*\)\s+(.*)$", text, re.M):
        name = function(match.group(2))
        found[name] = found.get(name, 0) + int(match.group(1).replace(",", ""))
    return found


def function(text):
    """file:function [object] -> function, with the object where there is no name."""
    text = re.sub(r"'\d+( |$)", " ", text)
    match = re.match(r"(?:.*/)?([^/]*?):(\S+)(?: \[(.*)\])?$", text.strip())
    if not match:
        return text.strip()
    source, name, where = match.groups()
    if name.startswith("0x"):
        return os.path.basename(where or "?").split(".so")[0] + ":" + name[-6:]
    return f"{source}:{name}" if source.endswith((".c", ".h")) and "custodes" in (where or "custodes") else name


def beyond(large, small, events):
    """What the events cost, without starting up: per event, by function."""
    return {name: (count - small.get(name, 0)) / events for name, count in large.items()
            if count > small.get(name, 0)}


def hot_spots(source, events, output):
    if not shutil.which("callgrind_annotate"):
        return None
    large, said = synthetic(source, events)
    nothing, _ = synthetic(source, 0)
    host.say(f"replay: {output} under callgrind, {said['events']:,} events")
    many, few = profile(large, output), profile(nothing, output)
    own, whole = beyond(many[0], few[0], said["events"]), beyond(many[1], few[1], said["events"])
    total = own.pop("PROGRAM TOTALS", None) or sum(own.values())
    top = sorted(own.items(), key=lambda item: -item[1])[:TOP]
    callers = sorted(((n, c) for n, c in whole.items() if ".c:" in n), key=lambda item: -item[1])[:2 * TOP]
    shutil.rmtree(large), shutil.rmtree(nothing)
    return {"events": said["events"], "instructions": total, "own": dict(top), "inclusive": dict(callers)}


def table_of_hot_spots(output, found):
    if not found:
        host.note("no instruction counts: valgrind is not installed")
        return
    total = found["instructions"]
    own = [[name, f"{count:.0f}", f"{count / total * 100:.1f} %"] for name, count in found["own"].items()]
    host.table(f"C. INSTRUCTIONS of an event, {output} ({total:,.0f} in all): functions by themselves",
               ["function", "instructions", "share"], own)
    whole = [[name, f"{count:.0f}", f"{count / total * 100:.1f} %"] for name, count in found["inclusive"].items()]
    host.table(f"C. INSTRUCTIONS of an event, {output}: our functions with what they call",
               ["function", "instructions", "share"], whole)


# ---- the whole ----

def measure():
    source = real_capture()
    host.say(f"replay: writing {host.EVENTS:,} events")
    large, said = synthetic(source, host.EVENTS)
    part_size = max(20000, host.EVENTS // 10)
    smaller, _ = synthetic(source, part_size)
    found = {"writer": writer_numbers(said), "text": speed(large, said["events"], "text"),
             "ecs": speed(smaller, part_size, "ecs")}
    found["twice"] = twice(smaller, part_size)
    shutil.rmtree(large), shutil.rmtree(smaller)
    found["text_instructions"] = hot_spots(source, 60000, "text")
    found["ecs_instructions"] = hot_spots(source, 8000, "ecs")
    return found


def part(_names, _results):
    found = measure()
    rows = [[output, host.number(found[output]["events"]), host.number(found[output]["per_second"]),
             f"{host.number(found[output]['low'])} - {host.number(found[output]['high'])}",
             host.number(found[output]["per_cpu_second"])] for output in ("text", "ecs")]
    host.table(f"C. REPLAY of a compressed capture, events/s (median of {RUNS}, start-up and verification included)",
               ["output", "events", "events/s", "least - most", "events/CPU s"], rows)
    writer = found["writer"]
    host.note(f"writer: {host.number(writer['per_second'])} events/s sealed; {writer['raw_bytes']:.1f} bytes an event, "
              f"{writer['disk_bytes']:.1f} on disk, tree and all")
    host.note(found["text"]["said"])
    host.note(f"ecs: {found['twice']['bytes']:,.0f} bytes an event; two replays of one capture "
              + ("are the same" if found["twice"]["same"] else "DIFFER"))
    for output in ("text", "ecs"):
        table_of_hot_spots(output, found[output + "_instructions"])
    found["requirements"] = [["replay, findings as text", ">= 1,000,000 events/s",
                              host.number(found["text"]["per_second"]),
                              "yes" if found["text"]["per_second"] >= LIMIT else "NO"],
                             ["replay, every event of a product as ECS", "none set",
                              host.number(found["ecs"]["per_second"]), "-"],
                             ["two replays of one capture", "the same bytes", "ecs",
                              "yes" if found["twice"]["same"] else "NO"]]
    return found
