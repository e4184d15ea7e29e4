"""The way of a warm request through the code: how many calls it makes, in how many files.

A reader follows these by hand, so they have a bound; what is added to the way of every request shows here.
"""

from __future__ import annotations

import base64
import json
import sys
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

from server.audit.broker import DeclaredDevice
from server.config import Listener
from server.core.settings import Settings
from server.listeners.asgi import AT_ONCE, KEPT, WHOLE_BODY, Message
from server.pipeline.app import Application
from tests.support.systems import NewServer, Server

ROOT = Path(__file__).parents[3]
PRODUCT = tuple(f"{ROOT}/{folder}/" for folder in ("server", "engines", "storage", "auth_methods", "compat"))
MAX_CALLS, MAX_FILES = 65, 30
"""Of a warm encrypt with an audit device, from the ASGI application to the answer: measured, and two calls more."""


@pytest.fixture
async def server(new_server: NewServer, tmp_path: Path) -> Server:
    """An unsealed server with an audit device and a key."""
    device = DeclaredDevice("file", "file", "", {"file_path": str(tmp_path / "audit.log")})
    server = await (await new_server(Settings(audit_devices=(device,)))).unsealed()
    await server.ask("POST", "sys/mounts/transit", {"type": "transit"})
    await server.ask("POST", "transit/keys/k", {})
    return server


async def test_a_warm_encrypt_stays_short(server: Server) -> None:
    policy = 'path "transit/*" { capabilities = ["create", "update"] }'
    await server.ask("PUT", "sys/policies/acl/p", {"policy": policy})
    _, made = await server.ask("POST", "auth/token/create", {"policies": ["p"]})
    application = Application(server.dispatcher, Listener("tcp", "127.0.0.1:0"))
    body = json.dumps({"plaintext": base64.b64encode(bytes(32)).decode()}).encode()
    kept: dict[str, Any] = {}
    headers = [(b"x-vault-token", made["auth"]["client_token"].encode()), (b"content-length", b"%d" % len(body))]
    calls: list[str] = []

    def note(frame: FrameType, event: str, argument: object) -> None:
        if event == "call" and frame.f_code.co_filename.startswith(PRODUCT):
            calls.append(frame.f_code.co_filename)

    async def encrypt() -> list[bytes]:
        sent: list[bytes] = []

        async def receive() -> Message:
            raise AssertionError("the body is there")

        async def send(message: Message) -> None:
            raise AssertionError("the answer is sent at once")

        def send_at_once(head: bytes, body: bytes) -> bool:
            sent.append(body)
            return True

        path = "/v1/transit/encrypt/k"
        scope = {
            "type": "http",
            "method": "POST",
            "path": path,
            "raw_path": path.encode(),
            "query_string": b"",
            "headers": headers,
            "client": ("127.0.0.1", 1),
            KEPT: kept,
            WHOLE_BODY: body,
            AT_ONCE: send_at_once,
        }
        await application(scope, receive, send)
        return sent

    for _ in range(3):
        assert b"vault:v1:" in (await encrypt())[0]
    sys.setprofile(note)
    try:
        await encrypt()
    finally:
        sys.setprofile(None)
    assert len(calls) <= MAX_CALLS
    assert len(set(calls)) <= MAX_FILES
