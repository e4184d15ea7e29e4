"""Sources of a log's files: a directory, or a server that publishes them."""

from __future__ import annotations

import errno
import os
import re
import ssl
import stat
from collections import OrderedDict
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Protocol

import httpx2

from server.audit.ledger.offline.findings import Kind, Report

MAX_NAMES = 1_000_000
"""The most names that are read of one directory."""

_MAX_LIST_BYTES = 1024 * 1024
_NAME = re.compile(r"[A-Za-z0-9_.\-]{1,255}", re.ASCII)
_OPEN_DIRECTORIES = 16
_ABSENT = frozenset({errno.ENOENT, errno.ENOTDIR})
_SECONDS = 30.0


class Unreadable(Exception):
    """Files that may well be there can't be read; the text says which and why."""


class BadFile(ValueError):
    """A file is no plain file, or is longer than it may be."""


class Source(Protocol):
    """A log's files, by paths of plain names that ``/`` parts. All methods raise ``Unreadable`` and ``BadFile``."""

    def read(self, path: str, limit: int) -> bytes | None:
        """The whole file, of at most ``limit`` bytes, None if it isn't there."""

    def name(self, path: str) -> str:
        """The name of the file in messages."""

    def names(self, path: str) -> list[str]:
        """The names in a folder, sorted; none if it isn't there, or can't be listed."""


class DirectorySource:
    """The files below a directory. Below it no links are followed, and only plain files are opened."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._directories: OrderedDict[str, int] = OrderedDict()
        try:
            self._descriptor = os.open(root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        except OSError as error:
            raise Unreadable(f"can't read {root}: {error.strerror}") from error

    def close(self) -> None:
        """Give all descriptors back."""
        while self._directories:
            os.close(self._directories.popitem()[1])
        os.close(self._descriptor)

    def name(self, path: str) -> str:
        """The name of the file in messages."""
        return path

    def read(self, path: str, limit: int) -> bytes | None:
        """As ``Source.read``."""
        descriptor = self.open(path)
        if descriptor is None:
            return None
        try:
            if os.fstat(descriptor).st_size > limit:
                raise BadFile(f"{path} has more than {limit} bytes")
            parts = []
            left = limit + 1
            while left and (part := os.read(descriptor, left)):
                parts.append(part)
                left -= len(part)
            if not left:
                raise BadFile(f"{path} has more than {limit} bytes")
            return parts[0] if len(parts) == 1 else b"".join(parts)
        except OSError as error:
            raise Unreadable(f"can't read {self.root / path}: {error.strerror}") from error
        finally:
            os.close(descriptor)

    def open(self, path: str) -> int | None:
        """A descriptor of a plain file, which the caller closes; None if it isn't there."""
        folder, _, name = path.rpartition("/")
        parent = self._directory(folder)
        if parent is None:
            return None
        # Opening a pipe would wait for its writer.
        descriptor = self._open(path, name, parent, os.O_RDONLY | os.O_NONBLOCK)
        if descriptor is not None and not stat.S_ISREG(os.fstat(descriptor).st_mode):
            os.close(descriptor)
            raise BadFile(f"{path} is no plain file")
        return descriptor

    def names(self, path: str) -> list[str]:
        """As ``Source.names``."""
        descriptor = self._directory(path)
        if descriptor is None:
            return []
        try:
            found: list[str] = []
            with os.scandir(descriptor) as entries:
                for entry in entries:
                    if len(found) == MAX_NAMES:
                        raise BadFile(f"{path} has more than {MAX_NAMES} names")
                    found.append(entry.name)
        except OSError as error:
            raise Unreadable(f"can't read {self.root / path}: {error.strerror}") from error
        return sorted(found)

    def _directory(self, path: str) -> int | None:
        """A descriptor of a directory below the root, kept for the next time."""
        if not path:
            return self._descriptor
        known = self._directories.get(path)
        if known is not None:
            self._directories.move_to_end(path)
            return known
        folder, _, name = path.rpartition("/")
        parent = self._directory(folder)
        if parent is None:
            return None
        descriptor = self._open(path, name, parent, os.O_RDONLY | os.O_DIRECTORY)
        if descriptor is not None:
            if len(self._directories) >= _OPEN_DIRECTORIES:
                os.close(self._directories.popitem(last=False)[1])
            self._directories[path] = descriptor
        return descriptor

    def _open(self, path: str, name: str, parent: int, flags: int) -> int | None:
        if not _NAME.fullmatch(name) or name in (".", ".."):
            raise BadFile("a log's files have plain names")
        try:
            return os.open(name, flags | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=parent)
        except OSError as error:
            if error.errno == errno.ENOTDIR and flags & os.O_DIRECTORY:
                raise BadFile(f"{path} is no folder") from error
            if error.errno in _ABSENT:
                return None
            if error.errno in (errno.ELOOP, errno.ENXIO):
                raise BadFile(f"{path} is no plain file") from error
            raise Unreadable(f"can't read {self.root / path}: {error.strerror}") from error


class HttpSource:
    """The files of a log that is served below ``url``, as tlog-tiles says, or by this server's own API."""

    def __init__(self, url: str, headers: Mapping[str, str], tls: ssl.SSLContext | None = None) -> None:
        self._url = url.rstrip("/")
        verify = tls or (ssl.create_default_context() if url.startswith("https://") else False)
        self._client = httpx2.Client(headers=headers, verify=verify, timeout=_SECONDS, trust_env=False)

    def close(self) -> None:
        """Close all connections."""
        self._client.close()

    def name(self, path: str) -> str:
        """The name of the file in messages."""
        return f"{self._url}/{path}"

    def names(self, path: str) -> list[str]:
        """As ``Source.names``: of what is served, a server of ours lists the checkpoints that it has kept."""
        listed = None
        with suppress(Unreadable, BadFile):
            listed = self.read(path, _MAX_LIST_BYTES)
        return (listed or b"").decode(errors="replace").split()

    def read(self, path: str, limit: int) -> bytes | None:
        """As ``Source.read``."""
        try:
            with self._client.stream("GET", f"{self._url}/{path}") as answer:
                if answer.status_code == 404:
                    return None
                if answer.status_code != 200:
                    raise Unreadable(f"{self.name(path)} answers {answer.status_code}")
                return _bounded(answer, limit, self.name(path))
        except httpx2.HTTPError as error:
            raise Unreadable(f"can't read {self.name(path)}: {str(error) or type(error).__name__}") from error


class Below:
    """The files of another source below a folder, such as a tenant's log in the server's."""

    def __init__(self, source: DirectorySource, folder: str) -> None:
        self._source = source
        self._folder = folder

    def read(self, path: str, limit: int) -> bytes | None:
        """As ``Source.read``."""
        return self._source.read(f"{self._folder}/{path}", limit)

    def open(self, path: str) -> int | None:
        """As ``DirectorySource.open``."""
        return self._source.open(f"{self._folder}/{path}")

    def names(self, path: str) -> list[str]:
        """As ``Source.names``."""
        return self._source.names(f"{self._folder}/{path}")

    def name(self, path: str) -> str:
        """The name of the file in messages."""
        return f"{self._folder}/{path}"


class Listing(Source, Protocol):
    """Files that can be read in parts too, as those of a directory."""

    def open(self, path: str) -> int | None:
        """As ``DirectorySource.open``."""


def listed(source: Listing, folder: str, kind: Kind, report: Report) -> list[str]:
    """The names in a folder of the log, none if it isn't there; a folder that is something else is a finding.

    Raises ``Unreadable``."""
    try:
        return source.names(folder)
    except BadFile as error:
        report.add(kind, str(error), file=folder)
        return []


def read_at(descriptor: int, failed: Callable[[OSError], Exception]) -> Callable[[int, int], bytes]:
    """A reader of parts of an open file, for ``SegmentReader``; raises what ``failed`` makes of an error."""

    def read(length: int, offset: int) -> bytes:
        try:
            return os.pread(descriptor, length, offset)
        except OSError as error:
            raise failed(error) from error

    return read


def _bounded(answer: httpx2.Response, limit: int, name: str) -> bytes:
    parts = []
    length = 0
    for part in answer.iter_bytes():
        length += len(part)
        if length > limit:
            raise BadFile(f"{name} has more than {limit} bytes")
        parts.append(part)
    return b"".join(parts)
