"""Values and helpers of tests of streams."""

from __future__ import annotations

import asyncio
import base64
import json
from pathlib import Path
from typing import Any

from server.config import Listener
from tests.support.systems import Server

LIMIT_BYTES = 100_000
LISTENER = Listener(
    "tcp",
    "127.0.0.1:0",
    tls_disable=True,
    max_request_size_bytes=LIMIT_BYTES,
)
HELLO = base64.b64encode(b"hello").decode()
DATA = base64.b64encode(b"data").decode()
DENIED = {"errors": ["permission denied"]}


def entries(tmp_path: Path, path: str) -> list[dict[str, Any]]:
    """The audit's entries of requests to ``path``."""
    found = [json.loads(line) for line in (tmp_path / "audit.log").read_text().splitlines()]
    return [entry for entry in found if entry["request"]["path"] == path]


async def until_ended(tmp_path: Path, path: str) -> dict[str, Any]:
    """The entry of the answer to a stream, as soon as it is there."""
    while True:
        found = [entry for entry in entries(tmp_path, path) if entry["type"] == "response"]
        if found:
            return found[0]
        await asyncio.sleep(0.01)


def message(number: int) -> str:
    return base64.b64encode(b"message %d" % number).decode()


async def revoke(server: Server, token: str, accessor: str) -> None:
    await server.ask("POST", "auth/token/revoke-accessor", {"accessor": accessor})


async def deny(server: Server, token: str, accessor: str) -> None:
    text = 'path "transit/stream/encrypt/k" { capabilities = ["deny"] }'
    await server.ask("PUT", "sys/policies/acl/tested", {"policy": text})


async def expire(server: Server, token: str, accessor: str) -> None:
    server.clock.advance(33 * 24 * 3600)
