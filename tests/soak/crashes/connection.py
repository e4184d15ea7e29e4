"""A keep-alive connection that knows the difference that matters here: answered, or cut off.

A request that was answered has happened. One that was cut off has happened wholly or not at all; nobody knows which.
"""

from __future__ import annotations

import http.client
import json
from collections.abc import Mapping
from types import TracebackType
from typing import Any, Self

from tests.support.servers import Answer, Server


class CutOff(Exception):
    """The connection broke before the answer was complete."""


class Refused(Exception):
    """The server answered, and not as it should have."""


class Connection:
    """One client of one server, for one thread."""

    def __init__(self, server: Server) -> None:
        self._connection = server.connect()
        self._root_token = server.root_token

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._connection.close()

    def ask(self, method: str, path: str, body: Mapping[str, Any] | None = None, token: str = "") -> Answer:
        """Send a request with the root token, unless told another, and read the answer. Raises ``CutOff``."""
        encoded = None if body is None else json.dumps(body).encode()
        try:
            self._connection.request(method, f"/v1/{path}", encoded, {"X-Vault-Token": token or self._root_token})
            response = self._connection.getresponse()
            read = response.read()
        except (OSError, http.client.HTTPException) as fault:
            self._connection.close()
            raise CutOff(str(fault)) from fault
        return Answer(response.status, {name.lower(): text for name, text in response.getheaders()}, read)

    def must(self, method: str, path: str, body: Mapping[str, Any] | None = None, token: str = "") -> dict[str, Any]:
        """The answer to a request that has to succeed, as a JSON object. Raises ``Refused`` and ``CutOff``."""
        answer = self.ask(method, path, body, token)
        if answer.status not in (200, 204):
            raise Refused(f"{method} {path} answered {answer.status}: {answer.body[:500].decode(errors='replace')}")
        return answer.json()
