"""Cubbyhole: private storage of each service token, for the cubbyhole engine.

Entries are stored under the token's prefix and deleted with it. Each write reads the token in its transaction, so that
nothing is left of a token that was just revoked.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from auth_methods.records import SERVICE
from compat.json.text import encode, parse_object
from engines.base import Caller
from engines.faults import InvalidRequest, Unauthenticated
from engines.worker_pools import beside
from server.tenants.tokens.entries import drawer_prefix, id_key
from server.tenants.tokens.store import Token, Tokens, token_of
from storage.barrier.barrier import OVERHEAD_BYTES
from storage.base import MAX_KEY_BYTES, Transaction, transact
from storage.base import MAX_VALUE_BYTES as MAX_ENTRY_BYTES
from storage.paths import check_key
from storage.view import View

MAX_VALUE_BYTES = MAX_ENTRY_BYTES - OVERHEAD_BYTES
"""The largest entry of a cubbyhole, in bytes of JSON."""

MAX_PATH_BYTES = MAX_KEY_BYTES // 2
"""The longest path in a cubbyhole, in bytes."""


_SHORT_BYTES = 64 * 1024


def check_size(value: bytes) -> None:
    """Raise ``InvalidRequest`` for an entry that is too large."""
    if len(value) > MAX_VALUE_BYTES:
        raise InvalidRequest(f"at most {MAX_VALUE_BYTES} bytes can be kept in one place")


class Cubbyholes:
    """The cubbyholes of one namespace's ``tokens``; ``view`` is that of the token store."""

    def __init__(self, tokens: Tokens, view: View) -> None:
        self._tokens = tokens
        self._view = view

    async def read(self, caller: Caller, path: str) -> dict[str, Any] | None:
        """The caller's entry at ``path``, or None."""
        value = await self._view.get(self._key(caller, path))
        if value is None or len(value) <= _SHORT_BYTES:
            return None if value is None else parse_object(value)
        return await beside(partial(parse_object, value))

    async def list(self, caller: Caller, path: str) -> list[str]:
        """The names below ``path``, which is empty or ends in ``/``; those of folders end in ``/``."""
        prefix = drawer_prefix(self._token(caller).hash)
        if path:
            _check(path.removesuffix("/"))
        return await self._view.list(prefix + path)

    async def write(self, caller: Caller, path: str, data: Mapping[str, Any]) -> None:
        """Store ``data`` at ``path``. Raises ``Unauthenticated`` if the token has been revoked meanwhile."""
        key, value = self._key(caller, path), encode(data)
        check_size(value)
        token = self._token(caller)

        async def store_value(transaction: Transaction) -> None:
            if await transaction.get(id_key(token.hash)) is None:
                raise Unauthenticated
            transaction.put(key, value)

        await transact(self._view, store_value)

    async def delete(self, caller: Caller, path: str) -> None:
        """Delete the entry at ``path``; no error if there is none."""
        key = self._key(caller, path)
        async with self._view.transaction() as transaction:
            transaction.delete(key)

    def _token(self, caller: Caller) -> Token:
        token = token_of(caller)
        if token.record.type != SERVICE:
            raise InvalidRequest("cubbyhole operations are only supported by 'service' type tokens")
        if token.store is not self._tokens:
            raise InvalidRequest("the cubbyhole of a token is in the namespace of the token")
        return token

    def _key(self, caller: Caller, path: str) -> str:
        token = self._token(caller)
        _check(path)
        return drawer_prefix(token.hash) + path


def _check(path: str) -> None:
    """Raise ``InvalidRequest`` for a path that isn't a valid storage key."""
    try:
        check_key(path)
    except ValueError:
        raise InvalidRequest("invalid path") from None
    if len(path.encode()) > MAX_PATH_BYTES:
        raise InvalidRequest(f"a path is at most {MAX_PATH_BYTES} bytes long")
