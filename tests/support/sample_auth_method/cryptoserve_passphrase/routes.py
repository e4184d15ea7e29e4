"""The method as data: its API, and the type that the server opens for each mount."""

from __future__ import annotations

from engines.base import Access, EngineType, Operation, Route, Row

from .passphrase import ConfigBody, LoginBody, Passphrase, configure, log_in

ROUTES: tuple[Row[Passphrase], ...] = (
    Route(Operation.UPDATE, "config", configure, ConfigBody, "Set the passphrase."),
    Route(Operation.UPDATE, "login", log_in, LoginBody, "Log in with the passphrase.", Access.PUBLIC),
)

PASSPHRASE = EngineType(
    type="passphrase",
    summary="One passphrase for all",
    routes=ROUTES,
    open=Passphrase,
)
