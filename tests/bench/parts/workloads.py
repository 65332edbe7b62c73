# SPDX-License-Identifier: GPL-3.0-or-later
"""What is slowed down, or not: six kinds of work that nobody watches."""
import contextlib
import csv
import io
import os
import resource
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
redis_port, redis_pid = None, None


def arguments(name):
    more = {"exec": [programs.path("bare/nothing")], "open": [os.path.abspath(MARKER)]}
    return more.get(name, [])


def own(name, seconds):
    """One of our programs: what it says, as numbers."""
    line = host.output_of([programs.path(name), str(seconds), *arguments(name)]).split()
    said = dict(zip(line[::2], map(float, line[1::2])))
    return {"ops": int(said["ops"]), "ns": said["slice_ns"], "cpu_ns": said["slice_cpu_ns"],
            "mean_ns": said["wall_ns"] / said["ops"]}


def redis_once(requests):
    """Nanoseconds of a request, on the wall and of both ends' CPU."""
    client, server = resource.getrusage(resource.RUSAGE_CHILDREN), host.run_ns(redis_pid)
    text = host.output_of(["redis-benchmark", "-p", str(redis_port), "-c", "8", "-n", str(requests), "-t", "get",
                           "--csv"])
    after, server = resource.getrusage(resource.RUSAGE_CHILDREN), host.run_ns(redis_pid) - server
    rows = [row for row in csv.reader(io.StringIO(text)) if row and row[0].startswith("GET")]
    spent = after.ru_utime + after.ru_stime - client.ru_utime - client.ru_stime
    return 1e9 / float(rows[0][1]), (spent * 1e9 + server) / requests


def redis(seconds):
    """Several short runs, of which the median counts; `speed` is learned once."""
    requests = max(1000, int(redis.speed * seconds / 4))
    runs = [redis_once(requests) for _ in range(4)]
    wall, cpu = [run[0] for run in runs], [run[1] for run in runs]
    redis.speed = 1e9 / host.median(wall)
    return {"ops": 4 * requests, "ns": host.median(wall), "cpu_ns": host.median(cpu), "mean_ns": sum(wall) / 4}


redis.speed = 40000


def run(name, seconds=None):
    seconds = seconds or host.SECONDS
    return redis(seconds) if name == "redis" else own(name, seconds)


# As much of a core may somebody else use during a measurement; else it is made again, once.
FOREIGN = 0.1


def own_ns(pids):
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return (usage.ru_utime + usage.ru_stime) * 1e9 + sum(host.run_ns(pid) for pid in pids if pid)


def with_foreign(name, pids):
    """One measurement, and how much of a core somebody else used meanwhile."""
    busy, own, begun = host.busy_ns(), own_ns(pids), time.monotonic()
    done = run(name)
    wall = (time.monotonic() - begun) * 1e9
    done["foreign"] = max(0.0, (host.busy_ns() - busy - own_ns(pids) + own) / wall)
    return done


def undisturbed(name, pid=None):
    """The less disturbed of up to two measurements; with what both did."""
    tries = []
    while len(tries) < 2 and not (tries and tries[-1]["foreign"] <= FOREIGN):
        tries.append(with_foreign(name, [pid, redis_pid]))
    best = min(tries, key=lambda done: done["foreign"])
    return best | {"all_ops": sum(done["ops"] for done in tries)}


def warm_up(names):
    """Every executable of every workload once, so that each is judged before anything counts."""
    return {name: run(name, 0.1) for name in names}


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
    global redis_port, redis_pid  # pylint: disable=global-statement
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
    command = ["redis-server", "--port", str(redis_port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no",
               "--dir", host.directory(), "--daemonize", "no"]
    with host.started(command, stdout=subprocess.DEVNULL) as server:
        redis_pid = server.pid
        host.wait_for(answers, 20, "redis-server")
        yield names
