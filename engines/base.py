"""An engine as data: an ``EngineType`` with a table of routes, over an object that holds the state of one mount.

A handler is a function of that state object, a ``Call`` and a typed body. It never sees HTTP: no headers, no raw token,
no socket. It returns a ``Reply`` (or None for "done, nothing to say") or raises a fault of ``engines.faults``.
Everything about the API that isn't behaviour is read from the table: the OpenAPI document, the help texts, the ACL
operation, the warnings for unknown parameters, the list of public paths.

Adding a route is a handler and a row. Adding an engine is two files, one with the state and the handlers and one with
the table and the ``EngineType``, and an entry point in ``cryptoserve.engines`` that names the type.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, ClassVar, Generic, ParamSpec, Protocol, TypeAlias, TypeVar, runtime_checkable

from msgspec import Struct

from engines.crypto_policy.facts import Place
from engines.crypto_policy.fips import FipsMode
from engines.crypto_policy.gate import OPEN_GATE, CryptoRecord, Gate, PolicyRecord
from storage.view import View

MAX_BATCH_ITEMS = 10_000
"""The most items in a batch unless the operator says otherwise: tens of milliseconds of work with a symmetric key."""


class Operation(Enum):
    """What is done to a path, in Vault's words; a policy's capabilities are these and ``sudo`` and ``deny``."""

    CREATE = "create"
    READ = "read"
    UPDATE = "update"
    DELETE = "delete"
    LIST = "list"
    PATCH = "patch"
    SCAN = "scan"
    HELP = "help"

    # That of ``Enum`` is written in Python, and operations are looked up in dictionaries all the time.
    __hash__ = object.__hash__


class Access(Enum):
    """Who may come to a route at all; policies decide after that."""

    TOKEN = "token"  # noqa: S105 - a word, not a secret
    """Anybody with a token whose policies allow it."""

    SUDO = "sudo"
    """As ``TOKEN``, and the policy must grant ``sudo`` on the path."""

    PUBLIC = "public"
    """Anybody, without a token: logins. Audited as everything else."""

    OPEN = "open"
    """Anybody, even while the server is sealed; answered as a bare object. Only ``sys`` has such routes."""


class Scope(Enum):
    """Which namespaces serve a route of a mount that each of them has."""

    EACH = "each"
    """Every namespace, for itself."""

    ROOT = "root"
    """The root namespace alone; elsewhere refused, once the caller is known to be allowed."""

    SERVER = "server"
    """The server as a whole: refused in namespaces before a token is asked for, with all paths of its first segment."""

    SEAL = "seal"
    """The root namespace, and namespaces with a seal of their own. There are none of these."""


Holds: TypeAlias = Mapping[str, type[Struct]]
"""Fields whose value is an object with parameters of its own, or a list of such, with what these parameters are."""


class Body(Struct, kw_only=True):
    """The parameters of one route: those of the JSON body, of the query (for reads and lists) and of the path.

    Subclasses declare fields with defaults; ``msgspec.UNSET`` tells "absent" from "empty". Values are converted as
    weakly as Vault does it (``"5"`` for 5, ``"true"`` for true, ``"24h"`` for a ``Duration``), and ``null`` becomes the
    type's zero value. A path parameter ``{name}`` fills the field of that name.
    """

    takes_anything: ClassVar[bool] = False
    """True for routes whose parameters have names of the caller's choosing; a handler has them in ``Call.given``."""

    path_only: ClassVar[frozenset[str]] = frozenset()
    """Fields that only the path fills, on those of its forms that have them: what the client sends is overlooked."""

    other_names: ClassVar[Mapping[str, str]] = {}
    """Further names of fields, an older one or that of a part of the path, with the field that each is a name of."""

    holds: ClassVar[Holds] = {}
    """See ``Holds``."""
    tells: ClassVar[Mapping[str, str]] = {}
    """What each parameter means, in Markdown, for OpenAPI, help and the tables of the documentation; a subclass adds to
    those of its bases. ``[Batches]`` refers to what a page has under that name."""


def meanings(struct: type[Struct]) -> dict[str, str]:
    """What the fields of a body, or of a batch's item, mean: ``Body.tells`` of it and of its bases."""
    told: dict[str, str] = {}
    for base in reversed(struct.__mro__):
        told |= base.__dict__.get("tells", {})
    return told


class Nothing(Body):
    """The body of a route without parameters."""


class Page(Body):
    """Which part of a list to give."""

    after: str = ""
    limit: int = 0

    tells = {
        "after": "Give the names behind this one.",
        "limit": "Give at most so many; 0 or less for all.",
    }


@dataclass(frozen=True, slots=True)
class Caller:
    """Who is calling, as far as an engine may know it. ``handle`` means something to the token store alone."""

    display_name: str
    policies: tuple[str, ...]
    entity_id: str = ""
    accessor: str = ""
    handle: object = field(default=None, repr=False)


class Call(Struct):
    """One request on its way through a handler."""

    request_id: str
    operation: Operation
    path: str
    """The path below the mount, as called."""

    caller: Caller | None
    """None on public routes without a token."""

    given: Mapping[str, Any]
    """The parameters as the client sent them, before conversion: to tell what was supplied."""

    now: float
    """Seconds since the epoch, by the server's clock, when the request came."""

    remote_address: str = ""
    client_certificate: bytes = b""
    """The certificate, in DER, whose key the client has proved to have in the TLS handshake; empty if there is none."""

    in_namespace: bool = False
    """Whether the client named a namespace, be it the root: some paths of ``sys`` can't be asked for in one."""

    sudo: bool = False
    """Whether the caller's policies grant ``sudo`` on this path."""

    wrap_ttl_seconds: float = 0
    """For how long the caller wants the answer wrapped; 0 for not at all. The core does the wrapping."""

    existing: object = None
    """What the row's ``exists`` has found."""

    warnings: list[str] = []

    crypto: CryptoRecord | None = None
    """What the handler has executed with keys, for the audit."""

    crypto_policy: PolicyRecord | None = None
    """What the crypto policy said of it, where a rule applied; filled by the gate."""

    def warn(self, text: str) -> None:
        """Add ``text`` to the ``warnings`` of the answer."""
        self.warnings.append(text)

    def __repr__(self) -> str:
        """Without the parameters, which may be secret."""
        return f"Call({self.operation.value} {self.path!r})"


Answers: TypeAlias = Callable[[list[Any]], Awaitable[list[dict[str, Any]]]]
"""Answers a group of a stream's items, one result for each and in their order; one that fails holds ``error``.

Raising a fault ends the stream. State is looked at anew with each group, since a stream may take hours.
"""


@dataclass(frozen=True, slots=True)
class Raw:
    """A body that isn't JSON, as the few paths have it whose readers aren't clients of this API."""

    content_type: str
    body: bytes


class Reply(Struct):
    """What a handler has to say. Its ``repr`` doesn't say what."""

    data: Mapping[str, Any] | None = None
    """The envelope's ``data``: str, int, float, bool, None, lists and dicts."""

    status: int | None = None
    """An HTTP status that the request itself asks for or that is part of Vault's API (202, or the
    ``partial_failure_response_code`` of a batch); None lets ``compat`` choose."""

    each: Answers | None = None
    """For a stream: what answers its items, a group at a time."""

    raw: Raw | None = None
    """Sent as it is, in place of ``data`` and the envelope."""

    max_age_seconds: int = 0
    """For how long who asked may keep a bare answer, which holds no secret; 0 for not at all."""

    accessor: str = ""
    """The accessor of a secret in ``data``: named to who asked for the answer to be wrapped, so that the secret can be
    revoked by whoever hasn't seen it."""

    def __repr__(self) -> str:
        return f"{type(self).__name__}(status={self.status!r})"


E = TypeVar("E")
"""The class of an engine's state."""

B = TypeVar("B", bound=Body)
"""The type of a route's body."""

P = ParamSpec("P")
"""What an engine is opened with."""

Exists: TypeAlias = Callable[[E, Call, B], Awaitable[object]]
"""Looks up what a request would update: a false value if there is nothing, and so it would create. What is answered
otherwise is the handler's to use, as ``Call.existing``."""
Handler: TypeAlias = Callable[[E, Call, B], Awaitable["Reply | None"]]


@dataclass(frozen=True, slots=True)
class Row(Generic[E]):
    """One row of the route table of an engine with the state ``E``; written as a ``Route``, which knows its body too.

    ``path`` is relative to the mount. ``{name}`` matches one name as Vault spells it (letters, digits, ``_``, with
    ``-`` and ``.`` inside), ``{name:any}`` one segment of anything, ``{name:path}`` the rest, slashes included. The
    most specific path wins, whatever the order of the rows. Several rows may share a path, one for each operation.

    ``handler(state, call, body)`` is a plain function of the engine's own modules. A row for ``Operation.UPDATE`` with
    ``exists`` serves creation too: where it answers False, the request is a ``create`` to the policies.
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
    """With ``exists``: False promises it for requests that are an update, not a creation."""

    echo: bool = False
    """Repeat ``data`` at the top level of the answer, as Vault does for some old paths of ``sys``."""

    bare: bool = False
    """Answer ``data`` alone, without the envelope."""

    item: type[Struct] | None = None
    """For a stream: what one line of it is. The client sends any number of lines of JSON, and gets a line for each
    while it goes on sending; ``body`` are the parameters of the query, and the handler replies with ``each``."""

    public_where: tuple[str, str] | None = None
    """The name and the value of an option of the mount that lets anybody come, as if ``access`` were ``PUBLIC``."""

    head: bool = False
    """Serve HEAD as a read without a body."""

    scope: Scope = Scope.EACH
    """Which namespaces serve it. Every row of ``sys`` states it."""

    about_own_token: bool = False
    """It is about the token that it is called with: served in the namespace which that token belongs to."""

    located_by: str = ""
    """The parameter whose value, a token or a lease, ends in the id of the namespace that gave it out. The request is
    served in that namespace, as if it had named it: what counts are the rights that the caller has there."""

    wrapping_token: bool = False
    """The token of the request, or the one in its body, is a wrapping token, and is checked before the caller is."""

    always_served: bool = False
    """Not counted by the bound on requests under way."""

    opened_by: str = ""
    """The field of ``ListenerPermissions`` with which it needs no token, even while sealed."""

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
    """Where the time comes from; tests hand in one that they can move."""

    def __call__(self) -> float:
        """Seconds since the epoch."""


@dataclass(frozen=True, slots=True)
class Mount:
    """What an engine is given to live on: its part of storage, the clock, and its mount's settings."""

    storage: View
    clock: Clock
    accessor: str
    path: str
    """Where it is mounted, ending in ``/``; changes with a remount, which makes a new engine."""

    options: Mapping[str, str] = field(default_factory=dict)
    default_lease_ttl_seconds: int = 0
    max_lease_ttl_seconds: int = 0
    max_batch_items: int = MAX_BATCH_ITEMS
    """The most items that a batch in one request may hold."""

    fips_mode: FipsMode = FipsMode.DISABLED
    """What becomes of what FIPS 140-3 doesn't approve."""

    gate: Gate = OPEN_GATE
    """The crypto policy's gate for the keys of this mount."""

    namespace: str = ""
    """The path of its namespace, ending in ``/``; ``""`` for the root."""

    @property
    def place(self) -> Place:
        """Where its keys lie, a new object each time."""
        return Place(self.path, self.namespace)


@dataclass(frozen=True, slots=True, eq=False)
class EngineType(Generic[P, E]):
    """An engine or an auth method: what an entry point names, and all that the server reads of it.

    ``open`` makes the object that holds the state of one mount and that handlers get. A plug-in's takes the ``Mount``
    alone; engines that are built in get more from the core. State lives in storage, never in the object alone. What
    the object can do beyond the routes are small Protocols (``Closes``, ``Periodic``, those of auth methods).
    """

    type: str
    summary: str
    routes: tuple[Row[E], ...]
    open: Callable[P, E]
    eager: bool = False
    """Whether handlers may begin before their request is a task, which saves it where they wait for nothing.

    In such a handler nothing may mind that the running task is another one behind the first wait, as anyio and so
    httpx do."""

    algorithms: Collection[str] = ()
    """Of which algorithms its keys may be: names of rows of the registry."""


@runtime_checkable
class Closes(Protocol):
    """State that holds something to release when its mount is removed or the server seals."""

    async def close(self) -> None: ...


@runtime_checkable
class Periodic(Protocol):
    """State with work to do from time to time, in one process at a time."""

    async def tick(self, now: float) -> None:
        """Do what is due at ``now``; called about once a minute."""
