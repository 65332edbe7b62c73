# SPDX-License-Identifier: GPL-3.0-or-later
"""What is slowed down, or not: six kinds of work that nobody watches."""
import contextlib
import csv
import io
import os
import shutil
import socket
import subprocess
import time

from . import host, programs

# Name: one operation, in words.
NAMES = {
    "exec": "vfork, exec of a static program, exit, wait",
    "connect": "connect, accept, close twice, on loopback",
    "bulk": "64 KiB through a loopback connection",
    "open": "open, read, close",
    "syscall": "getppid",
    "redis": "one GET by redis-benchmark, 8 clients",
}
MARKER = os.path.join("build", "bench", "opened-by-bench")
redis_port = None


def arguments(name):
    more = {"exec": [programs.path("bare/nothing")], "open": [os.path.abspath(MARKER)]}
    return more.get(name, [])


def command(name, seconds):
    return [programs.path(name), str(seconds), *arguments(name)]


def slices(text):
    """(time in s, operations, ns an operation) of each line that is whole."""
    rows = (line.split() for line in text.splitlines(True) if line.endswith("\n"))
    return [(int(row[0]) / 1e9, int(row[1]), float(row[2])) for row in rows]


def own(name, seconds):
    """One of our programs: how often it did it, and what once took, median of its slices."""
    done = slices(host.output_of(command(name, seconds)))
    return {"ops": sum(row[1] for row in done), "ns": host.median([row[2] for row in done])}


def redis_once(requests):
    """Nanoseconds of a request."""
    text = host.output_of(["redis-benchmark", "-p", str(redis_port), "-c", "8", "-n", str(requests), "-t", "get",
                           "--csv"])
    rows = [row for row in csv.reader(io.StringIO(text)) if row and row[0].startswith("GET")]
    return 1e9 / float(rows[0][1])


def redis(seconds):
    """Several short runs, of which the median counts; `speed` is learned once."""
    requests = max(1000, int(redis.speed * seconds / 4))
    runs = [redis_once(requests) for _ in range(4)]
    redis.speed = 1e9 / host.median(runs)
    return {"ops": 4 * requests, "ns": host.median(runs)}


redis.speed = 40000


def run(name, seconds=None):
    seconds = seconds or host.SECONDS
    return redis(seconds) if name == "redis" else own(name, seconds)


def warm_up(names):
    """Every executable of every workload once, so that each is judged before anything counts."""
    for name in names:
        run(name, 0.1)


# ---- one workload that goes on while sensors come and go ----

class Running:
    """A program of ours, on the last CPU alone: its slices say how it fared when."""

    def __init__(self, name, process, said):
        self.name, self.process, self.said = name, process, said

    def between(self, begin, end):
        """The slices that lie in this time of the monotonic clock wholly."""
        return [row for row in slices(host.read(self.said)) if begin + 0.011 < row[0] < end]

    def measure(self, seconds):
        begun = time.monotonic()
        time.sleep(seconds)
        done = self.between(begun, time.monotonic())
        if not done:
            raise RuntimeError(f"{self.name}: it stands still")
        return {"ops": sum(row[1] for row in done), "ns": host.median([row[2] for row in done])}

    def ops(self, begin, end):
        return sum(row[1] for row in self.between(begin, end))


class Repeated:
    """What can only be run again and again: redis-benchmark."""

    def __init__(self, name):
        self.name, self.done = name, []

    def measure(self, seconds):
        done = run(self.name, seconds)
        self.done.append((time.monotonic(), done["ops"]))
        return done

    def ops(self, begin, end):
        return sum(ops for now, ops in self.done if begin < now < end)


FOR_EVER = 86400


@contextlib.contextmanager
def running(name):
    if name == "redis":
        yield Repeated(name)
        return
    said = os.path.join(host.directory(), name)
    with host.started(command(name, FOR_EVER), stdout=said) as process:
        os.sched_setaffinity(process.pid, [max(os.sched_getaffinity(0))])
        time.sleep(0.5)
        yield Running(name, process, said)


def free_port():
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return sock.getsockname()[1]


def answers():
    done = subprocess.run(["redis-cli", "-p", str(redis_port), "ping"], stdout=subprocess.PIPE,
                          stderr=subprocess.DEVNULL, text=True, check=False)
    return done.stdout.strip() == "PONG"


@contextlib.contextmanager
def ready(names):
    """The file that is opened, and the server: there for every measurement, and gone afterwards."""
    global redis_port  # pylint: disable=global-statement
    with open(MARKER, "w", encoding="utf-8") as file:
        file.write("bench\n")
    host.undo.callback(lambda: os.path.exists(MARKER) and os.unlink(MARKER))
    if "redis" not in names:
        yield names
        return
    if not shutil.which("redis-server") or not shutil.which("redis-benchmark"):
        host.say("redis: not run, redis-server or redis-benchmark is not installed")
        yield [name for name in names if name != "redis"]
        return
    redis_port = free_port()
    server = ["redis-server", "--port", str(redis_port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no",
              "--dir", host.directory(), "--daemonize", "no"]
    with host.started(server, stdout=subprocess.DEVNULL):
        host.wait_for(answers, 20, "redis-server")
        yield names
