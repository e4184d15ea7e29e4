"""The client's address behind proxies, as OpenBao reads it."""

from __future__ import annotations

import json
from ipaddress import ip_network
from typing import Any

import pytest

from server.config import Listener
from server.listeners.asgi import Message, Receive, Scope, Send
from server.listeners.forwarded import ForwardedFor

MISSING = "missing x-forwarded-for header and configured to reject when not present"
STRANGER = "client address not authorized for x-forwarded-for and configured to reject connection"
TOO_FEW = (
    "malformed x-forwarded-for configuration or request, "
    "hops to skip (2) would skip before earliest chain link (chain length 2)"
)


async def outcome(headers: list[bytes], client: str | None = "10.0.0.1", **settings: Any) -> str | None:
    """The client that the application sees, or the error that is answered."""
    seen: list[str | None] = []
    answers: list[Message] = []

    async def application(scope: Scope, receive: Receive, send: Send) -> None:
        seen.append(scope["client"][0] if scope["client"] else None)

    async def receive() -> Message:
        raise AssertionError("nothing is read")

    async def send(message: Message) -> None:
        answers.append(message)

    listener = Listener(
        "tcp", "127.0.0.1:0", x_forwarded_for_authorized_addrs=(ip_network("10.0.0.0/8"), ip_network("fd00::/8")),
        **{f"x_forwarded_for_{name}": value for name, value in settings.items()},
    )  # fmt: skip
    scope = {
        "type": "http",
        "client": (client, 1234) if client else None,
        "headers": [(b"host", b"x"), *((b"x-forwarded-for", value) for value in headers)],
    }
    await ForwardedFor(application, listener)(scope, receive, send)
    if answers:
        assert not seen
        assert answers[0]["status"] == 400
        (error,) = json.loads(answers[1]["body"])["errors"]
        return str(error)
    return seen[0]


@pytest.mark.parametrize(
    ("headers", "client", "settings", "expected"),
    [
        ([b"1.2.3.4"], "10.0.0.1", {}, "1.2.3.4"),
        ([b"9.9.9.9, 1.2.3.4"], "10.0.0.1", {}, "1.2.3.4"),
        ([b"9.9.9.9", b"1.2.3.4"], "10.0.0.1", {}, "1.2.3.4"),
        ([b"9.9.9.9, 1.2.3.4"], "10.0.0.1", {"hop_skips": 1}, "9.9.9.9"),
        ([b"9.9.9.9, 1.2.3.4"], "10.0.0.1", {"hop_skips": 2}, TOO_FEW),
        ([b"2001:db8::1"], "fd00::7", {}, "2001:db8::1"),
        ([b"1.2.3.4"], "::ffff:10.0.0.1", {}, "1.2.3.4"),
        ([b"1.2.3.4"], "11.0.0.1", {}, "11.0.0.1"),
        ([b"1.2.3.4"], "11.0.0.1", {"reject_not_authorized": True}, STRANGER),
        ([b"1.2.3.4"], None, {}, None),
        ([b"1.2.3.4"], None, {"reject_not_authorized": True}, STRANGER),
        ([], "10.0.0.1", {}, "10.0.0.1"),
        ([], "11.0.0.1", {"reject_not_authorized": True}, "11.0.0.1"),
        ([], "10.0.0.1", {"reject_not_present": True}, MISSING),
        ([b"somebody"], "10.0.0.1", {}, "malformed x-forwarded-for header: not an IP address"),
    ],
)
async def test_forwarded_for(
    headers: list[bytes], client: str | None, settings: dict[str, Any], expected: str | None
) -> None:
    assert await outcome(headers, client, **settings) == expected
