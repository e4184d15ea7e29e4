"""The answer of the dispatcher to the application."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import TypeAlias

from msgspec import Struct

Headers: TypeAlias = tuple[tuple[bytes, bytes], ...]

JSON = (b"content-type", b"application/json")
JSON_ALONE: Headers = (JSON,)


REQUEST_ID = b"x-vault-request-id"
"""The header of every answer that says which audit entries are the request's."""


class Answer(Struct, gc=False):
    """An HTTP response, without the headers that all responses have."""

    status: int
    body: bytes
    headers: Headers = JSON_ALONE
    request_id: str = ""
    """Set by the dispatcher; an answer from elsewhere has none, and no audit entries."""
    pieces: AsyncGenerator[bytes, None] | None = None
    """The rest of a long body, which is made while it is sent."""

    def __repr__(self) -> str:
        """Omits the body, which may be secret."""
        return f"Answer({self.status}, {len(self.body)} bytes)"


class GoneError(Exception):
    """The client has closed the connection, or doesn't read the answer."""
