"""What of the crypto policy is stored, and its form."""

from __future__ import annotations

from typing import TypeVar

import msgspec
from msgspec import Struct

from server.tenants.crypto_policies.documents import Document
from server.tenants.crypto_policies.exceptions import PolicyException
from storage.base import Damaged

GENERATION = "generation"
POLICIES = "policy/"
VERSIONS = "version/"
EXCEPTIONS = "exception/"

MAX_VERSIONS = 20
"""How many versions of a policy are kept, the newest included."""

MAX_POLICIES = 100
"""How many policies a namespace may have."""

MAX_EXCEPTIONS = 1000
"""How many exceptions a namespace may have, those that have ended included."""

T = TypeVar("T")


class StoredPolicy(Struct, frozen=True):
    """One version of a policy."""

    document: Document
    version: int
    created_time: float
    """When it was written, in seconds since the epoch."""

    entity_id: str
    """Of who wrote it; "" for a token without an entity."""


class StoredException(Struct, frozen=True):
    """An exception, with when and by whom it was written."""

    exception: PolicyException
    created_time: float
    entity_id: str


def policy_key(namespace_id: str, name: str) -> str:
    """Where the present version of a policy lies."""
    return f"{POLICIES}{namespace_id}/{name}"


def version_key(namespace_id: str, name: str, version: int) -> str:
    """Where a version of a policy lies, the present one too."""
    return f"{VERSIONS}{namespace_id}/{name}/{version}"


def exception_key(namespace_id: str, exception_id: str) -> str:
    """Where an exception lies."""
    return f"{EXCEPTIONS}{namespace_id}/{exception_id}"


def encode(record: StoredPolicy | StoredException) -> bytes:
    """``record`` as it is stored."""
    return msgspec.msgpack.encode(record)


def decode_policy(value: bytes) -> StoredPolicy:
    """The policy in an entry. Raises ``Damaged``."""
    return _decode(value, StoredPolicy)


def decode_exception(value: bytes) -> StoredException:
    """The exception in an entry. Raises ``Damaged``."""
    return _decode(value, StoredException)


def decode_generation(value: bytes | None) -> int:
    """The number of writes so far. Raises ``Damaged``."""
    return 0 if value is None else _decode(value, int)


def _decode(value: bytes, kind: type[T]) -> T:
    try:
        return msgspec.msgpack.decode(value, type=kind)
    except msgspec.MsgspecError as error:
        raise Damaged("an entry of the crypto policy can't be decoded") from error
