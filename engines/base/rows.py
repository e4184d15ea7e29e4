"""Rows of route tables: all static facts about a route."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeAlias, TypeVar

from msgspec import Struct

from engines.base.bodies import Body
from engines.base.calls import Call, Reply
from engines.base.operations import Access, Operation, Scope

E = TypeVar("E")
"""The class of an engine's state."""

B = TypeVar("B", bound=Body)
"""The type of a route's body."""

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

    unlocks: bool = False
    """Whether a namespace serves it while it is locked: the way to unlock it."""

    no_seal: str = ""
    """With ``Scope.SEAL``: the error of the server with which a namespace without a seal answers, as Vault does. Where
    it is empty, the request is invalid."""

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
