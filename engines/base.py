"""Engines as data: an ``EngineType`` with a table of routes, over an object with the state of one mount.

A handler is a function of that state object, a ``Call`` and a typed body. It never sees HTTP: no headers, no raw token,
no socket. It returns a ``Reply`` (or None for an empty success) or raises a fault of ``engines.faults``. All static
facts about the API are read from the table: the OpenAPI document, the help texts, the ACL operation, the warnings for
unknown parameters, the list of public paths.

Adding a route takes a handler and a row. Adding an engine takes two files, one with the state and the handlers and one
with the table and the ``EngineType``, and an entry point in ``cryptoserve.engines`` that names the type.
"""

from __future__ import annotations

import math
from collections.abc import AsyncGenerator, Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, ClassVar, Generic, ParamSpec, Protocol, TypeAlias, TypeVar, runtime_checkable

from msgspec import Struct

from engines.crypto_policy.facts import Place
from engines.crypto_policy.fips import FipsMode
from engines.crypto_policy.gate import OPEN_GATE, CryptoRecord, Gate, PolicyRecord
from storage.view import View

MAX_BATCH_ITEMS = 10_000
"""The most items in a batch by default: tens of milliseconds of work with a symmetric key."""


class Operation(Enum):
    """The operation on a path, with Vault's names; a policy's capabilities are these, ``sudo`` and ``deny``."""

    CREATE = "create"
    READ = "read"
    UPDATE = "update"
    DELETE = "delete"
    LIST = "list"
    PATCH = "patch"
    SCAN = "scan"
    HELP = "help"

    # ``Enum``'s own is written in Python, and operations are looked up in dictionaries all the time.
    __hash__ = object.__hash__


LISTS = frozenset({Operation.LIST, Operation.SCAN})
"""Operations whose paths end in a slash."""


class Access(Enum):
    """The callers that a route admits; policies decide after that."""

    TOKEN = "token"  # noqa: S105 - a word, not a secret
    """Callers with a token whose policies allow it."""

    SUDO = "sudo"
    """As ``TOKEN``, and the policy must grant ``sudo`` on the path."""

    PUBLIC = "public"
    """All callers, without a token: logins. Audited like all else."""

    OPEN = "open"
    """All callers, even while the server is sealed; answered as a bare object. Only ``sys`` has such routes."""


class Scope(Enum):
    """The namespaces that serve a route of a mount that each of them has."""

    EACH = "each"
    """Every namespace, for itself."""

    ROOT = "root"
    """The root namespace alone; others refuse it, once the caller is known to be allowed."""

    SERVER = "server"
    """The server as a whole: namespaces refuse it, and all paths of its first segment, before a token is checked."""

    SEAL = "seal"
    """The root namespace, and namespaces with a seal of their own, of which there are none."""


Holds: TypeAlias = Mapping[str, type[Struct]]
"""Fields whose value is an object with parameters, or a list of such, and the types of these."""


class Body(Struct, kw_only=True):
    """The parameters of one route: from the JSON body, the query (for reads and lists) and the path.

    Subclasses declare fields with defaults; ``msgspec.UNSET`` tells "absent" from "empty". Values are converted as
    weakly as Vault does it (``"5"`` for 5, ``"true"`` for true, ``"24h"`` for a ``Duration``), and ``null`` becomes the
    type's zero value. A path parameter ``{name}`` fills the field of that name.
    """

    takes_anything: ClassVar[bool] = False
    """True for routes whose parameters have arbitrary names; a handler has them in ``Call.given``."""

    path_only: ClassVar[frozenset[str]] = frozenset()
    """Fields that only the path fills, if its pattern has them: values in the body are ignored."""

    other_names: ClassVar[Mapping[str, str]] = {}
    """Other names of fields, older ones or those of path parameters, with the field that each stands for."""

    holds: ClassVar[Holds] = {}
    """See ``Holds``."""
    tells: ClassVar[Mapping[str, str]] = {}
    """The meaning of each parameter, in Markdown, for OpenAPI, help and the tables of the documentation; a subclass
    adds to those of its bases. ``[Batches]`` links to a page's section of that name."""


def meanings(struct: type[Struct]) -> dict[str, str]:
    """The meanings of the fields of a body or a batch's item: ``Body.tells`` of it and of its bases."""
    told: dict[str, str] = {}
    for base in reversed(struct.__mro__):
        told |= base.__dict__.get("tells", {})
    return told


class Nothing(Body):
    """The body of a route without parameters."""


class Page(Body):
    """The part of a list to return."""

    after: str = ""
    limit: int = 0

    tells = {
        "after": "Give the names behind this one.",
        "limit": "Give at most so many; 0 or less for all.",
    }


@dataclass(frozen=True, slots=True)
class Caller:
    """The caller, as an engine may know it. ``handle`` has a meaning for the token store alone."""

    display_name: str
    policies: tuple[str, ...]
    entity_id: str = ""
    accessor: str = ""
    handle: object = field(default=None, repr=False)
    namespace: str = ""
    """The path of the namespace that the caller's token belongs to, ending in ``/``; ``""`` for the root."""


class Call(Struct):
    """One request, as a handler sees it."""

    request_id: str
    operation: Operation
    path: str
    """The path below the mount, as called."""

    caller: Caller | None
    """None on public routes without a token."""

    given: Mapping[str, Any]
    """The parameters as sent, before conversion: to tell which were supplied."""

    now: float
    """The time of the request's arrival, by the server's clock, in seconds since the epoch."""

    remote_address: str = ""
    client_certificate: bytes = b""
    """The client certificate in DER, whose key was proved in the TLS handshake; empty if there is none."""

    in_namespace: bool = False
    """Whether the client named a namespace, even the root: some paths of ``sys`` are refused then."""

    sudo: bool = False
    """Whether the caller's policies grant ``sudo`` on this path."""

    wrap_ttl_seconds: float = 0
    """The requested TTL of a wrapped answer, in seconds; 0 for none. The core does the wrapping."""

    existing: object = None
    """The result of the row's ``exists``."""

    warnings: list[str] = []

    crypto: CryptoRecord | None = None
    """The handler's uses of keys, for the audit."""

    crypto_policy: PolicyRecord | None = None
    """The crypto policy's decisions where a rule applied; set by the gate."""

    def warn(self, text: str) -> None:
        """Add ``text`` to the ``warnings`` of the answer."""
        self.warnings.append(text)

    def __repr__(self) -> str:
        """Omits the parameters, which may be secret."""
        return f"Call({self.operation.value} {self.path!r})"


Answers: TypeAlias = Callable[[list[Any]], Awaitable[list[dict[str, Any]]]]
"""Answers a group of a stream's items, one result for each in order; a failed one has ``error``.

Raising a fault ends the stream. State is looked at anew with each group, since a stream may take hours.
"""


@dataclass(frozen=True, slots=True)
class Raw:
    """A body that isn't JSON, for the few paths whose readers aren't clients of this API."""

    content_type: str
    body: bytes
    pieces: AsyncGenerator[bytes, None] | None = None
    """The rest of a long body, which is made while it is sent."""


class Reply(Struct):
    """A handler's result. Its ``repr`` omits the contents."""

    data: Mapping[str, Any] | None = None
    """The envelope's ``data``: str, int, float, bool, None, lists and dicts."""

    status: int | None = None
    """An HTTP status that the request asks for or that is part of Vault's API (202, or the
    ``partial_failure_response_code`` of a batch); None leaves the choice to ``compat``."""

    each: Answers | None = None
    """For a stream: the function that answers its items, a group at a time."""

    raw: Raw | None = None
    """A body sent instead of ``data`` and the envelope."""

    max_age_seconds: int = 0
    """The seconds for which clients may cache a bare answer, which holds no secret; 0 for none."""

    accessor: str = ""
    """The accessor of a secret in ``data``: shown beside a wrapped answer, so that its requester can revoke the secret
    without having seen it."""

    def __repr__(self) -> str:
        return f"{type(self).__name__}(status={self.status!r})"


E = TypeVar("E")
"""The class of an engine's state."""

B = TypeVar("B", bound=Body)
"""The type of a route's body."""

P = ParamSpec("P")
"""The parameters that an engine is opened with."""

Exists: TypeAlias = Callable[[E, Call, B], Awaitable[object]]
"""Looks up the object that a request would update: a false value if there is none, so that it is created. The handler
gets any other result as ``Call.existing``."""
Handler: TypeAlias = Callable[[E, Call, B], Awaitable["Reply | None"]]


@dataclass(frozen=True, slots=True)
class Row(Generic[E]):
    """One row of the route table of an engine with the state ``E``; written as a ``Route``, with its body type.

    ``path`` is relative to the mount. ``{name}`` matches one name as Vault spells it (letters, digits, ``_``, with
    ``-`` and ``.`` inside), ``{name:any}`` one segment of anything, ``{name:path}`` the rest, slashes included. The
    most specific path wins, whatever the order of the rows. Several rows may share a path, one for each operation.

    ``handler(state, call, body)`` is a plain function of the engine's own modules. A row for ``Operation.UPDATE`` with
    ``exists`` serves creation too: where it answers False, the request is a ``create`` for the policies.
    """

    operation: Operation
    path: str
    handler: Handler[E, Any]
    body: type[Body]
    help: str
    access: Access = Access.TOKEN
    exists: Exists[E, Any] | None = None
    writes: bool = True
    """False promises that the handler changes no storage, so that its audit entries may be written together. A row with
    ``exists`` may promise it for updates only, see ``writes_on_update``."""

    writes_on_update: bool = True
    """With ``exists``: False promises it for updates, not for creations."""

    echo: bool = False
    """Repeat ``data`` at the top level of the answer, as Vault does for some old paths of ``sys``."""

    bare: bool = False
    """Answer ``data`` alone, without the envelope."""

    item: type[Struct] | None = None
    """For a stream: the type of a line. The client sends any number of lines of JSON, and gets a line for each while it
    sends; ``body`` are the parameters of the query, and the handler replies with ``each``."""

    public_where: tuple[str, str] | None = None
    """The name and the value of a mount option that makes it public, as if ``access`` were ``PUBLIC``."""

    head: bool = False
    """Serve HEAD as a read without a body."""

    scope: Scope = Scope.EACH
    """The namespaces that serve it. Every row of ``sys`` states it."""

    about_own_token: bool = False
    """Whether it is about the calling token, and so served in that token's namespace."""

    located_by: str = ""
    """The parameter whose value, a token or a lease, ends in the id of its namespace. The request is served in that
    namespace, with the caller's rights there."""

    wrapping_token: bool = False
    """Whether the request's token, or the one in its body, is a wrapping token, checked before the caller is."""

    always_served: bool = False
    """Whether the bound on requests under way doesn't apply."""

    opened_by: str = ""
    """The field of ``ListenerPermissions`` that opens it without a token, even while sealed."""

    guarded_by: str = ""
    """A boolean parameter of a row that is ``OPEN``. A request with it needs a token as if the row were ``TOKEN``, and
    is audited; while the server is sealed, the parameter has no meaning."""

    waits_for_audit: bool = True
    """False answers without waiting for audit devices, and even if none accepts the entries: for what tells of them."""


@dataclass(frozen=True, slots=True)
class Route(Row[E], Generic[E, B]):
    """A row whose handler and ``exists`` take its body: mypy checks both, and in a ``tuple[Row[E], ...]`` the state."""

    handler: Handler[E, B]
    body: type[B]
    exists: Exists[E, B] | None = None


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
