"""What a token is in storage: its record, and every entry by which it can be found, ended and cleared away.

Layout below the view of the token store; all hashes are HMAC-SHA256 under the salt, in hexadecimal:

    salt                                keys the hashes
    batch-key                           seals batch tokens, see ``server.tenants.tokens.batch``
    id/<hash of id>                     the record
    accessor/<hash of accessor>         the token's hash, and the accessor
    own/<hash>/child/<hash of child>    what was made with it
    own/<hash>/drawer/<path>            what it keeps in its cubbyhole
    expiry/<second>-<hash>              the second of its end, as 10 hexadecimal digits
    lease/<path>/h<hash>                the path that it was made by
    tree/...                            work that is under way, see ``server.tenants.tokens.revocation``
    emptying/<hash>                     a drawer that has lost its token and is yet to be emptied

The entries of a token are written in the transaction that makes it, and removed in the one that ends it. Everything is
found by going to it or by listing a range: nothing is ever read through from one end to the other.
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass

import msgspec
from msgspec import Struct

from auth_methods.records import TokenRecord
from engines.fields import join_names
from storage.base import Reader, Transaction

MAX_LEASE_PATH_BYTES = 1024
"""A token made by a longer path has no lease that could be found by that path."""

_SMALL_DRAWER = 16
"""How many things in a drawer are thrown away together with it; more are left for later."""

_SECOND_DIGITS = 10
_LEASE_PREFIX = "h"

TOKENS = "sys/token/"
"""Where the token store lies in its namespace's storage."""

ACCESSORS = "accessor/"
EXPIRY = "expiry/"
LEASES = "lease/"
WRAPPED_SIZES = "wrapped/"
DOOMED = "tree/doomed/"
ORPHANING = "tree/orphaning/"
EMPTYING = "emptying/"
TREE = "tree/"
"""Folders of the token store; ``id/`` and ``own/`` are spelled by the functions below alone."""


class _AccessorEntry(Struct, frozen=True, array_like=True):
    token: str
    accessor: str


@dataclass(frozen=True, slots=True)
class TokenDependents:
    """What else must go when a token goes."""

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
        """All entries of a new token."""
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
        """All entries of a token; children and a large drawer are marked for whoever clears up."""
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


async def holdings_of(reader: Reader, hashed: str) -> TokenDependents:
    """What the token holds, as ``reader`` sees it."""
    owned = await reader.list(f"own/{hashed}/")
    names: list[str] = []
    if "drawer/" in owned:
        names = await reader.list(drawer_prefix(hashed), limit=_SMALL_DRAWER + 1)
    large = len(names) > _SMALL_DRAWER or any(name.endswith("/") for name in names)
    return TokenDependents("child/" in owned, () if large else tuple(names), large)


UNSEEN = TokenDependents(children=True, small_cubbyhole=(), large_cubbyhole=True)
"""For a token that nobody has looked at: whatever it holds is cleared up later."""


def encode(record: TokenRecord) -> bytes:
    """The record as it is stored."""
    return msgspec.msgpack.encode(record)


def decode(value: bytes) -> TokenRecord:
    """The record that was stored."""
    return msgspec.msgpack.decode(value, type=TokenRecord)


def accessor_of(value: bytes) -> tuple[str, str]:
    """The token's hash and the accessor in an entry below ``accessor/``."""
    entry = msgspec.msgpack.decode(value, type=_AccessorEntry)
    return entry.token, entry.accessor


def id_key(hashed: str) -> str:
    """Where the record lies."""
    return "id/" + hashed


def child_key(parent: str, child: str) -> str:
    """Where a child is noted."""
    return f"own/{parent}/child/{child}"


def drawer_prefix(hashed: str) -> str:
    """Where the token's cubbyhole lies."""
    return f"own/{hashed}/drawer/"


def doomed_key(hashed: str) -> str:
    """Where a token is noted that is gone and whose children are to go."""
    return DOOMED + hashed


def expiry_key(expire_time: float, hashed: str) -> str:
    """Where the end of a token is noted: at the first second at which it is over."""
    return f"{EXPIRY}{int(expire_time) + 1:0{_SECOND_DIGITS}x}-{hashed}"


def end_in(name: str) -> tuple[int, str]:
    """The second and the hash in a name below ``expiry/``."""
    second, _, hashed = name.partition("-")
    return int(second, 16), hashed


def lease_path(path: str) -> str | None:
    """The path of a request as leases have it; None if it is too long to have any."""
    path = join_names(path) if "//" in path else path.strip("/")
    return path if path and len(path.encode()) <= MAX_LEASE_PATH_BYTES else None


def lease_key(record: TokenRecord, hashed: str) -> str | None:
    """Where the token's lease is noted; None if it has none."""
    path = lease_path(record.path) if record.leased else None
    return None if path is None else f"{LEASES}{path}/{_LEASE_PREFIX}{hashed}"


def size_key(record: TokenRecord, hashed: str) -> str:
    """Where the size of a wrapped answer is noted."""
    return f"{WRAPPED_SIZES}{hashed}-{record.wrapped_bytes:x}"


def size_in(name: str) -> int:
    """The size in a name below ``WRAPPED_SIZES``."""
    return int(name.rpartition("-")[2], 16)


def hash_in_lease(name: str) -> str | None:
    """The token's hash in the last segment of a lease's id, or None."""
    hashed = name.removeprefix(_LEASE_PREFIX)
    known = len(hashed) == 64 and len(name) == 65 and all(digit in "0123456789abcdef" for digit in hashed)
    return hashed if known else None
