"""The Open Cybersecurity Schema Framework: class API Activity (6003), version 1.6.0."""

from __future__ import annotations

from typing import Any

import orjson

from server.audit.ledger.offline.exports.records import Record
from server.runtime.version import VERSION

SCHEMA_VERSION = "1.6.0"
_APPLICATION_ACTIVITY, _API_ACTIVITY = 6, 6003
_CREATE, _READ, _UPDATE, _DELETE, _OTHER = 1, 2, 3, 4, 99
_ACTIVITIES = {
    "create": _CREATE,
    "read": _READ,
    "list": _READ,
    "scan": _READ,
    "update": _UPDATE,
    "patch": _UPDATE,
    "delete": _DELETE,
    "revoke": _DELETE,
}
_NAMES = {_CREATE: "Create", _READ: "Read", _UPDATE: "Update", _DELETE: "Delete"}
_INFORMATIONAL, _MEDIUM = 1, 3
_UNKNOWN, _SUCCESS, _FAILURE = 0, 1, 2


def api_activity(record: Record) -> bytes:
    """The event of one entry."""
    operation = record.text("request", "operation") or record.text("event") or record.type or "entry"
    activity = _ACTIVITIES.get(operation, _OTHER)
    status = _UNKNOWN if record.type != "response" else _FAILURE if record.failed else _SUCCESS
    event: dict[str, Any] = {
        "activity_id": activity,
        "activity_name": _NAMES.get(activity, operation),
        "category_uid": _APPLICATION_ACTIVITY,
        "class_uid": _API_ACTIVITY,
        "type_uid": _API_ACTIVITY * 100 + activity,
        "time": (record.nanoseconds or 0) // 1_000_000,
        "severity_id": _MEDIUM if record.failed else _INFORMATIONAL,
        "status_id": status,
        "metadata": {
            "version": SCHEMA_VERSION,
            "product": {"name": "CryptoServe", "vendor_name": "CryptoServe", "version": VERSION},
            "uid": f"{record.origin}/{record.index}",
            "sequence": record.index,
            "log_name": record.origin,
            "original_time": record.text("time"),
            "event_code": record.type,
        },
        "actor": _actor(record),
        "api": _api(record, operation),
        "src_endpoint": _source(record),
        "unmapped": _unmapped(record),
    }
    if record.error:
        event["status_detail"] = record.error
    return orjson.dumps(event)


def _actor(record: Record) -> dict[str, Any]:
    user = {"name": record.text("auth", "display_name"), "uid": record.text("auth", "entity_id")}
    user = {name: value for name, value in user.items() if value}
    actor: dict[str, Any] = {"user": user} if user else {"app_name": "cryptoserve"}
    if accessor := record.text("auth", "accessor"):
        actor["session"] = {"uid": accessor}
    return actor


def _api(record: Record, operation: str) -> dict[str, Any]:
    path = record.text("request", "path")
    api: dict[str, Any] = {"operation": f"{operation} {path}".strip(), "service": {"name": "cryptoserve"}}
    if request := record.text("request", "id"):
        api["request"] = {"uid": request}
    if record.error:
        api["response"] = {"error_message": record.error}
    return api


def _source(record: Record) -> dict[str, Any]:
    """The origin of the request; the server itself for its own entries."""
    address, port = record.text("request", "remote_address"), record.number("request", "remote_port")
    if not address:
        return {"name": record.origin}
    return {"ip": address, **({} if port is None else {"port": port})}


def _unmapped(record: Record) -> dict[str, Any]:
    """The fields without attributes in the class, as texts and numbers of one level."""
    found: dict[str, Any] = {"ledger_index": record.index}
    use = next(iter(record.uses()), {})
    for prefix, block, keys in (
        ("crypto", record.block("crypto"), ("operation", "key", "mount", "success", "latency_us")),
        ("crypto", use, ("algorithm", "key_version")),
        ("crypto_policy", record.block("crypto_policy"), ("verdict",)),
    ):
        found |= {f"{prefix}_{key}": block[key] for key in keys if isinstance(block.get(key), str | int)}
    if namespace := record.namespace:
        found["namespace"] = namespace
    return found
