"""Drives an engine without HTTP: matches its route table, converts the body, calls the handler, as the server does."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest

from compat.fields import convert
from engines.base import Answers, Call, Caller, EngineType, Mount, Operation, Reply, Row
from engines.base.routing import route_table
from engines.crypto_policy.fips import FipsMode
from engines.crypto_policy.gate import OPEN_GATE, Gate
from engines.faults import Failed, Fault, InvalidRequest, NotFound, UnsupportedPath
from storage.base import put
from storage.cache import ObjectCache
from storage.memory import MemoryStore
from storage.view import View


class MovableClock:
    """A clock that stands still until it is set."""

    def __init__(self, now: float = 1_800_000_000.125) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


@dataclass
class Answer:
    """What a handler answered, with the warnings of the call."""

    data: Mapping[str, Any] | None
    status: int | None
    warnings: list[str] = field(default_factory=list)
    each: Answers | None = None
    """What answers the lines of a stream."""


class Driver:
    """One mounted engine over a store in memory."""

    def __init__(
        self,
        engine_type: EngineType[[Mount], Any],
        fips_mode: FipsMode = FipsMode.DISABLED,
        store: MemoryStore | None = None,
        gate: Gate = OPEN_GATE,
        namespace: str = "",
    ) -> None:
        self.type = engine_type
        self.store = store or MemoryStore()
        self.cache = ObjectCache(self.store)
        self.storage = View(self.store, "mount/", self.cache)
        self.clock = MovableClock()
        self.caller: Caller | None = None
        self.call: Call | None = None
        """The last one."""

        self.rights: set[str] = set()
        """The further paths that callers may update; ``*`` for all."""

        mount = Mount(
            self.storage,
            self.clock,
            "test_accessor",
            "transit/",
            fips_mode=fips_mode,
            gate=gate,
            namespace=namespace,
            may_update=self._may_update,
        )
        self.engine = engine_type.open(mount)

    async def _may_update(self, caller: Caller | None, path: str, parameters: Mapping[str, Any]) -> bool:
        return bool({path, "*"} & self.rights)

    def route(self, operation: Operation, path: str) -> tuple[Row[Any], dict[str, str]]:
        """The row for ``path`` and the parameters in it."""
        found = route_table(self.type).match(path)
        if found is None or operation not in found[0].routes:
            raise UnsupportedPath
        return found[0].routes[operation], found[1]

    async def invoke(self, operation: Operation, path: str, **parameters: Any) -> Answer:
        """Call the handler for ``path``; raises its fault."""
        await self.cache.catch_up()
        route, from_path = self.route(operation, path)
        taken = {name: value for name, value in parameters.items() if name not in route.body.path_only}
        return await self.handle(route, path, convert(route.body, {**taken, **from_path}), parameters)

    async def handle(self, route: Row[Any], path: str, body: Any, given: Mapping[str, Any]) -> Answer:
        """Call the handler of ``route`` with a body that is converted already."""
        self.call = call = Call("request", route.operation, path, self.caller, given, self.clock())
        reply: Reply | None = await route.handler(self.engine, call, body)
        if reply is None:
            return Answer(None, None, call.warnings)
        return Answer(reply.data, reply.status, call.warnings, reply.each)

    async def read(self, path: str, **parameters: Any) -> Mapping[str, Any]:
        """The data of reading ``path``."""
        return _data(await self.invoke(Operation.READ, path, **parameters))

    async def write(self, path: str, **parameters: Any) -> Mapping[str, Any]:
        """The data of writing to ``path``; {} if there is none."""
        return _data(await self.invoke(Operation.UPDATE, path, **parameters))


_MADE: dict[str, bytes] = {}


async def make_keys(driver: Driver, keys: Mapping[str, Mapping[str, Any]]) -> None:
    """Give ``driver`` a key for each name; those that an earlier test had are the same again, since RSA takes long."""
    for name, parameters in keys.items():
        # Without a type, it is the engine that decides on it.
        made = repr((name, parameters, "" if "type" in parameters else driver.type.type))
        if made not in _MADE:
            await driver.write(f"keys/{name}", **parameters)
            value = await driver.storage.get(f"policy/{name}")
            assert value is not None
            _MADE[made] = value
        else:
            await put(driver.storage, f"policy/{name}", _MADE[made])


async def message_of(driver: Driver, operation: Operation, path: str, **parameters: Any) -> tuple[type[Fault], str]:
    """The kind of fault that a call ends in, and its text."""
    with pytest.raises(Fault) as caught:
        await driver.invoke(operation, path, **parameters)
    kind = next(kind for kind in (InvalidRequest, Failed, NotFound) if isinstance(caught.value, kind))
    return kind, caught.value.message or ""


def _data(answer: Answer) -> Mapping[str, Any]:
    return answer.data if answer.data is not None else {}
