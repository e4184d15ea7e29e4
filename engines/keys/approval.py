"""FIPS 140-3 approval of a key: of its type, its features, and its versions."""

from __future__ import annotations

from engines.algorithms.base import Material
from engines.algorithms.registry import ALGORITHMS
from engines.algorithms.row import Fips
from engines.keys.records import KeyringRecord


def unapproved_kind(record: KeyringRecord) -> str:
    """The unapproved part of a key's kind, in words; "" if there is none."""
    algorithm = ALGORITHMS[record.type]
    if algorithm.strength.fips is not Fips.APPROVED:
        return algorithm.name
    if record.convergent:
        # A nonce comes from a counter or a random bit generator (SP 800-38D, 8.2), not from the plaintext.
        return f"convergent encryption with {algorithm.name}"
    if record.derived and algorithm.capabilities.material_from_seed is not None:
        # A private key comes from a random bit generator (FIPS 186-5, A.2.3); only symmetric keys may be derived.
        return f"a derived key pair of type {algorithm.name}"
    return ""


def unapproved_new(record: KeyringRecord) -> str:
    """As ``unapproved_kind``, also of its latest version, if it has one."""
    return unapproved_version(record, record.latest_version)


def unapproved_key(record: KeyringRecord) -> str:
    """As ``unapproved_kind``, also of any version that may protect something."""
    found = unapproved_kind(record)
    for number in record.versions:
        if found:
            break
        if number >= record.min_encryption_version:
            found = _fault(record, number)
    return found


def unapproved_version(record: KeyringRecord, number: int) -> str:
    """As ``unapproved_kind``, also of version ``number``, if that isn't archived."""
    return unapproved_kind(record) or _fault(record, number)


def _fault(record: KeyringRecord, number: int) -> str:
    check, version = ALGORITHMS[record.type].strength.fips_fault, record.versions.get(number)
    return "" if check is None or version is None else check(Material(b"", version.public))
