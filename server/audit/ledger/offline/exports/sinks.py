"""Sinks of exported messages: a file, standard output, a TCP or UDP socket, or HTTP.

A sink has taken messages when ``write`` returns: a file then has them on disk, HTTP has been answered, and over TCP the
other side's system has confirmed them, though its program may not have read them. UDP has no answers.
"""

from __future__ import annotations

import fcntl
import os
import socket
import stat
import sys
import termios
import time
from collections.abc import Callable, Mapping, Sequence
from email.utils import parsedate_to_datetime
from pathlib import Path
from random import SystemRandom
from typing import BinaryIO, Protocol
from urllib.parse import urlsplit

import httpx2

from server.audit.ledger.offline.exports.cursor import sync_folder
from server.audit.ledger.offline.exports.formats import Format
from server.audit.ledger.offline.exports.records import Record

MAX_DATAGRAM_BYTES = 65_507
_MAX_BODY_BYTES = 1024 * 1024
_SECONDS = 30.0
_CLOSING_SECONDS = 5.0
_TRIES = 6
_MAX_WAIT_SECONDS = 30.0
_MAX_ASKED_SECONDS = 600.0
"""The longest wait that a ``Retry-After`` may ask for; then the export ends, and goes on by its cursor later."""

_MAX_ANSWER_BYTES = 64 * 1024
_MAX_SHOWN = 200
_UNSENT_SECONDS = 0.002
_random = SystemRandom()


class SinkFault(Exception):
    """A sink doesn't take messages; the text says why."""


class Sink(Protocol):
    """Takes records. All methods raise ``SinkFault`` and ``OSError``."""

    rejected: int
    """Records that were delivered, and that the other side says it hasn't taken."""

    def write(self, records: Sequence[Record]) -> None:
        """Take records, one at least."""

    def close(self) -> None:
        """End it well."""

    def abandon(self) -> None:
        """End it at once; what isn't whole goes."""


class FileSink:
    """Appends a line for each message to a file, or to the standard output (``-``)."""

    rejected = 0

    def __init__(self, name: str, form: Format) -> None:
        self._form = form
        self._standard = name == "-"
        self._file = sys.stdout.buffer if self._standard else _append(name)
        # Neither a pipe nor a device can be asked for what is on disk.
        self._synced = not self._standard and stat.S_ISREG(os.fstat(self._file.fileno()).st_mode)

    def write(self, records: Sequence[Record]) -> None:
        """As ``Sink.write``."""
        self._file.write(b"".join(message + b"\n" for message in self._form.encode(records)))
        self._file.flush()
        if self._synced:
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
    path = Path(name)
    if path.exists() and not path.is_file():
        return path.open("wb")
    descriptor = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
    # A new file is only there after a loss of power if its name is, and the cursor may lie elsewhere.
    sync_folder(path.parent)
    file = os.fdopen(descriptor, "r+b")
    if file.seek(0, os.SEEK_END):
        file.seek(-1, os.SEEK_END)
        if file.read(1) != b"\n":
            file.write(b"\n")
    return file


class TcpSink:
    """Sends messages over one connection: each with a newline, or for syslog with its length before it."""

    rejected = 0

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
        self._await_confirmation()

    def _await_confirmation(self) -> None:
        """Wait until the other side's system has confirmed all bytes, where this one can tell (Linux).

        Otherwise a cursor would be ahead of bytes that only wait to be sent, and go with this process.
        """
        end = time.monotonic() + _SECONDS
        while _unsent(self._socket):
            if time.monotonic() > end:
                raise SinkFault(f"the other side took nothing for {_SECONDS:.0f} seconds")
            time.sleep(_UNSENT_SECONDS)
        if failed := self._socket.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR):
            raise OSError(failed, os.strerror(failed))

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


def _unsent(connection: socket.socket) -> int:
    """The bytes that weren't confirmed yet; 0 where the system doesn't say."""
    answer = bytearray(4)
    try:
        fcntl.ioctl(connection, termios.TIOCOUTQ, answer)
    except OSError:
        return 0
    return int.from_bytes(answer, sys.byteorder)


class UdpSink:
    """Sends each message as a datagram; of an entry that is too long for one, what says which it is."""

    rejected = 0

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
        self.rejected = 0
        """The entries that were sent and not taken, by the answers."""

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
        wait = 0.0
        for attempt in range(_TRIES):
            if wait:
                self._sleep(wait)
            wait = min(2.0**attempt, _MAX_WAIT_SECONDS)
            try:
                with self._client.stream("POST", self._url, content=body) as answer:
                    if answer.is_success:
                        self._note(*self._form.rejected(_beginning(answer)))
                        return
                    told = f"it answers {answer.status_code}"
                    if answer.status_code not in self._form.repeated:
                        break
                    wait = _asked_wait(answer.headers.get("Retry-After", ""), wait)
            except httpx2.HTTPError as error:
                told = str(error) or type(error).__name__
                wait *= _random.uniform(0.5, 1.0)
            if wait > _MAX_ASKED_SECONDS:
                told += f" and asks to wait for {wait:.0f} seconds"
                break
        raise SinkFault(f"{self._url} doesn't take entries: {told}")

    def _note(self, rejected: int, words: str) -> None:
        """Tell what a collector says beside its success; what it has rejected mustn't be sent again."""
        self.rejected += rejected
        if rejected or words:
            shown = "".join(character if character.isprintable() else "?" for character in words[:_MAX_SHOWN])
            sys.stderr.write(f"{self._url} took a request but for {rejected} entries: {shown}\n")


def _beginning(answer: httpx2.Response) -> bytes:
    """The body of an answer, as far as it is looked at."""
    parts = b""
    for part in answer.iter_bytes():
        parts += part
        if len(parts) > _MAX_ANSWER_BYTES:
            break
    return parts


def _asked_wait(text: str, default: float) -> float:
    """The seconds that a ``Retry-After`` asks for, as a number or as a time (RFC 9110, section 10.2.3)."""
    if text.isascii() and text.isdigit():
        return float(text[:10])
    try:
        asked = parsedate_to_datetime(text)
    except ValueError:
        return default
    return max(0.0, asked.timestamp() - time.time())


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
