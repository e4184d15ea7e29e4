"""Policies as they are stored: their records, their names, and the versions that writes require."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass, replace
from urllib.parse import quote

import msgspec

from compat.policies.parser import parse_policy
from compat.policies.rules import Policy
from engines.faults import InvalidRequest
from storage.base import Damaged

MAX_NAME_BYTES = 512
"""The longest name of a policy, in bytes of UTF-8."""

MUST_NOT_EXIST = -1
"""A value of ``cas``: write only if there is no such policy yet."""


class PolicyRecord(msgspec.Struct, frozen=True, omit_defaults=True):
    """The stored form of a policy; its name is its key."""

    text: str
    version: int
    modified: float
    cas_required: bool = False
    expiration: float | None = None
    allow_slashes_in_identity_templates: bool = False
    allow_wildcards_in_identity_templates: bool = False


@dataclass(frozen=True)
class StoredPolicy:
    """A policy as it was written. Times are seconds since the epoch; ``root`` has no text, version or time."""

    name: str
    text: str
    version: int
    modified: float | None
    cas_required: bool = False
    expiration: float | None = None
    allow_slashes_in_identity_templates: bool = False
    allow_wildcards_in_identity_templates: bool = False

    def parse(self) -> Policy:
        """The parsed policy.

        Raises ``Damaged`` if it can't be parsed: a rule left out could be a denial.
        """
        try:
            policy = parse_policy(self.text, self.name)
        except InvalidRequest as error:
            raise Damaged(f"policy {self.name!r} can't be parsed") from error
        return replace(
            policy,
            slashes_in_templates=self.allow_slashes_in_identity_templates,
            wildcards_in_templates=self.allow_wildcards_in_identity_templates,
        )


def key_of(name: str) -> str:
    """The storage key of a policy: one segment, for any name."""
    return quote(name, safe="")


def is_storable(name: str) -> bool:
    """Whether a policy may have this name."""
    return bool(name) and len(name.encode()) <= MAX_NAME_BYTES and all(ord(letter) >= 32 for letter in name)


def decode(name: str, value: bytes) -> StoredPolicy:
    """The policy ``name`` of its record. Raises ``Damaged``."""
    try:
        record = msgspec.msgpack.decode(value, type=PolicyRecord)
    except msgspec.MsgspecError as error:
        raise Damaged(f"policy {name!r} can't be decoded") from error
    return StoredPolicy(name, **msgspec.structs.asdict(record))


def has_expired(stored: StoredPolicy, now: float) -> bool:
    """Whether the policy has ended at ``now``, in seconds since the epoch."""
    return stored.expiration is not None and stored.expiration <= now


def plain_text(text: str) -> str:
    """The text itself, decoded if it was sent in base64."""
    try:
        return base64.b64decode(text, validate=True).decode()
    except (binascii.Error, ValueError):
        return text


def check_version(present: int, cas: int | None, *, required: bool = False) -> None:
    """Raise ``InvalidRequest`` unless ``cas`` matches the present version (0: none), or isn't required."""
    if cas is None:
        if required:
            raise InvalidRequest("check-and-set parameter required for this call")
        return
    if cas == MUST_NOT_EXIST:
        if present:
            raise InvalidRequest("check-and-set parameter set to -1 on existing entry")
        return
    if cas != present:
        raise InvalidRequest(f"check-and-set parameter {cas} did not match the current version {present}")
