"""Sends one request exactly as written and reads one answer: no redirects, no cleaned paths, no headers but Host.

The HTTP client of the standard library is low enough for that, and its refusal of odd paths can be taken off.
"""

from __future__ import annotations

import http.client
from collections.abc import Mapping
from dataclasses import dataclass

TIMEOUT_SECONDS = 30


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back. Header names are lower-case; repeated headers are joined by a comma."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class _Connection(http.client.HTTPConnection):
    def _validate_path(self, url: str) -> None:
        """Everything goes: what servers do with odd paths is what we want to see."""


class Wire:
    """A kept-alive connection to one server, opened when needed."""

    def __init__(self, host: str, port: int) -> None:
        self._connection = _Connection(host, port, timeout=TIMEOUT_SECONDS)

    def send(self, method: str, path: str, headers: Mapping[str, str], body: bytes | None) -> Answer:
        """Send, once more if the server has closed the idle connection, and read the whole answer."""
        try:
            return self._send(method, path, headers, body)
        except (http.client.RemoteDisconnected, ConnectionResetError, BrokenPipeError):
            self._connection.close()
            return self._send(method, path, headers, body)

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()

    def _send(self, method: str, path: str, headers: Mapping[str, str], body: bytes | None) -> Answer:
        self._connection.putrequest(method, path, skip_accept_encoding=True)
        for name, value in headers.items():
            self._connection.putheader(name, value)
        if body is not None:
            self._connection.putheader("Content-Length", str(len(body)))
        self._connection.endheaders(body)
        response = self._connection.getresponse()
        received: dict[str, str] = {}
        for name, value in response.getheaders():
            lower = name.lower()
            received[lower] = f"{received[lower]}, {value}" if lower in received else value
        return Answer(response.status, received, response.read())
