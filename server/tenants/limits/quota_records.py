"""Stored quotas and their configuration, in one record; see ``server.access.quotas``."""

from __future__ import annotations

import secrets

import msgspec
from msgspec import Struct

_ID_BYTES = 16

EXEMPT_PATHS = (
    "sys/generate-recovery-token/attempt",
    "sys/generate-recovery-token/update",
    "sys/generate-root/attempt",
    "sys/generate-root/update",
    "sys/health",
    "sys/seal-status",
    "sys/unseal",
)
"""The paths exempt from quotas by default: those that operators and load balancers must always reach."""


class Quota(Struct, frozen=True, kw_only=True):
    """One quota. ``id`` is new with each write, so that counting starts again."""

    id: bytes
    name: str
    rate: float
    """Requests in an interval."""

    interval_seconds: int = 1
    block_interval_seconds: int = 0
    """The seconds for which a client over the rate is blocked; 0 for the rest of the interval."""

    namespace: str
    """The quota's id."""

    mount: str = ""
    """The mount's uuid; empty where the quota is for a namespace."""

    suffix: str = ""
    """The path below the mount; a final ``*`` matches any rest."""

    role: str = ""
    inheritable: bool = False
    """Whether a namespace's quota also applies to the namespaces below it."""

    @property
    def subject(self) -> tuple[str, str, str, str]:
        """Its subject; each has at most one quota."""
        return self.namespace, self.mount, self.suffix, self.role


class QuotaConfig(Struct, frozen=True, kw_only=True):
    """The settings of all quotas."""

    audit_logging: bool = False
    """Whether refusals are written to the audit devices."""

    response_headers: bool = False
    """Whether answers have headers with the remaining rate, and refusals one with the time to retry."""

    exempt_paths: tuple[str, ...] = EXEMPT_PATHS
    """Path prefixes; a final ``*`` is optional, a leading ``!`` excludes longer ones again."""


class Record(Struct, frozen=True):
    """The stored record."""

    quotas: dict[str, Quota] = {}
    config: QuotaConfig = QuotaConfig()


def new_quota_id() -> bytes:
    """Random bytes that counts are kept under."""
    return secrets.token_bytes(_ID_BYTES)


def decode_record(value: bytes) -> Record:
    """The record in ``value``."""
    return msgspec.msgpack.decode(value, type=Record)
