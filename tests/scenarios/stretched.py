# SPDX-License-Identifier: GPL-3.0-or-later
"""What takes hours or weeks: lists of events with the times that it would take, judged by custodes replay.

Nothing is played and nobody listens: these say what the rules do, not what the sensor sees.
"""
import json
import os
import subprocess

from rules import RULES

BEGIN = 1780300800  # 2026-06-01T08:00:00Z
PRODUCT = "/opt/sophos-spl/plugins/av/sbin/soapd"
RATES = (0.09, 0.7, 5, 65, 1000, 50000)
DAY = 86400
MIRROR, VENDOR, ABROAD = "198.51.100.1:443", "192.0.2.9:443", "203.0.113.9:443"
OVERLAY = {"kind": "overlay", "id": "scenario", "title": "The site's mirror", "networks": [
    {"prefix": "198.51.100.0/24", "role": "update-mirror", "controlling_jurisdiction": "GB"},
    {"prefix": "203.0.113.0/24", "role": "network", "controlling_jurisdiction": "RU"}]}


class Record:
    """A list of events about one product, which was there from the first second on."""

    def __init__(self):
        self.lines, self.ids, self.of = [], 0, {"tgid": 100, "start": 100000, "lineage": 7}
        self.add(0, "start", wall_offset=BEGIN * 10 ** 9, version="0.1.0", host_id="0" * 32, host_name="scenario",
                 boot_id="b00t", run_id="r")
        self.add(0, "policy")
        self.add(1, "exec", **self.of, tid=100, exe=11, parent_tgid=1, parent_start=1000, state=2, path=PRODUCT,
                 args=[PRODUCT], comm="soapd")
        self.add(1, "executable", exe=11, path=PRODUCT, flags=1, sha256="0b" * 32)
        self.add(1, "process", **self.of, user="root")
        for remote in (MIRROR, VENDOR, ABROAD):
            address = remote.split(":", maxsplit=1)[0]
            self.add(1, "place", address=address + ":0", flags=2, asn=64500, country="GB", as_name="Example",
                     network=address + "/32")

    def add(self, at, kind, **members):
        self.lines.append(json.dumps({"kind": kind, "time": int(at * 10 ** 9), **members}) + "\n")

    def next(self):
        self.ids += 1
        return self.ids

    def read(self, at, inode, size, label=None, written=0, path="/srv/file"):
        access = {**self.of, "access": self.next(), "ino": inode, "dev": 8388609, "mode": 0o100644, "size": size}
        self.add(at, "access", flags=1, path=path, **access)
        if label:
            self.add(at, "label", **self.of, access=access["access"], label=label, by="path")
        self.add(at + 0.1, "access", flags=2, read=0 if written else size, to=0 if written else size, written=written, **access)

    def connect(self, at, remote):
        flow = self.next()
        self.add(at, "connect", **self.of, flow=flow, remote=remote, proto=6, flags=0)
        return flow

    def sent(self, at, flow, remote, sent, received=0, closed=False):
        self.add(at, "flow", **self.of, flow=flow, remote=remote, local=f"10.0.0.5:{10000 + flow % 50000}", sent=sent,
                 received=received, flags=5 if closed else 4, proto=6)

    def exchange(self, at, remote, sent, received):
        flow = self.connect(at, remote)
        self.sent(at + 1, flow, remote, sent, received, True)

    def judged(self, custodes, directory):
        """The findings of the ledger's rules, as custodes replay gives them."""
        events, found, site = (os.path.join(directory, name) for name in ("events.ndjson", "found.ndjson", "site"))
        os.makedirs(site, exist_ok=True)
        with open(os.path.join(site, "overlay.json"), "w", encoding="utf-8") as file:
            json.dump(OVERLAY, file)
        with open(events, "w", encoding="utf-8") as file:
            file.writelines(self.lines)
        run = subprocess.run([custodes, "replay", events, "--host", "uk-secret", "--policies", site, "--output",
                              "ecs:" + found], check=False, stderr=subprocess.PIPE, encoding="utf-8")
        if run.returncode not in (0, 1):
            raise RuntimeError(run.stderr)
        with open(found, encoding="utf-8") as file:
            findings = [json.loads(line) for line in file]
        os.unlink(found)
        return [finding for finding in findings if finding["event"]["action"] in RULES]


def drip(rate, remote=VENDOR, days=4):
    """One connection that never closes, at so many bytes a second, until a megabyte or these days are over."""
    record = Record()
    record.read(2, 501, 10 << 20, "SECRET")
    flow, step = record.connect(10, remote), max(1, min(60, 4096 / rate))
    for number in range(1, int(min(days * DAY, (1 << 20) / rate) / step) + 2):
        record.sent(10 + number * step, flow, remote, int(number * step * rate))
    return record


def below_the_blind_rate(custodes, directory, seconds):
    """(rate, hours, bytes that had left) of what only a rule without a blind rate finds."""
    found = drip(RATES[0], ABROAD, 6).judged(custodes, directory)
    if [finding["event"]["action"] for finding in found] != ["leak-bound"]:
        raise RuntimeError("not found, or by others")
    hours = (seconds(found[0]["@timestamp"]) - BEGIN - 10) / 3600
    return RATES[0], hours, int(hours * 3600 * RATES[0])


def month(custodes, directory):
    """Thirty days: a full scan each night, quarantine, updates from the site's mirror each hour, a licence each day."""
    record = Record()
    for day in range(30):
        begin = 100 + day * DAY
        for hour in range(24):
            record.exchange(begin + hour * 3600, MIRROR, 900, 3 << 20)
        record.exchange(begin + 10, VENDOR, 700, 2000)
        for number in range(200):
            record.read(begin + 7200 + number, 1000 + number, 50000, "SECRET" if number % 4 == 0 else None)
        record.read(begin + 8000, 5000 + day, 50000, written=50000, path=f"/opt/sophos-spl/quarantine/{day}")
    record.add(100 + 30 * DAY, "stop")
    return len(record.judged(custodes, directory))


def floor(custodes, directory, seconds):
    """(rate, hours until it is found or None, bytes that had left by then) for each rate."""
    rows = []
    for rate in RATES:
        found = drip(rate).judged(custodes, directory)
        hours = (seconds(found[0]["@timestamp"]) - BEGIN - 10) / 3600 if found else None
        rows.append((rate, hours, int(hours * 3600 * rate) if found else None))
    return rows
