"""Reading on behind an early answer is bounded in bytes and in time, and ends with the body or the client."""

from __future__ import annotations

import asyncio

import pytest

from server.listeners.asgi import Message
from server.pipeline import linger

PART = bytes(1024 * 1024)


class Sending:
    """A client that sends ``parts`` and then, if ``stalls``, nothing more."""

    def __init__(self, parts: int, *, last: str = "http.request", stalls: bool = False) -> None:
        self.left, self.last, self.stalls, self.asked = parts, last, stalls, 0

    async def receive(self) -> Message:
        self.asked += 1
        self.left -= 1
        if self.left >= 0:
            return {"type": "http.request", "body": PART, "more_body": True}
        if self.stalls:
            await asyncio.Event().wait()
        return {"type": self.last}


@pytest.mark.parametrize("last", ["http.request", "http.disconnect"])
async def test_to_the_end(last: str) -> None:
    client = Sending(5, last=last)
    await linger.linger(client.receive)
    assert client.asked == 6


async def test_no_more_than_so_much() -> None:
    client = Sending(10_000)
    await linger.linger(client.receive)
    assert client.asked == linger.MOST_BYTES // len(PART)


async def test_no_longer_than_so_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(linger, "SECONDS", 0.05)
    client = Sending(2, stalls=True)
    await linger.linger(client.receive)
    assert client.asked == 3


async def test_a_pause_may_end_it() -> None:
    client = Sending(2, stalls=True)
    async with asyncio.timeout(linger.SECONDS):
        await linger.linger(client.receive, 0.01)
    assert client.asked == 3
