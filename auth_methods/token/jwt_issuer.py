"""Issuer of this server's own JSON Web Tokens: its keys, its name, and the validity of its tokens.

A token has two halves. The signed one goes to the client, and any verifier checks it with the published keys. The other
stays here: a record in the token store, whose accessor is the token's ``jti``. So such a token ends as others do (by
its TTL, by revocation, with its parent), also over restarts and in all workers, and is listed, looked up and swept with
the others. Verifiers of the signature alone don't see a revocation; those that ask this server do.

Layout below ``view``:

    config     the settings, once they have been changed
    keys       the key set, once a token was issued or the keys were fetched
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from auth_methods.addresses import contains
from auth_methods.jwt.keys import read_header, verified_claims
from auth_methods.records import JWT, TokenRecord
from auth_methods.token.authority import HeldToken, TokenAuthority
from auth_methods.token.signing_keys import KeySet, ReadyKeys, TooManyKeys, first_keys, ready, rotated, swept
from storage.base import Transaction, put, transact
from storage.view import View

DAY_SECONDS = 24 * 3600

_CONFIG = "config"
_KEYS = "keys"


class JwtConfig(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The stored settings. ``issuer`` is empty for the server's address; periods are in seconds."""

    issuer: str = ""
    algorithm: str = "ES256"
    rotation_period: int = 30 * DAY_SECONDS


class JwtIssuer:
    """The issuer of one namespace. ``address`` is the URL of the token method there; empty if it isn't known."""

    def __init__(self, view: View, address: str, authority: TokenAuthority) -> None:
        self._view = view
        self._address = address
        self._authority = authority

    async def config(self) -> JwtConfig:
        """The settings."""
        return await self._view.load(_CONFIG, _decode_config) or JwtConfig()

    async def configure(self, config: JwtConfig, now: float) -> None:
        """Change the settings; another algorithm takes effect at once. Raises ``TooManyKeys``."""
        keys = await self.keys(now)
        if keys.stored.current.algorithm != config.algorithm:
            await self._change(lambda stored: rotated(stored, config.algorithm, now))
        await put(self._view, _CONFIG, msgspec.msgpack.encode(config))

    async def name(self, now: float) -> str:
        """The ``iss`` of its tokens."""
        return (await self.config()).issuer or self._address or f"urn:uuid:{(await self.keys(now)).stored.id}"

    async def keys(self, now: float) -> ReadyKeys:
        """The key set; created on first use."""
        found = await self._view.load(_KEYS, _decode_keys)
        if found is not None:
            return found
        made = first_keys(str(uuid.uuid4()), (await self.config()).algorithm, now)

        async def keep(transaction: Transaction) -> bytes:
            stored = await transaction.get(_KEYS)
            if stored is None:
                stored = msgspec.msgpack.encode(made)
                transaction.put(_KEYS, stored)
            return stored

        return _decode_keys(await transact(self._view, keep))

    async def signing_key(self, now: float) -> tuple[str, float]:
        """The algorithm of the key that signs, or would be made to, and when it was first used."""
        found = await self._view.load(_KEYS, _decode_keys)
        if found is None:
            return (await self.config()).algorithm, now
        return found.stored.current.algorithm, found.stored.current.since

    async def has_key(self) -> bool:
        """Whether there is a key yet."""
        return await self._view.load(_KEYS, _decode_keys) is not None

    async def signer(self, ttl_seconds: int, now: float) -> ReadyKeys:
        """The key set to sign a token of this TTL with, which it records."""
        keys = await self.keys(now)
        if ttl_seconds <= keys.stored.current.longest_ttl:
            return keys

        def note(stored: KeySet) -> KeySet:
            longest = max(ttl_seconds, stored.current.longest_ttl)
            return replace(stored, current=replace(stored.current, longest_ttl=longest))

        return await self._change(note)

    async def rotate(self, now: float, *, withdraw: bool = False) -> ReadyKeys:
        """Let the next key sign. Raises ``TooManyKeys``.

        With ``withdraw`` all keys are replaced, the published ones too, so that no earlier token verifies: for when a
        key may have been disclosed.
        """
        algorithm = (await self.config()).algorithm

        def change(stored: KeySet) -> KeySet:
            return first_keys(stored.id, algorithm, now) if withdraw else rotated(stored, algorithm, now)

        await self.keys(now)
        return await self._change(change)

    async def tick(self, now: float) -> None:
        """Rotate if due, and withdraw keys whose tokens have all ended."""
        found = await self._view.load(_KEYS, _decode_keys)
        if found is None:
            return
        period = (await self.config()).rotation_period
        if period and now - found.stored.current.since >= period:
            try:
                await self.rotate(now)
            except TooManyKeys:
                return  # Until the oldest of them has ended.
        elif any(key.published_until <= now for key in found.stored.retired):

            def sweep(stored: KeySet) -> KeySet:
                return swept(stored, now)

            await self._change(sweep)

    async def verified(self, token: str, now: float) -> dict[str, Any]:
        """The claims of a token signed here, whether it is still valid or not. Raises ``BadSignature``."""
        header = read_header(token)
        keys = [key for key in (await self.keys(now)).verifying if not header.key_id or key.id == header.key_id]
        return verified_claims(token, header, keys)

    async def find(self, token_id: object, now: float) -> HeldToken | None:
        """The record of the token with this ``jti``, if it hasn't ended."""
        if not isinstance(token_id, str) or not token_id:
            return None
        found = await self._authority.by_accessor(token_id, now)
        return found if found is not None and found.record.type == JWT else None

    async def is_valid(self, token_id: object, address: str, now: float) -> bool:
        """Whether the token with this ``jti`` hasn't ended and may be shown from ``address``."""
        found = await self.find(token_id, now)
        return found is not None and _bound_to(found.record, address)

    async def _change(self, work: Callable[[KeySet], KeySet]) -> ReadyKeys:
        async def change(transaction: Transaction) -> bytes:
            value = await transaction.get(_KEYS)
            assert value is not None, "the keys exist before they change"
            changed = msgspec.msgpack.encode(work(msgspec.msgpack.decode(value, type=KeySet)))
            transaction.put(_KEYS, changed)
            return changed

        return _decode_keys(await transact(self._view, change))


def _bound_to(record: TokenRecord, address: str) -> bool:
    return not record.bound_cidrs or contains(record.bound_cidrs, address)


def _decode_config(value: bytes) -> JwtConfig:
    return msgspec.msgpack.decode(value, type=JwtConfig)


def _decode_keys(value: bytes) -> ReadyKeys:
    return ready(msgspec.msgpack.decode(value, type=KeySet))
