# SPDX-License-Identifier: GPL-3.0-or-later
"""A classified archive is unpacked, scanned and deleted; a log says which files there were."""
import os
import sys
import tarfile

KIND = "benign"


def product(world):
    archive = os.path.join(world["own"], "archive.tar")
    with tarfile.open(archive, "w") as tar:
        for path in world["files"]:
            tar.add(path)
    with tarfile.open(archive) as tar:
        for member in tar.getmembers():
            data = tar.extractfile(member).read()
            print(member.name, len(data), "OK", file=sys.stderr)
    os.unlink(archive)
