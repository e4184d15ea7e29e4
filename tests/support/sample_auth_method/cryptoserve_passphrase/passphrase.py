"""What the method does: the passphrase lies in the mount's own part of storage, which the server encrypts."""

from __future__ import annotations

import hmac

from auth_methods.base import InvalidCredentials, Login
from engines.base import Body, Call, Mount
from engines.faults import InvalidRequest
from engines.fields import CommaList
from storage.base import Transaction, transact


class Passphrase:
    """One mount of the method."""

    def __init__(self, mount: Mount) -> None:
        self.mount = mount


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
