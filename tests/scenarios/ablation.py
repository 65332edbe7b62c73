# SPDX-License-Identifier: GPL-3.0-or-later
"""Each rule that can be set off, set off by the host's profile, on the lists of tests/replay in which one of them speaks."""
import glob
import json
import os
import subprocess
import tempfile

from rules import OF_CONDUCT, RULES

# What the topmost tiers bear where the profile says nothing: stated, so that a rule can be set off beside it.
LIMITS = {"labels": ["SECRET"], "bytes": 32768, "bytes_per_second": 0.1}


def profile(top, host, off):
    """The host's document with these rules off for each label that it limits."""
    path = os.path.join(top, host if "/" in host else f"policies/hosts/{host}.json")
    with open(path, encoding="utf-8") as file:
        document = json.load(file)
    limits = document.setdefault("limits", [dict(LIMITS)])
    for limit in limits:
        limit["rules"] = limit.get("rules", {}) | {rule: "off" for rule in off}
    return document


def speaking(custodes, top, case, off):
    """The rules that can be set off and speak in this list."""
    with open(os.path.join(case, "args"), encoding="utf-8") as file:
        arguments = file.read().split()
    if "--host" not in arguments:
        return set()
    at = arguments.index("--host") + 1
    with tempfile.TemporaryDirectory(prefix="scenario.") as directory:
        host, found = os.path.join(directory, "host.json"), os.path.join(directory, "found.ndjson")
        with open(host, "w", encoding="utf-8") as file:
            json.dump(profile(top, arguments[at], off), file)
        arguments[at] = host
        run = subprocess.run([custodes, "-q", "replay", os.path.join(case, "events.ndjson"), *arguments, "--output", "ecs:" + found],
                             cwd=top, check=False, stderr=subprocess.PIPE, encoding="utf-8")
        if run.returncode not in (0, 1):
            raise RuntimeError(run.stderr)
        with open(found, encoding="utf-8") as file:
            return {event["event"]["action"] for event in map(json.loads, file) if event["event"]["action"] in RULES + OF_CONDUCT}


def table(custodes, top):
    """(rule, in how many lists it speaks, the lists that are lost without it) for each rule."""
    cases = {os.path.basename(case): case for case in glob.glob(os.path.join(top, "tests", "replay", "*"))
             if os.path.exists(os.path.join(case, "events.ndjson"))}
    found = {name: speaking(custodes, top, case, ()) for name, case in sorted(cases.items())}
    rows = []
    for rule in RULES + OF_CONDUCT:
        own = [name for name, rules in found.items() if rule in rules]
        without = {name: speaking(custodes, top, cases[name], (rule,)) for name in own}
        if any(rules != found[name] - {rule} for name, rules in without.items()):
            raise RuntimeError(f"{rule} set off changes what others say: {without}")
        rows.append((rule, len(own), [name for name in own if not without[name]]))
    return rows
