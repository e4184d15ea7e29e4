"""Quotas: the number of requests that a client, identified by its address, may send in an interval.

A quota applies to a namespace (the root's to the whole server), a mount, a path below a mount, or one role of an auth
method. A request counts against the most specific one alone: the role's, else the path's, else the mount's, else the
namespace's, else the nearest inheritable one of a namespace above.

A quota refers to its mount by identity, so it follows a remount and is deleted with the mount. Storage is in
``server.tenants.limits.quota_records``, counting in ``server.tenants.limits.rate_limits``.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec
from msgspec.structs import replace

from auth_methods.base import ResolvesRole
from engines.faults import InvalidRequest
from server.access.request_context import RequestContext
from server.tenants.limits.quota_records import Quota, QuotaConfig, Record, decode_record
from server.tenants.limits.rate_limits import Limit, RateCounts, Taken
from server.tenants.mounts.table import Match
from server.tenants.namespaces.names import Namespace
from storage.base import Transaction, transact
from storage.view import View

MAX_QUOTAS = 1000
_RECORD = "quotas"
_HIGHEST_LIMIT = 2**53
_GLOB = "*"
_EXCEPT = "!"


@dataclass(slots=True)
class _OfMount:
    roles: dict[str, Quota] = field(default_factory=dict)
    paths: dict[str, Quota] = field(default_factory=dict)
    globs: list[tuple[str, Quota]] = field(default_factory=list)
    """Path prefixes, the longest first."""
    whole: Quota | None = None


@dataclass(frozen=True, slots=True)
class Admission:
    """The decision of the quotas about a request."""

    allowed: bool
    headers: tuple[tuple[bytes, bytes], ...] = ()
    audited: bool = False
    """Whether the refusal is to be audited."""


_UNLIMITED = Admission(True)


class Quotas:
    """The quotas below ``view``, counted in ``counts``."""

    def __init__(self, view: View, counts: RateCounts) -> None:
        self._view = view
        self._counts = counts
        self._record = Record()
        self._mounts: dict[str, _OfMount] = {}
        self._namespaces: dict[str, Quota] = {}
        self._exempt: tuple[tuple[str, bool], ...] = ()

    @property
    def any(self) -> bool:
        """Whether there is a quota, as of the last ``load``."""
        return bool(self._record.quotas)

    async def load(self) -> None:
        """Load the stored quotas."""
        record = await self.record()
        if record is self._record:
            return
        self._mounts, self._namespaces = {}, {}
        for quota in record.quotas.values():
            if quota.mount:
                _sort_in(self._mounts.setdefault(quota.mount, _OfMount()), quota)
            else:
                self._namespaces[quota.namespace] = quota
        for of_mount in self._mounts.values():
            of_mount.globs.sort(key=lambda item: len(item[0]), reverse=True)
        self._exempt = _compiled(record.config.exempt_paths)
        self._record = record

    async def record(self) -> Record:
        """All quotas, and their configuration."""
        return await self._view.load(_RECORD, decode_record) or Record()

    async def put(self, quota: Quota) -> None:
        """Write a quota. Raises ``InvalidRequest`` if another has the same subject, or there are too many."""

        def change(record: Record) -> Record:
            for other in record.quotas.values():
                if other.name != quota.name and other.subject == quota.subject:
                    raise InvalidRequest(f'quota rule with similar properties exists under the name "{other.name}"')
            if len(record.quotas) >= MAX_QUOTAS and quota.name not in record.quotas:
                raise InvalidRequest(f"there may be at most {MAX_QUOTAS} quotas")
            return replace(record, quotas={**record.quotas, quota.name: quota})

        await self._change(change)

    async def delete(self, name: str) -> None:
        """Delete a quota; no error if there is none."""
        await self._change(
            lambda record: replace(
                record, quotas={other: quota for other, quota in record.quotas.items() if other != name}
            )
        )

    async def forget(self, gone: Collection[bytes]) -> None:
        """Drop the quotas with these ids, whose subjects were deleted."""
        if not gone:
            return
        await self._change(
            lambda record: replace(
                record, quotas={name: quota for name, quota in record.quotas.items() if quota.id not in gone}
            )
        )

    async def configure(self, config: QuotaConfig) -> None:
        """Replace the configuration."""
        await self._change(lambda record: replace(record, config=config))

    async def admit(self, context: RequestContext, namespaces: Iterable[Namespace], now: float) -> Admission:
        """Count a located request, and decide whether it may be handled.

        ``namespaces`` are its own and those above, the nearest first; ``now`` is in seconds since the epoch.
        """
        request, match = context.request, context.match
        if self._is_exempt(context.tenant.namespace.path + context.path):
            return _UNLIMITED
        if match is not None and not context.path.startswith(match.mounted.entry.path):
            match = None  # A path without the final slash of a mount's path isn't in it.
        quota = await self._most_specific(request.data, namespaces, match)
        if quota is None:
            return _UNLIMITED
        limit = Limit(
            # As OpenBao counts: rounded to the nearest integer, a half upwards, and at least one.
            min(max(int(quota.rate + 0.5), 1), _HIGHEST_LIMIT),
            quota.interval_seconds * 1000,
            quota.block_interval_seconds * 1000,
        )
        taken = self._counts.take(quota.id, request.remote_address, limit, int(now * 1000))
        config = self._record.config
        headers = _headers(taken) if config.response_headers else ()
        return Admission(taken.allowed, headers, config.audit_logging)

    async def _most_specific(
        self, given: Mapping[str, Any], namespaces: Iterable[Namespace], match: Match | None
    ) -> Quota | None:
        if match is not None:
            of_mount = self._mounts.get(match.mounted.entry.uuid)
            if of_mount is not None:
                quota = await _in_mount(of_mount, match, given)
                if quota is not None:
                    return quota
        inherited = False
        for namespace in namespaces:
            quota = self._namespaces.get(namespace.id)
            if quota is not None and (quota.inheritable or not inherited):
                return quota
            inherited = True
        return None

    def _is_exempt(self, path: str) -> bool:
        return next((exempt for beginning, exempt in self._exempt if path.startswith(beginning)), False)

    async def _change(self, change: Callable[[Record], Record]) -> None:
        async def rewrite_record(transaction: Transaction) -> None:
            value = await transaction.get(_RECORD)
            before = Record() if value is None else decode_record(value)
            transaction.put(_RECORD, msgspec.msgpack.encode(change(before)))

        await transact(self._view, rewrite_record)


async def _in_mount(of_mount: _OfMount, match: Match, given: Mapping[str, Any]) -> Quota | None:
    engine = match.mounted.engine
    if of_mount.roles and isinstance(engine, ResolvesRole):
        quota = of_mount.roles.get(await engine.role_of(match.path, given))
        if quota is not None:
            return quota
    # Quotas, like policies, apply to a path in any spelling.
    path = (match.path if match.endpoint is None else match.endpoint.canonical(match.path)).rstrip("/")
    quota = of_mount.paths.get(path)
    if quota is not None:
        return quota
    return next((quota for beginning, quota in of_mount.globs if path.startswith(beginning)), of_mount.whole)


def _sort_in(of_mount: _OfMount, quota: Quota) -> None:
    if quota.role:
        of_mount.roles[quota.role] = quota
    elif quota.suffix.endswith(_GLOB):
        of_mount.globs.append((quota.suffix.removesuffix(_GLOB), quota))
    elif quota.suffix:
        of_mount.paths[quota.suffix] = quota
    else:
        of_mount.whole = quota


def _compiled(exempt_paths: tuple[str, ...]) -> tuple[tuple[str, bool], ...]:
    """Path prefixes, the longest first, and whether each is exempt or excepted from an exemption."""
    beginnings = {
        path.removeprefix(_EXCEPT).removesuffix(_GLOB): not path.startswith(_EXCEPT) for path in exempt_paths if path
    }
    return tuple(sorted(beginnings.items(), key=lambda item: len(item[0]), reverse=True))


def _headers(taken: Taken) -> tuple[tuple[bytes, bytes], ...]:
    retry = () if taken.allowed else ((b"retry-after", b"%d" % taken.retry_seconds),)
    if taken.blocked:
        return retry
    return (
        (b"x-ratelimit-limit", b"%d" % taken.limit),
        (b"x-ratelimit-remaining", b"%d" % taken.remaining),
        (b"x-ratelimit-reset", b"%d" % taken.reset_seconds),
        *retry,
    )
