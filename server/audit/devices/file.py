"""File device: appends to a file, a named pipe, or standard output or error.

All workers append to one file. Each ``write`` is one system call on a descriptor in append mode, which the kernel
doesn't interleave with others on a local file. A short write is continued; if that fails, the file ends in a torn line,
and the next entry starts with a newline, on a line of its own.

A local regular file accepts writes at once. A pipe does while it has room: its descriptor is non-blocking, and waiting
for room happens in a thread (``Immediate``). Long lines don't fit into a pipe in one piece; a lock on the pipe keeps
those of several workers apart.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import select
import stat
from collections.abc import Iterator, Mapping
from enum import Enum, auto
from typing import ClassVar

from engines.faults import InvalidRequest
from server.audit.devices.base import DeviceFault
from server.audit.devices.file_systems import is_local

DEFAULT_MODE = 0o600
"""Permissions of the file, unless ``mode`` is set: private to the server's account."""

_DIRECTORY_MODE = 0o700
_NEVER_EXECUTABLE = ~0o111
_DESCRIPTORS = {"stdout": 1, "stderr": 2}
_DISCARD = "discard"


class _Medium(Enum):
    """The kind of medium, by what a write may have to wait for."""

    LOCAL = auto()
    """A regular file on this machine: nothing."""

    PIPE = auto()
    """A pipe behind a descriptor of our own, which is non-blocking: its reader."""

    OTHER = auto()
    """Anything."""


class FileDevice:
    """Appends to ``file_path`` (or ``path``): a file, or ``stdout``, ``stderr`` or ``discard``.

    ``mode`` gives the file's permissions in octal; ``0000`` leaves those of an existing file alone.
    """

    options: ClassVar[Mapping[str, str]] = {
        "file_path": "Path of the file, or `stdout`, `stderr` or `discard`. Required.",
        "path": "Used where `file_path` isn't set.",
        "mode": "Permissions of the file, in octal. Default: `0600`. `0000` keeps those of an existing file.",
    }

    def __init__(self, settings: Mapping[str, str]) -> None:
        path = settings.get("file_path") or settings.get("path")
        if not path:
            raise InvalidRequest("file_path is required")
        self.path = path
        self._mode = _read_mode(settings.get("mode", ""))
        self._stream = _DESCRIPTORS.get(path.lower())
        self._discard = path.lower() == _DISCARD
        self._descriptor: int | None = None
        self._local: int | None = None
        """The descriptor, if it is that of a regular file on this machine."""
        self._medium = _Medium.OTHER
        self._torn = False

    def open(self) -> None:
        """Open the file, created with its directories if absent. A named pipe must have a reader."""
        if not self._discard:
            self._ready()

    def write(self, lines: bytes) -> None:
        """Append with one system call, or as many as the medium needs."""
        if self._discard:
            return
        descriptor = self._ready()
        with self._locked(descriptor, fcntl.LOCK_EX):
            self._append(descriptor, lines)

    def write_immediately(self, lines: bytes) -> bool:
        """As ``Immediate.write_immediately``."""
        if self._local is not None and not self._torn:
            try:
                written = os.write(self._local, lines)
            except OSError as error:
                raise self._fault(error) from error
            if written < len(lines):
                self._carry_on(self._local, lines, written)
            return True
        if self._local is not None:
            self._append(self._local, lines)
            return True
        if self._discard:
            return True
        descriptor = self._descriptor
        if descriptor is None or self._medium is not _Medium.PIPE or len(lines) > select.PIPE_BUF or self._torn:
            return False
        try:
            with self._locked(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB):
                os.write(descriptor, lines)  # Such a short write is atomic (pipe(7)).
        except BlockingIOError:
            return False
        except OSError as error:
            raise self._fault(error) from error
        return True

    def reopen(self) -> None:
        """Open the path anew; the old file stays in use if that fails."""
        if self._discard or self._stream is not None:
            return
        opened, medium = self._open_file()
        self.close()
        self._use(opened, medium)
        self._torn = False

    def close(self) -> None:
        """Close the file; standard output and error stay open, since others use them."""
        descriptor, self._descriptor = self._descriptor, None
        self._local = None
        if descriptor is not None and descriptor != self._stream:
            os.close(descriptor)

    def _append(self, descriptor: int, lines: bytes) -> None:
        if self._torn:
            lines = b"\n" + lines
        written = 0
        try:
            written = os.write(descriptor, lines)
        except BlockingIOError:
            pass
        except OSError as error:
            raise self._fault(error) from error
        if written < len(lines):
            self._carry_on(descriptor, lines, written)
        self._torn = False

    def _carry_on(self, descriptor: int, lines: bytes, written: int) -> None:
        """Write the rest, as the medium accepts it."""
        try:
            while written < len(lines):
                try:
                    written += os.write(descriptor, lines[written:])
                except BlockingIOError:
                    _wait_for_room(descriptor)
        except OSError as error:
            if written:
                self._torn = True
            raise self._fault(error) from error

    @contextlib.contextmanager
    def _locked(self, descriptor: int, operation: int) -> Iterator[None]:
        """Keep other processes from writing to a pipe within a line. Raises ``BlockingIOError`` as flock(2) does."""
        if self._medium is not _Medium.PIPE:
            yield
            return
        fcntl.flock(descriptor, operation)
        try:
            yield
        finally:
            fcntl.flock(descriptor, fcntl.LOCK_UN)

    def _ready(self) -> int:
        """The descriptor, opened if it wasn't."""
        if self._descriptor is None:
            try:
                opened = self._open_file() if self._stream is None else _open_stream(self._stream)
            except OSError as error:
                raise self._fault(error) from error
            self._use(*opened)
            return opened[0]
        return self._descriptor

    def _use(self, descriptor: int, medium: _Medium) -> None:
        self._descriptor, self._medium = descriptor, medium
        self._local = descriptor if medium is _Medium.LOCAL else None

    def _open_file(self) -> tuple[int, _Medium]:
        # Non-blocking, since opening a named pipe would wait for its reader. It has no effect on regular files.
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC | os.O_NONBLOCK
        action = "mkdir"
        try:
            directory = os.path.dirname(self.path)
            if directory:
                os.makedirs(directory, _DIRECTORY_MODE, exist_ok=True)
            action = "open"
            descriptor = os.open(self.path, flags, self._mode or DEFAULT_MODE)
            if self._mode and stat.S_ISREG(os.fstat(descriptor).st_mode):
                try:
                    os.fchmod(descriptor, self._mode)
                except OSError:
                    os.close(descriptor)
                    action = "chmod"
                    raise
        except OSError as error:
            raise DeviceFault(
                f'sanity check failed; unable to open "{self.path}" for writing: '
                f"{action} {error.filename or self.path}: {_words(error)}"
            ) from error
        return descriptor, _medium_of(descriptor, self.path)

    def _fault(self, error: OSError) -> DeviceFault:
        return DeviceFault(f"write {self.path}: {_words(error)}")


def _open_stream(stream: int) -> tuple[int, _Medium]:
    """A descriptor for standard output or error.

    A pipe is opened again where that is allowed: making the shared descriptor non-blocking would disturb its other
    users.
    """
    path = f"/proc/self/fd/{stream}"
    if stat.S_ISFIFO(os.fstat(stream).st_mode):
        with contextlib.suppress(OSError):
            own = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CLOEXEC | os.O_NONBLOCK)
            return own, _Medium.PIPE
        return stream, _Medium.OTHER
    return stream, _medium_of(stream, path)


def _medium_of(descriptor: int, path: str) -> _Medium:
    status = os.fstat(descriptor)
    if stat.S_ISREG(status.st_mode) and is_local(path, status.st_dev):
        return _Medium.LOCAL
    return _Medium.PIPE if stat.S_ISFIFO(status.st_mode) else _Medium.OTHER


def _wait_for_room(descriptor: int) -> None:
    """Wait until ``descriptor`` has room, or is broken."""
    poll = select.poll()
    poll.register(descriptor, select.POLLOUT)
    poll.poll()


def _read_mode(text: str) -> int:
    """Permission bits; 0 to keep the file's own. Execute bits are dropped: a log is never executable."""
    if not text:
        return DEFAULT_MODE
    if not all("0" <= digit <= "7" for digit in text):
        raise InvalidRequest(f'strconv.ParseUint: parsing "{text}": invalid syntax')
    return int(text, 8) & 0o777 & _NEVER_EXECUTABLE


def _words(error: OSError) -> str:
    """The system's text of an error, in lower case as Go has it."""
    words = (error.strerror or "input/output error").lower()
    return f"{words} (a named pipe needs a reader)" if error.errno == errno.ENXIO else words
