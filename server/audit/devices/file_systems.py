"""Local file systems: writes to them go to memory and take microseconds.

On any other (network file systems, FUSE) a write may take any time.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path

LOCAL_TYPES = frozenset(
    {
        "bcachefs",
        "btrfs",
        "exfat",
        "ext2",
        "ext3",
        "ext4",
        "f2fs",
        "jfs",
        "overlay",
        "ramfs",
        "tmpfs",
        "vfat",
        "xfs",
        "zfs",
    }
)
"""Types of file systems of the Linux kernel, as ``/proc/self/mountinfo`` names them (proc(5))."""

MOUNTS = Path("/proc/self/mountinfo")

_OCTAL = re.compile(r"\\([0-7]{3})")


def is_local(path: str, device: int) -> bool:
    """Whether the file at ``path``, whose ``st_dev`` is ``device``, is on a local file system.

    True where that is unknown, as on other systems than Linux.
    """
    if sys.platform != "linux":
        return True
    number = f"{os.major(device)}:{os.minor(device)}"
    real = os.path.realpath(path)
    above, longest = "", -1
    for mounted, point, kind in _mounts():
        if mounted == number:
            return kind in LOCAL_TYPES
        # The device numbers of btrfs subvolumes aren't listed: then the innermost mount point above the file decides.
        if len(point) >= longest and (real == point or real.startswith(point.rstrip("/") + "/")):
            above, longest = kind, len(point)
    return not above or above in LOCAL_TYPES


def _mounts() -> Iterator[tuple[str, str, str]]:
    """Device number, mount point and type of each mounted file system."""
    try:
        lines = MOUNTS.read_text(encoding="utf-8", errors="surrogateescape").splitlines()
    except OSError:
        return
    for line in lines:
        before, _, after = line.partition(" - ")
        fields = before.split(" ")
        yield fields[2], _OCTAL.sub(lambda match: chr(int(match[1], 8)), fields[4]), after.partition(" ")[0]
