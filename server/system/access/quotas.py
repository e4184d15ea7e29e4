"""Rate-limit quotas; their meaning and look-up are in ``server.access.quotas``."""

from __future__ import annotations

from msgspec import UNSET, UnsetType

from auth_methods.base import ResolvesRole
from engines.base import Body, Call, Nothing, Reply
from engines.faults import InvalidRequest
from engines.fields import Duration
from server.system.state import System
from server.tenants.limits.quota_records import Quota, QuotaConfig, new_quota_id
from server.tenants.mounts.table import Match
from server.tenants.tenant import Tenant

_TYPE = "rate-limit"

MAX_PATH_CHARACTERS = 4096
"""The longest path of a quota or an exemption, in characters; longer paths of requests aren't served."""

MAX_EXEMPT_PATHS = 1_000
"""The most exempt paths, since each request is compared with all."""

_MAX_NAME_CHARACTERS = 512


class QuotaNameBody(Body):
    """The name of a quota."""

    name: str = ""

    tells = {
        "name": "The quota.",
    }


class QuotaBody(QuotaNameBody):
    """A quota's subject and rate."""

    type: str = ""
    path: str = ""
    role: str = ""
    rate: float = 0
    interval: Duration = 0
    block_interval: Duration = 0
    inheritable: bool | UnsetType = UNSET

    tells = {
        "type": "`rate-limit`.",
        "path": "The path that it limits: a mount, or a path below one, which may end in `*`. Empty for the whole"
        " server.",
        "role": "Limit only logins with this role of the mount.",
        "rate": "The number of requests that a client may send in an interval.",
        "interval": "The interval, as a duration. Default: a second.",
        "block_interval": "The time for which a client over the limit is refused, as a duration; 0 for the rest "
        "of the interval.",
        "inheritable": "Whether it also limits the namespaces below.",
    }


class QuotaConfigBody(Body):
    """The settings of all quotas; omitted ones are reset."""

    rate_limit_exempt_paths: list[str] = []
    enable_rate_limit_audit_logging: bool = False
    enable_rate_limit_response_headers: bool = False

    tells = {
        "rate_limit_exempt_paths": (
            "Prefixes of paths without quotas. A longer prefix with `!` in front is limited again."
        ),
        "enable_rate_limit_audit_logging": "Audit refused requests.",
        "enable_rate_limit_response_headers": "Send the headers `X-Ratelimit-*` and `Retry-After`.",
    }


async def list_quotas(system: System, call: Call, body: Nothing) -> Reply:
    """List the quotas by name."""
    record = await system.unsealed.guards.quotas.record()
    return Reply(
        {"keys": [name for name, quota in sorted(record.quotas.items()) if await _path(system, quota) is not None]}
    )


async def read_quota(system: System, call: Call, body: QuotaNameBody) -> Reply | None:
    """Show a quota."""
    quota = (await system.unsealed.guards.quotas.record()).quotas.get(body.name)
    path = None if quota is None else await _path(system, quota)
    if quota is None or path is None:
        return None
    return Reply(
        {
            "type": _TYPE,
            "name": quota.name,
            "path": path,
            "role": quota.role,
            "rate": int(quota.rate) if quota.rate.is_integer() else quota.rate,
            "interval": quota.interval_seconds,
            "block_interval": quota.block_interval_seconds,
            "inheritable": quota.inheritable,
        }
    )


async def write_quota(system: System, call: Call, body: QuotaBody) -> None:
    """Create or replace a quota."""
    if not body.rate > 0:
        raise InvalidRequest("'rate' is invalid")
    if len(body.path) > MAX_PATH_CHARACTERS or max(len(body.name), len(body.role)) > _MAX_NAME_CHARACTERS:
        raise InvalidRequest(
            f"a quota's path has at most {MAX_PATH_CHARACTERS} characters, its name and role {_MAX_NAME_CHARACTERS}"
        )
    tenant, match = await _subject(system, body.path)
    suffix = _suffix(match)
    if body.role:
        _check_role(match, suffix)
    whole_server = match is None and tenant is system.unsealed.root
    quotas = system.unsealed.guards.quotas
    present = (await quotas.record()).quotas.values()
    await quotas.forget([quota.id for quota in present if await _path(system, quota) is None])
    await quotas.put(
        Quota(
            id=new_quota_id(),
            name=body.name,
            rate=body.rate,
            interval_seconds=body.interval or 1,
            block_interval_seconds=body.block_interval,
            namespace=tenant.namespace.id,
            mount="" if match is None else match.mounted.entry.uuid,
            suffix=suffix,
            role=body.role,
            inheritable=whole_server if body.inheritable is UNSET else body.inheritable,
        )
    )


async def delete_quota(system: System, call: Call, body: QuotaNameBody) -> None:
    """Delete a quota; no error if there is none."""
    await system.unsealed.guards.quotas.delete(body.name)


async def read_quota_config(system: System, call: Call, body: Nothing) -> Reply:
    """Show the settings of all quotas."""
    config = (await system.unsealed.guards.quotas.record()).config
    return Reply(
        {
            "enable_rate_limit_audit_logging": config.audit_logging,
            "enable_rate_limit_response_headers": config.response_headers,
            "rate_limit_exempt_paths": list(config.exempt_paths),
        }
    )


async def write_quota_config(system: System, call: Call, body: QuotaConfigBody) -> None:
    """Set the settings of all quotas."""
    exempt = body.rate_limit_exempt_paths
    if len(exempt) > MAX_EXEMPT_PATHS or any(len(path) > MAX_PATH_CHARACTERS for path in exempt):
        raise InvalidRequest(
            f"there may be at most {MAX_EXEMPT_PATHS} exempt paths, of at most {MAX_PATH_CHARACTERS} characters"
        )
    await system.unsealed.guards.quotas.configure(
        QuotaConfig(
            audit_logging=body.enable_rate_limit_audit_logging,
            response_headers=body.enable_rate_limit_response_headers,
            exempt_paths=tuple(exempt),
        )
    )


async def _subject(system: System, path: str) -> tuple[Tenant, Match | None]:
    """The namespace that ``path`` begins with, and the mount and the path below it in the rest, if any."""
    unsealed = system.unsealed
    rest = path.strip("/")
    tenant = unsealed.root
    for end in (index for index, character in enumerate(rest + "/") if character == "/"):
        deeper = await unsealed.tenant(rest[:end])
        if deeper is None or deeper is unsealed.root:
            break
        tenant = deeper
    rest = (rest + "/").removeprefix(tenant.namespace.path)
    if rest == "/" or not rest:
        return tenant, None
    router = await tenant.mounts.router()
    match = router.find(rest.removesuffix("/")) or router.find(rest)
    if match is None:
        raise InvalidRequest(f'invalid mount path "{path.lstrip("/").rstrip("/")}/"')
    return tenant, match


def _suffix(match: Match | None) -> str:
    """The path below the mount, in its canonical spelling."""
    if match is None:
        return ""
    return (match.path if match.endpoint is None else match.endpoint.canonical(match.path)).rstrip("/")


def _check_role(match: Match | None, suffix: str) -> None:
    if suffix:
        raise InvalidRequest(
            "Quotas cannot contain both a path suffix and a role. If a role is provided, path must be a valid auth "
            "mount with a concept of roles"
        )
    path = "" if match is None else match.mounted.entry.path
    if match is None or not match.mounted.entry.is_auth:
        raise InvalidRequest(
            f'Mount path "{path}" is not a valid auth method and therefore unsuitable for use with role-based quotas'
        )
    if not isinstance(match.mounted.engine, ResolvesRole):
        raise InvalidRequest(f'Mount path "{path}" does not support use with role-based quotas')


async def _path(system: System, quota: Quota) -> str | None:
    """The subject of ``quota`` as a path; None if it no longer exists."""
    tenant = await system.unsealed.tenants.by_id(quota.namespace)
    if tenant is None or not quota.mount:
        return None if tenant is None else tenant.namespace.path
    for entry in await tenant.mounts.entries():
        if entry.uuid == quota.mount:
            return tenant.namespace.path + entry.path + quota.suffix
    return None
