"""Integrating process: a loop that reads the journal, and answers the leader's questions, a line of JSON each.

It has no keys, no storage and nothing of a request but what the journal has. It ends with the leader: at the end of its
input, and by the kernel's parent-death signal where there is one.

    {"directory", "size", "root", "segment", "offset"}   begin; {} when ready
    {}                                                   step; the members of ``Step``
    {"tenants": ``Known``}                               begin with the tenants' logs; {}
    {"advance": size}                                    a part of them, up to that size; the members of ``Round``

An answer with ``error`` is the last one.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import select
import signal
import sys
import time
from pathlib import Path
from typing import Any

import msgspec

from server.audit.ledger.device.directory import LedgerDirectory
from server.audit.ledger.device.integrator import CannotIntegrate, Integrator
from server.audit.ledger.tenants.sizes import Known, Round
from server.audit.ledger.tenants.writing import TenantWriter

READ_ENTRIES = 100
"""The entries that a reading of the journal between steps should find: half a millisecond of a processor.

A request that comes meanwhile may wait for all of it: kernels look only at each tick, every few milliseconds, whether
another thread should run.
"""

SHORTEST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 0.004, 0.04
"""The limits of the interval between readings."""

_NICENESS = 5
"""Requests come first where processors are short; a backlog still gets about a quarter of one."""

_DEATH_SIGNAL = 1  # PR_SET_PDEATHSIG of prctl(2)


def main() -> int:
    """Serve the leader at standard input and output."""
    end_with_parent()
    os.nice(_NICENESS)
    try:
        _serve()
    except (OSError, CannotIntegrate) as error:
        words = error.strerror if isinstance(error, OSError) else str(error)
        with contextlib.suppress(OSError):
            _answer({"error": words or type(error).__name__})
        return 1
    return 0


def end_with_parent() -> None:
    """Have this process end when its parent does, and not by the signals that a terminal sends to both."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_DEATH_SIGNAL, signal.SIGKILL, 0, 0, 0)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)


def _serve() -> None:
    line = sys.stdin.buffer.readline()
    if not line:
        return
    begin = json.loads(line)
    directory = LedgerDirectory(Path(begin["directory"]))
    tenants: TenantWriter | None = None
    integrator = Integrator.resume(
        directory,
        begin["size"],
        bytes.fromhex(begin["root"]),
        begin["segment"],
        begin["offset"],
    )
    _answer({})
    waiting = select.poll()
    waiting.register(sys.stdin.buffer.fileno(), select.POLLIN | select.POLLHUP)
    pause, read = LONGEST_PAUSE_SECONDS, time.monotonic()
    while True:
        if not waiting.poll(pause * 1000):
            count = integrator.absorb()
            last, read = read, time.monotonic()
            pause = pause_for(count, read - last)
        elif not (line := sys.stdin.buffer.readline()):
            return
        elif "tenants" in (question := json.loads(line)):
            tenants = TenantWriter(directory, msgspec.convert(question["tenants"], Known))
            _answer({})
        elif "advance" in question:
            assert tenants is not None, "the logs of tenants are begun with"
            _answer(msgspec.to_builtins(_advanced(tenants, question["advance"])))
        else:
            _answer(_told(integrator, tenants))


def pause_for(count: int, seconds: float) -> float:
    """The seconds until ``READ_ENTRIES`` have come, within the limits, where ``count`` have come in ``seconds``."""
    return max(SHORTEST_PAUSE_SECONDS, min(LONGEST_PAUSE_SECONDS, READ_ENTRIES * seconds / max(count, 1)))


def _told(integrator: Integrator, tenants: TenantWriter | None) -> dict[str, Any]:
    step = integrator.step()
    if tenants is not None and not step.more:
        tenants.caught_up(step.size)
    return {
        "size": step.size,
        "root": step.root.hex(),
        "segment": step.segment,
        "offset": step.offset,
        "skips": [
            {
                "segment": segment,
                "offset": skip.offset,
                "skipped_bytes": skip.skipped_bytes,
                "sha256": skip.sha256,
            }
            for segment, skip in step.skips
        ],
        "more": step.more,
    }


def _advanced(tenants: TenantWriter, end: int) -> Round:
    """A part of the tenants' logs; what fails there doesn't end this process, which has the server's."""
    try:
        return tenants.advance(end)
    except OSError as error:
        return Round(0, {}, [], error=error.strerror or type(error).__name__)


def _answer(members: dict[str, Any]) -> None:
    sys.stdout.buffer.write(json.dumps(members).encode() + b"\n")
    sys.stdout.buffer.flush()


if __name__ == "__main__":
    sys.exit(main())
