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
_PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")

# Indices behind the command name's closing parenthesis in /proc/PID/stat, see proc(5).
_STATE, _PARENT, _GROUP, _USER_TIME, _SYSTEM_TIME = 0, 1, 2, 11, 12

# Of /proc/PID/task/TID/schedstat, in nanoseconds.
_RUN, _WAITED = 0, 1


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


def children(group: int) -> list[int]:
    """The living processes that the first process of the group has started by itself, as a supervisor its workers."""
    statuses = _statuses(group)
    return sorted(process for process, fields in statuses if fields[_PARENT] == str(group) and fields[_STATE] != "Z")


def thread_seconds(process: int) -> float:
    """The processor time that the living threads of a process have used, to far less than a tick; 0 if it is gone."""
    return _scheduled_seconds(process, _RUN)


def thread_waiting_seconds(process: int) -> float:
    """How long the living threads of a process were ready and another had the processor; 0 if it is gone."""
    return _scheduled_seconds(process, _WAITED)


def wants_processor(process: int) -> bool:
    """Whether a thread of a process runs now or is ready to."""
    try:
        return any(_thread_state(process, thread) == "R" for thread in os.listdir(f"/proc/{process}/task"))
    except (FileNotFoundError, ProcessLookupError):
        return False


def _thread_state(process: int, thread: str) -> str:
    text = Path(f"/proc/{process}/task/{thread}/stat").read_text(encoding="utf-8", errors="replace")
    return text.rpartition(")")[2].split()[_STATE]


def _scheduled_seconds(process: int, field: int) -> float:
    total = 0
    try:
        for thread in os.listdir(f"/proc/{process}/task"):
            total += int(Path(f"/proc/{process}/task/{thread}/schedstat").read_text(encoding="ascii").split()[field])
    except (FileNotFoundError, ProcessLookupError):
        pass  # A thread, or all of them, ended since they were listed.
    return total / 1e9


def resident_bytes(process: int) -> int:
    """What a process has in memory, pages shared with others included; 0 if it is gone."""
    try:
        return int(Path(f"/proc/{process}/statm").read_text(encoding="ascii").split()[1]) * _PAGE_BYTES
    except (FileNotFoundError, ProcessLookupError):
        return 0


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
