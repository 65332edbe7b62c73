# SPDX-License-Identifier: GPL-3.0-or-later
"""The product scans a directory that is another host's, over the network, and leaves its report there."""
import os
import socket
import subprocess

KIND = "benign"
PORT = 2222
SERVER = "/usr/lib/openssh/sftp-server"


def stranger(world):
    directory = os.path.dirname(world["files"][0])
    os.chdir(directory)  # the server stays below what is mounted over it
    with socket.create_server((world["site"], PORT)) as listening:
        listening.settimeout(20)
        mount = subprocess.Popen(["sshfs", "-f", "-o", f"directport={PORT},allow_other", f"{world['site']}:.", directory])
        connection, _ = listening.accept()
    server = subprocess.Popen([SERVER], stdin=connection, stdout=connection)
    connection.close()
    while not os.path.ismount(directory):
        if mount.poll() is not None:
            raise SystemExit("sshfs ended")
    open(os.path.join(world["scratch"], "ready"), "w").close()
    server.wait()


def product(world):
    report = os.path.join(os.path.dirname(world["files"][0]), "last-scan")
    with open(report, "w", encoding="utf-8") as log:
        for path in world["files"]:
            with open(path, "rb") as file:
                print(len(file.read()), "OK", file=log)
