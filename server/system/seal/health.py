"""Health: the server's state as a status code, for load balancers; and deep checks, for a caller with a token."""

from __future__ import annotations

from typing import Any

from msgspec import UNSET, UnsetType

from compat.conversion import ConversionError, to_boolean
from engines.base import Body, Call, Reply
from engines.faults import InvalidRequest
from server.core.deep_health import Outcome
from server.runtime.version import API_VERSION, VERSION
from server.system.state import System

_CODES = {"activecode": 200, "standbycode": 429, "sealedcode": 503, "uninitcode": 501, "failingcode": 500}
_LOWEST_CODE, _HIGHEST_CODE = 200, 599
"""The allowed statuses of a final answer (RFC 9110, section 15)."""


class HealthBody(Body):
    """The status codes for the server's states, and whether to check deeply."""

    activecode: str | UnsetType = UNSET
    standbycode: str | UnsetType = UNSET
    sealedcode: str | UnsetType = UNSET
    uninitcode: str | UnsetType = UNSET
    standbyok: str | UnsetType = UNSET
    deep: bool = False
    failingcode: str | UnsetType = UNSET

    tells = {
        "activecode": "The HTTP status when unsealed. Default: 200.",
        "standbycode": "Accepted and ignored: there are no standby servers.",
        "sealedcode": "The HTTP status when sealed. Default: 503.",
        "uninitcode": "The HTTP status when not initialised. Default: 501.",
        "standbyok": "Accepted and ignored: there are no standby servers.",
        "deep": "Check storage, seal, audit, providers and clocks too. Requires a token with `read` on `sys/health`.",
        "failingcode": "The HTTP status when a deep check fails. Default: 500.",
    }


async def read_health(system: System, call: Call, body: HealthBody) -> Reply:
    """Show the server's state, also as a status code, for load balancers."""
    refuse_namespace(call)
    codes = {name: _code(getattr(body, name), default) for name, default in _CODES.items()}
    if body.standbyok is not UNSET:
        try:
            to_boolean(body.standbyok)
        except ConversionError:
            raise InvalidRequest from None
    core = system.core
    unsealed = core.unsealed
    initialized = unsealed is not None or await core.initialized()
    state = "activecode" if unsealed is not None else "sealedcode" if initialized else "uninitcode"
    replication = "disabled" if unsealed is not None else "unknown"
    data = {
        "initialized": initialized,
        "sealed": unsealed is None,
        "standby": unsealed is None,
        "replication_performance_mode": replication,
        "replication_dr_mode": replication,
        "server_time_utc": int(call.now),
        "version": API_VERSION,
        "cryptoserve_version": VERSION,
        **cluster_of(system),
    }
    if body.deep and unsealed is not None and call.caller is not None:
        report = await core.deep_health.report(unsealed)
        shown = {name: _shown(parts) for name, parts in report.items()}
        data["ok"] = all(check["ok"] for check in shown.values())
        data["checks"] = shown
        state = state if data["ok"] else "failingcode"
    return Reply(data, status=codes[state])


def refuse_namespace(call: Call) -> None:
    """Raise ``InvalidRequest`` for a request that names a namespace."""
    if call.in_namespace:
        raise InvalidRequest("operation unavailable in namespaces")


def cluster_of(system: System) -> dict[str, Any]:
    """The name and the id of the cluster, while the server is unsealed."""
    unsealed = system.core.unsealed
    return {} if unsealed is None else {"cluster_name": unsealed.cluster.name, "cluster_id": unsealed.cluster.id}


def _shown(parts: dict[str, Outcome]) -> dict[str, Any]:
    """One check: that of its parts which takes longest gives its time, since all run at once."""
    failed = [f"{name}: {outcome.error}" for name, outcome in parts.items() if outcome.error]
    return {
        "ok": not failed,
        "error": "; ".join(failed),
        "milliseconds": max((_rounded(outcome.milliseconds) for outcome in parts.values()), default=0.0),
        "parts": {
            name: {
                "ok": not outcome.error,
                "error": outcome.error,
                "milliseconds": _rounded(outcome.milliseconds),
            }
            for name, outcome in parts.items()
        },
    }


def _rounded(milliseconds: float) -> float:
    return round(milliseconds, 3)


def _code(given: str | UnsetType, default: int) -> int:
    """The requested status code; invalid ones for a final answer are refused.

    OpenBao sends codes from 600 to 999, and closes the connection for most others.
    """
    if given is UNSET:
        return default
    digits = given.removeprefix("+")
    code = int(digits) if digits.isascii() and digits.isdecimal() and len(digits) <= len(str(_HIGHEST_CODE)) else 0
    if not _LOWEST_CODE <= code <= _HIGHEST_CODE:
        raise InvalidRequest
    return code
