"""Exceptions: a rule of a policy is suspended for some keys until a date.

An exception belongs to the namespace whose policy it is about, and ends by itself, without a write.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec
from msgspec import Struct

from engines.faults import InvalidRequest
from server.tenants.crypto_policies.documents import (
    MAX_MESSAGE_CHARACTERS,
    check_globs,
    check_mount,
    instant,
    matches_any,
)
from server.tenants.namespaces.names import normalise

MAX_DAYS = 400
"""The longest validity of an exception, in days."""

_DAY_SECONDS = 86_400


class Select(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """For which keys; None and no patterns mean any."""

    namespace: str | None = None
    """A path below the namespace of the exception, ``""`` for that itself."""

    mount: str | None = None
    keys: tuple[str, ...] = ()


class PolicyException(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An exception as it is written."""

    policy: str
    rule: str
    select: Select = Select()
    reason: str = ""
    ticket: str = ""
    expires_at: str

    @property
    def end(self) -> float:
        """The time of its end, in seconds since the epoch; it is valid before."""
        return instant(self.expires_at, "expires_at")

    def covers(self, own: str, namespace: str, mount: str) -> bool:
        """Whether it is for keys of the mount at ``mount`` in ``namespace``; ``own`` is its own namespace's path."""
        select = self.select
        return (select.namespace is None or own + normalise(select.namespace) == namespace) and (
            select.mount is None or select.mount == mount
        )

    def covers_key(self, name: str | None) -> bool:
        """Whether it is for the key called ``name``, None for operations without a key."""
        return not self.select.keys if name is None else matches_any(self.select.keys, name)


def parse_exception(given: Mapping[str, Any], now: float) -> PolicyException:
    """The exception that ``given`` states. Raises ``InvalidRequest``."""
    if not given.get("expires_at"):
        raise InvalidRequest("an exception must say when it ends, in expires_at")
    try:
        exception = msgspec.convert(given, PolicyException)
    except msgspec.MsgspecError as error:
        raise InvalidRequest(f"not an exception: {error}") from None
    for text in (exception.reason, exception.ticket):
        if len(text) > MAX_MESSAGE_CHARACTERS or not text.isprintable():
            raise InvalidRequest(f"reason and ticket are lines of at most {MAX_MESSAGE_CHARACTERS} characters")
    if exception.select.mount is not None:
        check_mount(exception.select.mount, "select, mount")
    check_globs(exception.select.keys, "select, keys")
    if exception.end <= now:
        raise InvalidRequest("expires_at lies in the past")
    if exception.end > now + MAX_DAYS * _DAY_SECONDS:
        raise InvalidRequest(f"an exception may hold for at most {MAX_DAYS} days")
    return exception
