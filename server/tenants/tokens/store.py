"""Token store of one namespace: the only place where tokens are minted, used and renewed.

A service token is stored under a salted hash of its id (see ``server.tenants.tokens.entries`` for its entries); a batch
token isn't stored (``server.tenants.tokens.batch``). A token ends with its TTL, its uses, its revocation, or any
ancestor's end: it is refused from that moment, and its entries are removed later
(``server.tenants.tokens.revocation``).

The validity of all ancestors is looked up once for each token and cached, until their earliest expiry. Any other change
of it writes below ``tree/`` in the same commit, which is watched. So a busy token costs one hash, one cache look-up and
two comparisons.

The ids and accessors of tokens end in the id of their namespace, except the root's. The parent of a token may be in a
namespace above; then it is looked up there on each use.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from math import inf
from typing import TypeAlias

from msgspec.structs import replace

from auth_methods.records import BATCH, TokenRecord
from auth_methods.token.authority import HeldToken
from engines.base import Caller
from engines.faults import InvalidRequest
from server.audit.entry import AuditToken
from server.runtime.identifiers import random_text
from server.tenants.identity.effective_identity import EffectiveIdentities, EffectiveIdentity
from server.tenants.namespaces.names import ROOT, Namespace
from server.tenants.policies.acl import Acl
from server.tenants.policies.builtin import RESPONSE_WRAPPING, UNASSIGNABLE_TEXT
from server.tenants.policies.store import PolicyStore
from server.tenants.tokens.batch import PREFIX as BATCH_PREFIX
from server.tenants.tokens.batch import BatchTokens, OpenedTokens
from server.tenants.tokens.entries import (
    ACCESSORS,
    DOOMED,
    TREE,
    TokenEntries,
    accessor_of,
    decode,
    drawer_prefix,
    encode,
    expiry_key,
    id_key,
    open_secrets,
)
from server.tenants.tokens.revocation import TokenRevocation
from server.tenants.tokens.tidy import TokenTidy
from storage.base import Transaction, transact
from storage.view import View

SERVICE_PREFIX = "s."

MAX_RECORD_BYTES = 64 * 1024
"""The most bytes of a token's record, with its policies and metadata: each request reads it, and audits it."""

_TOO_LARGE = "the token would be too large; give it fewer policies or less metadata"

_LISTED_AT_ONCE = 500


Elsewhere: TypeAlias = Callable[[str], Awaitable["Tokens | None"]]
"""Finds the token store of a namespace by the namespace's id."""

Created: TypeAlias = Callable[[str, str, int], None]
"""Is told of each token that was made: the path of its namespace, its type, and its TTL in seconds, 0 for none."""


def _uncounted(namespace_path: str, type: str, ttl_seconds: int) -> None:
    """In place of counting tokens."""


class Token(HeldToken):
    """A cached token: its record, its hash, and data that other modules prepare for it."""

    __slots__ = ("audit", "crypto_caller", "generation", "hash", "identity", "key", "record", "store", "sure_until")

    def __init__(self, record: TokenRecord, hashed: str, store: Tokens) -> None:
        self.record = record
        self.hash = hashed
        self.key = id_key(hashed)
        self.store = store
        """Where it is kept: that of the namespace which it belongs to."""
        self.audit: AuditToken | None = None
        """The prepared auth block of audit entries, by the dispatcher."""
        self.crypto_caller: tuple[EffectiveIdentity | None, object] | None = None
        """The caller's facts for the crypto policy, with the identity that they were made from."""
        self.identity: EffectiveIdentity | None = None
        """The effective identity of its entity; None without an entity."""
        self.generation: object = None
        """The state of the trees in which ``sure_until`` was found."""
        self.sure_until: float = 0
        """The earliest expiry of it and its ancestors, in seconds since the epoch."""

    @property
    def namespace_id(self) -> str:
        """The id of its namespace."""
        return self.store.namespace.id

    @property
    def namespace_path(self) -> str:
        """The path of its namespace."""
        return self.store.namespace.path


def token_of(caller: Caller) -> Token:
    """The token of ``caller``."""
    token = caller.handle
    assert isinstance(token, Token), "the handle of a caller is a token of a store"
    return token


class Tokens:
    """The tokens of ``namespace``, whose storage is ``view`` (the core's own part of it).

    ``elsewhere`` finds the store of a namespace above by its id, for parents stored there; ``created`` counts.
    """

    def __init__(
        self,
        view: View,
        salt: bytes,
        batch_key: bytes,
        policies: PolicyStore,
        identities: EffectiveIdentities,
        namespace: Namespace = ROOT,
        elsewhere: Elsewhere | None = None,
        created: Created = _uncounted,
    ) -> None:
        self._view = view
        self._policies = policies
        self._identities = identities
        self.namespace = namespace
        self._elsewhere = elsewhere
        self._created = created
        self._entries = TokenEntries(salt)
        self._removal = TokenRevocation(view, self._entries)
        self._tidying = TokenTidy(view)
        self._batch = BatchTokens(batch_key, view.prefix, namespace.suffix)
        self._opened: OpenedTokens[Token] = OpenedTokens()
        self._using: dict[str, asyncio.Lock] = {}
        self._generation = object()
        """Another one whenever a tree has changed, and in each store, since caches live longer than stores."""
        view.within(TREE).watch(self._tree_changed)
        self.hash = self._entries.hash
        self.revoke = self._removal.revoke
        self.revoke_orphaning = self._removal.revoke_orphaning
        self.revoke_all = self._removal.revoke_all
        self.sweep = self._removal.sweep
        self.tidy = self._tidying.start

    @classmethod
    async def open(
        cls,
        view: View,
        policies: PolicyStore,
        identities: EffectiveIdentities,
        namespace: Namespace = ROOT,
        elsewhere: Elsewhere | None = None,
        created: Created = _uncounted,
    ) -> Tokens:
        """The store in ``view``, with its salt and its key, created on first use."""
        secrets = await open_secrets(view)
        return cls(view, *secrets, policies, identities, namespace, elsewhere, created)

    @property
    def namespace_path(self) -> str:
        """The path of the tokens' namespace."""
        return self.namespace.path

    async def close(self) -> None:
        """Stop background work, and forget secrets."""
        await self._tidying.close()
        self._opened.clear()
        self._batch.close()

    async def authenticate(self, token_id: str, now: float) -> Token | None:
        """The token with this id if it and its entity may be used, else None."""
        token = await self.lookup(token_id, now)
        if token is not None and token.record.entity_id and not await self._identities.is_valid(token):
            return None
        return token

    async def lookup(self, token_id: str, now: float) -> Token | None:
        """The token with this id if it is valid, whether or not its entity is disabled, else None."""
        hashed = self._entries.hash(token_id)
        if token_id.startswith(BATCH_PREFIX):
            token = self._open_batch(token_id, hashed)
        else:
            token = self._view.ready(id_key(hashed)) or await self._load(hashed)
        if token is None or token.record.num_uses < 0:
            return None
        if token.generation is self._generation and now < token.sure_until:
            return token
        return token if await self._is_valid(token, now) else None

    async def is_valid(self, token: Token, now: float) -> bool:
        """Whether a token in use may continue; having spent its last use doesn't matter."""
        found = await self._load(token.hash)
        if found is None or 0 < found.record.expire_time <= now:
            return False
        return await self._identities.is_valid(token)

    def is_current(self, token: Token, now: float) -> bool:
        """Whether ``authenticate`` would return a token again, with the same identity; False means unknown."""
        if token.generation is not self._generation or now >= token.sure_until:
            return False
        if self._view.ready(token.key) is not token:
            return False
        return token.identity is None or self._identities.is_current(token)

    async def rights(self, token: Token) -> Acl:
        """The ACL of an authenticated token: its own policies, and those of its entity and groups.

        Valid until policies or identities change. Raises ``InvalidRequest`` if the entity's values don't fit the
        policies, ``Damaged`` if one of these can't be parsed.
        """
        identity = token.identity
        if identity is None:
            return await self._policies.acl(token.record.policies)
        return await self._policies.personal_acl(token.record.policies, identity)

    async def by_accessor(self, accessor: str, now: float) -> Token | None:
        """The token with this accessor, if it may still be used."""
        value = await self._view.get(ACCESSORS + self._entries.hash(accessor))
        return None if value is None else await self.by_hash(accessor_of(value)[0], now)

    async def by_hash(self, hashed: str, now: float) -> Token | None:
        """The service token whose id has this hash, if it may still be used."""
        token = await self._load(hashed)
        if token is None or token.record.num_uses < 0 or not await self._is_valid(token, now):
            return None
        return token

    async def accessors(self, now: float) -> list[str]:
        """The accessors of all service tokens; expired ones may be among them until swept."""
        found: list[str] = []
        after = ""
        clearing = await self._view.list(DOOMED, limit=1)
        while names := await self._view.list(ACCESSORS, after, _LISTED_AT_ONCE):
            after = names[-1]
            values = await asyncio.gather(*(self._view.get(ACCESSORS + name) for name in names))
            entries = [accessor_of(value) for value in values if value is not None]
            if clearing or self._elsewhere is not None:
                # Some of the tokens still stored may have lost an ancestor.
                entries = [entry for entry in entries if await self.by_hash(entry[0], now) is not None]
            found.extend(accessor for _, accessor in entries)
        return found

    async def knows_policy(self, name: str) -> bool:
        """Whether there is a policy of this name."""
        return name == "root" or await self._policies.get(name) is not None

    async def use(self, token: Token) -> Token:
        """Count one of a limited token's uses; returns the token for this use, with -1 left in the last.

        Raises ``LookupError`` if another request took the last use, or revoked it.
        """
        if token.record.num_uses == 0:
            return token

        async def count_use(transaction: Transaction) -> TokenRecord:
            value = await transaction.get(id_key(token.hash))
            record = None if value is None else decode(value)
            if record is None or record.num_uses < 0:
                raise LookupError
            left = record.num_uses - 1
            record = replace(record, num_uses=left if left > 0 else -1)
            transaction.put(id_key(token.hash), encode(record))
            return record

        # Concurrent uses of one token queue here, rather than conflict in their commits.
        lock = self._using.setdefault(token.hash, asyncio.Lock())
        try:
            async with lock:
                used = Token(await transact(self._view, count_use), token.hash, self)
                used.identity = token.identity
                return used
        finally:
            if not lock.locked():
                self._using.pop(token.hash, None)

    async def mint(self, record: TokenRecord, drawer: Mapping[str, bytes] | None = None) -> TokenRecord:
        """Create a token, and store the entries ``drawer`` in its cubbyhole.

        An empty ``id`` or ``accessor`` is replaced by a random one; a batch token's id holds its record. Raises
        ``InvalidRequest`` if the id is taken, the parent no longer exists, the record is too large, or the policy of
        wrapping tokens is given to another.
        """
        if RESPONSE_WRAPPING in record.policies and not record.wraps:
            raise InvalidRequest(UNASSIGNABLE_TEXT)
        if record.type == BATCH:
            sealed = self._batch.seal(record)
            if sealed is None:
                raise InvalidRequest(_TOO_LARGE)
            self._created(self.namespace.path, record.type, record.ttl)
            return sealed
        suffix = self.namespace.suffix
        record = replace(
            record,
            id=record.id or SERVICE_PREFIX + random_text() + suffix,
            accessor=record.accessor or random_text() + suffix,
        )
        if len(encode(record)) > MAX_RECORD_BYTES:
            raise InvalidRequest(_TOO_LARGE)
        hashed = self._entries.hash(record.id)

        async def store_token(transaction: Transaction) -> None:
            if await transaction.get(id_key(hashed)) is not None:
                raise InvalidRequest("cannot create a token with a duplicate ID")
            if record.parent_beside:
                parent = await transaction.get(id_key(record.parent))
                if parent is None or decode(parent).num_uses < 0:
                    raise InvalidRequest("parent token lookup failed: no parent found")
            self._entries.write(transaction, hashed, record)
            for name, value in (drawer or {}).items():
                transaction.put(drawer_prefix(hashed) + name, value)

        await transact(self._view, store_token)
        self._created(self.namespace.path, record.type, record.ttl)
        return record

    async def renew(self, hashed: str, granted: int, now: float, grant: bytes = b"") -> TokenRecord | None:
        """Let the token end ``granted`` seconds after ``now``, and keep ``grant`` with it; None if it doesn't exist."""

        async def extend(transaction: Transaction) -> TokenRecord | None:
            value = await transaction.get(id_key(hashed))
            if value is None:
                return None
            before = decode(value)
            record = replace(before, expire_time=now + granted, last_renewal=now, last_ttl=granted, grant=grant)
            if before.expire_time:
                transaction.delete(expiry_key(before.expire_time, hashed))
            if not before.expire_time or record.expire_time < before.expire_time:
                transaction.put(TREE + "shortened", b"")
            transaction.put(expiry_key(record.expire_time, hashed), b"")
            transaction.put(id_key(hashed), encode(record))
            return record

        return await transact(self._view, extend)

    async def _is_valid(self, token: Token, now: float) -> bool:
        """Whether the token and all its ancestors exist and haven't expired."""
        generation = self._generation
        until = inf
        current = token
        sure = True
        while True:
            record = current.record
            if record.expire_time:
                until = min(until, record.expire_time)
            if not record.parent or until <= now:
                break
            if record.parent_namespace:
                if not await self._stands_elsewhere(record, now):
                    return False
                sure = False
                break
            parent = await self._load(record.parent)
            if parent is None:
                return False
            current = parent
            if current.generation is generation and now < current.sure_until:
                until = min(until, current.sure_until)
                break
        if until <= now:
            return False
        # The revocation of a parent isn't recorded for a batch token, nor here for a parent stored elsewhere: these
        # look it up on each use.
        if sure and not (token.record.type == BATCH and token.record.parent):
            token.sure_until, token.generation = until, generation
        return True

    async def _stands_elsewhere(self, record: TokenRecord, now: float) -> bool:
        """Whether the parent of a token, stored in another namespace, may still be used."""
        store = None if self._elsewhere is None else await self._elsewhere(record.parent_namespace)
        return store is not None and await store.by_hash(record.parent, now) is not None

    def _open_batch(self, token_id: str, hashed: str) -> Token | None:
        token = self._opened.get(hashed)
        if token is None:
            record = self._batch.open(token_id)
            if record is None:
                return None
            token = Token(record, hashed, self)
            self._opened.put(token_id, hashed, token)
        return token

    async def _load(self, hashed: str) -> Token | None:
        return await self._view.load(id_key(hashed), lambda value: Token(decode(value), hashed, self))

    def _tree_changed(self) -> None:
        self._generation = object()
