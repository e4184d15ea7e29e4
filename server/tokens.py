"""The token store of one namespace: the only place where tokens are minted, used and revoked.

A token is kept under a salted hash of its id, with an index from its accessor, one from its parent to its children, and
one by the minute at which it ends. All of them are written in the transaction that makes the token and removed in the
one that revokes it with its descendants, so that none is ever without the others. An expired token is refused by the
clock; removing what it left behind is done later, by ``sweep``.

Layout below the view:

    salt                       random, keys the hashes below
    id/<hash of id>            the record
    accessor/<hash of it>      the hash of the token's id
    child/<parent>/<child>     hashes of both
    expiry/<minute>/<hash>     minute since the epoch, as 8 hexadecimal digits
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
import string
from typing import Any

import msgspec
from msgspec.structs import replace

from auth_methods.records import TokenRecord
from engines.faults import InvalidRequest
from server.policies import PolicyStore
from storage.base import Transaction, transact
from storage.view import View

SERVICE_PREFIX = "s."
_ALPHABET = string.ascii_letters + string.digits
_ID_LENGTH = 24
_SWEPT_AT_ONCE = 200


class Token:
    """A token as it is kept ready: its record, its hash, and what others have prepared for it."""

    __slots__ = ("acl", "audit", "hash", "record")

    def __init__(self, record: TokenRecord, hashed: str) -> None:
        self.record = record
        self.hash = hashed
        self.acl: Any = None
        """``(generation of the policies, compiled ACL)``, by the dispatcher."""
        self.audit: Any = None
        """The prepared auth block of audit entries, by the dispatcher."""


class Tokens:
    """The tokens of the namespace whose storage is ``view`` (the core's own part of it)."""

    def __init__(self, view: View, salt: bytes, policies: PolicyStore) -> None:
        self._view = view
        self._policies = policies
        self._keyed = hmac.new(salt, digestmod=hashlib.sha256)

    @classmethod
    async def open(cls, view: View, policies: PolicyStore) -> Tokens:
        """The store in ``view``, with its salt made at the first time."""

        async def work(transaction: Transaction) -> bytes:
            salt = await transaction.get("salt")
            if salt is None:
                salt = secrets.token_bytes(32)
                transaction.put("salt", salt)
            return salt

        return cls(view, await transact(view, work), policies)

    def hash(self, text: str) -> str:
        """The salted hash of a token id or accessor: HMAC-SHA256 in hexadecimal."""
        keyed = self._keyed.copy()
        keyed.update(text.encode())
        return keyed.hexdigest()

    async def authenticate(self, token_id: str, now: float) -> Token | None:
        """The token with this id if it may still be used, else None."""
        token = await self._load(self.hash(token_id))
        return token if token is not None and token.record.alive(now) else None

    async def stands(self, token: Token, now: float) -> bool:
        """Whether a token that is in use already is still there; that the use was its last doesn't matter."""
        found = await self._load(token.hash)
        return found is not None and (found.record.expire_time == 0 or found.record.expire_time > now)

    async def lookup(self, token_id: str, now: float) -> Token | None:
        """As ``authenticate``: what is expired or used up is as good as gone."""
        return await self.authenticate(token_id, now)

    async def by_accessor(self, accessor: str, now: float) -> Token | None:
        """The token with this accessor, if it is alive."""
        hashed = await self._view.get("accessor/" + self.hash(accessor))
        if hashed is None:
            return None
        token = await self._load(hashed.decode())
        return token if token is not None and token.record.alive(now) else None

    async def accessors(self) -> list[str]:
        """The accessors of all tokens; those of tokens that have ended may be among them until swept."""
        values = [await self._view.get("id/" + name) for name in await self._view.list("id/")]
        return [_decode(value).accessor for value in values if value is not None]

    async def knows_policy(self, name: str) -> bool:
        """Whether there is a policy of this name."""
        return name == "root" or await self._policies.get(name) is not None

    async def use(self, token: Token) -> Token:
        """Take one of a limited token's uses; the answer is the token as it is during this use, -1 left in the last.

        Raises ``LookupError`` if another request took the last one, or revoked it.
        """
        if token.record.num_uses == 0:
            return token
        key = "id/" + token.hash

        async def work(transaction: Transaction) -> TokenRecord:
            value = await transaction.get(key)
            record = None if value is None else _decode(value)
            if record is None or record.num_uses < 0:
                raise LookupError
            left = record.num_uses - 1
            record = replace(record, num_uses=left if left > 0 else -1)
            transaction.put(key, msgspec.msgpack.encode(record))
            return record

        return Token(await transact(self._view, work), token.hash)

    async def mint(self, record: TokenRecord) -> TokenRecord:
        """Store a new token. An empty ``id`` or ``accessor`` is filled with a random one.

        Raises ``InvalidRequest`` if the id is taken or the parent is no longer there.
        """
        record = replace(
            record,
            id=record.id or SERVICE_PREFIX + _random_text(),
            accessor=record.accessor or _random_text(),
        )
        hashed = self.hash(record.id)

        async def work(transaction: Transaction) -> None:
            if await transaction.get("id/" + hashed) is not None:
                raise InvalidRequest("cannot create a token with a duplicate ID")
            if record.parent:
                if await transaction.get("id/" + record.parent) is None:
                    raise InvalidRequest("parent token lookup failed: no parent found")
                transaction.put(f"child/{record.parent}/{hashed}", b"")
            transaction.put("id/" + hashed, msgspec.msgpack.encode(record))
            transaction.put("accessor/" + self.hash(record.accessor), hashed.encode())
            if record.expire_time:
                transaction.put(_expiry_key(record.expire_time, hashed), b"")

        await transact(self._view, work)
        return record

    async def renew(self, hashed: str, granted: int, now: float) -> TokenRecord | None:
        """Let the token end ``granted`` seconds after ``now``; None if it is gone."""
        key = "id/" + hashed

        async def work(transaction: Transaction) -> TokenRecord | None:
            value = await transaction.get(key)
            if value is None:
                return None
            record = _decode(value)
            if record.expire_time:
                transaction.delete(_expiry_key(record.expire_time, hashed))
            record = replace(record, expire_time=now + granted, last_renewal=now, last_ttl=granted)
            transaction.put(_expiry_key(record.expire_time, hashed), b"")
            transaction.put(key, msgspec.msgpack.encode(record))
            return record

        return await transact(self._view, work)

    async def revoke(self, hashed: str) -> bool:
        """Revoke a token and all that descend from it, at once; False if there is no such token."""

        async def work(transaction: Transaction) -> bool:
            return await self._remove_tree(transaction, hashed)

        return await transact(self._view, work)

    async def revoke_issued_below(self, path: str) -> None:
        """Revoke all tokens that were issued by a path below ``path``, which ends in ``/``."""
        after = ""
        while names := await self._view.list("id/", after, _SWEPT_AT_ONCE):
            after = names[-1]
            for hashed in names:
                token = await self._load(hashed)
                if token is not None and token.record.path.startswith(path):
                    await self.revoke(hashed)

    async def revoke_orphaning(self, hashed: str) -> bool:
        """Revoke one token and make orphans of its children; False if there is no such token."""

        async def work(transaction: Transaction) -> bool:
            for child in await transaction.list(f"child/{hashed}/"):
                transaction.delete(f"child/{hashed}/{child}")
                value = await transaction.get("id/" + child)
                if value is not None:
                    transaction.put("id/" + child, msgspec.msgpack.encode(replace(_decode(value), parent="")))
            return await self._remove_tree(transaction, hashed)

        return await transact(self._view, work)

    async def sweep(self, now: float) -> int:
        """Revoke tokens whose time has passed, a few hundred at most so that it never takes long; returns how many."""
        swept = 0
        for minute in await self._view.list("expiry/", limit=_SWEPT_AT_ONCE):
            if int(minute.rstrip("/"), 16) * 60 > now:
                break
            for hashed in await self._view.list("expiry/" + minute, limit=_SWEPT_AT_ONCE - swept):
                token = await self._load(hashed)
                if token is not None and token.record.expire_time > now:
                    continue
                await self._end(hashed, f"expiry/{minute}{hashed}")
                swept += 1
            if swept >= _SWEPT_AT_ONCE:
                break
        return swept

    async def _end(self, hashed: str, marker: str) -> None:
        async def work(transaction: Transaction) -> None:
            await self._remove_tree(transaction, hashed)
            transaction.delete(marker)

        await transact(self._view, work)

    async def _remove_tree(self, transaction: Transaction, hashed: str) -> bool:
        there = False
        pending = [hashed]
        while pending:
            current = pending.pop()
            for child in await transaction.list(f"child/{current}/"):
                pending.append(child)
            value = await transaction.get("id/" + current)
            if value is None:
                continue
            there = there or current == hashed
            record = _decode(value)
            transaction.delete("id/" + current)
            transaction.delete("accessor/" + self.hash(record.accessor))
            if record.parent:
                transaction.delete(f"child/{record.parent}/{current}")
            if record.expire_time:
                transaction.delete(_expiry_key(record.expire_time, current))
        return there

    async def _load(self, hashed: str) -> Token | None:
        return await self._view.load("id/" + hashed, lambda value: Token(_decode(value), hashed))


def _decode(value: bytes) -> TokenRecord:
    return msgspec.msgpack.decode(value, type=TokenRecord)


def _expiry_key(expire_time: float, hashed: str) -> str:
    return f"expiry/{int(expire_time) // 60 + 1:08x}/{hashed}"


def _random_text() -> str:
    return "".join(secrets.choice(_ALPHABET) for _ in range(_ID_LENGTH))
