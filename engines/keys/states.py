"""The states of a key, as SP 800-57 part 1 has them, and what may be done in each.

    pre-activation  before ``not_before``     it can be read, configured, managed and copied, but not used
    active                                    everything
    deactivated     from ``not_after`` on     it decrypts and verifies what there is, and protects nothing new
    disabled        for as long as it is set  it can be read and configured, and nothing else

"Managed" is: rotated, trimmed, given versions or certificates, deleted. "Copied" is: exported, backed up.
"""

from __future__ import annotations

from enum import Enum, auto

from engines.encoding import nanoseconds_of, rfc3339_nano
from engines.faults import InvalidRequest
from engines.keys.records import KeyringRecord


class Use(Enum):
    """What somebody wants to do with a key."""

    PROTECT = auto()
    """To encrypt, sign, authenticate, or agree on keys: to make what doesn't exist yet."""

    PROCESS = auto()
    """To decrypt or verify what exists."""

    COPY = auto()
    """To take the key out."""

    MANAGE = auto()
    """To change its versions, or destroy it."""


def check_use(record: KeyringRecord, use: Use, now: float) -> None:
    """Raises ``InvalidRequest`` unless the key may be used so at ``now``, in seconds since the epoch."""
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
