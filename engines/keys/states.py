"""States of a key, as in SP 800-57 part 1, and the uses allowed in each.

    pre-activation  before ``not_before``     it can be read, configured, managed and copied, but not used
    active                                    all uses
    deactivated     from ``not_after`` on     it decrypts and verifies, but protects nothing new
    disabled        while it is set           it can be read and configured, and nothing else

"Managed" is: rotated, trimmed, given versions or certificates, deleted. "Copied" is: exported, backed up.
"""

from __future__ import annotations

from enum import Enum, auto

from engines.encoding import nanoseconds_of, rfc3339_nano
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


def check_use(record: KeyringRecord, use: Use, now: float) -> None:
    """Raises ``InvalidRequest`` unless this use is allowed at ``now``, in seconds since the epoch."""
    if record.disabled:
        raise InvalidRequest(f"key {record.name!r} is disabled")
    if use is Use.COPY or use is Use.MANAGE:
        return
    moment = nanoseconds_of(now)
    if record.not_before and moment < record.not_before:
        raise InvalidRequest(f"key {record.name!r} is not active before {rfc3339_nano(record.not_before)}")
    if use is Use.PROTECT and record.not_after and moment >= record.not_after:
        raise InvalidRequest(
            f"key {record.name!r} was deactivated at {rfc3339_nano(record.not_after)}: it only decrypts and verifies"
        )


def may_rotate_by_itself(record: KeyringRecord, now: float) -> bool:
    """Whether a new version would be of use at ``now``."""
    try:
        check_use(record, Use.PROTECT, now)
    except InvalidRequest:
        return False
    return True
