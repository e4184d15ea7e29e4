"""The runtime of a server process: storage, clock, settings and limits, which everything above is given."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from compat.requests import Request
from engines.base import Clock
from engines.crypto_policy.fips import FipsGuard
from server.core.settings import Settings
from server.runtime.certificates import ListenerCertificates
from server.runtime.metrics import Meter
from server.tenants.limits.login_failures import LoginFailures
from server.tenants.limits.login_limits import LoginLimits
from server.tenants.limits.rate_limits import RateCounts
from storage.barrier.barrier import Barrier
from storage.base import Store
from storage.cache import ObjectCache


@dataclass(frozen=True, slots=True)
class Runtime:
    """What is there from the start of a process to its stop, whatever the state of the seal."""

    store: Store
    barrier: Barrier
    cache: ObjectCache
    clock: Clock
    settings: Settings
    fips: FipsGuard
    """The FIPS mode of the server itself; each mount has a guard of its own."""

    login_limits: LoginLimits
    login_failures: LoginFailures
    rate_counts: RateCounts
    meter: Meter
    certificates: Sequence[ListenerCertificates] = ()
    """What the listeners show."""

    in_flight: dict[str, tuple[Request, int]] = field(default_factory=dict)
    """The requests that this process is busy with, by their ids, and when they came by ``perf_counter_ns``."""
