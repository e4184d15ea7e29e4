"""The seal's entries in storage, below the barrier: how the key was split, and the wrapped root key.

    core/seal-config      the seal's type, shares and threshold
    core/root-key         the root key, wrapped
    core/recovery-config  shares and threshold of the recovery key, if there is one (automatic seals only)
    core/recovery-key     the recovery key, wrapped

Configurations are plain, because they are needed to unseal; a digest in front of them catches damage.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field

import msgspec

from storage.base import AlreadyInitialized, Damaged, NotInitialized, Reader, Storage, Transaction, transact
from storage.envelope import KEY_BYTES
from storage.seals.base import InvalidKey, Seal, SealConfig, SealFault
from storage.seals.shamir import ShamirSeal, combine, split
from storage.secret import Secret

CONFIG_PATH = "core/seal-config"
ROOT_KEY_PATH = "core/root-key"
RECOVERY_CONFIG_PATH = "core/recovery-config"
RECOVERY_KEY_PATH = "core/recovery-key"

_DIGEST_BYTES = 32


@dataclass(frozen=True, slots=True)
class NewShares:
    """A new key, split as ``config`` says; nothing of it is stored yet."""

    config: SealConfig
    key: Secret
    shares: list[bytes] = field(repr=False)


def new_shares(shares: int, threshold: int) -> NewShares:
    """A new random key of 32 bytes, split. Raises ``InvalidSealConfig``."""
    key = secrets.token_bytes(KEY_BYTES)
    return NewShares(SealConfig("shamir", shares, threshold), Secret(key), split(key, shares, threshold))


def join(config: SealConfig, shares: Sequence[bytes]) -> bytes:
    """The key that was split. Raises ``InvalidKey`` for what can't be its shares; wrong ones give a wrong key."""
    if config.secret_shares > 1:
        return combine(shares)
    if len(shares) != 1:
        raise InvalidKey("one key is needed, which was not split")
    return shares[0]


class StoredSeal:
    """``seal`` and its entries in ``store``, which is the physical one."""

    def __init__(self, store: Storage, seal: Seal) -> None:
        self._store = store
        self.seal = seal

    async def config(self) -> SealConfig | None:
        """The split of the unseal key; one of one for automatic seals. None before ``create``."""
        return await _read_config(self._store, CONFIG_PATH)

    async def check(self) -> None:
        """Raise ``SealFault`` if the server was initialised with another type of seal; migration isn't supported."""
        config = await self.config()
        if config is not None and config.type != self.seal.type:
            raise SealFault(f"the seal was set up as {config.type!r}, but is configured as {self.seal.type!r}")

    async def recovery_config(self) -> SealConfig | None:
        """The split of the recovery key; None if there is none."""
        return await _read_config(self._store, RECOVERY_CONFIG_PATH)

    async def create(self, transaction: Transaction, root_key: bytes, new: NewShares | None) -> None:
        """Store the configuration and the wrapped ``root_key``, for the first time.

        ``new`` are the unseal shares of a Shamir seal, or the recovery shares of an automatic one (None: it has none).
        Raises ``AlreadyInitialized``.
        """
        if await transaction.get(CONFIG_PATH) is not None:
            raise AlreadyInitialized("the seal is initialised already")
        if self.seal.automatic:
            _write_config(transaction, CONFIG_PATH, SealConfig(self.seal.type, 1, 1))
            await self.store_root_key(transaction, root_key)
        elif new is None:
            raise ValueError(f"a seal of type {self.seal.type} can't do without shares")
        if new is not None:
            await self.replace_shares(transaction, root_key, new)

    async def replace_shares(self, transaction: Transaction, root_key: bytes, new: NewShares) -> None:
        """Let ``new`` take the place of the unseal shares (Shamir) or the recovery shares (automatic seals).

        Call ``adopt`` once it is committed.
        """
        if self.seal.automatic:
            _write_config(transaction, RECOVERY_CONFIG_PATH, new.config)
            transaction.put(RECOVERY_KEY_PATH, await self.seal.wrap(RECOVERY_KEY_PATH, new.key.reveal()))
        else:
            _write_config(transaction, CONFIG_PATH, new.config)
            transaction.put(ROOT_KEY_PATH, await _with_key(new.key.reveal()).wrap(ROOT_KEY_PATH, root_key))

    def adopt(self, new: NewShares) -> None:
        """Use the key of ``new``, whose shares are stored by now, for all later wrapping."""
        if isinstance(self.seal, ShamirSeal):
            self.seal.use(new.key.reveal())

    @property
    def key(self) -> bytes | None:
        """The key that the shares of a Shamir seal gave; None if they have not, and for automatic seals."""
        return self.seal.key if isinstance(self.seal, ShamirSeal) else None

    def use(self, key: bytes) -> None:
        """Use ``key``, which another process has combined from shares."""
        if isinstance(self.seal, ShamirSeal):
            self.seal.use(key)

    async def store_root_key(self, transaction: Transaction, root_key: bytes) -> None:
        """Store ``root_key`` in place of the present one, wrapped with the seal's present key."""
        transaction.put(ROOT_KEY_PATH, await self.seal.wrap(ROOT_KEY_PATH, root_key))

    async def unlock(self, shares: Sequence[bytes] = ()) -> Secret:
        """The root key, by ``shares`` for a Shamir seal, which then keeps its key until it is closed.

        Raises ``NotInitialized``, ``InvalidKey``, ``Damaged``; ``SealFault`` if another type of seal was set up.
        """
        wrapped, config = await self._store.get(ROOT_KEY_PATH), await self.config()
        if wrapped is None or config is None:
            raise NotInitialized("the seal is not initialised")
        await self.check()
        if not isinstance(self.seal, ShamirSeal):
            return Secret(await self.seal.unwrap(ROOT_KEY_PATH, wrapped))
        key = join(config, shares)
        # Tried in a seal of its own, so that wrong shares don't replace the right key.
        root_key = Secret(await _with_key(key).unwrap(ROOT_KEY_PATH, wrapped))
        self.seal.use(key)
        return root_key

    async def try_root_key(self) -> None:
        """Open the stored root key with the present key of the seal, and forget it.

        Raises ``NotInitialized``, ``InvalidKey``, ``Damaged``; ``SealFault`` if another type of seal was set up, or the
        seal has no key at present.
        """
        await self.check()
        wrapped = await self._store.get(ROOT_KEY_PATH)
        if wrapped is None:
            raise NotInitialized("the stored root key is missing")
        Secret(await self.seal.unwrap(ROOT_KEY_PATH, wrapped)).close()

    async def verify(self, shares: Sequence[bytes]) -> None:
        """Raise ``InvalidKey`` unless ``shares`` are those of the unseal key (Shamir) or of the recovery key."""
        if not self.seal.automatic:
            (await self.unlock(shares)).close()
            return
        wrapped, config = await self._store.get(RECOVERY_KEY_PATH), await self.recovery_config()
        if wrapped is None or config is None:
            raise InvalidKey("there is no recovery key")
        key = await self.seal.unwrap(RECOVERY_KEY_PATH, wrapped)
        if not hmac.compare_digest(join(config, shares), key):
            raise InvalidKey("recovery key does not match submitted values")

    async def upgrade(self) -> bool:
        """Wrap the entries under an older key of the seal again with its current one; return whether any were."""

        async def wrap_again(transaction: Transaction) -> bool:
            found = False
            for path in (ROOT_KEY_PATH, RECOVERY_KEY_PATH):
                wrapped = await transaction.get(path)
                if wrapped is not None and self.seal.outdated(wrapped):
                    transaction.put(path, await self.seal.wrap(path, await self.seal.unwrap(path, wrapped)))
                    found = True
            return found

        return await transact(self._store, wrap_again)


def _with_key(key: bytes) -> ShamirSeal:
    seal = ShamirSeal()
    seal.use(key)
    return seal


def _write_config(transaction: Transaction, path: str, config: SealConfig) -> None:
    record = msgspec.msgpack.encode(config)
    transaction.put(path, _digest(path, record) + record)


async def _read_config(reader: Reader, path: str) -> SealConfig | None:
    entry = await reader.get(path)
    if entry is None:
        return None
    digest, record = entry[:_DIGEST_BYTES], entry[_DIGEST_BYTES:]
    if digest != _digest(path, record):
        raise Damaged(f"{path}: the record does not match its digest")
    try:
        return msgspec.msgpack.decode(record, type=SealConfig)
    except msgspec.DecodeError as error:
        raise Damaged(f"{path}: the record has no known format") from error


def _digest(path: str, record: bytes) -> bytes:
    return hashlib.sha256(path.encode() + b"\x00" + record).digest()
