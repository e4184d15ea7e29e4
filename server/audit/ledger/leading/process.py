"""The leader's end of the integrating process (``server.audit.ledger.leading.child``): start, step, and the end of it.

A process of its own, because hashing and tiles take microseconds of every entry, which requests would wait for; started
as a program, since a worker with threads must not fork. Hashing and the kernel are most of what it costs.
"""

from __future__ import annotations

import contextlib
import os
import select
import subprocess
import sys
from pathlib import Path
from typing import Any

import msgspec

import server
from server.audit.ledger.device.state import LedgerState
from server.audit.ledger.tenants.sizes import Known, Round

ANSWER_SECONDS = 10.0
"""The seconds that a step may take before the process is replaced; it usually takes some hundredths."""

_KEPT_VARIABLES = ("LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "SYSTEMROOT")
_MODULE = "server.audit.ledger.leading.child"
_MAX_ANSWER_BYTES = 1024 * 1024


class IntegratorFailed(Exception):
    """The process has ended, reported an error, or doesn't answer; its successor starts from the stored state."""


class SkipRecord(msgspec.Struct, frozen=True):
    """Bytes of a segment that were passed by: the members of a ``recovered`` entry."""

    segment: int
    offset: int
    skipped_bytes: int
    sha256: str


class StepRecord(msgspec.Struct, frozen=True):
    """The result of a step; see ``server.audit.ledger.device.integrator.Step``."""

    size: int
    root: str
    segment: int
    offset: int
    skips: list[SkipRecord]
    more: bool


class IntegratorProcess:
    """One integrating process, used by one thread at a time. Methods raise ``IntegratorFailed``."""

    def __init__(self, directory: Path, state: LedgerState) -> None:
        try:
            self._process: subprocess.Popen[bytes] = subprocess.Popen(  # noqa: S603 - our own interpreter and module
                program(_MODULE),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                env=program_environment(),
                cwd="/",
            )
        except OSError as error:
            raise IntegratorFailed(f"the integrating process can't be started: {error.strerror}") from error
        try:
            self._ask(
                {
                    "directory": str(directory),
                    "size": state.size,
                    "root": state.root.hex(),
                    "segment": state.segment,
                    "offset": state.offset,
                }
            )
        except BaseException:
            self.close()
            raise

    @property
    def pid(self) -> int:
        """The process's number."""
        return self._process.pid

    def step(self) -> StepRecord:
        """Have it integrate what has come, and return what that came to."""
        try:
            return msgspec.json.decode(self._ask({}), type=StepRecord)
        except msgspec.MsgspecError as error:
            raise IntegratorFailed("the integrating process answers otherwise than expected") from error

    def begin_tenants(self, known: Known) -> None:
        """Have it write tenants' logs too, from what is remembered of them on."""
        self._ask({"tenants": known})

    def advance_tenants(self, end: int) -> Round:
        """Have it write a part of the tenants' entries below ``end``, and return what that came to."""
        try:
            return msgspec.json.decode(self._ask({"advance": end}), type=Round)
        except msgspec.MsgspecError as error:
            raise IntegratorFailed("the integrating process answers otherwise than expected") from error

    def kill(self) -> None:
        """Kill the process, which may happen at any point of its work. May be called from any thread."""
        with contextlib.suppress(OSError):
            self._process.kill()

    def close(self) -> None:
        """``kill``, and release what is left of it."""
        self.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                with contextlib.suppress(OSError):
                    pipe.close()

    def _ask(self, question: dict[str, Any]) -> bytes:
        stdin, stdout = self._process.stdin, self._process.stdout
        assert stdin is not None and stdout is not None
        try:
            stdin.write(msgspec.json.encode(question) + b"\n")
            stdin.flush()
            answer = _line(stdout.fileno())
        except OSError as error:
            raise IntegratorFailed("the integrating process has ended") from error
        if answer.startswith(b'{"error"'):
            raise IntegratorFailed(str(msgspec.json.decode(answer)["error"]))
        return answer


def program(module: str) -> list[str]:
    """The command that runs a module of ours as a program."""
    return [sys.executable, "-P", "-m", module]


def program_environment() -> dict[str, str]:
    """The environment of such a program: no more of ours than it takes to find what it imports."""
    kept = {name: os.environ[name] for name in _KEPT_VARIABLES if name in os.environ}
    checkout = str(Path(server.__file__).parents[1])
    return {**kept, "PYTHONPATH": os.pathsep.join(filter(None, [checkout, *sys.path]))}


def _line(descriptor: int) -> bytes:
    """The next line from a pipe that has no more than that. Raises ``IntegratorFailed``, ``OSError``."""
    waiting = select.poll()
    waiting.register(descriptor, select.POLLIN | select.POLLHUP)
    line = b""
    while not line.endswith(b"\n"):
        if not waiting.poll(ANSWER_SECONDS * 1000):
            raise IntegratorFailed(f"the integrating process has not answered within {ANSWER_SECONDS:g} seconds")
        part = os.read(descriptor, _MAX_ANSWER_BYTES)
        if not part or len(line) > _MAX_ANSWER_BYTES:
            raise IntegratorFailed("the integrating process has ended")
        line += part
    return line
