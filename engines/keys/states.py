"""States of a key, as in SP 800-57 part 1, and the uses allowed in each.

    pre-activation  before ``not_before``     it can be read, configured, managed and copied, but not used
    active                                    all uses
    deactivated     from ``not_after`` on     it decrypts and verifies, but protects nothing new
    disabled        while it is set           it can be read and configured, and nothing else
    compromised     a version, once marked    it decrypts and verifies, but protects nothing new, in any other state

"Managed" is: rotated, trimmed, given versions or certificates, deleted. "Copied" is: exported, backed up.
"""

from __future__ import annotations

from enum import Enum, auto

from engines.durations import format_time_nanoseconds
from engines.encoding import nanoseconds_of
from engines.faults import InvalidRequest
from engines.keys.records import KeyringRecord


class Use(Enum):
    """A use of a key."""

    PROTECT = auto()
    """Encrypting, signing, authenticating, or agreeing on keys: protecting new data."""

    PROCESS = auto()
    """Decrypting or verifying existing data."""

    COPY = auto()
    """Exporting the key."""

    MANAGE = auto()
    """Changing its versions, or deleting it."""


class State(Enum):
    """The state of a version, in the words of a CycloneDX CBOM, which are those of SP 800-57 part 1."""

    PRE_ACTIVATION = "pre-activation"
    ACTIVE = "active"
    SUSPENDED = "suspended"
    """Disabled, or soft-deleted."""

    DEACTIVATED = "deactivated"
    """Past ``not_after``, or below a minimum version."""

    COMPROMISED = "compromised"
    """Marked as such, whatever else holds."""

    DESTROYED = "destroyed"


def state_of(record: KeyringRecord, number: int, now: float) -> State:
    """The state of version ``number`` at ``now``, in seconds since the epoch; a replaced version may be active."""
    moment = nanoseconds_of(now)
    mark = record.compromised.get(number)
    if mark is not None and moment >= mark.time:
        return State.COMPROMISED
    if record.disabled or record.soft_deleted:
        return State.SUSPENDED
    if record.not_before and moment < record.not_before:
        return State.PRE_ACTIVATION
    if record.not_after and moment >= record.not_after:
        return State.DEACTIVATED
    if number < record.min_decryption_version or number < record.min_encryption_version:
        return State.DEACTIVATED
    return State.ACTIVE


def check_use(record: KeyringRecord, use: Use, now: float) -> None:
    """Raises ``InvalidRequest`` unless this use is allowed at ``now``, in seconds since the epoch."""
    if record.disabled:
        raise InvalidRequest(f"key {record.name!r} is disabled")
    if use is Use.COPY or use is Use.MANAGE:
        return
    moment = nanoseconds_of(now)
    if record.not_before and moment < record.not_before:
        raise InvalidRequest(f"key {record.name!r} is not active before {format_time_nanoseconds(record.not_before)}")
    if use is Use.PROTECT and record.not_after and moment >= record.not_after:
        raise InvalidRequest(
            f"key {record.name!r} was deactivated at {format_time_nanoseconds(record.not_after)}: "
            "it only decrypts and verifies"
        )


def may_rotate_by_itself(record: KeyringRecord, now: float) -> bool:
    """Whether a new version would be of use at ``now``."""
    try:
        check_use(record, Use.PROTECT, now)
    except InvalidRequest:
        return False
    return True
