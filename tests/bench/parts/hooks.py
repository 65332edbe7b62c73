# SPDX-License-Identifier: GPL-3.0-or-later
"""Nanoseconds of every program on work that nobody watches: kernel.bpf_stats_enabled, nothing subtracted.

The kernel's count adds to itself: two readings of the clock for each run. How
much, a program says that does nothing (programs/empty.c), in the same place and
at the same work where it is a tracepoint's; it stands beside.
"""
import contextlib
import json
import time

from . import host, programs, sensors, workloads

STATS = "/proc/sys/kernel/bpf_stats_enabled"
LIMIT = 64  # nanoseconds a run, on the miss path
# A program that ran less than once in twenty operations belongs to somebody else's work.
FOREIGN = 0.05


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


def targets():
    """Where each program of custodes hangs."""
    doctor = json.loads(host.output_of([host.custodes(), "doctor", "--json"]))
    return {program["program"]: program["target"] for feature in doctor["features"]
            for program in feature["programs"] if program["in_use"]}


def empty_in_place(names):
    """Nanoseconds of an empty program at each of these tracepoints: (workload, target) -> ns."""
    found, at = {}, {}
    with contextlib.ExitStack() as stack:
        for target in sorted(set(targets().values())):
            with contextlib.suppress(sensors.Refused):
                at[target] = stack.enter_context(sensors.EmptyCall(target).running()).pid
        stack.enter_context(counting())
        for name in names:
            before = {target: host.bpf_objects(pid)[0] for target, pid in at.items()}
            ops = workloads.run(name)["ops"]
            for target, pid in at.items():
                for runs, spent in difference(before[target], host.bpf_objects(pid)[0]).values():
                    if runs >= FOREIGN * ops:
                        found[name, target] = spent / runs
    return found


def set_floors(measured, in_place, anywhere):
    """What nobody could be quicker than, for each row."""
    at = targets()
    for name, rows in measured["workloads"].items():
        for program, row in rows.items():
            row["floor"] = in_place.get((name, at.get(program)), anywhere)


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

def of_the_work(rows):
    return {program: row for program, row in rows.items() if row["runs_per_op"] >= FOREIGN}


def total(rows, less):
    """Nanoseconds of an operation; `less` off each run for what the count itself costs: of its floor, 0 or 1."""
    return sum(row["ns_per_op"] - row["runs_per_op"] * row["floor"] * less for row in of_the_work(rows).values())


def table_of_programs(state, measured):
    rows = []
    for name, programs_ in measured["workloads"].items():
        for program, row in sorted(of_the_work(programs_).items(), key=lambda item: -item[1]["ns_per_op"]):
            rows.append([name, program, f"{row['runs_per_op']:.2f}", f"{row['ns_per_run']:.1f}",
                         f"{row['ns_per_run'] - row['floor']:.1f}", f"{row['ns_per_op']:.1f}"])
        if not of_the_work(programs_):
            rows.append([name, "(none)", "-", "-", "-", "0"])
    host.table(f"B. PROGRAMS of {state} on work that nobody watches",
               ["workload", "program", "runs/op", "ns/run", "over empty", "ns/op"], rows)
    if "tables" in measured:
        host.note("tables: " + ", ".join(f"{count} {name}" for name, count in measured["tables"].items()))


def share(measured, name, own, less):
    return total(measured["workloads"][name], less) / own[name] * 100


def table_of_shares(names, own, states):
    rows = []
    for state, measured in states.items():
        for name in names:
            rows.append([state, name, host.number(own[name], 1 if own[name] < 1000 else 0),
                         f"{total(measured['workloads'][name], 0):.1f}", f"{share(measured, name, own, 0):.2f} %",
                         f"{total(measured['workloads'][name], 1):.1f}", f"{share(measured, name, own, 1):.2f} %"])
    host.table("B. SHARE of the programs in an operation's own time: as counted, and over empty programs",
               ["attached", "workload", "ns/op", "programs ns", "share", "over empty", "share"], rows)


# ---- requirements ----

def runs_of(state, less):
    """The slowest run of each program on the miss path: program -> ns."""
    worst = {}
    for programs_ in state["workloads"].values():
        for program, row in of_the_work(programs_).items():
            worst[program] = max(worst.get(program, 0), row["ns_per_run"] - row["floor"] * less)
    return dict(sorted(worst.items(), key=lambda item: -item[1]))


def row_of_runs(label, state):
    gross, net = runs_of(state, 0), runs_of(state, 1)
    over = [f"{program} {ns:.0f}" for program, ns in net.items() if ns >= LIMIT]
    holds = f"NO: {len(over)} of {len(net)}: " + ", ".join(over) if over else \
        "yes" if all(ns < LIMIT for ns in gross.values()) else "over empty"
    return [f"one run on the miss path, {label}", f"< {LIMIT} ns",
            f"{max(gross.values(), default=0):.1f} ns ({max(net.values(), default=0):.1f} ns over empty)", holds]


def row_of_share(label, state, name, own):
    """Where calls are looked at, the kernel's own part of that is not ours: points over an empty program."""
    gross, net = share(state, name, own, 0), share(state, name, own, 1)
    calls = any(row_name == "file_call" for row_name in of_the_work(state["workloads"][name]))
    limit = 5 if calls else 1
    return [f"share of unwatched {name}, {label}", "<= 5 points over empty" if calls else "<= 1 %",
            f"{gross:.2f} % ({net:.2f} % over empty)",
            "yes" if gross <= limit else "over empty" if net <= limit else "NO"]


def requirements(names, own, states):
    rows = []
    for label, state in states.items():
        if label.startswith("custodes"):
            rows.append(row_of_runs(label, state))
            rows += [row_of_share(label, state, name, own) for name in names]
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
        host.say("hooks: empty programs")
        empty, in_place = empty_run(), empty_in_place(able)
        for state, measured in states.items():
            set_floors(measured, in_place, empty)
            table_of_programs(state, measured)
        table_of_shares(able, own, states)
        host.note(f"bpf_stats itself is in ns/run and ns/op: a program that does nothing takes {empty:.1f} ns; in place:")
        for (name, target), ns in in_place.items():
            host.note(f"  {name}, {target}: {ns:.1f} ns")
        for why in refused.values():
            host.note("not run: " + why)
        return {"own_ns": own, "empty_ns": empty, "states": states, "refused": refused,
                "requirements": requirements(able, own, states)}
