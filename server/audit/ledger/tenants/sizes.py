"""Sizes and roots of tenants' logs, as exchanged by the leader and the integrating process."""

from __future__ import annotations

import msgspec

from server.audit.ledger.log.hashes import EMPTY_ROOT


class Size(msgspec.Struct, frozen=True):
    """Size and root of a tree."""

    size: int = 0
    root: bytes = EMPTY_ROOT


class Known(msgspec.Struct, frozen=True):
    """The remembered state of all logs, for the process that writes them."""

    position: int
    sizes: dict[str, Size]
    lost: list[str]
    suspect: list[str]
    """Logs to be looked at first: their checkpoints aren't those of what is remembered."""


class Round(msgspec.Struct, frozen=True):
    """Result of a part of a round: the tenants' logs have all entries of the server's below ``position``."""

    position: int
    sizes: dict[str, Size]
    """The logs that have grown."""

    lost: list[str]
    """The logs whose directories can't be brought to what is remembered."""

    more: bool = False
    """Whether there is more to do before ``position`` is the server's size."""

    error: str = ""
    """The reason why no more could be done."""
