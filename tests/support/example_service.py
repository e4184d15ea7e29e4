"""A service in place of the core, so that the process, the listeners and the flags are tested alone.

``python -m tests.support.example_service server -config=...`` is ``cryptoserve`` with this behind it.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from typing import Any

from server.config import Config, Listener
from server.listeners.asgi import CLIENT_CERTIFICATE, Application, Receive, Scope, Send
from server.processes.development import DevelopmentKeys
from server.processes.worker_loop import Member, Service
from storage.base import Unavailable


async def read_body(receive: Receive) -> bytes:
    """The whole body of a request."""
    body: bytes = b""
    while True:
        message = await receive()
        if message["type"] != "http.request":
            raise ConnectionError
        body += bytes(message.get("body", b""))
        if not message.get("more_body", False):
            return body


async def respond(send: Send, answer: dict[str, Any]) -> None:
    """Answer 200 with ``answer`` as JSON."""
    body = json.dumps(answer).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def build_example(listener: Listener) -> Application:
    """An application that tells what it was asked; ``/slow`` takes ``?seconds``, ``/hang`` for ever.

    ``/early`` is answered before its body is read, as what is refused is.
    """

    async def application(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["path"] == "/hang":
            await asyncio.Event().wait()
        body = b"" if scope["path"] == "/early" else await read_body(receive)
        if scope["path"] == "/slow":
            sys.stderr.write("slow request has begun\n")
            sys.stderr.flush()
            await asyncio.sleep(float(scope["query_string"]))
        if scope["path"] == "/fail":
            raise RuntimeError("the secret is s.12345")
        client = scope.get("client")
        await respond(
            send,
            {
                "body": body.decode(),
                "method": scope["method"],
                "client": client[0] if client else None,
                "http": scope["http_version"],
                "scheme": scope["scheme"],
                "address": listener.address,
                "certificate": scope.get("state", {}).get(CLIENT_CERTIFICATE, b"").hex(),
                "process": os.getpid(),
            },
        )

    return application


async def open_example(config: Config, member: Member) -> Service:
    """The service, which tells on standard error what is done to it."""

    if config.storage.options.get("path") == "refuse":
        raise Unavailable("the disk is full")

    async def reload(again: Config) -> bool:
        sys.stderr.write(f"service reloaded with log_level {again.log_level}\n")
        sys.stderr.flush()
        return True

    async def close() -> None:
        sys.stderr.write("service closed\n")
        sys.stderr.flush()

    keys = None
    if config.development is not None:
        keys = DevelopmentKeys("dW5zZWFs", config.development.root_token or "s.random")
    return Service(build_example, reload, close, always_served={"/v1/sys/health"}, development=keys)


if __name__ == "__main__":
    from cryptoserve_cli.dispatch import run
    from server.cli import server

    sys.exit(run("server", server.command(open_example), sys.argv[2:], os.environ))
