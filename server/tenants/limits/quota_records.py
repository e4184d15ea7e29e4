"""How quotas and their configuration are stored: all of them in one record; see ``server.access.quotas``."""

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
"""Where quotas don't apply unless somebody says otherwise: what operators and load balancers must always reach."""


class Quota(Struct, frozen=True, kw_only=True):
    """One quota. ``id`` is new with each write, so that counting starts again."""

    id: bytes
    name: str
    rate: float
    """Requests in an interval."""

    interval_seconds: int = 1
    block_interval_seconds: int = 0
    """For how long a client that went over the rate is turned away; 0 for only the rest of the interval."""

    namespace: str
    """Its id."""

    mount: str = ""
    """The mount's uuid; empty where the quota is for a namespace."""

    suffix: str = ""
    """The path below the mount; a ``*`` at its end stands for anything."""

    role: str = ""
    inheritable: bool = False
    """Whether a namespace's quota is for the namespaces below it too."""

    @property
    def subject(self) -> tuple[str, str, str, str]:
        """What it is for; of each there is one quota at most."""
        return self.namespace, self.mount, self.suffix, self.role


class QuotaConfig(Struct, frozen=True, kw_only=True):
    """What holds for all quotas."""

    audit_logging: bool = False
    """Whether refusals are written to the audit devices."""

    response_headers: bool = False
    """Whether answers tell how much is left, and refusals when to come again."""

    exempt_paths: tuple[str, ...] = EXEMPT_PATHS
    """Beginnings of paths; a ``*`` at the end says so outright, a ``!`` in front takes longer ones out again."""


class Record(Struct, frozen=True):
    """All that is stored."""

    quotas: dict[str, Quota] = {}
    config: QuotaConfig = QuotaConfig()


def new_quota_id() -> bytes:
    """Random bytes that counts are kept under."""
    return secrets.token_bytes(_ID_BYTES)


def decode_record(value: bytes) -> Record:
    """The record in ``value``."""
    return msgspec.msgpack.decode(value, type=Record)
