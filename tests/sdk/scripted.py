"""A server that plays back what it is told, byte by byte if need be, and keeps what it was sent."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self, TypeAlias

HOST = "127.0.0.1"
_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Sent:
    """A request that came."""

    method: str
    path: str
    headers: Mapping[str, str]
    """By lower-case name."""
    body: bytes

    def json(self) -> Any:
        """The body, read."""
        return json.loads(self.body)


Play: TypeAlias = bytes | Callable[[socket.socket, Sent], None]
"""What is sent back as it stands, or what sends it. Empty bytes end the connection instead."""


def answer(status: int, body: object = None, **headers: str) -> bytes:
    """An answer in HTTP; ``body`` is bytes or is written as JSON. ``retry_after="1"`` is the header ``retry-after``."""
    content = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
    lines = [f"HTTP/1.1 {status} X", f"content-length: {len(content)}"]
    lines += [f"{name.replace('_', '-')}: {text}" for name, text in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode() + content


class Scripted:
    """Serves while the ``with`` block lasts: ``plays`` in order, and the last one again for all that follow."""

    def __init__(self, port: int = 0, plays: Sequence[Play] = ()) -> None:
        self.plays: list[Play] = list(plays)
        self.sent: list[Sent] = []
        self._port = port
        self._listener: socket.socket | None = None
        self._lock = threading.Lock()
        self._connections: list[socket.socket] = []
        self._threads: list[threading.Thread] = []

    @property
    def address(self) -> str:
        """Where it listens."""
        return f"http://{HOST}:{self._port}"

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> None:
        """Listen from now on."""
        self._listener = socket.create_server((HOST, self._port))
        self._port = self._listener.getsockname()[1]
        self._start(self._accept, self._listener)

    def stop(self) -> None:
        """End all connections, and listen no more."""
        if self._listener is not None:
            self._listener.shutdown(socket.SHUT_RDWR)
            self._listener.close()
        for connection in self._connections:
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                continue
        for thread in self._threads:
            thread.join(_SECONDS)

    def _start(self, target: Callable[..., None], *arguments: object) -> None:
        thread = threading.Thread(target=target, args=arguments, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self, listener: socket.socket) -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            connection.settimeout(_SECONDS)
            self._connections.append(connection)
            self._start(self._serve, connection)

    def _serve(self, connection: socket.socket) -> None:
        try:
            with connection, connection.makefile("rb") as lines:
                while (sent := _read(lines)) is not None:
                    with self._lock:
                        self.sent.append(sent)
                        play = self.plays.pop(0) if len(self.plays) > 1 else self.plays[0]
                    if play == b"":
                        return
                    if isinstance(play, bytes):
                        connection.sendall(play)
                    else:
                        play(connection, sent)
        except OSError:
            return


def _read(lines: Any) -> Sent | None:
    first = lines.readline().decode().split()
    if len(first) != 3:
        return None
    headers: dict[str, str] = {}
    while line := lines.readline().decode().strip():
        name, _, text = line.partition(":")
        headers[name.lower()] = text.strip()
    return Sent(first[0], first[1], headers, lines.read(int(headers.get("content-length", "0"))))
