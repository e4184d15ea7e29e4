"""A whole server over a store in memory, asked request by request without a socket: for tests of ``sys``."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, TypeAlias

from compat.requests import Request, parse_request, read_headers
from engines.base import Body, Call, EngineType, Mount, Operation, Reply, Route
from engines.faults import Fault
from engines.pqc.routes import PQC
from engines.signing.routes import SIGNING
from engines.transit.routes import TRANSIT
from server.audit.devices.file import FileDevice
from server.audit.ledger.device.device import LedgerDevice
from server.core.lifecycle import Core
from server.core.settings import Settings
from server.pipeline.dispatch import Dispatcher
from server.pipeline.open_routes import NOTHING, ListenerPermissions
from server.pipeline.response import Answer as HttpAnswer
from server.pipeline.response import refusal
from server.pipeline.tracing.provider import Tracing
from server.runtime import plugins
from server.system.routes import SYSTEM
from storage.base import Store, put
from storage.memory import MemoryStore
from storage.seals.base import Seal
from storage.seals.shamir import ShamirSeal
from storage.view import View
from tests.support.places import MovableClock

Answer: TypeAlias = tuple[int, Any]


class NoteBody(Body):
    """A text under a name."""

    name: str = ""
    text: str = ""


async def _write(engine: Notes, call: Call, body: NoteBody) -> None:
    await put(engine.mount.storage, body.name, body.text.encode())


async def _read(engine: Notes, call: Call, body: NoteBody) -> Reply | None:
    value = await engine.mount.storage.get(body.name)
    return None if value is None else Reply({"text": value.decode()})


class Notes:
    """An engine that keeps texts; an auth method too, for want of another."""

    def __init__(self, mount: Mount) -> None:
        self.mount = mount


NOTES = EngineType(
    type="notes",
    summary="Texts under names",
    routes=(
        Route(Operation.READ, "note/{name}", _read, NoteBody, "Show a text."),
        Route(Operation.UPDATE, "note/{name}", _write, NoteBody, "Keep a text."),
    ),
    open=Notes,
)
_PLUGINS: dict[str, dict[str, Any]] = {
    plugins.ENGINES: {"notes": NOTES},
    plugins.AUTH_METHODS: {"notes": NOTES, "token": object},
    plugins.AUDIT_DEVICES: {"file": FileDevice, "ledger": LedgerDevice},
}


def load_plugin(group: str, name: str) -> Any:
    """In place of ``plugins.load``: tests need nothing to be installed."""
    for engine in (PQC, SIGNING, TRANSIT):
        if (group, name) == (plugins.ENGINES, engine.type):
            return engine  # Not in the catalogue, which tests of it want to be small.
    return _PLUGINS.get(group, {}).get(name)


def plugin_names(group: str) -> list[str]:
    """In place of ``plugins.names``."""
    return sorted(_PLUGINS.get(group, {}))


class Server:
    """The server, and a client with its root token."""

    def __init__(
        self, settings: Settings | None = None, seal: Seal | None = None, tracing: Tracing | None = None
    ) -> None:
        self.clock = MovableClock()
        store: Store = MemoryStore()
        seal = seal or ShamirSeal()
        if tracing is not None:
            store, seal = tracing.store(store, "inmem"), tracing.seal(seal)
        self.core = Core(store, seal, settings or Settings(), SYSTEM, clock=self.clock)
        self.dispatcher = Dispatcher(self.core) if tracing is None else tracing.dispatcher(self.core)
        self.root_token = ""

    async def ask(
        self,
        method: str,
        path: str,
        body: object = None,
        token: str | None = None,
        address: str = "127.0.0.1",
        wrap: str = "",
        wrap_format: str = "",
        permissions: ListenerPermissions = NOTHING,
    ) -> Answer:
        """Status and decoded body of the answer; ``token`` is the root token unless given, ``""`` for none.

        ``wrap`` is for how long the answer is to be wrapped.
        """
        headers = {"x-vault-wrap-ttl": wrap, "x-vault-wrap-format": wrap_format} if wrap else {}
        answer = await self.send(method, path, body, token, address, permissions, headers)
        return answer.status, json.loads(answer.body) if answer.body else None

    async def send(
        self,
        method: str,
        path: str,
        body: object = None,
        token: str | None = None,
        address: str = "127.0.0.1",
        permissions: ListenerPermissions = NOTHING,
        headers: Mapping[str, str] | None = None,
    ) -> HttpAnswer:
        """As ``ask``, with ``headers``, and answered as it is."""
        raw_path, _, query = f"/v1/{path}".partition("?")
        sent = self.root_token if token is None else token
        sent_headers = [(b"content-type", b"application/merge-patch+json")] if method == "PATCH" else []
        sent_headers += [(name.lower().encode(), value.encode()) for name, value in (headers or {}).items()]
        if sent:
            sent_headers.append((b"x-vault-token", sent.encode()))
        try:
            request = parse_request(
                method,
                raw_path.encode(),
                query.encode(),
                read_headers(sent_headers),
                b"" if body is None else json.dumps(body).encode(),
                (address, 40000),
            )
        except Fault as fault:
            answer = refusal(fault)
        else:
            assert isinstance(request, Request), f"{method} {path} isn't handed on"
            answer = await self.dispatcher.answer(request, permissions)
        assert self.dispatcher.bugs == 0, f"{method} {path} ended in an exception that nobody planned"
        return answer

    async def unsealed(self) -> Server:
        """Initialise and unseal it."""
        made = await self.core.initialize(1, 1)
        await self.core.unseal(made.shares[0])
        self.root_token = made.root_token
        return self

    async def storage_of(self, path: str) -> View:
        """The storage of the engine mounted at ``path``."""
        await self.core.runtime.cache.catch_up()
        unsealed = self.core.unsealed
        assert unsealed is not None
        entry = await unsealed.root.mounts.entry(path)
        assert entry is not None
        return unsealed.root.view.within(entry.storage_prefix)

    async def token_for(self, policy: str) -> tuple[str, str]:
        """A token with the policy of this text beside ``default``, and its accessor."""
        status, _ = await self.ask("PUT", "sys/policies/acl/tested", {"policy": policy})
        assert status == 204
        status, answer = await self.ask("POST", "auth/token/create", {"policies": ["tested"]})
        assert status == 200
        return answer["auth"]["client_token"], answer["auth"]["accessor"]


NewServer: TypeAlias = Callable[..., Awaitable[Server]]
