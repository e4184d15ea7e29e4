"""Types of engines, and the interfaces that the server gives an engine for one mount."""

from __future__ import annotations

import math
from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, ParamSpec, Protocol, TypeAlias, runtime_checkable

from engines.base.calls import Caller
from engines.base.rows import E, Row
from engines.crypto_policy.facts import Place
from engines.crypto_policy.fips import FipsMode
from engines.crypto_policy.gate import OPEN_GATE, Gate
from storage.view import View

MAX_BATCH_ITEMS = 10_000
"""The most items in a batch by default: tens of milliseconds of work with a symmetric key."""

P = ParamSpec("P")
"""The parameters that an engine is opened with."""


class Clock(Protocol):
    """The source of time; tests pass one that they can move."""

    def __call__(self) -> float:
        """Seconds since the epoch."""


class UseCounts(Protocol):
    """The counts of uses of keys, which the server makes and stores (``engines.keys.counting.use_records``)."""

    @property
    def since(self) -> float:
        """The time from which all uses are counted, in seconds since the epoch; infinity while they aren't."""

    async def flush(self) -> None:
        """Store what this process has counted."""


class NoUseCounts:
    """The counts of a server that doesn't count."""

    since = math.inf

    async def flush(self) -> None:
        """Nothing to store."""


NOT_COUNTED: UseCounts = NoUseCounts()

MayUpdate: TypeAlias = Callable[[Caller | None, str, Mapping[str, Any]], Awaitable[bool]]
"""``may_update(caller, path, parameters)``: whether ``caller`` may also update ``path`` below the mount so."""


async def may_update_nothing(caller: Caller | None, path: str, parameters: Mapping[str, Any]) -> bool:
    """The answer where no policies can be asked."""
    return False


@dataclass(frozen=True, slots=True)
class Mount:
    """The environment of an engine: its part of storage, the clock, and its mount's settings."""

    storage: View
    clock: Clock
    accessor: str
    path: str
    """The path of the mount, ending in ``/``; a remount opens a new engine."""

    options: Mapping[str, str] = field(default_factory=dict)
    default_lease_ttl_seconds: int = 0
    max_lease_ttl_seconds: int = 0
    max_batch_items: int = MAX_BATCH_ITEMS
    """The most items that a batch in one request may hold."""

    fips_mode: FipsMode = FipsMode.DISABLED
    """The treatment of operations that FIPS 140-3 doesn't approve."""

    gate: Gate = OPEN_GATE
    """The crypto policy's gate for the keys of this mount."""

    namespace: str = ""
    """The path of its namespace, ending in ``/``; ``""`` for the root."""

    may_update: MayUpdate = may_update_nothing
    use_counts: UseCounts = NOT_COUNTED

    @property
    def place(self) -> Place:
        """The location of its keys, a new object each time."""
        return Place(self.path, self.namespace)


@dataclass(frozen=True, slots=True, eq=False)
class EngineType(Generic[P, E]):
    """An engine or an auth method: named by an entry point, and complete for the server.

    ``open`` creates the object with the state of one mount, which handlers get. A plug-in's takes the ``Mount`` alone;
    built-in engines get more from the core. State is in storage, never in the object alone. Abilities beyond the routes
    are small Protocols (``Closes``, ``Periodic``, those of auth methods).
    """

    type: str
    summary: str
    routes: tuple[Row[E], ...]
    open: Callable[P, E]
    eager: bool = False
    """Whether handlers may start before their request is a task, which saves the task if they never wait.

    Such a handler must tolerate another running task after its first wait, which anyio, and so httpx2, doesn't."""

    algorithms: Collection[str] = ()
    """The algorithms of its keys: names of rows of the registry."""


@runtime_checkable
class Closes(Protocol):
    """State with resources to release when its mount is removed or the server is sealed."""

    async def close(self) -> None: ...


@runtime_checkable
class Periodic(Protocol):
    """State with periodic work, in one process at a time."""

    async def tick(self, now: float) -> None:
        """Do what is due at ``now``; called about once a minute."""
