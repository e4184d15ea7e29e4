"""The API of the cubbyhole as one table."""

from __future__ import annotations

from engines.base import EngineType, Operation, Route, Row
from server.tenants.cubbyhole.entries import Cubbyhole, PathBody, WriteBody, delete, exists, list_names, read, write

ROUTES: tuple[Row[Cubbyhole], ...] = tuple(
    route
    for path in ("", "{path:path}")
    for route in (
        Route(Operation.READ, path, read, PathBody, "Show what is kept here.", writes=False),
        Route(Operation.LIST, path, list_names, PathBody, "List what is kept here.", writes=False),
        Route(Operation.UPDATE, path, write, WriteBody, "Keep something here.", exists=exists),
        Route(Operation.DELETE, path, delete, PathBody, "Remove what is kept here."),
    )
)

CUBBYHOLE = EngineType(
    type="cubbyhole",
    summary="A private place for each token",
    routes=ROUTES,
    open=Cubbyhole,
)
