"""An answer as the core gives it to the edge."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

Headers: TypeAlias = tuple[tuple[bytes, bytes], ...]

JSON = (b"content-type", b"application/json")


@dataclass(frozen=True, slots=True)
class Answer:
    """An HTTP response, but for the headers that every one has."""

    status: int
    body: bytes
    headers: Headers = (JSON,)
