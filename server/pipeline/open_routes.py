"""Routes without a token: those of every listener, and those that a listener's configuration opens.

Rekeying and generating root tokens require shares instead of a token, and metrics hold no secrets; still, each is off
until a listener's configuration allows it, preferably a private listener's.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from functools import cache

from engines.base import Access, Row
from engines.base.routing import RouteTable
from server.config import Listener
from server.system.routes import ROUTES, SEALED_ROUTES
from server.system.seal.generate_root import GENERATE_ROOT_ROUTES
from server.system.seal.rekey import REKEY_ROUTES
from server.system.state import System


@dataclass(frozen=True, slots=True)
class ListenerPermissions:
    """The permissions of one listener; a route names the permission that opens it (``Route.opened_by``)."""

    rekey: bool = False
    generate_root: bool = False
    metrics: bool = False
    in_flight: bool = False


NOTHING = ListenerPermissions()


def exposure_of(listener: Listener) -> ListenerPermissions:
    """The permissions in the configuration of ``listener``."""
    return ListenerPermissions(
        rekey=not listener.disable_unauthed_rekey_endpoints,
        generate_root=not listener.disable_unauthed_generate_root_endpoints,
        metrics=listener.unauthenticated_metrics_access,
        in_flight=listener.unauthenticated_in_flight_requests_access,
    )


@dataclass(frozen=True, slots=True)
class OpenRoutes:
    """The routes without a token, while the server is unsealed and while it is sealed."""

    unsealed: RouteTable
    sealed: RouteTable


@cache
def open_routes(permissions: ListenerPermissions) -> OpenRoutes:
    """The routes that a listener with ``permissions`` serves without a token."""
    permitted = {name for name, allowed in asdict(permissions).items() if allowed}
    candidates = (*ROUTES, *REKEY_ROUTES, *GENERATE_ROOT_ROUTES)
    added = [replace(route, access=Access.OPEN) for route in candidates if route.opened_by in permitted]
    opened = [route for route in ROUTES if route.access is Access.OPEN]
    return OpenRoutes(_table(opened, added), _table(SEALED_ROUTES, added))


def _table(routes: Iterable[Row[System]], added: Sequence[Row[System]]) -> RouteTable:
    """``routes`` with ``added`` replacing the refusals at their paths."""
    paths = {route.path for route in added}
    return RouteTable((*(route for route in routes if route.path not in paths), *added))
