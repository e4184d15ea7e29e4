"""The barrier: encrypts every entry; layers above see plaintext, the store below sees ciphertext.

Keys are ``ns/<namespace id>/...`` and stay readable; the value of each entry is an envelope (see ``storage.envelope``)
with the header ``1 | term, 4 bytes``. It is encrypted under a key that HKDF-SHA256 derives from the term's key with the
namespace's own random salt: so one namespace's entries can't be opened with another's keys.

A term is a key that was current for some time. Rotation adds one; entries of older terms stay readable and move to the
newest when they are next written. The terms are kept at ``core/keyring``, sealed under the root key, which a seal
protects (see ``storage.seals``).
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass

from storage.barrier.keyring import KEYRING_PATH, Keyring, check_root_key, new_keyring, open_keyring, seal_keyring
from storage.barrier.keys import ROOT_NAMESPACE, BarrierKeys
from storage.base import (
    AlreadyInitialized,
    BarrierSealed,
    Damaged,
    NotInitialized,
    Storage,
    Transaction,
    WrongRootKey,
    transact,
)
from storage.envelope import SALT_BYTES, close_envelope, open_envelope
from storage.secret import Secret

OVERHEAD_BYTES = 1 + 4 + 12 + 16
"""The bytes that encryption adds to an entry."""

_FORMAT = b"\x01"
_HEADER_BYTES = 5
_SEALED = "the barrier is sealed"


@dataclass(frozen=True, slots=True)
class KeyStatus:
    """The newest term, its time of installation (seconds since the epoch), and its number of encryptions."""

    term: int
    installed: float
    encryptions: int


class Barrier:
    """A ``Storage`` over ``store``, sealed until ``unseal``."""

    def __init__(self, store: Storage, clock: Callable[[], float] = time.time) -> None:
        self._store = store
        self._clock = clock
        self._keys: BarrierKeys | None = None
        # One task at a time replaces the keys; readers and writers never wait for it.
        self._changing = asyncio.Lock()
        self._outdated = False

    @property
    def sealed(self) -> bool:
        """Whether the barrier has no keys."""
        return self._keys is None

    async def initialized(self) -> bool:
        """Whether there is a keyring."""
        return await self._store.get(KEYRING_PATH) is not None

    async def initialize(self, root_key: bytes, also: Callable[[Transaction], Awaitable[None]] | None = None) -> None:
        """Create the keyring, sealed under ``root_key`` (32 bytes); the barrier stays sealed.

        ``also`` writes to the store below the barrier in the same commit: the seal's record of the root key, which must
        exist if and only if the keyring does. Raises ``AlreadyInitialized``.
        """
        check_root_key(root_key)

        async def create(transaction: Transaction) -> None:
            if await transaction.get(KEYRING_PATH) is not None:
                raise AlreadyInitialized("the barrier is initialised already")
            with Secret(root_key) as secret:
                transaction.put(KEYRING_PATH, seal_keyring(new_keyring(self._clock()), secret))
            if also is not None:
                await also(transaction)

        await transact(self._store, create)

    async def unseal(self, root_key: bytes) -> None:
        """Open the keyring with ``root_key``. An unsealed barrier takes the new root key and keeps its namespaces.

        Raises ``NotInitialized``, ``WrongRootKey``, ``Damaged``; then nothing has changed.
        """
        check_root_key(root_key)
        async with self._changing:
            secret = Secret(root_key)
            entry = await self._store.get(KEYRING_PATH)
            if entry is None:
                raise NotInitialized("the barrier is not initialised")
            keyring = open_keyring(entry, secret)
            if self._keys is None:
                self._keys = BarrierKeys(self._store, secret, keyring)
            else:
                self._keys.root_key = secret
                self._take(self._keys, keyring)

    def seal(self) -> None:
        """Forget all keys and namespaces."""
        keys, self._keys = self._keys, None
        if keys is not None:
            keys.close()

    def add_namespace(self, namespace: str, salt: bytes) -> None:
        """Serve ``ns/<namespace>/``, with its random salt of 32 bytes. Raises ``BarrierSealed``."""
        if not namespace or "/" in namespace:
            raise ValueError(f"not a namespace id: {namespace!r}")
        if len(salt) != SALT_BYTES:
            raise ValueError(f"a namespace's salt has {SALT_BYTES} bytes")
        if self._unsealed().salts.setdefault(namespace, salt) != salt:
            raise ValueError(f"namespace {namespace!r} has another salt")

    def remove_namespace(self, namespace: str) -> None:
        """Serve ``ns/<namespace>/`` no longer; its entries are left as they are. Raises ``BarrierSealed``."""
        if namespace == ROOT_NAMESPACE:
            raise ValueError("the root namespace can't be removed")
        self._unsealed().forget(namespace)

    async def rotate(self) -> int:
        """Add a term, under which all later writes are encrypted, and return its number. Raises ``BarrierSealed``."""
        async with self._changing:
            keys = self._unsealed()

            async def add_term(transaction: Transaction) -> Keyring:
                keyring = (await self._stored_keyring(transaction, keys)).rotated(self._clock())
                transaction.put(KEYRING_PATH, seal_keyring(keyring, keys.root_key))
                return keyring

            rotated = await transact(self._store, add_term)
            self._take(keys, rotated)
            return rotated.newest.number

    async def rekey(self, new_root_key: bytes, also: Callable[[Transaction], Awaitable[None]] | None = None) -> None:
        """Seal the keyring under ``new_root_key`` (32 bytes) instead; ``also`` as for ``initialize``.

        Other processes must be given the new root key by ``unseal``. Continues if the waiting task is cancelled, so
        that the stored keyring and the one in memory stay the same. Raises ``BarrierSealed``.
        """
        check_root_key(new_root_key)
        await asyncio.shield(self._rekey(Secret(new_root_key), also))

    async def _rekey(self, root_key: Secret, also: Callable[[Transaction], Awaitable[None]] | None) -> None:
        async with self._changing:
            keys = self._unsealed()

            async def replace(transaction: Transaction) -> Keyring:
                keyring = await self._stored_keyring(transaction, keys)
                transaction.put(KEYRING_PATH, seal_keyring(keyring, root_key))
                if also is not None:
                    await also(transaction)
                return keyring

            self._take(keys, await transact(self._store, replace))
            keys.root_key = root_key

    async def reload(self) -> None:
        """Read the keyring again, for a term that another process has added. Raises ``BarrierSealed``."""
        async with self._changing:
            keys = self._unsealed()
            self._take(keys, await self._stored_keyring(self._store, keys))

    def expire(self) -> None:
        """The stored keyring may have changed: read it again before anything else is encrypted."""
        self._outdated = True

    async def _refresh(self) -> None:
        """Take the newest term into use, if another process may have added one."""
        if self._outdated:
            try:
                self._outdated = False
                await self.reload()
            except WrongRootKey:
                self._outdated = True  # Another process has replaced the root key, and will send it.
            except BaseException:
                self._outdated = True
                raise

    async def key_status(self) -> KeyStatus:
        """The newest term and its encryptions, never counted too low. Raises ``BarrierSealed``."""
        await self._refresh()
        keys = self._unsealed()
        term = keys.newest
        return KeyStatus(term.number, term.installed, await keys.count.total())

    async def get(self, key: str) -> bytes | None:
        """As ``Reader.get``. Raises ``BarrierSealed``, and ``ValueError`` for keys outside of namespaces."""
        self.access(key)
        record = await self._store.get(key)
        return None if record is None else await self.decrypt(key, record)

    async def list(self, prefix: str, after: str = "", limit: int | None = None) -> list[str]:
        """As ``Reader.list``. Raises ``BarrierSealed``, and ``ValueError`` for prefixes outside of namespaces."""
        self.access(prefix)
        return await self._store.list(prefix, after, limit)

    def transaction(self) -> AbstractAsyncContextManager[Transaction]:
        """As ``Storage.transaction``. Raises ``BarrierSealed`` on entering, and on leaving if it was sealed since."""
        return self._transaction()

    @asynccontextmanager
    async def _transaction(self) -> AsyncIterator[Transaction]:
        await self._refresh()
        keys = self._unsealed()
        async with self._store.transaction() as transaction:
            yield _BarrierTransaction(self, transaction)
            if self._keys is not keys:
                raise BarrierSealed("the barrier was sealed during the transaction")
            await keys.cover()

    def access(self, path: str) -> tuple[BarrierKeys, str]:
        """The keys, and the namespace id of ``path``.

        Raises ``BarrierSealed``, and ``ValueError`` if it is in no namespace.
        """
        parts = path.split("/", 2)
        keys = self._keys
        if keys is None:
            raise BarrierSealed(_SEALED)
        if len(parts) != 3 or parts[0] != "ns" or parts[1] not in keys.salts:
            raise ValueError(f"{path!r} is in no namespace of the barrier")
        return keys, parts[1]

    def encrypt(self, path: str, value: bytes) -> bytes:
        """The record of ``value`` at ``path``; counted, but not yet covered by a reservation."""
        keys, namespace = self.access(path)
        number = keys.newest.number
        keys.count.used += 1
        return close_envelope(keys.cipher(number, namespace), _FORMAT + number.to_bytes(4, "big"), path, value)

    async def decrypt(self, path: str, record: bytes) -> bytes:
        """The value in ``record``, which was read at ``path``. Raises ``Damaged``, ``BarrierSealed``."""
        if len(record) < OVERHEAD_BYTES or not record.startswith(_FORMAT):
            raise Damaged(f"{path}: the record has no known format")
        number = int.from_bytes(record[1:_HEADER_BYTES], "big")
        keys, namespace = self.access(path)
        if number not in keys.keyring.terms:
            await self.reload()
            keys, namespace = self.access(path)  # It may have been sealed meanwhile.
            if number not in keys.keyring.terms:
                raise Damaged(f"{path}: the record names a key term that there never was")
        return open_envelope(keys.cipher(number, namespace), _HEADER_BYTES, path, record)

    def _unsealed(self) -> BarrierKeys:
        if self._keys is None:
            raise BarrierSealed(_SEALED)
        return self._keys

    def _take(self, keys: BarrierKeys, keyring: Keyring) -> None:
        """Use ``keyring`` from now on, unless the barrier has been sealed meanwhile."""
        if self._keys is keys:
            keys.take(keyring)

    async def _stored_keyring(self, reader: Storage | Transaction, keys: BarrierKeys) -> Keyring:
        entry = await reader.get(KEYRING_PATH)
        if self._keys is not keys:
            raise BarrierSealed("the barrier was sealed meanwhile")
        if entry is None:
            raise NotInitialized("the barrier's keyring is gone")
        return open_keyring(entry, keys.root_key)


class _BarrierTransaction:
    __slots__ = ("_barrier", "_transaction")

    def __init__(self, barrier: Barrier, transaction: Transaction) -> None:
        self._barrier = barrier
        self._transaction = transaction

    async def get(self, key: str) -> bytes | None:
        self._barrier.access(key)
        record = await self._transaction.get(key)
        return None if record is None else await self._barrier.decrypt(key, record)

    async def list(self, prefix: str, after: str = "", limit: int | None = None) -> list[str]:
        self._barrier.access(prefix)
        return await self._transaction.list(prefix, after, limit)

    def put(self, key: str, value: bytes) -> None:
        self._transaction.put(key, self._barrier.encrypt(key, value))

    def delete(self, key: str) -> None:
        self._barrier.access(key)
        self._transaction.delete(key)
