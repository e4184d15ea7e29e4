"""Runtime of a server process: storage, clock, settings and limits, shared by all layers above."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from compat.requests import Request
from engines.base import Clock
from engines.crypto_policy.fips import FipsGuard
from server.core.settings import Settings
from server.core.use_counter import UseCounter
from server.runtime.certificates import ListenerCertificates
from server.runtime.meter import Meter
from server.tenants.limits.login_failures import LoginFailures
from server.tenants.limits.login_limits import LoginLimits
from server.tenants.limits.rate_limits import RateCounts
from storage.barrier.barrier import Barrier
from storage.base import Store
from storage.cache import ObjectCache


@dataclass(frozen=True, slots=True)
class Runtime:
    """The parts that exist from start to stop of a process, in any state of the seal."""

    store: Store
    barrier: Barrier
    cache: ObjectCache
    clock: Clock
    settings: Settings
    fips: FipsGuard
    """The guard of the server's FIPS mode; each mount has its own."""

    login_limits: LoginLimits
    login_failures: LoginFailures
    rate_counts: RateCounts
    meter: Meter
    uses: UseCounter
    """What keys were used for, until it is stored."""

    certificates: Sequence[ListenerCertificates] = ()
    """The certificates of the listeners."""

    in_flight: dict[str, tuple[Request, int]] = field(default_factory=dict)
    """The start, by ``perf_counter_ns``, of each request that this process is handling, by its id."""
