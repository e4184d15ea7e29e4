"""Sinks of exported messages: a file, standard output, a TCP or UDP socket, or HTTP.

A sink has taken messages when ``write`` returns: a file then has them on disk and HTTP has been answered. TCP and UDP
have no answers, so what is under way when a connection breaks may be lost.
"""

from __future__ import annotations

import os
import socket
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from typing import BinaryIO, Protocol
from urllib.parse import urlsplit

import httpx2

from server.audit.ledger.offline.exports.formats import Format
from server.audit.ledger.offline.exports.records import Record

MAX_DATAGRAM_BYTES = 65_507
_MAX_BODY_BYTES = 1024 * 1024
_SECONDS = 30.0
_CLOSING_SECONDS = 5.0
_TRIES = 6
_MAX_WAIT_SECONDS = 30.0


class SinkFault(Exception):
    """A sink doesn't take messages; the text says why."""


class Sink(Protocol):
    """Takes records. All methods raise ``SinkFault`` and ``OSError``."""

    def write(self, records: Sequence[Record]) -> None:
        """Take records, one at least."""

    def close(self) -> None:
        """End it well."""

    def abandon(self) -> None:
        """End it at once; what isn't whole goes."""


class FileSink:
    """Appends a line for each message to a file, or to the standard output (``-``)."""

    def __init__(self, name: str, form: Format) -> None:
        self._form = form
        self._standard = name == "-"
        self._file = sys.stdout.buffer if self._standard else _append(name)

    def write(self, records: Sequence[Record]) -> None:
        """As ``Sink.write``."""
        self._file.write(b"".join(message + b"\n" for message in self._form.encode(records)))
        self._file.flush()
        if not self._standard:
            os.fsync(self._file.fileno())

    def close(self) -> None:
        """As ``Sink.close``."""
        if not self._standard:
            self._file.close()

    def abandon(self) -> None:
        """As ``Sink.abandon``."""
        self.close()


def _append(name: str) -> BinaryIO:
    """The file at its end, made for its owner alone. What a crash has left of a line stays a line of its own."""
    descriptor = os.open(name, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
    file = os.fdopen(descriptor, "r+b")
    if file.seekable() and file.seek(0, os.SEEK_END):
        file.seek(-1, os.SEEK_END)
        if file.read(1) != b"\n":
            file.write(b"\n")
    return file


class TcpSink:
    """Sends messages over one connection: each with a newline, or for syslog with its length before it."""

    def __init__(self, host: str, port: int, form: Format) -> None:
        self._form = form
        self._socket = socket.create_connection((host, port), _SECONDS)

    def write(self, records: Sequence[Record]) -> None:
        """As ``Sink.write``."""
        messages = self._form.encode(records)
        if self._form.counts_octets:
            self._socket.sendall(b"".join(b"%d %b" % (len(message), message) for message in messages))
        else:
            self._socket.sendall(b"".join(message + b"\n" for message in messages))

    def close(self) -> None:
        """Say that no more comes, and wait a moment until the other side has read it all."""
        try:
            self._socket.shutdown(socket.SHUT_WR)
            self._socket.settimeout(_CLOSING_SECONDS)
            while self._socket.recv(4096):
                pass
        except TimeoutError:
            pass
        finally:
            self._socket.close()

    def abandon(self) -> None:
        """As ``Sink.abandon``."""
        self._socket.close()


class UdpSink:
    """Sends each message as a datagram; of an entry that is too long for one, what says which it is."""

    def __init__(self, host: str, port: int, form: Format) -> None:
        self._form = form
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_DGRAM)[0]
        self._socket = socket.socket(family, kind, protocol)
        self._socket.connect(address)

    def write(self, records: Sequence[Record]) -> None:
        """As ``Sink.write``."""
        for record in records:
            for message in self._form.encode([record]):
                short = [message] if len(message) <= MAX_DATAGRAM_BYTES else self._form.encode([record.reduced()])
                for datagram in short:
                    self._socket.send(datagram)

    def close(self) -> None:
        """As ``Sink.close``."""
        self._socket.close()

    def abandon(self) -> None:
        """As ``Sink.abandon``."""
        self._socket.close()


class HttpSink:
    """Posts messages, up to a mebibyte at a time; tries again where that may help."""

    def __init__(
        self, url: str, form: Format, headers: Mapping[str, str], sleep: Callable[[float], None] = time.sleep
    ) -> None:
        self._url = url
        self._form = form
        self._sleep = sleep
        self._client = httpx2.Client(headers={**headers, "Content-Type": form.content_type}, timeout=_SECONDS)

    def write(self, records: Sequence[Record]) -> None:
        """As ``Sink.write``."""
        part: list[Record] = []
        size = 0
        for record in records:
            if part and size + len(record.entry) > _MAX_BODY_BYTES:
                self._post(part)
                part, size = [], 0
            part.append(record)
            size += len(record.entry)
        self._post(part)

    def close(self) -> None:
        """As ``Sink.close``."""
        self._client.close()

    def abandon(self) -> None:
        """As ``Sink.abandon``."""
        self._client.close()

    def _post(self, records: Sequence[Record]) -> None:
        messages = self._form.encode(records)
        bodies = messages if self._form.separate else [b"".join(message + b"\n" for message in messages)]
        for body in bodies:
            self._post_body(body)

    def _post_body(self, body: bytes) -> None:
        told = ""
        for attempt in range(_TRIES):
            if attempt:
                self._sleep(min(0.5 * 2**attempt, _MAX_WAIT_SECONDS))
            try:
                answer = self._client.post(self._url, content=body)
            except httpx2.HTTPError as error:
                told = str(error) or type(error).__name__
                continue
            if answer.is_success:
                return
            told = f"it answers {answer.status_code}"
            if answer.status_code not in (408, 429) and answer.status_code < 500:
                break
        raise SinkFault(f"{self._url} doesn't take entries: {told}")


def open_sink(target: str, form: Format, headers: Mapping[str, str]) -> Sink:
    """The sink that a file's name or a URL stands for. Raises ``SinkFault`` and ``OSError``."""
    parts = urlsplit(target)
    if parts.scheme in ("http", "https") and parts.hostname:
        return HttpSink(target, form, headers)
    if parts.scheme in ("tcp", "udp"):
        try:
            host, port = parts.hostname, parts.port
        except ValueError:
            host = port = None
        if not host or not port:
            raise SinkFault(f"expected {parts.scheme}://HOST:PORT, got {target!r}")
        return TcpSink(host, port, form) if parts.scheme == "tcp" else UdpSink(host, port, form)
    if "://" in target:
        raise SinkFault(f"expected a file, tcp://, udp://, http:// or https://, got {target!r}")
    return FileSink(target, form)
