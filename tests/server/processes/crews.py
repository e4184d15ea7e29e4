"""Several workers of one server in one process: cores over one database, with the supervisor's keeper between them."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from compat.requests import Request, parse_request, read_headers
from server.core.lifecycle import Core
from server.core.settings import Settings
from server.pipeline.dispatch import Dispatcher
from server.processes.messages import Acquire, Followed, FromWorker, Release, ToWorker
from server.processes.shared_state_client import SharedStateClient
from server.processes.shared_state_server import SharedStateServer
from server.system.routes import SYSTEM
from storage.seals.base import Seal
from storage.seals.shamir import ShamirSeal
from storage.seals.static import StaticSeal
from storage.shared_memory import SharedRevision, SharedSlots
from storage.sqlite.store import SqliteStore, open_sqlite


class Member:
    """One worker; what it says to the keeper and hears from it takes a turn of the loop, as over a socket."""

    def __init__(self, crew: Crew, store: SqliteStore, seal: Seal, settings: Settings) -> None:
        self._crew = crew
        self.failed = False
        self.shared_state = SharedStateClient(self._post, self._fail)
        self.core = Core(store, seal, settings, SYSTEM, shared_state=self.shared_state)
        self.dispatcher = Dispatcher(self.core)

    def tell(self, message: ToWorker) -> None:
        asyncio.get_running_loop().call_soon(self.shared_state.heard, message)

    def _post(self, message: FromWorker) -> None:
        asyncio.get_running_loop().call_soon(self._crew.heard, self, message)

    def _fail(self) -> None:
        self.failed = True
        self._crew.keeper.leave(self)

    async def ask(self, method: str, path: str, body: object = None, token: str = "") -> tuple[int, Any]:
        """Status and decoded body of the answer."""
        raw_path, _, query = f"/v1/{path}".partition("?")
        headers = [(b"x-vault-token", token.encode())] if token else []
        encoded = b"" if body is None else json.dumps(body).encode()
        peer = ("127.0.0.1", 40000)
        request = parse_request(method, raw_path.encode(), query.encode(), read_headers(headers), encoded, peer)
        assert isinstance(request, Request)
        answer = await self.dispatcher.answer(request)
        assert self.dispatcher.bugs == 0, f"{method} {path} ended in an exception that nobody planned"
        return answer.status, json.loads(answer.body) if answer.body else None


class Crew:
    """All workers of a server."""

    def __init__(self) -> None:
        self.keeper = SharedStateServer()
        self.members: list[Member] = []
        self.root_token = ""

    def heard(self, member: Member, message: FromWorker) -> None:
        """As the supervisor does with what a worker says."""
        match message:
            case Acquire(ticket):
                self.keeper.acquire(member, ticket)
            case Release(ticket, state):
                self.keeper.release(member, ticket, state)
            case Followed(number):
                self.keeper.followed(member, number)
            case _:
                raise AssertionError(message)

    async def unsealed(self, shares: int = 1, threshold: int = 1) -> Crew:
        """Initialise and unseal it, each step through another worker."""
        made = await self.members[0].core.initialize(shares, threshold)
        self.root_token = made.root_token
        for number, share in enumerate(made.shares[:threshold]):
            await self.members[number % len(self.members)].core.unseal(share)
        return self


def automatic_seal() -> Seal:
    """A seal that unseals by itself."""
    return StaticSeal(("id", bytes(range(32))))


@asynccontextmanager
async def crew_of(
    size: int, folder: Path, seal: Callable[[], Seal] = ShamirSeal, settings: Settings | None = None
) -> AsyncIterator[Crew]:
    """A server with ``size`` workers, neither initialised nor unsealed."""
    crew, slots = Crew(), SharedSlots(size)
    try:
        for slot in range(size):
            await add_member(crew, folder, SharedRevision(slots, slot), seal, settings)
        yield crew
    finally:
        for member in crew.members:
            await member.core.stop()


async def add_member(
    crew: Crew,
    folder: Path,
    shared: SharedRevision,
    seal: Callable[[], Seal] = ShamirSeal,
    settings: Settings | None = None,
) -> Member:
    """Another worker, started as a worker is."""
    store = await open_sqlite({"path": str(folder / "crew.db")}, shared)
    member = Member(crew, store, seal(), settings or Settings())
    crew.members.append(member)
    crew.keeper.join(member)
    await member.core.start()
    return member
