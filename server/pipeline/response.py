"""An answer as the core gives it to the edge."""

from __future__ import annotations

from typing import TypeAlias

from msgspec import Struct

Headers: TypeAlias = tuple[tuple[bytes, bytes], ...]

JSON = (b"content-type", b"application/json")
JSON_ALONE: Headers = (JSON,)


class Answer(Struct, frozen=True, gc=False):
    """An HTTP response, but for the headers that every one has."""

    status: int
    body: bytes
    headers: Headers = JSON_ALONE

    def __repr__(self) -> str:
        """Without the body, which may be secret."""
        return f"Answer({self.status}, {len(self.body)} bytes)"


class GoneError(Exception):
    """The client has closed the connection, or takes no more of the answer."""
