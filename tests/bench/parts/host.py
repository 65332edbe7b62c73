# SPDX-License-Identifier: GPL-3.0-or-later
"""The machine under the benchmarks: processes, what undoes itself, tables."""
import contextlib
import glob
import os
import re
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time

ROUNDS = int(os.environ.get("ROUNDS", "20"))
SECONDS = float(os.environ.get("EACH", "1"))
EVENTS = int(os.environ.get("EVENTS", "3000000"))

undo = contextlib.ExitStack()


def everything_undone():
    """Whatever is started, mounted or set during a run is in `undo` before it is used."""
    return undo


def say(text):
    print(f"bench: {text}", file=sys.stderr, flush=True)


def note(text):
    print(f"  {text}")


# ---- processes ----

def stop(process, number=signal.SIGTERM):
    """Ends a process of ours, and waits for it."""
    if process.poll() is None:
        process.send_signal(number)
        try:
            process.wait(15)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


@contextlib.contextmanager
def started(arguments, ending=signal.SIGTERM, **options):
    """A child process that ends with the block, or with the whole run; stdout and stderr may be paths."""
    with contextlib.ExitStack() as files:
        for stream in ("stdout", "stderr"):
            if isinstance(options.get(stream), str):
                options[stream] = files.enter_context(open(options[stream], "wb"))
        process = subprocess.Popen(arguments, **options)
    guard = undo.enter_context(contextlib.ExitStack())
    guard.callback(stop, process, ending)
    try:
        yield process
    finally:
        guard.close()


def output_of(arguments):
    return subprocess.run(arguments, check=True, stdout=subprocess.PIPE, text=True).stdout


def wait_for(condition, seconds, what):
    until = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > until:
            raise RuntimeError(f"{what}: not within {seconds} seconds")
        time.sleep(0.05)


def directory():
    """A directory of our own that goes with the run."""
    path = tempfile.mkdtemp(prefix="bench-", dir=os.path.join("build", "bench"))
    undo.callback(shutil.rmtree, path, True)
    return os.path.abspath(path)


def read(path, otherwise=""):
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read()
    except OSError:
        return otherwise


def run_ns(pid):
    """Nanoseconds that the threads of a process have run so far."""
    spent = [read(path).split() for path in glob.glob(f"/proc/{pid}/task/*/schedstat")]
    return sum(int(fields[0]) for fields in spent if fields)


def status_kib(pid, *names):
    """Fields of /proc/PID/status, in KiB."""
    found = dict(re.findall(r"^(\w+):\s+(\d+) kB$", read(f"/proc/{pid}/status"), re.M))
    return {name: int(found.get(name, 0)) for name in names}


def bpf_objects(pid):
    """Programs (id: runs, nanoseconds) and maps (id: bytes) that a process holds."""
    held, maps = {}, {}
    for path in glob.glob(f"/proc/{pid}/fdinfo/*"):
        fields = dict(re.findall(r"^(\w+):\s+(\S+)", read(path), re.M))
        if "prog_type" in fields:
            held[int(fields["prog_id"])] = (int(fields.get("run_cnt", 0)), int(fields.get("run_time_ns", 0)))
        elif "map_type" in fields:
            maps[int(fields["map_id"])] = int(fields["memlock"])
    return held, maps


# ---- quiet: another sensor under test on the same kernel would be measured too ----

def others():
    """Pids of monitors that are not ours, without us."""
    found = []
    for path in glob.glob("/proc/[0-9]*/comm"):
        if read(path).strip().startswith(("custodes", "execsnoop", "opensnoop", "tcplife")):
            found.append(int(path.split("/")[2]))
    return found


def busy_ns():
    """Nanoseconds that all CPUs have worked, for whomever, or were taken from this machine."""
    fields = list(map(int, read("/proc/stat").splitlines()[0].split()[1:9]))
    return (sum(fields) - fields[3] - fields[4]) * 1_000_000_000 // os.sysconf("SC_CLK_TCK")


def idle(seconds=0.5):
    """Whether the machine is left to us: nobody else's monitor, and hardly any work."""
    before, begun = busy_ns(), time.monotonic()
    time.sleep(seconds)
    return not others() and busy_ns() - before < 0.1e9 * (time.monotonic() - begun)


patience = [60.0]  # seconds that a whole run waits for quiet


def quiet():
    """Waits until nobody else watches or works; goes on where somebody stays, and says so."""
    begun = time.monotonic()
    with contextlib.suppress(RuntimeError):
        wait_for(idle, min(15, patience[0]), "quiet")
        return
    patience[0] = max(0, patience[0] - (time.monotonic() - begun))
    left = others()
    say("the machine is not quiet" + (f": another monitor runs (pid {left})" if left else ""))


def machine():
    model = re.search(r"model name\s*: (.*)", read("/proc/cpuinfo"))
    return {"kernel": os.uname().release, "machine": os.uname().machine, "cores": os.cpu_count(),
            "model": model.group(1) if model else "", "load": os.getloadavg(), "rounds": ROUNDS,
            "seconds": SECONDS, "custodes": output_of([custodes(), "--version"]).strip(),
            "revision": revision(), "when": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())}


def revision():
    done = subprocess.run(["git", "describe", "--always", "--dirty"], stdout=subprocess.PIPE,
                          stderr=subprocess.DEVNULL, text=True, check=False)
    return done.stdout.strip()


def custodes():
    return os.path.abspath(os.environ.get("CUSTODES") or "custodes")


# ---- numbers ----

def median(values):
    return statistics.median(values) if values else float("nan")


def half_iqr(values):
    """Half of the interquartile range."""
    if len(values) < 2:
        return float("nan")
    low, _, high = statistics.quantiles(values, n=4, method="inclusive")
    return (high - low) / 2


def percent(ratio, digits=1):
    return "-" if ratio is None or ratio != ratio else f"{(ratio - 1) * 100:+.{digits}f}"


def number(value, digits=0):
    return "-" if value is None or value != value else f"{value:,.{digits}f}"


def table(title, columns, rows, words=()):
    """Text; numbers to the right, the first column and those in `words` to the left."""
    cells = [[str(c) for c in row] for row in [columns, *rows]]
    widths = [max(len(row[i]) for row in cells) for i in range(len(columns))]
    print(f"\n{title}\n")
    for index, row in enumerate(cells):
        line = [c.ljust(w) if not i or columns[i] in words else c.rjust(w)
                for i, (c, w) in enumerate(zip(row, widths))]
        print("  " + "  ".join(line).rstrip())
        if index == 0:
            print("  " + "  ".join("-" * w for w in widths))
    print(flush=True)
