"""OpenTelemetry's logs (OTLP 1, in JSON): a request for ``/v1/logs``, or a line of a file."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
import orjson

from server.audit.ledger.offline.exports.records import Record
from server.runtime.version import VERSION

_INFO, _WARN = 9, 13


REPEATED = frozenset({429, 502, 503, 504})
"""The statuses after which a request is sent again, and no others (OTLP/HTTP, "Retryable response codes")."""

MAX_RECORDS = 256
"""The most records of a message: collectors bound what they take."""


def logs_data(records: Sequence[Record]) -> list[bytes]:
    """Records of one log as messages."""
    return [_message(records[start : start + MAX_RECORDS]) for start in range(0, len(records), MAX_RECORDS)]


class _PartialSuccess(msgspec.Struct, rename="camel"):
    rejected_log_records: int | str = 0
    """A 64-bit number: in Protocol Buffers' JSON a text, or a number too."""

    error_message: str = ""


class _Answer(msgspec.Struct, rename="camel"):
    partial_success: _PartialSuccess | None = None


def rejected_records(answer: bytes) -> tuple[int, str]:
    """What a collector's ``partialSuccess`` says: how many records it hasn't taken, and its words, maybe of warning.

    Such a request must not be sent again.
    """
    try:
        found = msgspec.json.decode(answer, type=_Answer).partial_success
        return (0, "") if found is None else (max(int(found.rejected_log_records), 0), found.error_message)
    except ValueError:
        return 0, ""


def _message(records: Sequence[Record]) -> bytes:
    origin = records[0].origin
    resource = _attributes({"service.name": "cryptoserve", "service.version": VERSION, "ledger.origin": origin})
    scope_logs = {"scope": {"name": "cryptoserve.audit"}, "logRecords": [_record(record) for record in records]}
    return orjson.dumps({"resourceLogs": [{"resource": {"attributes": resource}, "scopeLogs": [scope_logs]}]})


def _record(record: Record) -> dict[str, Any]:
    attributes: dict[str, str | int | None] = {
        "log.record.uid": f"{record.origin}/{record.index}",
        "ledger.index": record.index,
        "request.id": record.text("request", "id"),
        "request.operation": record.text("request", "operation"),
        "url.path": record.text("request", "path"),
        "client.address": record.text("request", "remote_address"),
        "client.port": record.number("request", "remote_port"),
        "user.id": record.text("auth", "entity_id"),
        "user.name": record.text("auth", "display_name"),
        "crypto.operation": record.text("crypto", "operation"),
        "crypto.key": record.text("crypto", "key"),
        "crypto_policy.verdict": record.text("crypto_policy", "verdict"),
    }
    found: dict[str, Any] = {
        "severityNumber": _WARN if record.failed else _INFO,
        "severityText": "WARN" if record.failed else "INFO",
        "body": {"stringValue": record.entry.decode("utf-8", "replace")},
        "attributes": _attributes(attributes),
    }
    if record.nanoseconds is not None:
        # Protocol Buffers' JSON writes 64-bit numbers as texts.
        found["timeUnixNano"] = found["observedTimeUnixNano"] = str(record.nanoseconds)
    if record.type:
        # A field of its own since OTLP 1.5; the attribute ``event.name`` is deprecated.
        found["eventName"] = f"audit.{record.type}"
    return found


def _attributes(values: dict[str, str | int | None]) -> list[dict[str, Any]]:
    return [
        {"key": key, "value": {"intValue": str(value)} if isinstance(value, int) else {"stringValue": value}}
        for key, value in values.items()
        if value not in ("", None)
    ]
