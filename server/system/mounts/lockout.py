"""The ``user_lockout_config`` of auth mounts, with Vault's names and errors."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from msgspec.structs import replace

from compat.conversion import ConversionError, to_string
from engines.durations import InvalidDuration, parse_duration
from engines.faults import InvalidRequest
from server.tenants.mounts.table import LockoutConfig

LOCKABLE = frozenset({"approle", "userpass", "ldap"})
"""The types of auth methods for which Vault has these settings."""

_MAX_THRESHOLD = 2**63 - 1


def changed_lockout(config: LockoutConfig | None, given: Mapping[str, Any]) -> LockoutConfig:
    """``config`` with the settings in ``given``. Raises ``InvalidRequest`` in Vault's words."""
    try:
        texts = {
            name: to_string(given[name])
            for name in ("lockout_threshold", "lockout_duration", "lockout_counter_reset_duration")
            if given.get(name) is not None
        }
    except ConversionError:
        raise InvalidRequest("unable to convert given user lockout config information") from None
    disable = given.get("lockout_disable")
    if not (disable is None or isinstance(disable, bool)):
        raise InvalidRequest("unable to convert given user lockout config information")
    changes: dict[str, Any] = {}
    if texts.get("lockout_threshold"):
        changes["threshold"] = _threshold(texts["lockout_threshold"])
    if texts.get("lockout_duration"):
        changes["duration_seconds"] = _duration(texts["lockout_duration"])
    if texts.get("lockout_counter_reset_duration"):
        changes["counter_reset_seconds"] = _duration(texts["lockout_counter_reset_duration"])
    if disable is not None:
        changes["disable"] = disable
    return replace(config or LockoutConfig(), **changes)


def lockout_data(config: LockoutConfig | None) -> dict[str, Any]:
    """The settings as the API shows them; empty if there are none."""
    if config is None:
        return {}
    return {
        "user_lockout_counter_reset_duration": config.counter_reset_seconds,
        "user_lockout_disable": config.disable,
        "user_lockout_duration": config.duration_seconds,
        "user_lockout_threshold": config.threshold,
    }


def _threshold(text: str) -> int:
    if not re.fullmatch(r"[0-9]{1,19}", text) or int(text) > _MAX_THRESHOLD:
        raise InvalidRequest(
            f'unable to parse user lockout threshold: strconv.ParseUint: parsing "{text}": invalid syntax'
        )
    return int(text)


def _duration(text: str) -> int:
    """The seconds in ``text``, not negative: OpenBao accepts negative durations, which disable lockouts."""
    try:
        seconds = parse_duration(text)
    except InvalidDuration as error:
        raise InvalidRequest(str(error)) from None
    if seconds < 0:
        raise InvalidRequest(f"cannot provide negative value '{seconds}'")
    return seconds
