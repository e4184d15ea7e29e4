"""The file device: appends to a file, or to standard output or error.

All workers append to one file. Each ``write`` is one system call on a descriptor in append mode, which the kernel
doesn't interleave with others on a local file. A write that was cut short is carried on; if that fails, the file ends
in a torn line, and the next entry starts with a newline so that it stands on a line of its own.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping

from engines.faults import InvalidRequest
from server.audit.devices.base import DeviceFault

DEFAULT_MODE = 0o600
"""Permissions of the file, unless ``mode`` says otherwise; entries are nobody else's business."""

_DIRECTORY_MODE = 0o700
_NEVER_EXECUTABLE = ~0o111
_DESCRIPTORS = {"stdout": 1, "stderr": 2}
_DISCARD = "discard"


class FileDevice:
    """Appends to ``file_path`` (or ``path``): a file, or ``stdout``, ``stderr`` or ``discard``.

    ``mode`` gives the file's permissions in octal; ``0000`` leaves those of an existing file alone.
    """

    def __init__(self, settings: Mapping[str, str]) -> None:
        path = settings.get("file_path") or settings.get("path")
        if not path:
            raise InvalidRequest("file_path is required")
        self.path = path
        self._mode = _read_mode(settings.get("mode", ""))
        self._stream = _DESCRIPTORS.get(path.lower())
        self._discard = path.lower() == _DISCARD
        self._descriptor: int | None = None
        self._torn = False

    def open(self) -> None:
        """Open the file, made with its directories if it isn't there."""
        if not self._discard:
            self._ready()

    def write(self, lines: bytes) -> None:
        """Append with one system call, or as many as the medium demands."""
        if self._discard:
            return
        descriptor = self._ready()
        if self._torn:
            lines = b"\n" + lines
        written = 0
        try:
            written = os.write(descriptor, lines)
            while written < len(lines):
                written += os.write(descriptor, lines[written:])
        except OSError as error:
            if written:
                self._torn = True
            raise DeviceFault(f"write {self.path}: {_words(error)}") from error
        self._torn = False

    def reopen(self) -> None:
        """Open the path anew; the old file stays in use if that fails."""
        if self._discard or self._stream is not None:
            return
        opened = self._open_file()
        self.close()
        self._descriptor = opened
        self._torn = False

    def close(self) -> None:
        """Close the file; standard output and error stay open, being everybody's."""
        descriptor, self._descriptor = self._descriptor, None
        if descriptor is not None and self._stream is None:
            os.close(descriptor)

    def _ready(self) -> int:
        """The descriptor, opened if it wasn't."""
        if self._descriptor is None:
            self._descriptor = self._stream if self._stream is not None else self._open_file()
        return self._descriptor

    def _open_file(self) -> int:
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC
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
        return descriptor


def _read_mode(text: str) -> int:
    """Permission bits; 0 for "leave them alone". A log is never executable, whatever the setting says."""
    if not text:
        return DEFAULT_MODE
    if not all("0" <= digit <= "7" for digit in text):
        raise InvalidRequest(f'strconv.ParseUint: parsing "{text}": invalid syntax')
    return int(text, 8) & 0o777 & _NEVER_EXECUTABLE


def _words(error: OSError) -> str:
    """The system's words for an error, in lower case as Go has them."""
    return (error.strerror or "input/output error").lower()
