"""A sample auth method: whoever knows the mount's passphrase gets a token.

It shows all that a method has to be: a class with a type, routes as data, one of them public, and a ``Login`` for those
who prove themselves. The passphrase is stored in the mount's own part of storage, which the server encrypts.
"""

from __future__ import annotations

import hmac
from typing import ClassVar

from auth_methods.base import InvalidCredentials, Login
from engines.base import Access, Body, Call, Mount, Operation, Route
from engines.faults import InvalidRequest
from engines.fields import CommaList
from storage.base import Transaction, transact


class ConfigBody(Body):
    """What is to be known, and what those get who know it."""

    passphrase: str = ""
    policies: CommaList = []


class LoginBody(Body):
    """The proof."""

    passphrase: str = ""


async def configure(method: Passphrase, call: Call, body: ConfigBody) -> None:
    """Set the passphrase and the policies."""
    if not body.passphrase:
        raise InvalidRequest("missing passphrase")

    async def work(transaction: Transaction) -> None:
        transaction.put("passphrase", body.passphrase.encode())
        transaction.put("policies", ",".join(body.policies).encode())

    await transact(method.mount.storage, work)


async def log_in(method: Passphrase, call: Call, body: LoginBody) -> Login:
    """Give a token for the passphrase."""
    expected = await method.mount.storage.get("passphrase")
    if expected is None or not hmac.compare_digest(expected, body.passphrase.encode()):
        raise InvalidCredentials("wrong passphrase")
    policies = await method.mount.storage.get("policies") or b""
    return Login(policies=tuple(filter(None, policies.decode().split(","))), metadata={"by": "passphrase"})


class Passphrase:
    """One mount of the method."""

    type: ClassVar[str] = "passphrase"
    summary: ClassVar[str] = "One passphrase for all"
    routes: ClassVar[tuple[Route, ...]] = (
        Route(Operation.UPDATE, "config", configure, ConfigBody, "Set the passphrase."),
        Route(Operation.UPDATE, "login", log_in, LoginBody, "Log in with the passphrase.", Access.PUBLIC),
    )

    def __init__(self, mount: Mount) -> None:
        self.mount = mount
