"""Listeners on real sockets for tests, and clients that send bytes to them."""

from __future__ import annotations

import asyncio
import json
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from server.config import Listener
from server.listeners import ConnectionBudget, OpenListener, open_listeners, serve
from tests.support.certificates import write_certificate
from tests.support.example_service import build_example

PLAIN = Listener("tcp", "127.0.0.1:0", tls_disable=True)
SERVERS = ("uvicorn", "hypercorn")
TLS_SERVERS = ("", *SERVERS)
"""Unset, the protocol that a client agrees on decides who serves it."""

DEADLINE = 60.0


@asynccontextmanager
async def serving(*listeners: Listener, share: ConnectionBudget | None = None) -> AsyncIterator[list[OpenListener]]:
    """The example service behind ``listeners``, and the end of it."""
    opened = list(open_listeners(listeners))
    stop = asyncio.Event()
    task = asyncio.create_task(serve(opened, build_example, stop, share))
    try:
        yield opened
    finally:
        stop.set()
        async with asyncio.timeout(DEADLINE):
            await task


def port(one: OpenListener) -> int:
    return int(one.url.rpartition(":")[2])


async def connect(
    one: OpenListener, context: ssl.SSLContext | None = None
) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    if one.listener.type == "unix":
        return await asyncio.open_unix_connection(one.listener.address)
    if one.listener.tls and context is None:
        context = trusting(Path(one.listener.tls_cert_file), "http/1.1")
    return await asyncio.open_connection("127.0.0.1", port(one), ssl=context)


async def read_answer(reader: asyncio.StreamReader) -> tuple[int, bytes, dict[str, Any]]:
    """Status, head and JSON body of one answer."""
    head = await reader.readuntil(b"\r\n\r\n")
    length = next(int(line[15:]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:"))
    body = await reader.readexactly(length)
    return int(head.split()[1]), head, json.loads(body) if body else {}


async def ask(
    one: OpenListener, head: str = "", body: bytes = b"", path: str = "/", context: ssl.SSLContext | None = None
) -> tuple[int, dict[str, Any]]:
    """One request on a connection of its own."""
    async with asyncio.timeout(DEADLINE):
        reader, writer = await connect(one, context)
        request = f"POST {path} HTTP/1.1\r\nhost: x\r\n{head}content-length: {len(body)}\r\n\r\n"
        writer.write(request.encode() + body)
        status, _, answer = await read_answer(reader)
        writer.close()
        return status, answer


async def read_to_end(reader: asyncio.StreamReader) -> bytes:
    """Everything up to the end of the connection, in whatever way it ends."""
    async with asyncio.timeout(DEADLINE):
        try:
            return await reader.read()
        except ConnectionError:
            return b""


def trusting(certificate: Path, *protocols: str) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=str(certificate))
    context.set_alpn_protocols(list(protocols))
    return context


def secure(folder: Path, **words: Any) -> Listener:
    certificate, key = write_certificate(folder, "one")
    return Listener("tcp", "127.0.0.1:0", tls_cert_file=str(certificate), tls_key_file=str(key), **words)
