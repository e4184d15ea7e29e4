"""Host information from Linux's ``/proc``, in the shapes of ``sys/host-info``.

Each function takes the present time and raises ``OSError``, ``ValueError`` or ``LookupError`` if the system lacks the
information.
"""

from __future__ import annotations

import os
import platform
import socket
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

_PROC = Path("/proc")
_MAX_DISKS = 64
_KIB = 1024


def processors(now: float) -> list[dict[str, Any]]:
    """One entry for each logical processor."""
    found = []
    for block in (_PROC / "cpuinfo").read_text().strip().split("\n\n"):
        fields = _fields(block)
        if "processor" not in fields:
            continue
        found.append(
            {
                "cpu": int(fields["processor"]),
                "vendorId": fields.get("vendor_id", ""),
                "family": fields.get("cpu family", ""),
                "model": fields.get("model", ""),
                "stepping": int(fields.get("stepping", "0")),
                "physicalId": fields.get("physical id", ""),
                "coreId": fields.get("core id", ""),
                "cores": 1,
                "modelName": fields.get("model name", ""),
                "mhz": float(fields.get("cpu MHz", "0")),
                "cacheSize": int(fields.get("cache size", "0").split()[0]),
                "flags": fields.get("flags", "").split(),
                "microcode": fields.get("microcode", ""),
            }
        )
    return found


def processor_times(now: float) -> list[dict[str, Any]]:
    """The seconds that each logical processor has spent in each state, since the machine started."""
    names = ("user", "nice", "system", "idle", "iowait", "irq", "softirq", "steal", "guest", "guestNice")
    ticks = os.sysconf("SC_CLK_TCK")
    found = []
    for line in (_PROC / "stat").read_text().splitlines():
        name, *values = line.split()
        if name.startswith("cpu") and name != "cpu":
            seconds = (int(value) / ticks for value in values)
            found.append({"cpu": name, **dict(zip(names, seconds, strict=False))})
    return found


def disks(now: float) -> list[dict[str, Any]]:
    """The mounted file systems of devices."""
    found: dict[str, dict[str, Any]] = {}
    for line in (_PROC / "self" / "mounts").read_text().splitlines():
        device, path, kind, *_ = line.split(" ")
        if not device.startswith("/dev/") or device in found or len(found) >= _MAX_DISKS:
            continue
        usage = os.statvfs(path)
        used = (usage.f_blocks - usage.f_bfree) * usage.f_frsize
        free = usage.f_bavail * usage.f_frsize
        inodes_used = usage.f_files - usage.f_ffree
        found[device] = {
            "path": path,
            "fstype": kind,
            "total": usage.f_blocks * usage.f_frsize,
            "free": free,
            "used": used,
            "usedPercent": _percent(used, used + free),
            "inodesTotal": usage.f_files,
            "inodesUsed": inodes_used,
            "inodesFree": usage.f_ffree,
            "inodesUsedPercent": _percent(inodes_used, usage.f_files),
        }
    return list(found.values())


def system(now: float) -> dict[str, Any]:
    """The operating system."""
    uptime = int(float((_PROC / "uptime").read_text().split()[0]))
    try:
        release = platform.freedesktop_os_release()
    except OSError:
        release = {}
    return {
        "hostname": socket.gethostname(),
        "uptime": uptime,
        "bootTime": int(now) - uptime,
        "procs": sum(entry.name.isdecimal() for entry in os.scandir(_PROC)),
        "os": platform.system().lower(),
        "platform": release.get("ID", ""),
        "platformFamily": release.get("ID_LIKE", release.get("ID", "")),
        "platformVersion": release.get("VERSION_ID", ""),
        "kernelVersion": platform.release(),
        "kernelArch": platform.machine(),
    }


def memory(now: float) -> dict[str, Any]:
    """The main memory, in bytes."""
    fields = {name: int(text.split()[0]) * _KIB for name, text in _fields((_PROC / "meminfo").read_text()).items()}
    total, available = fields["MemTotal"], fields["MemAvailable"]
    return {
        "total": total,
        "available": available,
        "used": total - available,
        "usedPercent": _percent(total - available, total),
        "free": fields["MemFree"],
        "active": fields["Active"],
        "inactive": fields["Inactive"],
        "buffers": fields["Buffers"],
        "cached": fields["Cached"] + fields["SReclaimable"],
        "shared": fields["Shmem"],
        "swaptotal": fields["SwapTotal"],
        "swapfree": fields["SwapFree"],
    }


PARTS: Mapping[str, Callable[[float], Any]] = {
    "cpu": processors,
    "cpu_times": processor_times,
    "disk": disks,
    "host": system,
    "memory": memory,
}
"""The functions by their names in the answer."""


def _fields(text: str) -> dict[str, str]:
    pairs = (line.partition(":") for line in text.splitlines())
    return {name.strip(): value.strip() for name, _, value in pairs}


def _percent(part: int, whole: int) -> float:
    return 100 * part / whole if whole else 0.0
