# SPDX-License-Identifier: GPL-3.0-or-later
"""What recording costs, how large it is, and how fast it is verified."""
import gzip
import os
import shutil
import subprocess
import time

from . import host, programs, replay

ROUNDS = 5
BUSY = 10_000  # events a second, of a busy host
OUTPUTS = {"text": "findings as text", "ecs": "every event of a product as ECS"}


def paced(source):
    """A minute of a busy host: a seal for each second."""
    path, said = replay.synthetic(source, 60 * BUSY, each=BUSY)
    shutil.rmtree(path)
    return {"share": said["cpu_ns"] / 60e9, "seals": said["seals"]}


def recording(source, events, output):
    """The live pipeline with a capture being written and without, in turns; each seal for some seconds' worth."""
    host.say(f"evidence: recording beside {output}")
    path, _ = replay.synthetic(source, events)
    lines = host.output_of([programs.path("linked/recording"), path, path + ".again", str(ROUNDS), "1000000",
                            output + ":/dev/null"]).splitlines()
    rounds = [dict(zip(line.split()[::2], map(int, line.split()[1::2]))) for line in lines]
    for index in range(ROUNDS):
        shutil.rmtree(f"{path}.again.{index}")
    shutil.rmtree(path)
    events = rounds[0]["events"]
    return {kind: {"extra": host.median([r[f"{prefix}recorded_ns"] / r[f"{prefix}plain_ns"] - 1 for r in rounds]),
                   "plain_ns": host.median([r[f"{prefix}plain_ns"] / events for r in rounds])}
            for kind, prefix in (("wall", ""), ("thread", "thread_"), ("cpu", "cpu_"))}


def seconds(arguments):
    begun = time.monotonic()
    done = subprocess.run(arguments, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, check=False)
    if done.returncode not in (0, 3):  # a capture that was made in one go has late heartbeats
        raise RuntimeError(f"{arguments}: {done.stderr}")
    return time.monotonic() - begun


def bundles(capture):
    return [os.path.join(where, name) for where, _, names in os.walk(os.path.join(capture, "tile", "entries"))
            for name in names]


def verifying(capture):
    """Against openssl on the same bytes, in turns."""
    host.say("evidence: verify beside openssl")
    files = bundles(capture)
    ways = {"openssl": ["openssl", "dgst", "-sha256", *files],
            "hashes": [host.custodes(), "-q", "verify", "--hashes", capture],
            "whole": [host.custodes(), "-q", "verify", capture]}
    took = {name: [] for name in ways}
    for _ in range(ROUNDS + 1):  # the first round warms the page cache
        for name, arguments in ways.items():
            took[name].append(seconds(arguments))
    ratio = {name: host.median([t / o for t, o in zip(took[name][1:], took["openssl"][1:])]) for name in ways}
    return {"bytes": sum(map(os.path.getsize, files)), "ratio": ratio,
            "seconds": {name: host.median(times[1:]) for name, times in took.items()}}


def proof(capture):
    """Of one event in the middle: its entry, its checkpoint and the way between them."""
    path = capture + ".tlog-proof"
    subprocess.run([host.custodes(), "-q", "prove", capture, "100000", "-o", path], check=True)
    return os.path.getsize(path)


def sizes(capture, events):
    """Bytes of an event: as a capture, as the SIEM gets it, and that with gzip."""
    path = capture + ".ndjson"
    subprocess.run([host.custodes(), "-q", "replay", capture, "--output", "ecs:" + path], check=False)
    with open(path, "rb") as file:
        told = file.read()
    return {"capture": replay.disk_bytes(capture) / events, "ndjson": len(told) / events,
            "gzip": len(gzip.compress(told, 6)) / events}


def measure():
    source = replay.real_capture()
    found = {"paced": paced(source), "recording": {"text": recording(source, 1_000_000, "text"), "ecs": recording(source, 50_000, "ecs")}}
    large, said = replay.synthetic(source, host.EVENTS)
    found["writer"] = replay.writer_numbers(said)
    found["verify"], found["proof"] = verifying(large), proof(large)
    shutil.rmtree(large)
    small, said = replay.synthetic(source, max(20000, host.EVENTS // 10))
    found["sizes"] = sizes(small, said["events"])
    shutil.rmtree(small)
    return found


def yes(holds):
    return "yes" if holds else "NO"


def requirements(found):
    ratio = found["verify"]["ratio"]["hashes"]
    fewer = {output: 1 - 1 / (1 + recorded["wall"]["extra"]) for output, recorded in found["recording"].items()}
    return [*([f"recording, events a second of the pipeline, {OUTPUTS[output]}", "< 10 % fewer",
               f"{share * 100:.1f} % fewer", yes(share < 0.10)] for output, share in fewer.items()),
            [f"recording {BUSY:,} events a second", "< 2 % of a core", f"{found['paced']['share'] * 100:.2f} %",
             yes(found["paced"]["share"] < 0.02)],
            ["sealed on one core", ">= 1,000,000 events/s", host.number(found["writer"]["per_second"]),
             yes(found["writer"]["per_second"] >= 1_000_000)],
            ["a block's proof", "< 100 KiB", f"{found['proof'] / 1024:.1f} KiB", yes(found["proof"] < 100 * 1024)],
            ["verify --hashes / openssl dgst -sha256", "<= 1.2", f"{ratio:.2f}", yes(ratio <= 1.2)]]


def part(_names, _results):
    found = measure()
    verify, size = found["verify"], found["sizes"]
    host.table(f"F. VERIFY of {verify['bytes'] / 1e6:,.0f} MB of entries (median of {ROUNDS}, in turns, in the page cache)",
               ["", "seconds", "to openssl"],
               [[label, f"{verify['seconds'][name]:.2f}", f"{verify['ratio'][name]:.2f}"] for name, label in
                (("openssl", "openssl dgst -sha256"), ("hashes", "verify --hashes"), ("whole", "verify"))])
    for output, recorded in found["recording"].items():
        host.table(f"F. RECORDING, ns an event, {OUTPUTS[output]}", ["", "without", "more with it"],
                   [[label, f"{recorded[name]['plain_ns']:.0f}", host.percent(1 + recorded[name]["extra"]) + " %"] for name, label in
                    (("wall", "time that passes"), ("thread", "CPU of the events' thread"), ("cpu", "CPU in all"))])
    host.note(f"bytes an event: {size['capture']:.1f} as a capture, {size['ndjson']:.0f} as ECS, {size['gzip']:.1f} "
              "as ECS with gzip -6")
    found["requirements"] = requirements(found)
    return found
