"""An answer as the core gives it to the edge."""

from __future__ import annotations

from dataclasses import dataclass

JSON = (b"content-type", b"application/json")


@dataclass(frozen=True, slots=True)
class Answer:
    """An HTTP response, but for the headers that every one has."""

    status: int
    body: bytes
    headers: tuple[tuple[bytes, bytes], ...] = (JSON,)
