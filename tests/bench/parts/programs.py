# SPDX-License-Identifier: GPL-3.0-or-later
"""The programs under tests/bench/programs, built where they are older than their sources."""
import glob
import os
import subprocess

from . import host

SOURCE = os.path.join("tests", "bench", "programs")
BUILD = os.path.join("build", "bench")
FLAGS = ["-std=gnu17", "-D_GNU_SOURCE", "-O2", "-g", "-Wall", "-Wextra"]
BARE = ["-O2", "-static", "-nostdlib", "-fno-stack-protector"]
LIBS = ["libbpf", "libelf", "zlib", "libcjson", "libzstd", "libcrypto", "libmaxminddb", "libcap-ng"]


def path(name):
    return os.path.abspath(os.path.join(BUILD, name))


def stale(target, sources):
    if not os.path.exists(target):
        return True
    return any(os.path.getmtime(source) > os.path.getmtime(target) for source in sources)


def compile_one(target, sources, arguments):
    if not stale(target, sources):
        return
    host.say(f"building {os.path.basename(target)}")
    os.makedirs(os.path.dirname(target), exist_ok=True)
    subprocess.run([os.environ.get("CC", "gcc"), *arguments, "-o", target], check=True)


def project_objects():
    """What `custodes` is linked from, but for main: the files of user/ two floors down."""
    sources = glob.glob("user/*/*.c") + glob.glob("user/*/*/*.c")
    return [os.path.join("build", "release", source[:-2] + ".o") for source in sorted(sources)]


def linked(source, target):
    objects = project_objects()
    libs = host.output_of(["pkg-config", "--libs", *LIBS]).split()
    compile_one(target, [source, *objects], [*FLAGS, source, *objects, *libs, "-lloc", "-lpthread"])


def build():
    os.makedirs(BUILD, exist_ok=True)
    header = os.path.join(SOURCE, "bench.h")
    for source in glob.glob(os.path.join(SOURCE, "*.c")):
        compile_one(path(os.path.basename(source)[:-2]), [source, header], [*FLAGS, source, "-lpthread"])
    for source in glob.glob(os.path.join(SOURCE, "bare", "*.c")):
        compile_one(path("bare/" + os.path.basename(source)[:-2]), [source], [*BARE, source])
    for source in glob.glob(os.path.join(SOURCE, "linked", "*.c")):
        linked(source, path("linked/" + os.path.basename(source)[:-2]))
