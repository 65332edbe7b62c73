# SPDX-License-Identifier: GPL-3.0-or-later
"""Work that nobody watches: how much slower is it with custodes attached, and with its peers?

One workload goes on and on, and beside it sensors come and go: nothing (A),
custodes, A, a peer, A, custodes, A ... What is measured with a sensor is held
against the A before and the A after it, a second or two away, so that the moods
of a shared machine fall on both. How one A differs from the next says how well.
"""
import contextlib
import time

from . import host, sensors, workloads

LIMIT = 1.0  # per cent
EACH = host.SECONDS / 2
SETTLE = 0.5  # seconds in which what runs is judged
CALLS_EVERY = 2  # in every second round: custodes where a product is installed, beside an empty program
PEER_EVERY = 4  # custodes is measured in every round, each peer in every fourth


class Custodes:
    name = "custodes"
    installed = False

    @contextlib.contextmanager
    def running(self):
        with sensors.custodes(installed=self.installed) as process:
            yield process


class CustodesBeside(Custodes):
    """On a host where a product is installed: every system call passes a hook."""
    name = "with product"
    installed = True


def with_sensor(sensor, work):
    """What the work takes while this is attached, and what the sensor takes for it."""
    with sensor.running() as process:
        time.sleep(SETTLE)
        before = host.run_ns(process.pid)
        done = work.measure(EACH)
        done["tool_us"] = (host.run_ns(process.pid) - before) / 1e3 / done["ops"]
        if isinstance(sensor, Custodes):
            done["tables"] = sensors.tables(process.pid)
    detached = time.monotonic()
    if getattr(sensor, "workload", None) == work.name:
        done["seen"] = sensor.seen(process.where) / (sensor.per_op * work.ops(process.since, detached))
    time.sleep(0.1)
    return done


def plan(peers):
    """In which order sensors come: (round, sensor)."""
    for index in range(host.ROUNDS):
        yield Custodes()
        if index % CALLS_EVERY == 0:
            yield from (sensors.EmptyCall(), CustodesBeside())
        if index % PEER_EVERY == 0:
            yield from peers if index // PEER_EVERY % 2 == 0 else peers[::-1]


def alternate(name, sequence, refused):
    """Of each sensor every measurement, with the ns of the A before and after; and the A's."""
    host.say(f"slowdown: {name}")
    host.quiet()
    with workloads.running(name) as work:
        nothing, done = [work.measure(EACH)["ns"]], {}
        for sensor in sequence:
            if sensor.name in refused:
                continue
            try:
                with_it = with_sensor(sensor, work)
            except sensors.Refused as why:
                refused[sensor.name] = str(why)
                host.say(f"not run: {why}")
                continue
            nothing.append(work.measure(EACH)["ns"])
            done.setdefault(sensor.name, []).append(with_it | {"before": nothing[-2], "after": nothing[-1]})
    return {"nothing": nothing, "sensors": done}


# ---- what follows from the measurements ----

def notch(values):
    """About the 95 % confidence of a median (McGill, Tukey, Larsen 1978)."""
    return 3.14 * host.half_iqr(values) / len(values) ** 0.5 if len(values) > 1 else float("nan")


def ratios(rows):
    return [row["ns"] / ((row["before"] + row["after"]) / 2) for row in rows]


def judgement(measured):
    """Medians, confidence, and whether 1 % is kept, missed, or hidden by the noise."""
    nothing, custodes = measured["nothing"], ratios(measured["sensors"]["custodes"])
    again = [b / a for a, b in zip(nothing, nothing[1:])]
    row = {"ns": host.median(nothing), "again": host.median(again), "spread": host.half_iqr(again) * 100,
           "custodes": host.median(custodes), "error": notch(custodes) * 100}
    more = (row["custodes"] - 1) * 100
    if more - row["error"] > LIMIT:
        row["one_percent"] = "NO"
    else:
        row["one_percent"] = "yes" if more + row["error"] <= LIMIT else "not shown"
    return row


def ratio_of(measured, sensor):
    rows = measured["sensors"].get(sensor)
    return host.median(ratios(rows)) if rows else None


def table_of_ratios(done, peers):
    rows = []
    for name, measured in done.items():
        row = judgement(measured)
        rows.append([name, host.number(row["ns"], 1 if row["ns"] < 1000 else 0), host.percent(row["again"], 2),
                     f"{row['spread']:.2f}", host.percent(row["custodes"], 2), f"{row['error']:.2f}",
                     host.number((row["custodes"] - 1) * row["ns"], 1), row["one_percent"],
                     *[host.percent(ratio_of(measured, peer)) for peer in peers]])
    host.table(f"A. SLOWDOWN of work that nobody watches, time on the wall, % (median of {host.ROUNDS})",
               ["workload", "ns/op", "A/A", "spread", "custodes", "+-", "ns more", "<= 1 %", *peers], rows)
    host.note("A/A, spread: from one A to the next, and half the interquartile range of that. +-: confidence of the")
    host.note("median. not shown: the confidence hides 1 %; the nanoseconds of part B speak instead.")


def cpu_of(measured, sensor):
    rows = measured["sensors"].get(sensor)
    return host.median([row["tool_us"] for row in rows]) if rows else None


def seen_by(done, sensor):
    seen = [row["seen"] for measured in done.values() for row in measured["sensors"].get(sensor, []) if "seen" in row]
    return f"{host.median(seen) * 100:.0f} %" if seen else "-"


def table_of_tools(done, sensors_):
    rows = [[sensor, *[host.number(cpu_of(measured, sensor), 3) for measured in done.values()], seen_by(done, sensor)]
            for sensor in sensors_]
    host.table("CPU time of the tool itself, us for each operation; about which share of its events it saw",
               ["tool", *done, "complete"], rows)


def beside(measured):
    """Per cent with a product installed, and with an empty program at sys_exit."""
    both = [ratio_of(measured, name) for name in (CustodesBeside.name, sensors.EmptyCall().name)]
    return [(ratio - 1) * 100 for ratio in both] if all(both) else None


def requirements_of_calls(done):
    rows = []
    for name, measured in done.items():
        pair = beside(measured)
        if pair:
            rows.append([f"{name}, a product installed", "<= 5 points over an empty sys_exit",
                         f"{pair[0]:+.1f} %, empty {pair[1]:+.1f} %", "yes" if pair[0] - pair[1] <= 5 else "NO"])
    return rows


def requirements(done):
    rows = requirements_of_calls(done)
    for name, measured in done.items():
        row = judgement(measured)
        word = row["one_percent"] + (" by ratio: see the shares" if row["one_percent"] == "not shown" else "")
        more = f"{host.percent(row['custodes'], 2)} % +- {row['error']:.2f} (A/A spread {row['spread']:.2f})"
        rows.append([f"unwatched {name}", "<= 1 %", more, word])
    return rows


def result(done, refused):
    peers = [p.name for p in [CustodesBeside(), sensors.EmptyCall(), *sensors.PEERS, sensors.AUDIT] if any(p.name in m["sensors"] for m in done.values())]
    table_of_ratios(done, peers)
    table_of_tools(done, ["custodes", *peers])
    tables = next(iter(done.values()))["sensors"]["custodes"][-1]["tables"]
    host.note("custodes, at the end: " + (", ".join(f"{v} {k}" for k, v in tables.items()) or "no bpftool"))
    for why in refused.values():
        host.note("not run: " + why)
    return {"workloads": done, "refused": refused, "requirements": requirements(done)}


def part(names, _results):
    refused, peers = {}, list(sensors.PEERS)
    if sensors.audit_status().get("enabled") == "1":
        peers.append(sensors.AUDIT)
    else:
        refused["audit"] = ("audit: it is off, and once on it taxes every system call until reboot; "
                            "name the part `audit` to measure it")
    with workloads.ready(names) as able:
        done = {name: alternate(name, plan(peers), refused) for name in able}
        return result(done, refused)


# ---- audit, by itself: its A is taken after it was first switched on ----

def audit_part(names, _results):
    refused, rows = {}, []
    with workloads.ready(names) as able:
        for name in able:
            measured = alternate(name, [sensors.AUDIT] * max(3, host.ROUNDS // 4), refused)
            if "audit" in refused:
                break
            nothing = measured["nothing"]
            rows.append([name, host.number(nothing[0], 1), host.percent(ratio_of(measured, "audit")),
                         host.percent(host.median(nothing[1:]) / nothing[0]), host.number(cpu_of(measured, "audit"), 2),
                         seen_by({name: measured}, "audit")])
    if rows:
        host.table("AUDIT: kernel audit with auditd, rules for execve, connect and openat",
                   ["workload", "ns/op before", "% with rules", "% off again", "auditd us/op", "complete"], rows)
    for why in refused.values():
        host.note("not run: " + why)
    return {"rows": rows, "refused": refused}
