"""The least that a server can do: read the request, answer as many bytes as its path says. A limit, not a server."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import lru_cache
from typing import Any

Message = dict[str, Any]


@lru_cache(maxsize=256)
def _answer(path: str) -> tuple[Message, Message]:
    body = b"x" * int(path.rpartition("/")[2])
    headers = [
        (b"content-type", b"application/json"),
        (b"cache-control", b"no-store"),
        (b"content-length", str(len(body)).encode()),
    ]
    return (
        {"type": "http.response.start", "status": 200, "headers": headers},
        {"type": "http.response.body", "body": body},
    )


async def application(
    scope: Message, receive: Callable[[], Awaitable[Message]], send: Callable[[Message], Awaitable[None]]
) -> None:
    """Answer a request whose path ends in ``/N`` with N bytes."""
    if scope["type"] != "http":
        return
    while (await receive()).get("more_body"):
        pass
    start, body = _answer(scope["path"])
    await send(start)
    await send(body)
