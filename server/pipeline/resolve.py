"""Namespace resolution: the namespace of a request, and the paths that namespaces refuse.

A client names a namespace by the header ``X-Vault-Namespace``, by a prefix of the path, or by both, which are joined.
``resolve_namespace`` normalises that before anything else reads the request: to the whole path of the namespace, and a
path relative to it. The ``scope`` of a path's rows determines what it is refused for.
"""

from __future__ import annotations

from typing import Any

from auth_methods.token.routes import TOKEN
from compat.requests import Request
from engines.base import Row, Scope
from engines.base.routing import Endpoint
from engines.faults import Failed, InvalidRequest, NotFound, Unavailable
from server.system.routes import NOT_SERVED, SYSTEM
from server.tenants.mounts.table import AUTH
from server.tenants.namespaces.names import normalise
from server.tenants.namespaces.table import NamespaceTable

_SYSTEM = "sys/"


def _noun(path: str) -> str:
    """The subject of a path of ``sys``: the segment after ``sys/``, or two if the first is ``internal``."""
    segments = path.split("/", 3)
    return "/".join(segments[1:3]) if segments[1] == "internal" else segments[1]


_BUILT_IN: list[tuple[str, Row[Any]]] = [
    *((_SYSTEM + route.path, route) for route in SYSTEM.routes),
    *((f"{AUTH}token/{route.path}", route) for route in TOKEN.routes),
]

ABOUT_OWN_TOKEN = frozenset(path for path, route in _BUILT_IN if route.about_own_token)
"""Paths that are served in the namespace of the caller's token."""

_WRAPPING_TOKEN = frozenset(path for path, route in _BUILT_IN if route.wrapping_token)

_LOCATED_BY = {path: route.located_by for path, route in _BUILT_IN if route.located_by}
"""Paths that are served in the namespace of the token or lease that they name, with the naming parameter."""

_LOCATED_BY_PATH = tuple(path.partition("{")[0] for path in _LOCATED_BY if "{" in path)
"""The prefixes of paths that end in that name."""

_SERVER = frozenset(_noun(path) for path, route in _BUILT_IN if route.scope is Scope.SERVER) | NOT_SERVED
"""Subjects of ``sys`` that concern the server as a whole."""

_UNLOCKING = frozenset(path for path, route in _BUILT_IN if route.unlocks)

ONLY_IN_ROOT = "operation only available in root namespace"


def resolve_namespace(request: Request, table: NamespaceTable) -> None:
    """Set the whole path of the namespace of ``request``, and its path relative to that.

    An unknown namespace is kept: ``check_namespace`` refuses it. Raises ``InvalidRequest`` for paths that concern the
    server as a whole.
    """
    namespace, path = normalise(request.namespace), request.path
    known = not namespace or namespace in table.by_path
    while known:
        name, slash, rest = path.partition("/")
        if not slash or f"{namespace}{name}/" not in table.by_path:
            break
        namespace, path = f"{namespace}{name}/", rest
    asked = request.in_namespace or bool(namespace)
    if asked and path.startswith(_SYSTEM) and _noun(path) in _SERVER:
        raise InvalidRequest("operation unavailable in namespaces" if request.in_namespace else ONLY_IN_ROOT)
    if known and (path in ABOUT_OWN_TOKEN or (path in _WRAPPING_TOKEN and "token" not in request.data)):
        entry = table.by_id.get(request.token.rpartition(".")[2])
        namespace = "" if entry is None else entry.path
    elif known and (entry := table.by_id.get(_id_named(request, path))) is not None:
        namespace = entry.path
    request.prefixed = path is not request.path
    request.namespace, request.path = namespace, path


def _id_named(request: Request, path: str) -> str:
    """The namespace suffix of the token or lease id in ``request``, on paths located by it; else ``""``."""
    parameter = _LOCATED_BY.get(path)
    value = request.data.get(parameter) if parameter else path if path.startswith(_LOCATED_BY_PATH) else ""
    return value.rpartition(".")[2] if isinstance(value, str) else ""


def check_namespace(request: Request, table: NamespaceTable) -> None:
    """Raise ``NotFound`` if the namespace of a resolved ``request`` does not exist, ``Unavailable`` if it is locked."""
    path = request.namespace
    if not path:
        return
    if path not in table.by_path:
        raise NotFound("namespace not found")
    locked = table.locked_at(path)
    if locked is not None and not (path == locked and request.path in _UNLOCKING):
        raise Unavailable(
            "API access to this namespace has been locked by an administrator - "
            f'"{locked}" must be unlocked to gain access.'
        )


def refuse_in_namespace(endpoint: Endpoint) -> None:
    """Raise ``InvalidRequest`` if the routes of ``endpoint`` are the root namespace's alone."""
    if endpoint.scope in (Scope.ROOT, Scope.SERVER):
        raise InvalidRequest(ONLY_IN_ROOT)


def refuse_without_seal(endpoint: Endpoint) -> None:
    """Raise a fault if the routes of ``endpoint`` concern the seal of a namespace, which none has."""
    if endpoint.scope is Scope.SEAL:
        for route in endpoint.routes.values():
            if route.no_seal:
                raise Failed(route.no_seal)
        raise InvalidRequest("namespace is not sealable")
