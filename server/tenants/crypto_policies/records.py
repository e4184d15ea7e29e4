"""Stored records of the crypto policy."""

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
"""The most stored versions of a policy, the newest included."""

MAX_POLICIES = 100
"""The most policies of a namespace."""

MAX_EXCEPTIONS = 1000
"""The most exceptions of a namespace, ended ones included."""

T = TypeVar("T")


class StoredPolicy(Struct, frozen=True):
    """One version of a policy."""

    document: Document
    version: int
    created_time: float
    """The time of writing, in seconds since the epoch."""

    entity_id: str
    """The author's entity id; "" for a token without an entity."""


class StoredException(Struct, frozen=True):
    """An exception, with when and by whom it was written."""

    exception: PolicyException
    created_time: float
    entity_id: str


def policy_key(namespace_id: str, name: str) -> str:
    """The storage key of a policy's present version."""
    return f"{POLICIES}{namespace_id}/{name}"


def version_key(namespace_id: str, name: str, version: int) -> str:
    """The storage key of a version of a policy, the present one too."""
    return f"{VERSIONS}{namespace_id}/{name}/{version}"


def exception_key(namespace_id: str, exception_id: str) -> str:
    """The storage key of an exception."""
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
