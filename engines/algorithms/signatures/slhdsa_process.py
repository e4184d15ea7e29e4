"""SLH-DSA by the Rust code in ``pqcrypto``, called in child processes.

``pqcrypto`` holds the interpreter's lock while it works, here up to seconds: in a thread it would block the whole
server. So each thread that calls this module has a child process, started at its first call, and waits for it at a
pipe. Keys are sent with each request and not kept.

Its authors say that it has had no audit. It is used because ``cryptography`` doesn't offer OpenSSL's SLH-DSA.
"""

from __future__ import annotations

import atexit
import contextlib
import os
import subprocess
import sys
import threading
import weakref
from importlib.util import find_spec
from pathlib import Path
from typing import IO, Any

import msgspec

from engines.algorithms.signatures import slhdsa_child
from engines.faults import Unavailable

NAME = "pqcrypto"

_KEPT_VARIABLES = ("LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "SYSTEMROOT")
"""The environment variables passed to the child; the others may hold secrets."""

_END_SECONDS = 5


class _Child:
    """One process, used by one thread at a time."""

    def __init__(self) -> None:
        kept = {name: os.environ[name] for name in _KEPT_VARIABLES if name in os.environ}
        try:
            # -P keeps the script's folder, whose modules are named for algorithms, out of the child's path.
            self._process: subprocess.Popen[bytes] = subprocess.Popen(  # noqa: S603 - our own interpreter and module
                [sys.executable, "-P", str(Path(slhdsa_child.__file__))],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                env={**kept, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
            )
        except OSError:
            raise Unavailable("the process for SLH-DSA can't be started") from None

    def ask(self, request: list[Any]) -> list[Any]:
        """The answer to ``request``. Raises ``Unavailable`` if the process has ended."""
        try:
            slhdsa_child.write(_pipe(self._process.stdin), msgspec.msgpack.encode(request))
            message = slhdsa_child.read(_pipe(self._process.stdout))
        except OSError:
            message = None
        if message is None:
            raise Unavailable("the process for SLH-DSA has ended; try again")
        answer: list[Any] = msgspec.msgpack.decode(message)
        return answer

    @property
    def alive(self) -> bool:
        """Whether the process hasn't ended."""
        return self._process.poll() is None

    def close(self) -> None:
        """End the process after its present request."""
        with contextlib.suppress(OSError):
            _pipe(self._process.stdin).close()
        try:
            self._process.wait(_END_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        _pipe(self._process.stdout).close()


def _pipe(pipe: IO[bytes] | None) -> IO[bytes]:
    assert pipe is not None, "both ends were asked for"
    return pipe


_of_thread = threading.local()
_children: weakref.WeakSet[_Child] = weakref.WeakSet()


def close_all() -> None:
    """End all children; a later call starts new ones."""
    for child in list(_children):
        child.close()
        _children.discard(child)


atexit.register(close_all)


def ask(request: list[Any]) -> list[Any]:
    """The answer of this thread's child: ``[True, result...]``, or ``[False]``. Raises ``Unavailable``."""
    child: _Child | None = getattr(_of_thread, "child", None)
    if child is None or not child.alive:
        if child is not None:
            child.close()
        child = _of_thread.child = _Child()
        _children.add(child)
    return child.ask(request)


def installed() -> bool:
    """Whether there is a build of ``pqcrypto`` for this machine."""
    return find_spec(NAME) is not None
