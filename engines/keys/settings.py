"""Settings and trimming of named keys, common to all engines with such keys."""

from __future__ import annotations

from typing import Protocol

from msgspec import UNSET, UnsetType
from msgspec.structs import replace

from engines.base import Body, Call
from engines.faults import InvalidRequest
from engines.fields import Duration
from engines.keys.records import KeyringRecord

MIN_AUTO_ROTATE_SECONDS = 3600

_NUMBERING_WARNING = (
    "since Vault 0.3 (prior to the OpenBao fork), transit key numbering starts at 1; forcing minimum to 1"
)


class KeyName(Body):
    """The name of a key."""

    name: str = ""

    tells = {
        "name": "The name of the key: letters, digits and `_`, with `-` and `.` inside.",
    }


class KeyTrim(KeyName):
    """The oldest version to keep."""

    min_available_version: int | UnsetType = UNSET

    tells = {
        "min_available_version": (
            "The oldest version to keep; never lower than before, and at most either minimum version. "
            "`min_encryption_version` must be set."
        ),
    }


def check_auto_rotate_period(seconds: int) -> None:
    """Raises ``InvalidRequest`` for a period that is neither 0 nor at least an hour."""
    if 0 < seconds < MIN_AUTO_ROTATE_SECONDS:
        raise InvalidRequest("auto rotate period must be 0 to disable or at least an hour")


class Changes(Protocol):
    """The settings to change, among others of an engine's keys; ``UNSET`` ones are unchanged."""

    min_decryption_version: int | UnsetType
    min_encryption_version: int | UnsetType
    deletion_allowed: bool | UnsetType
    exportable: bool | UnsetType
    allow_plaintext_backup: bool | UnsetType
    auto_rotate_period: Duration | UnsetType


def warn_of_numbering(call: Call, body: Changes) -> None:
    """Warn a caller who counts versions from 0 that they are counted from 1."""
    if body.min_decryption_version == 0:
        call.warn(_NUMBERING_WARNING)


def configured(record: KeyringRecord, call: Call, body: Changes) -> KeyringRecord:
    """``record`` with the settings in ``body``: all of them, or ``InvalidRequest`` if one is invalid."""
    min_decryption = _min_decryption_version(record, body.min_decryption_version)
    min_encryption = _min_encryption_version(record, body.min_encryption_version)
    if 0 < min_encryption < min_decryption:
        raise InvalidRequest(
            "cannot set min encryption/decryption values; "
            f"min encryption version of {min_encryption} must be greater than or equal to "
            f"min decryption version of {min_decryption}"
        )
    period = record.auto_rotate_period_seconds
    # Null leaves the period unchanged, while in other fields it is the zero value.
    if body.auto_rotate_period is not UNSET and call.given.get("auto_rotate_period") is not None:
        period = body.auto_rotate_period
        check_auto_rotate_period(period)
    if min_encryption < record.min_available_version:
        raise InvalidRequest("min encryption version should not be less than min available version")
    if min_decryption < record.min_available_version:
        raise InvalidRequest("min decryption version should not be less then min available version")
    return replace(
        record,
        min_decryption_version=min_decryption,
        min_encryption_version=min_encryption,
        deletion_allowed=record.deletion_allowed if body.deletion_allowed is UNSET else body.deletion_allowed,
        # Once enabled, these can't be revoked: users may depend on them.
        exportable=record.exportable or body.exportable is True,
        allow_plaintext_backup=record.allow_plaintext_backup or body.allow_plaintext_backup is True,
        auto_rotate_period_seconds=period,
    )


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


def trimmed(record: KeyringRecord, body: KeyTrim) -> KeyringRecord:
    """``record`` without the versions below the one in ``body``. Raises ``InvalidRequest`` if they are still needed."""
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
