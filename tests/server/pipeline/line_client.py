"""A client of streams over HTTP/1.1 by hand: it decides when each byte is sent and when each is read."""

from __future__ import annotations

import asyncio
import json
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from server.config import Listener
from server.listeners import open_listeners, serve
from server.pipeline.app import Application
from tests.support.systems import Server

DEADLINE = 60.0


class LineClient:
    """One request, whose body is sent in chunks."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer
        self.status = 0
        self.headers: dict[str, str] = {}
        self._text = b""
        self._ended = False

    def begin(self, path: str, token: str, headers: str = "", media_type: str = "application/x-ndjson") -> None:
        """Send the head."""
        self.writer.write(
            f"POST /v1/{path} HTTP/1.1\r\nhost: x\r\nx-vault-token: {token}\r\ncontent-type: {media_type}\r\n"
            f"transfer-encoding: chunked\r\n{headers}\r\n".encode()
        )

    async def send(self, data: bytes) -> None:
        """Send one chunk; none for no data, since an empty one is the end."""
        if not data:
            return
        self.writer.write(b"%x\r\n%s\r\n" % (len(data), data))
        await self.writer.drain()

    async def send_items(self, *items: object) -> None:
        """Send one chunk with a line for each of ``items``."""
        await self.send(b"".join(json.dumps(item).encode() + b"\n" for item in items))

    async def end(self) -> None:
        """Say that there is no more."""
        self.writer.write(b"0\r\n\r\n")
        await self.writer.drain()

    async def read_head(self) -> int:
        """The status of the answer, past an interim one."""
        while not self.status:
            head = (await self.reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
            status = int(head[0].split()[1])
            if status >= 200:
                self.status = status
                self.headers = dict(line.lower().split(": ", 1) for line in head[1:] if line)
        return self.status

    async def line(self) -> Any:
        """The next line of the answer, decoded; None behind the last. ``IncompleteReadError`` if it is cut off."""
        await self.read_head()
        while b"\n" not in self._text and not self._ended:
            await self._read_piece()
        line, newline, self._text = self._text.partition(b"\n")
        return json.loads(line) if newline else None

    async def lines(self, count: int) -> list[Any]:
        """The next ``count`` lines."""
        return [await self.line() for _ in range(count)]

    async def rest(self) -> list[Any]:
        """All lines that are left."""
        found = []
        while (line := await self.line()) is not None:
            found.append(line)
        return found

    async def _read_piece(self) -> None:
        if "content-length" in self.headers:
            self._text += await self.reader.readexactly(int(self.headers["content-length"]))
            self._ended = True
            return
        size = int(await self.reader.readuntil(b"\r\n"), 16)
        self._text += await self.reader.readexactly(size)
        await self.reader.readexactly(2)
        self._ended = size == 0


class Streams:
    """A server with one listener, and clients of it."""

    def __init__(self, server: Server, port: int, context: ssl.SSLContext | None = None) -> None:
        self.server = server
        self.port = port
        self.context = context
        self._clients: list[LineClient] = []

    async def connect(self) -> LineClient:
        """A client that has sent nothing yet."""
        client = LineClient(*await asyncio.open_connection("127.0.0.1", self.port, limit=2**22, ssl=self.context))
        self._clients.append(client)
        return client

    async def open(self, path: str, token: str | None = None, headers: str = "") -> LineClient:
        """A client that has sent the head of a stream to ``path``."""
        client = await self.connect()
        client.begin(path, self.server.root_token if token is None else token, headers)
        return client

    async def ask(self, path: str, *items: object, token: str | None = None) -> list[Any]:
        """All answers to a stream of ``items``."""
        client = await self.open(path, token)
        await client.send_items(*items)
        await client.end()
        return await client.rest()

    def close(self) -> None:
        """Drop all connections."""
        for client in self._clients:
            client.writer.transport.abort()


@asynccontextmanager
async def serving(server: Server, listener: Listener) -> AsyncIterator[Streams]:
    """``server`` behind ``listener``, with a transit engine and the AES key ``k``; ends within ``DEADLINE`` seconds."""
    assert (await server.ask("POST", "sys/mounts/transit", {"type": "transit"}))[0] == 204
    assert (await server.ask("POST", "transit/keys/k", {}))[0] == 200
    opened = open_listeners([listener])
    stop = asyncio.Event()
    task = asyncio.create_task(serve(opened, lambda one: Application(server.dispatcher, one), stop))
    context = ssl.create_default_context(cafile=listener.tls_cert_file) if listener.tls else None
    streams = Streams(server, int(opened[0].url.rpartition(":")[2]), context)
    try:
        async with asyncio.timeout(DEADLINE):
            yield streams
    finally:
        streams.close()
        stop.set()
        async with asyncio.timeout(DEADLINE):
            await task
