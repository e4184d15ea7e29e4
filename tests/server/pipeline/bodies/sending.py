"""A client at the application's door, whose body comes as the test says."""

from __future__ import annotations

import asyncio
import gc
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

from server.access.request_context import RequestContext
from server.config import Listener
from server.listeners.asgi import Message
from server.listeners.deadlines import SMALL_BODY_BYTES
from server.pipeline.app import Application
from tests.support.systems import Server

KEY = "transit/encrypt/k"
LARGE = json.dumps({"plaintext": "A" * 4 * SMALL_BODY_BYTES}).encode()
MANY = b'{"a":[' + b'"x",' * 20_000 + b'"x"]}'
"""More elements than are read without a token, in a small body."""
HUGE = b'{"a":[' + b'"x",' * 100_000 + b'"x"]}'


class Client:
    """One that sends a body in pieces, and goes when it is told to."""

    def __init__(self, body: bytes, *, piece: int = 64 * 1024) -> None:
        self._pieces = [body[start : start + piece] for start in range(0, len(body), piece)] or [b""]
        self.gone = asyncio.Event()
        self.received = 0
        """How many pieces were asked for, and how many before the answer began; those behind that are thrown away."""
        self.heard = 0
        self.sent: list[Message] = []

    async def receive(self) -> Message:
        """As ASGI has it."""
        if self.received < len(self._pieces):
            self.received += 1
            piece = self._pieces[self.received - 1]
            return {"type": "http.request", "body": piece, "more_body": self.received < len(self._pieces)}
        await self.gone.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: Message) -> None:
        """As ASGI has it."""
        if not self.sent:
            self.heard = self.received
        self.sent.append(message)

    @property
    def status(self) -> int:
        """Of the answer."""
        return int(self.sent[0]["status"])

    @property
    def answer(self) -> Any:
        """What was answered."""
        return json.loads(self.sent[1]["body"])


def application(server: Server) -> Application:
    return Application(server.dispatcher, Listener("tcp", "127.0.0.1:0"))


def scope_of(path: str, body: bytes, headers: Mapping[str, str], method: str = "POST") -> dict[str, Any]:
    sent = {"content-length": str(len(body)), **headers}
    return {
        "type": "http",
        "method": method,
        "path": f"/v1/{path}",
        "raw_path": f"/v1/{path}".encode(),
        "query_string": b"",
        "headers": [(name.encode(), value.encode()) for name, value in sent.items()],
        "client": ("127.0.0.1", 1),
    }


async def ask(server: Server, path: str, body: bytes, token: str | None = None, **headers: str) -> Client:
    """The client of a request, once that is over; with the root token unless told otherwise."""
    client = Client(body)
    shown = server.root_token if token is None else token
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    scope = scope_of(path, body, {**({"x-vault-token": shown} if shown else {}), **named})
    await application(server)(scope, client.receive, client.send)
    return client


def entries(log: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in log.read_text().splitlines()]


@contextmanager
def garbage() -> Iterator[list[object]]:
    """Collects what is done within leaves behind of frames, exceptions and requests, and only a search can find."""
    found: list[object] = []
    gc.collect()
    gc.disable()
    gc.set_debug(gc.DEBUG_SAVEALL)
    try:
        yield found
        gc.collect()
        found += [each for each in gc.garbage if isinstance(each, (FrameType, BaseException, RequestContext))]
    finally:
        gc.set_debug(0)
        gc.garbage.clear()
        gc.enable()
