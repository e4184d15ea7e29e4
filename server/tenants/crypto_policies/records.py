"""Stored records of the crypto policy."""

from __future__ import annotations

from typing import TypeVar

import msgspec
from msgspec import Struct

from server.tenants.crypto_policies.documents import Document
from server.tenants.crypto_policies.exceptions import PolicyException
from storage.base import Damaged

INDEX = "index"
POLICIES = "policy/"
VERSIONS = "version/"
EXCEPTIONS = "exception/"

MAX_VERSIONS = 20
"""The most stored versions of a policy, the newest included."""

MAX_POLICIES = 100
"""The most policies of a namespace."""

MAX_NAMESPACE_BYTES = 1024 * 1024
"""What the policies of a namespace may take together: every process keeps them compiled."""

MAX_EXCEPTIONS = 1000
"""The most exceptions of a namespace, ended ones included."""

T = TypeVar("T")


class Index(Struct):
    """Index of policies and exceptions by the id of their namespace: it tells a process what to load."""

    generation: int = 0
    """How many writes there have been."""

    policies: dict[str, dict[str, int]] = {}
    """The names, each with how many bytes the policy takes."""

    exceptions: dict[str, list[str]] = {}
    """The ids."""

    def forget(self, namespace_id: str) -> None:
        """Drop a namespace."""
        self.policies.pop(namespace_id, None)
        self.exceptions.pop(namespace_id, None)


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


def version_folder(namespace_id: str, name: str) -> str:
    """Where the versions of a policy lie."""
    return f"{VERSIONS}{namespace_id}/{name}/"


def version_key(namespace_id: str, name: str, version: int) -> str:
    """The storage key of a version of a policy, the present one too."""
    return f"{version_folder(namespace_id, name)}{version}"


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


def encode_index(index: Index) -> bytes:
    """``index`` as it is stored."""
    return msgspec.msgpack.encode(index)


def decode_index(value: bytes) -> Index:
    """The index in its entry. Raises ``Damaged``."""
    return _decode(value, Index)


def _decode(value: bytes, kind: type[T]) -> T:
    try:
        return msgspec.msgpack.decode(value, type=kind)
    except msgspec.MsgspecError as error:
        raise Damaged("an entry of the crypto policy can't be decoded") from error
