"""Versions and settings of a key: configure, rotate, trim."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import UNSET, UnsetType
from msgspec.structs import replace

from engines.base import Call, Reply
from engines.faults import InvalidRequest
from engines.fields import Duration
from engines.key_records import KeyringRecord
from engines.transit.describe import describe
from engines.transit.keys import KeyName, check_auto_rotate_period
from engines.transit.rules import KeyRules, with_rules

if TYPE_CHECKING:
    from engines.transit.engine import Transit

_NUMBERING_WARNING = (
    "since Vault 0.3 (prior to the OpenBao fork), transit key numbering starts at 1; forcing minimum to 1"
)


class KeyConfig(KeyRules):
    """The settings to change; what is absent stays as it is."""

    min_decryption_version: int | UnsetType = UNSET
    min_encryption_version: int | UnsetType = UNSET
    deletion_allowed: bool | UnsetType = UNSET
    exportable: bool | UnsetType = UNSET
    allow_plaintext_backup: bool | UnsetType = UNSET
    auto_rotate_period: Duration | UnsetType = UNSET


class KeyTrim(KeyName):
    """The oldest version to keep."""

    min_available_version: int | UnsetType = UNSET


async def configure(engine: Transit, call: Call, body: KeyConfig) -> Reply:
    """Change settings of a key: all that are given, or none if one of them can't be."""
    if body.min_decryption_version == 0:
        call.warn(_NUMBERING_WARNING)

    def edit(record: KeyringRecord) -> KeyringRecord:
        min_decryption = _min_decryption_version(record, body.min_decryption_version)
        min_encryption = _min_encryption_version(record, body.min_encryption_version)
        if 0 < min_encryption < min_decryption:
            raise InvalidRequest(
                "cannot set min encryption/decryption values; "
                f"min encryption version of {min_encryption} must be greater than or equal to "
                f"min decryption version of {min_decryption}"
            )
        period = record.auto_rotate_period_seconds
        # A period of null leaves it as it is, unlike the null of other fields, which is their zero.
        if body.auto_rotate_period is not UNSET and call.given.get("auto_rotate_period") is not None:
            period = body.auto_rotate_period
            check_auto_rotate_period(period)
        if min_encryption < record.min_available_version:
            raise InvalidRequest("min encryption version should not be less than min available version")
        if min_decryption < record.min_available_version:
            raise InvalidRequest("min decryption version should not be less then min available version")
        return replace(
            with_rules(record, body),
            min_decryption_version=min_decryption,
            min_encryption_version=min_encryption,
            deletion_allowed=record.deletion_allowed if body.deletion_allowed is UNSET else body.deletion_allowed,
            # What others may have come to rely on can't be taken back: these two are only ever turned on.
            exportable=record.exportable or body.exportable is True,
            allow_plaintext_backup=record.allow_plaintext_backup or body.allow_plaintext_backup is True,
            auto_rotate_period_seconds=period,
        )

    missing = InvalidRequest(f"no existing key named {body.name} could be found")
    return describe(await engine.keys.change(body.name, missing, edit, even_disabled=True))


def _min_decryption_version(record: KeyringRecord, given: int | UnsetType) -> int:
    if given is UNSET:
        return record.min_decryption_version
    if given < 0:
        raise InvalidRequest("min decryption version cannot be negative")
    if given > record.latest_version:
        raise InvalidRequest(
            f"cannot set min decryption version of {given}, latest key version is {record.latest_version}"
        )
    return max(given, 1)


def _min_encryption_version(record: KeyringRecord, given: int | UnsetType) -> int:
    if given is UNSET:
        return record.min_encryption_version
    if given < 0:
        raise InvalidRequest("min encryption version cannot be negative")
    if given > record.latest_version:
        raise InvalidRequest(
            f"cannot set min encryption version of {given}, latest key version is {record.latest_version}"
        )
    return given


async def rotate(engine: Transit, call: Call, body: KeyName) -> Reply:
    """Give a key a new version, which encrypts and signs from now on."""
    return describe(await engine.keys.rotate(body.name, call.now, missing=InvalidRequest("key not found")))


async def trim(engine: Transit, call: Call, body: KeyTrim) -> Reply:
    """Destroy the versions of a key that are older than one that nothing needs any more."""

    def edit(record: KeyringRecord) -> KeyringRecord:
        oldest = body.min_available_version
        if oldest is UNSET:
            raise InvalidRequest("missing min_available_version")
        if oldest < record.min_available_version:
            raise InvalidRequest("minimum available version cannot be decremented")
        if record.min_encryption_version == 0:
            raise InvalidRequest("minimum available version cannot be set when minimum encryption version is not set")
        if oldest == 0:
            raise InvalidRequest("minimum available version should be positive")
        if oldest > record.min_encryption_version:
            raise InvalidRequest("minimum available version cannot be greater than minmum encryption version")
        if oldest > record.min_decryption_version:
            raise InvalidRequest("minimum available version cannot be greater than minimum decryption version")
        return replace(record, min_available_version=oldest)

    return describe(await engine.keys.change(body.name, InvalidRequest("invalid key name"), edit))
