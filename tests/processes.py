"""What Linux knows of a process group: who is in it, the memory it takes, the processor time it has used.

A server is measured and ended as a whole: a supervisor with its workers is one group, as is a single process that is
many threads. Memory is the proportional set size, in which a page shared by two processes counts half for each, so that
forked workers are neither counted twice nor let off.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

_TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")

# Indices behind the command name's closing parenthesis in /proc/PID/stat, see proc(5).
_STATE, _GROUP, _USER_TIME, _SYSTEM_TIME = 0, 2, 11, 12


def members(group: int) -> list[int]:
    """The living processes of process group ``group``; zombies are dead."""
    return [process for process, fields in _statuses(group) if fields[_STATE] not in ("Z", "X")]


def memory_bytes(group: int) -> int:
    """The proportional set size of all processes of the group, in bytes."""
    total = 0
    for process in members(group):
        try:
            rollup = Path(f"/proc/{process}/smaps_rollup").read_text(encoding="ascii")
        except (FileNotFoundError, ProcessLookupError):
            continue  # It ended since it was listed.
        for line in rollup.splitlines():
            if line.startswith("Pss:"):
                total += int(line.split()[1]) * 1024
    return total


def processor_seconds(group: int) -> float:
    """The processor time, user and system, that the living processes of the group have used so far."""
    ticks = sum(int(fields[_USER_TIME]) + int(fields[_SYSTEM_TIME]) for _, fields in _statuses(group))
    return ticks / _TICKS_PER_SECOND


def _statuses(group: int) -> Iterator[tuple[int, list[str]]]:
    for entry in os.listdir("/proc"):
        if not entry.isdigit():
            continue
        try:
            text = Path(f"/proc/{entry}/stat").read_text(encoding="utf-8", errors="replace")
        except (FileNotFoundError, ProcessLookupError):
            continue
        # The command name may hold spaces and parentheses; what follows its last one is regular.
        fields = text.rpartition(")")[2].split()
        if int(fields[_GROUP]) == group:
            yield int(entry), fields
