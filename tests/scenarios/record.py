# SPDX-License-Identifier: GPL-3.0-or-later
"""Keeps what custodes recorded of plays, as captures that replay judges on any machine and without root.

docs/FORMAT.md says what a capture is. A kept one has what the play did, and nothing of what else ran on the machine
meanwhile: those events are taken out, and so sequences have gaps, and positions are others than they were live.
"""
import base64
import glob
import hashlib
import os
import shutil
import struct
import subprocess

LIMIT = 150 << 10  # bytes of one capture
# What was there before is this machine's business, and not the play's.
WITHOUT = ("process_existing", "file_existing", "memory_existing", "scanner_existing")
# Every capture has all documents of its build: with those of the product and of the host it is a tenth as large.
DOCUMENTS = ("catalogue/sophos.json", "hosts/uk-secret.json", "schemes/gb.json", "measures/uk-ncsc-2022.json")
HEAD, BLOCK_HEAD = struct.Struct("<IHBBQQIIIIQQ"), struct.Struct("<8sIIQ")
EXEC, START, EXECUTABLE, ACTION = 2, 100, 106, 109
OF_NOBODY = (100, 101, 102, 103, 104, 105, 108, 111)  # of the run, not of a process
BLOCK_MAX = 65000


def build(top, directory):
    """custodes as it is here, with these documents only: its path."""
    tree = os.path.join(directory, "custodes")
    shutil.copytree(top, tree, ignore=shutil.ignore_patterns(".git", "asan", "fuzz", "kernels"))
    policies = os.path.join(tree, "policies")
    for path in glob.glob(os.path.join(policies, "*", "*.json")):
        name = os.path.relpath(path, policies)
        if name not in DOCUMENTS and not name.startswith("schema/"):
            os.unlink(path)
    subprocess.run(["make", "-s", "-C", tree], check=True, stdout=subprocess.DEVNULL)
    return os.path.join(tree, "custodes")


def arguments(capture):
    return [word for program in WITHOUT for word in ("--without", program)] + ["--capture", capture]


# ---- a capture, read and written ----

def zstd(options, data):
    return subprocess.run(["zstd", "-cq", *options], input=data, capture_output=True, check=True).stdout


def events(capture):
    for bundle in sorted(glob.glob(os.path.join(capture, "tile", "entries", "*.p", "*"))):
        with open(bundle, "rb") as file:
            data, at = file.read(), 0
        while at < len(data):
            size = int.from_bytes(data[at:at + 2], "big")
            block = zstd(["-d"], data[at + 2:at + 2 + size])
            at, inside = at + 2 + size, BLOCK_HEAD.size
            while inside < len(block):
                length = int.from_bytes(block[inside:inside + 4], "little")
                yield block[inside:inside + length]
                inside += length


def blocks(kept):
    """These events, as few blocks as hold them."""
    room, position, inside = [], 0, 0
    for number, event in enumerate([*kept, None]):
        if room and (event is None or inside + len(event) > BLOCK_MAX - BLOCK_HEAD.size):
            yield BLOCK_HEAD.pack(b"custodes", 1, len(room), position) + b"".join(room)
            room, position, inside = [], number, 0
        if event:
            room.append(event)
            inside += len(event)


def root_of(hashes):
    if len(hashes) == 1:
        return hashes[0]
    split = 1 << (len(hashes) - 1).bit_length() - 1
    return hashlib.sha256(b"\1" + root_of(hashes[:split]) + root_of(hashes[split:])).digest()


def write(capture, origin, kept):
    entries = [zstd(["-19"], block) for block in blocks(kept)]
    hashes = [hashlib.sha256(b"\0" + entry).digest() for entry in entries]
    if not 0 < len(entries) < 256:
        raise ValueError(f"{len(entries)} entries")
    tiles = {"0": b"".join(hashes), "entries": b"".join(len(entry).to_bytes(2, "big") + entry for entry in entries)}
    for name, data in tiles.items():
        place = os.path.join(capture, "tile", name, "000.p")
        os.makedirs(place)
        with open(os.path.join(place, str(len(entries))), "wb") as file:
            file.write(data)
    with open(os.path.join(capture, "checkpoint"), "w", encoding="ascii") as file:
        file.write(f"{origin}\n{len(entries)}\n{base64.b64encode(root_of(hashes)).decode()}\n\n")


# ---- what of it is kept ----

def of_the_play(all_events, directory):
    """What the processes that know this directory did, and those that descend from them; and what is of nobody."""
    kept, lineages, exes = [], set(), set()
    for event in all_events:
        _, kind, *_, lineage = HEAD.unpack_from(event)
        if kind == EXEC:
            parent = int.from_bytes(event[96:104], "little")
            if parent in lineages or directory in event:
                lineages.add(lineage)
        ours = kind in OF_NOBODY or lineage in lineages
        if ours and kind == EXEC:
            exes.add(event[56:88])
        if kind in (EXECUTABLE, ACTION) and event[56:88] in exes:
            ours = True
        if ours:
            kept.append(event)
    return kept


def of_no_machine(event, release):
    """The kernel's version, without the name of who built it."""
    if HEAD.unpack_from(event)[1] != START:
        return event
    plain, _, rest = release.partition("-")
    return event.replace(release.encode(), f"{plain}{'-' * bool(rest)}{'x' * len(rest)}".encode())


def rules(found):
    return sorted({event["event"]["action"] for event in found if event["event"]["kind"] == "alert"})


def size_of(capture):
    return sum(os.path.getsize(path) for path in glob.glob(os.path.join(capture, "**"), recursive=True) if os.path.isfile(path))


def keep(capture, found, directory, words):
    """Keeps what the play did and the rules that spoke; why not, if it cannot be kept."""
    place = os.path.join(directory, "capture")
    shutil.rmtree(directory, ignore_errors=True)
    with open(os.path.join(capture, "checkpoint"), encoding="utf-8") as file:
        origin = file.readline().strip()
    kept = [of_no_machine(event, os.uname().release)
            for event in of_the_play(events(capture), os.path.dirname(capture).encode())]
    write(place, origin, kept)
    size, told = size_of(place), [word for word in words if any(word.encode() in event for event in kept)]
    if told or size > LIMIT:
        shutil.rmtree(directory)
        return f"tells {', '.join(told)}" if told else f"too large, {size} bytes"
    with open(os.path.join(directory, "expected"), "w", encoding="ascii") as file:
        file.writelines(rule + "\n" for rule in rules(found))
    return f"kept, {size} bytes"
