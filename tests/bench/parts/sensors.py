# SPDX-License-Identifier: GPL-3.0-or-later
"""What is attached: custodes, and its peers one at a time."""
import contextlib
import glob
import json
import os
import shutil
import signal
import subprocess
import time

from . import host, programs

TRACEFS = 'mountpoint -q /sys/kernel/tracing || mount -t tracefs tracefs /sys/kernel/tracing; exec "$@"'


class Refused(Exception):
    """A peer that does not run on this kernel."""


# ---- custodes ----

# A product that this machine happens to have installed makes custodes look at system calls.
HIDING = 'while [ "$1" != -- ]; do mount --bind /dev/null "$1"; shift; done; shift; exec "$@"'


def installed_products():
    """Executables of the catalogue that are here."""
    found = set()
    for name in glob.glob("policies/catalogue/*.json"):
        with open(name, encoding="utf-8") as file:
            for product in json.load(file)["products"]:
                found.update(os.path.realpath(path) for path in product["identify"].get("paths", []))
    return sorted(path for path in found if os.path.isfile(path))


@contextlib.contextmanager
def custodes(*more, installed=False):
    """custodes run, once every hook is attached, on a host with a product or without; .said is where its stderr goes."""
    said = os.path.join(host.directory(), "stderr")
    begin = [] if installed else ["unshare", "-m", "sh", "-c", HIDING, "sh", *installed_products(), "--"]
    command = [*begin, host.custodes(), "run", "--host", "uk-secret", "--output", "text:" + said + ".findings", *more]
    with host.started(command, stdout=subprocess.DEVNULL, stderr=said) as process:
        process.said = said
        host.wait_for(lambda: "READY" in host.read(said) or process.poll() is not None, 60, "READY")
        if process.poll() is not None:
            raise RuntimeError("custodes ended: " + host.read(said))
        yield process


def bpftool(*arguments):
    if not shutil.which("bpftool"):
        return []
    done = subprocess.run(["bpftool", "-j", *arguments], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                          check=False)
    with contextlib.suppress(ValueError):
        return json.loads(done.stdout)
    return []


def names(kind):
    return {entry["id"]: entry.get("name", str(entry["id"])) for entry in bpftool(kind, "show")}


def tables(pid):
    """How many entries stand in the tables that hooks look into: 0 tasks is a host with nothing watched."""
    held, called = host.bpf_objects(pid)[1], names("map")
    wanted = {called[i]: i for i in held if called.get(i) in ("tasks", "lineages", "socks", "exes")}
    return {name: len(bpftool("map", "dump", "id", str(wanted[name]))) for name in sorted(wanted)}


@contextlib.contextmanager
def product(*arguments):
    """A watched product at work: alone in a mount and a network namespace where every address is local."""
    script = """
        mount -t tmpfs tmpfs /opt
        mkdir -p /opt/drweb.com/bin
        cp "$0" /opt/drweb.com/bin/drweb-configd
        ip link set lo up
        ip route add local default dev lo
        exec /opt/drweb.com/bin/drweb-configd "$@" """
    command = ["unshare", "-m", "-n", "sh", "-ec", script, programs.path("product"), *arguments]
    with host.started(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        begun = time.monotonic()
        if process.stdout.readline().strip() != "ready":
            raise RuntimeError("the watched product did not start")
        process.took = time.monotonic() - begun
        yield process


# ---- peers that print ----

class Peer:
    """A tool of libbpf-tools or bcc: where its programs hang, and which lines speak of our work."""

    def __init__(self, name, workload, per_op, mark):
        self.name, self.workload, self.per_op, self.mark = name, workload, per_op, mark
        self.reason = None

    def candidates(self):
        found = [shutil.which(name) for name in (self.name, self.name + "-bpfcc", self.name + ".bt")]
        return [path for path in found if path]

    def try_one(self, path, where):
        command = ["unshare", "-m", "sh", "-c", TRACEFS, "sh", path]
        return host.started(command, signal.SIGINT, stdout=where, stderr=where + ".err")

    def attached(self, process):
        """Whether its programs came, and it still runs a moment later."""
        with contextlib.suppress(RuntimeError):
            host.wait_for(lambda: host.bpf_objects(process.pid)[0] or process.poll() is not None, 20, self.name)
        process.since = time.monotonic()
        time.sleep(1)
        return process.poll() is None and bool(host.bpf_objects(process.pid)[0])

    @contextlib.contextmanager
    def running(self):
        where = os.path.join(host.directory(), self.name)
        self.reason = "not installed"
        for path in self.candidates():
            with self.try_one(path, where) as process:
                if self.attached(process):
                    process.where = where
                    yield process
                    return
            self.reason = (host.read(where + ".err").strip() or "it did not attach").splitlines()[-1]
        raise Refused(f"{self.name}: {self.reason}")

    def seen(self, where):
        """Lines about our work, once it has ended and written everything."""
        with open(where, encoding="utf-8", errors="replace") as file:
            count = sum(1 for line in file if self.mark in line)
        os.unlink(where)
        return count


class EmptyCall:
    """The floor of every sensor of this tracepoint: a program there that does nothing."""

    def __init__(self, tracepoint="sys_exit"):
        self.name, self.tracepoint = "empty " + tracepoint, tracepoint

    @contextlib.contextmanager
    def running(self):
        command = [programs.path("empty"), self.tracepoint]
        with host.started(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
            if process.stdout.readline().strip() != "ready":
                raise Refused("the empty program was not attached")
            yield process


PEERS = [
    Peer("execsnoop", "exec", 1, "nothing"),
    Peer("tcplife", "connect", 2, " connect "),
    Peer("opensnoop", "open", 1, "opened-by-bench"),
]


# ---- kernel audit ----

AUDITD = """local_events = yes
write_logs = yes
log_file = {0}/audit.log
log_format = RAW
log_group = root
flush = INCREMENTAL_ASYNC
freq = 50
max_log_file = 4096
max_log_file_action = IGNORE
num_logs = 2
name_format = NONE
space_left = 75
space_left_action = IGNORE
admin_space_left = 50
admin_space_left_action = IGNORE
disk_full_action = IGNORE
disk_error_action = IGNORE
plugin_dir = {0}/plugins
"""
KEY = "custodes-bench"


def audit_status():
    done = subprocess.run(["auditctl", "-s"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, check=False)
    return dict(line.split()[:2] for line in done.stdout.splitlines() if len(line.split()) > 1)


def auditctl(*arguments):
    subprocess.run(["auditctl", *arguments], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


class Audit(Peer):
    """auditd with a log of its own, and rules for execve, connect and openat."""

    rules = [["always,exit", "-F", "arch=b64", "-S", call, "-F", "key=" + KEY] for call in
             ("execve", "connect", "openat")]

    def __init__(self):
        super().__init__("audit", "exec", 1, 'comm="nothing"')

    def check(self):
        status = audit_status()
        if not shutil.which("auditd") or not status:
            raise Refused("audit: auditd is not installed, or this kernel has no audit")
        if status.get("pid", "0") != "0" or "No rules" not in host.output_of(["auditctl", "-l"]):
            raise Refused("audit: this host uses it already; its rules are not touched")
        return status

    @contextlib.contextmanager
    def running(self):
        before, where = self.check(), host.directory()
        os.mkdir(where + "/plugins")
        with open(where + "/auditd.conf", "w", encoding="utf-8") as file:
            file.write(AUDITD.format(where))
        with contextlib.ExitStack() as back:
            host.undo.enter_context(contextlib.ExitStack()).callback(back.close)
            back.callback(auditctl, "-b", before["backlog_limit"])
            back.callback(auditctl, "-e", before["enabled"])
            command = ["auditd", "-n", "-s", "enable", "-c", where]
            process = back.enter_context(host.started(command, stdout=subprocess.DEVNULL,
                                                      stderr=subprocess.DEVNULL))
            host.wait_for(lambda: audit_status().get("pid") == str(process.pid), 10, "auditd")
            auditctl("-b", "8192")
            for rule in self.rules:
                auditctl("-a", *rule)
                back.callback(auditctl, "-d", *rule)
            process.where, process.since = where + "/audit.log", time.monotonic()
            yield process


AUDIT = Audit()
