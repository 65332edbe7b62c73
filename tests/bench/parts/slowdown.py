# SPDX-License-Identifier: GPL-3.0-or-later
"""Work that nobody watches: how much slower is it with custodes attached, and with its peers?

Each round goes A C A' P1 P2 ...: nothing, custodes, nothing again, the peers; a
ratio is always against the A of its own round. A'/A says how much of that is noise.
"""
import time

from . import host, sensors, workloads

LIMIT = 1.0  # per cent
MEASURES = {"ns": "time on the wall", "cpu_ns": "CPU time of the work itself"}


def measured(names, process=None):
    """Every workload once; the CPU time that the attached process took meanwhile, per operation.

    Before that, in every state alike: a warm-up, by which custodes judges what
    runs, and a pause for what the last state left behind.
    """
    done = {}
    warm = workloads.warm_up(names)
    time.sleep(1)
    for name in names:
        before = host.run_ns(process.pid) if process else 0
        done[name] = workloads.undisturbed(name, process and process.pid)
        spent = host.run_ns(process.pid) - before if process else 0
        done[name]["tool_us"] = spent / 1e3 / done[name]["all_ops"]
        done[name]["all_ops"] += warm[name]["ops"]
    return done


def with_nothing(names):
    host.quiet()
    return measured(names)


def with_custodes(names):
    host.quiet()
    with sensors.custodes() as process:
        done = measured(names, process)
        done["tables"] = sensors.tables(process.pid)
    done["said"] = host.read(process.said).replace("READY\n", "").strip().splitlines()[-1:]
    return done


def with_peer(peer, names):
    host.quiet()
    with peer.running() as process:
        done = measured(names, process)
        time.sleep(0.5)
    if peer.workload in names:
        wanted = peer.per_op * done[peer.workload]["all_ops"]
        done["seen"] = peer.seen(process.where) / wanted
    return done


def try_peers(peers, names, states, refused):
    for peer in peers:
        if peer.name in refused:
            continue
        try:
            states[peer.name] = with_peer(peer, names)
        except sensors.Refused as why:
            refused[peer.name] = str(why)
            host.say(f"not run: {why}")


def rounds(names, peers):
    done, refused = [], {}
    for index in range(host.ROUNDS):
        host.say(f"slowdown: round {index + 1} of {host.ROUNDS}")
        states = {"A": with_nothing(names), "custodes": with_custodes(names), "A2": with_nothing(names)}
        try_peers(peers if index % 2 == 0 else peers[::-1], names, states, refused)
        done.append(states)
    return done, refused


# ---- what follows from the rounds; a measure is "ns" on the wall or "cpu_ns" ----

def ratios(done, state, name, measure="ns"):
    return [r[state][name][measure] / r["A"][name][measure] for r in done if state in r]


def judgement(name, done, measure):
    """One workload: medians, noise, and whether 1 % is kept, missed, or hidden by the noise."""
    custodes, again = ratios(done, "custodes", name, measure), ratios(done, "A2", name, measure)
    row = {"ns": host.median([r["A"][name][measure] for r in done]), "again": host.median(again),
           "spread": host.half_iqr(again) * 100, "custodes": host.median(custodes)}
    row["noise"] = max(row["spread"], abs(row["again"] - 1) * 100)
    more = (row["custodes"] - 1) * 100
    if more - row["noise"] > LIMIT:
        row["one_percent"] = "NO"
    else:
        row["one_percent"] = "yes" if row["noise"] <= LIMIT and more <= LIMIT else "not shown"
    return row


def table_of_ratios(names, done, peers, measure, title):
    rows = []
    for name in names:
        row = judgement(name, done, measure)
        rows.append([name, host.number(row["ns"], 1 if row["ns"] < 1000 else 0), host.percent(row["again"], 2),
                     f"{row['spread']:.2f}", host.percent(row["custodes"], 2), row["one_percent"],
                     *[host.percent(host.median(ratios(done, peer, name, measure))) for peer in peers]])
    host.table(f"A. SLOWDOWN of work that nobody watches, {title}, % (median of {len(done)} rounds)",
               ["workload", "ns/op", "A'/A", "+-", "custodes", "<= 1 %", *peers], rows)


def cpu_of(done, state, name):
    return host.median([r[state][name]["tool_us"] for r in done if state in r])


def table_of_tools(names, done, peers):
    rows = [[tool, *[host.number(cpu_of(done, tool, name), 3) for name in names], seen_by(done, tool)]
            for tool in ["custodes", *peers]]
    host.table("CPU time of the tool itself, us for each operation; share of its events that it saw",
               ["tool", *names, "complete"], rows)
    tables = done[-1]["custodes"]["tables"] if done else {}
    host.note("custodes, at the end: " + (", ".join(f"{v} {k}" for k, v in tables.items()) or "no bpftool"))


def seen_by(done, tool):
    seen = [r[tool]["seen"] for r in done if tool in r and "seen" in r[tool]]
    return f"{host.median(seen) * 100:.1f} %" if seen else "-"


def requirements(names, done):
    """By the wall or by CPU time, whichever is steadier."""
    rows = []
    for name in names:
        row = min((judgement(name, done, measure) for measure in MEASURES), key=lambda row: row["noise"])
        word = row["one_percent"] + (" by ratio: see the shares" if row["one_percent"] == "not shown" else "")
        more = f"{host.percent(row['custodes'], 2)} % (noise {row['noise']:.2f})"
        rows.append([f"unwatched {name}", "<= 1 %", more, word])
    return rows


def result(names, done, refused):
    peers = [p.name for p in [*sensors.PEERS, sensors.AUDIT] if any(p.name in r for r in done)]
    for measure, title in MEASURES.items():
        table_of_ratios(names, done, peers, measure, title)
    host.note("+-: half of the interquartile range of A'/A. not shown: the noise (+-, or A'/A itself) hides 1 %;")
    host.note("the nanoseconds of part B speak instead.")
    table_of_tools(names, done, peers)
    foreign = host.median([r[state][name]["foreign"] for r in done for state in r for name in names])
    host.note(f"somebody else used {foreign * 100:.0f} % of a core meanwhile (median)")
    for why in refused.values():
        host.note("not run: " + why)
    return {"rounds": done, "refused": refused, "requirements": requirements(names, done),
            "summary": {m: {name: judgement(name, done, m) for name in names} for m in MEASURES},
            "peers": {peer: {name: host.median(ratios(done, peer, name)) for name in names} for peer in peers}}


def part(names, _results):
    with workloads.ready(names) as able:
        done, refused = rounds(able, sensors.PEERS)
        if sensors.audit_status().get("enabled") != "1":
            refused["audit"] = ("audit: it is off, and once on it taxes every system call until reboot; "
                                "name the part `audit` to measure it")
        else:
            for states in done:
                try_peers([sensors.AUDIT], able, states, refused)
        return result(able, done, refused)


# ---- audit, by itself: its A is taken after it was first switched on ----

def audit_part(names, _results):
    done, refused, before = [], {}, None
    with workloads.ready(names) as able:
        before = with_nothing(able)
        for index in range(max(3, host.ROUNDS // 2)):
            host.say(f"audit: round {index + 1}")
            states = {"A": with_nothing(able)}
            try_peers([sensors.AUDIT], able, states, refused)
            if refused:
                break
            states["off"] = with_nothing(able)
            done.append(states)
    table_of_audit(able, before, done)
    for why in refused.values():
        host.note("not run: " + why)
    return {"before": before, "rounds": done, "refused": refused}


def table_of_audit(names, before, done):
    if not done:
        return
    rows = [[name, host.number(before[name]["ns"], 1), host.percent(host.median(ratios(done, "audit", name))),
             host.percent(host.median([r["off"][name]["ns"] for r in done]) / before[name]["ns"]),
             host.number(cpu_of(done, "audit", name), 2)] for name in names]
    host.table("AUDIT: kernel audit with auditd, rules for execve, connect and openat",
               ["workload", "ns/op before", "% with rules", "% off again", "auditd us/op"], rows)
    host.note(f"complete: {seen_by(done, 'audit')} of the execs")
