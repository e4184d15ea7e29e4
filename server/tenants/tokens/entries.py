"""Storage entries of a token: its record, and the indexes by which it is found, expired and removed.

Layout below the view of the token store; all hashes are HMAC-SHA256 under the salt, in hexadecimal:

    salt                                keys the hashes
    batch-key                           seals batch tokens, see ``server.tenants.tokens.batch``
    id/<hash of id>                     the record
    accessor/<hash of accessor>         the token's hash, and the accessor
    own/<hash>/child/<hash of child>    its children
    own/<hash>/drawer/<path>            its cubbyhole
    expiry/<second>-<hash>              the second of its end, as 10 hexadecimal digits
    lease/<path>/h<hash>                the path of the request that created it
    tree/...                            removal under way, see ``server.tenants.tokens.revocation``
    emptying/<hash>                     a removed token's cubbyhole that is yet to be emptied
    ended/<hash>                        a removed token's grant that is yet to be ended, see ``EndedGrant``

All entries of a token are written in the transaction that creates it, and removed in the one that ends it. They are
found by key or by listing a range, never by a scan.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from dataclasses import dataclass

import msgspec
from msgspec import Struct

from auth_methods.records import TokenRecord
from engines.fields import join_names
from server.tenants.tokens.batch import KEY_BYTES
from storage.base import Reader, Transaction, transact
from storage.view import View

MAX_LEASE_PATH_BYTES = 1024
"""The longest path, in bytes, of a request whose token has a lease under that path."""

_SMALL_DRAWER = 16
"""The most cubbyhole entries deleted together with the token; more are left for later."""

_SALT_BYTES = 32
_SECOND_DIGITS = 10
_LEASE_PREFIX = "h"

TOKENS = "sys/token/"
"""The prefix of the token store in its namespace's storage."""

ACCESSORS = "accessor/"
EXPIRY = "expiry/"
LEASES = "lease/"
WRAPPED_SIZES = "wrapped/"
DOOMED = "tree/doomed/"
ORPHANING = "tree/orphaning/"
EMPTYING = "emptying/"
ENDED = "ended/"
TREE = "tree/"
"""Folders of the token store; ``id/`` and ``own/`` are spelled by the functions below alone."""


class _AccessorEntry(Struct, frozen=True, array_like=True):
    token: str
    accessor: str


class EndedGrant(Struct, frozen=True, array_like=True):
    """The grant of a removed token, which its auth method has to end at its provider."""

    path: str
    """The path of the request that made the token."""

    grant: bytes
    tries: int = 0
    due: float = 0
    """The time of the next try, in seconds since the epoch."""

    def __repr__(self) -> str:
        return f"EndedGrant({self.path!r})"


@dataclass(frozen=True, slots=True)
class TokenDependents:
    """A token's dependents, which must be removed too."""

    children: bool
    small_cubbyhole: tuple[str, ...]
    large_cubbyhole: bool


class TokenEntries:
    """Writes and removes the entries of tokens, hashed under ``salt``."""

    __slots__ = ("_keyed",)

    def __init__(self, salt: bytes) -> None:
        self._keyed = hmac.new(salt, digestmod=hashlib.sha256)

    def hash(self, text: str) -> str:
        """The salted hash of a token id or accessor."""
        keyed = self._keyed.copy()
        keyed.update(text.encode())
        return keyed.hexdigest()

    def write(self, transaction: Transaction, hashed: str, record: TokenRecord) -> None:
        """Write all entries of a new token."""
        transaction.put(id_key(hashed), encode(record))
        entry = _AccessorEntry(hashed, record.accessor)
        transaction.put(ACCESSORS + self.hash(record.accessor), msgspec.msgpack.encode(entry))
        if record.parent_beside:
            transaction.put(child_key(record.parent, hashed), b"")
        if record.expire_time:
            transaction.put(expiry_key(record.expire_time, hashed), b"")
        lease = lease_key(record, hashed)
        if lease is not None:
            transaction.put(lease, b"")
        if record.wrapped_bytes:
            transaction.put(size_key(record, hashed), b"")

    def remove(self, transaction: Transaction, hashed: str, record: TokenRecord, holdings: TokenDependents) -> None:
        """Remove all entries of a token; children and a large cubbyhole are marked for later removal."""
        transaction.delete(id_key(hashed))
        transaction.delete(ACCESSORS + self.hash(record.accessor))
        if record.parent_beside:
            transaction.delete(child_key(record.parent, hashed))
        if record.expire_time:
            transaction.delete(expiry_key(record.expire_time, hashed))
        lease = lease_key(record, hashed)
        if lease is not None:
            transaction.delete(lease)
        if record.wrapped_bytes:
            transaction.delete(size_key(record, hashed))
        for name in holdings.small_cubbyhole:
            transaction.delete(drawer_prefix(hashed) + name)
        if holdings.large_cubbyhole:
            transaction.put(EMPTYING + hashed, b"")
        if holdings.children:
            transaction.put(doomed_key(hashed), b"")
        if record.grant:
            transaction.put(ENDED + hashed, msgspec.msgpack.encode(EndedGrant(record.path, record.grant)))


async def holdings_of(reader: Reader, hashed: str) -> TokenDependents:
    """The token's dependents, as ``reader`` sees them."""
    owned = await reader.list(f"own/{hashed}/")
    names: list[str] = []
    if "drawer/" in owned:
        names = await reader.list(drawer_prefix(hashed), limit=_SMALL_DRAWER + 1)
    large = len(names) > _SMALL_DRAWER or any(name.endswith("/") for name in names)
    return TokenDependents("child/" in owned, () if large else tuple(names), large)


UNSEEN = TokenDependents(children=True, small_cubbyhole=(), large_cubbyhole=True)
"""The dependents of a token that wasn't examined: all are left for later removal."""


def encode(record: TokenRecord) -> bytes:
    """The stored form of a record."""
    return msgspec.msgpack.encode(record)


def decode(value: bytes) -> TokenRecord:
    """The stored record."""
    return msgspec.msgpack.decode(value, type=TokenRecord)


def accessor_of(value: bytes) -> tuple[str, str]:
    """The token's hash and the accessor in an entry below ``accessor/``."""
    entry = msgspec.msgpack.decode(value, type=_AccessorEntry)
    return entry.token, entry.accessor


def id_key(hashed: str) -> str:
    """The key of the record."""
    return "id/" + hashed


def child_key(parent: str, child: str) -> str:
    """The key of a child's entry."""
    return f"own/{parent}/child/{child}"


def drawer_prefix(hashed: str) -> str:
    """The prefix of the token's cubbyhole."""
    return f"own/{hashed}/drawer/"


def doomed_key(hashed: str) -> str:
    """The key that marks a removed token whose children are to be removed."""
    return DOOMED + hashed


def expiry_key(expire_time: float, hashed: str) -> str:
    """The key of the token's expiry: its first second after the end."""
    return f"{EXPIRY}{int(expire_time) + 1:0{_SECOND_DIGITS}x}-{hashed}"


def end_in(name: str) -> tuple[int, str]:
    """The second and the hash in a name below ``expiry/``."""
    second, _, hashed = name.partition("-")
    return int(second, 16), hashed


def lease_path(path: str) -> str | None:
    """The path of a request as in leases; None if it is too long."""
    path = join_names(path) if "//" in path else path.strip("/")
    return path if path and len(path.encode()) <= MAX_LEASE_PATH_BYTES else None


def lease_key(record: TokenRecord, hashed: str) -> str | None:
    """The key of the token's lease; None if it has none."""
    path = lease_path(record.path) if record.leased else None
    return None if path is None else f"{LEASES}{path}/{_LEASE_PREFIX}{hashed}"


def size_key(record: TokenRecord, hashed: str) -> str:
    """The key of the size of a wrapped answer."""
    return f"{WRAPPED_SIZES}{hashed}-{record.wrapped_bytes:x}"


def size_in(name: str) -> int:
    """The size in a name below ``WRAPPED_SIZES``."""
    return int(name.rpartition("-")[2], 16)


def hash_in_lease(name: str) -> str | None:
    """The token's hash in the last segment of a lease's id, or None."""
    hashed = name.removeprefix(_LEASE_PREFIX)
    known = len(hashed) == 64 and len(name) == 65 and all(digit in "0123456789abcdef" for digit in hashed)
    return hashed if known else None


async def open_secrets(view: View) -> tuple[bytes, bytes]:
    """The salt of hashes and the key of batch tokens of the token store in ``view``, created on first use."""

    async def read_or_create(transaction: Transaction) -> tuple[bytes, bytes]:
        return await _made_once(transaction, "salt", _SALT_BYTES), await _made_once(transaction, "batch-key", KEY_BYTES)

    return await transact(view, read_or_create)


async def _made_once(transaction: Transaction, key: str, size: int) -> bytes:
    value = await transaction.get(key)
    if value is None:
        value = secrets.token_bytes(size)
        transaction.put(key, value)
    return value
