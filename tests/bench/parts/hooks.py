# SPDX-License-Identifier: GPL-3.0-or-later
"""Nanoseconds of every program on work that nobody watches: kernel.bpf_stats_enabled, nothing subtracted.

The kernel's count adds to itself: two readings of the clock for each run. How
much, a program says that does nothing (programs/empty.c); it stands beside.
"""
import contextlib
import time

from . import host, programs, sensors, workloads

STATS = "/proc/sys/kernel/bpf_stats_enabled"
LIMIT = 64  # nanoseconds a run, on the miss path


@contextlib.contextmanager
def counting():
    """The kernel counts runs and time of programs inside this block only."""
    before = host.read(STATS).strip()
    guard = host.undo.enter_context(contextlib.ExitStack())
    guard.callback(put, before)
    put("1")
    try:
        yield
    finally:
        guard.close()


def put(value):
    with open(STATS, "w", encoding="ascii") as file:
        file.write(value)


def difference(before, after):
    """Of each program that ran: runs and nanoseconds."""
    changes = {}
    for program, (runs, spent) in after.items():
        old_runs, old_spent = before.get(program, (0, 0))
        if runs > old_runs:
            changes[program] = (runs - old_runs, spent - old_spent)
    return changes


def one_workload(name, pid, called):
    before = host.bpf_objects(pid)[0]
    ops = workloads.run(name)["ops"]
    rows = {}
    for program, (runs, spent) in difference(before, host.bpf_objects(pid)[0]).items():
        rows[called.get(program, str(program))] = {"runs_per_op": runs / ops, "ns_per_run": spent / runs,
                                                   "ns_per_op": spent / ops}
    return rows


def all_workloads(names, pid):
    called = sensors.names("prog")
    with counting():
        return {name: one_workload(name, pid, called) for name in names}


def empty_run():
    """Nanoseconds that a run of a program takes that does nothing."""
    with counting():
        said = [host.output_of([programs.path("empty")]).split() for _ in range(3)]
    return host.median([float(line[3]) / float(line[1]) for line in said])


def own_time(names):
    """What an operation takes with nothing attached."""
    return {name: host.median([workloads.run(name)["ns"] for _ in range(3)]) for name in names}


def with_custodes(names, idle):
    host.quiet()
    with sensors.custodes() as process, contextlib.ExitStack() as stack:
        if idle:
            stack.enter_context(sensors.product("idle"))
        workloads.warm_up(names)
        time.sleep(1.5)
        tables = sensors.tables(process.pid)
        return {"tables": tables, "workloads": all_workloads(names, process.pid)}


def with_peer(peer, names):
    host.quiet()
    with peer.running() as process:
        return {"workloads": all_workloads(names, process.pid)}


# ---- tables ----

# A program that ran less than once in twenty operations belongs to somebody else's work.
FOREIGN = 0.05


def of_the_work(rows):
    return {program: row for program, row in rows.items() if row["runs_per_op"] >= FOREIGN}


def total(rows, empty=0.0):
    """Nanoseconds of an operation; `empty` off each run for what the count itself costs."""
    return sum(row["ns_per_op"] - row["runs_per_op"] * empty for row in of_the_work(rows).values())


def table_of_programs(state, measured, empty):
    rows = []
    for name, programs_ in measured["workloads"].items():
        for program, row in sorted(of_the_work(programs_).items(), key=lambda item: -item[1]["ns_per_op"]):
            rows.append([name, program, f"{row['runs_per_op']:.2f}", f"{row['ns_per_run']:.1f}",
                         f"{row['ns_per_run'] - empty:.1f}", f"{row['ns_per_op']:.1f}"])
        if not of_the_work(programs_):
            rows.append([name, "(none)", "-", "-", "-", "0"])
    host.table(f"B. PROGRAMS of {state} on work that nobody watches",
               ["workload", "program", "runs/op", "ns/run", "over empty", "ns/op"], rows)
    if "tables" in measured:
        host.note("tables: " + ", ".join(f"{count} {name}" for name, count in measured["tables"].items()))


def share(measured, name, own, empty=0.0):
    return total(measured["workloads"][name], empty) / own[name] * 100


def table_of_shares(names, own, states, empty):
    rows = []
    for state, measured in states.items():
        for name in names:
            rows.append([state, name, host.number(own[name], 1 if own[name] < 1000 else 0),
                         f"{total(measured['workloads'][name]):.1f}", f"{share(measured, name, own):.2f} %",
                         f"{total(measured['workloads'][name], empty):.1f}",
                         f"{share(measured, name, own, empty):.2f} %"])
    host.table("B. SHARE of the programs in an operation's own time: as counted, and over empty programs",
               ["attached", "workload", "ns/op", "programs ns", "share", "over empty", "share"], rows)


# ---- requirements ----

def runs_of(state):
    """The slowest run of each program on the miss path: program -> ns."""
    worst = {}
    for programs_ in state["workloads"].values():
        for program, row in of_the_work(programs_).items():
            worst[program] = max(worst.get(program, 0), row["ns_per_run"])
    return dict(sorted(worst.items(), key=lambda item: -item[1]))


def row_of_runs(label, runs, less, words):
    over = [f"{program} {ns - less:.0f}" for program, ns in runs.items() if ns - less >= LIMIT]
    most = max(runs.values(), default=0) - less
    return [f"one run on the miss path, {label}{words}", f"< {LIMIT} ns", f"{most:.1f} ns",
            f"NO: {len(over)} of {len(runs)}: " + ", ".join(over) if over else "yes"]


def requirements(names, own, states, empty):
    rows = []
    for label, state in states.items():
        if not label.startswith("custodes"):
            continue
        rows.append(row_of_runs(label, runs_of(state), 0, ""))
        rows.append(row_of_runs(label, runs_of(state), empty, ", over an empty one"))
        for name in names:
            gross, net = share(state, name, own), share(state, name, own, empty)
            rows.append([f"share of unwatched {name}, {label}", "<= 1 %", f"{gross:.2f} % ({net:.2f} % over empty)",
                         "yes" if gross <= 1 else "over empty only" if net <= 1 else "NO"])
    return rows


def measure(able):
    host.say("hooks: nothing attached")
    host.quiet()
    own, refused = own_time(able), {}
    host.say("hooks: custodes, nothing watched")
    states = {"custodes": with_custodes(able, False)}
    host.say("hooks: custodes, an idle product watched")
    states["custodes+idle"] = with_custodes(able, True)
    for peer in sensors.PEERS:
        host.say(f"hooks: {peer.name}")
        try:
            states[peer.name] = with_peer(peer, able)
        except sensors.Refused as why:
            refused[peer.name] = str(why)
    return own, states, refused


def part(names, _results):
    with workloads.ready(names) as able:
        own, states, refused = measure(able)
        empty = empty_run()
        for state, measured in states.items():
            table_of_programs(state, measured, empty)
        table_of_shares(able, own, states, empty)
        host.note(f"bpf_stats itself is in ns/run and ns/op: here a program that does nothing takes {empty:.1f} ns.")
        for why in refused.values():
            host.note("not run: " + why)
        return {"own_ns": own, "empty_ns": empty, "states": states, "refused": refused,
                "requirements": requirements(able, own, states, empty)}
