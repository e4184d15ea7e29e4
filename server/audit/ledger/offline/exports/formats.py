"""The formats that are lines: NDJSON, syslog (RFC 5424) and ArcSight's CEF."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import orjson

from server.audit.ledger.offline.exports.ocsf import api_activity
from server.audit.ledger.offline.exports.otlp import logs_data
from server.audit.ledger.offline.exports.records import Record
from server.runtime.version import VERSION

_PRODUCT = "CryptoServe"
_FACILITY_AUDIT = 13
_WARNING, _INFORMATIONAL = 4, 6
_CEF_FAILED, _CEF_DONE = 6, 3

_STRUCTURED_ID = "ledger@32473"
"""32473 is the enterprise number that RFC 5612 sets aside: this project has none."""


@dataclass(frozen=True, slots=True)
class Format:
    """Formats of messages: a line for each record, or one message for several."""

    encode: Callable[[Sequence[Record]], list[bytes]]
    content_type: str
    separate: bool = False
    """Whether each message is a body of HTTP by itself; others are lines of one."""

    counts_octets: bool = False
    """Whether a stream of messages has each one's length before it (RFC 6587) and not a newline behind it."""


def ndjson(record: Record) -> bytes:
    """``{"index", "entry"}``; what is no JSON object stands in the entry's ``entry_base64``."""
    return orjson.dumps({"index": record.index, "entry": orjson.Fragment(record.line())})


def rfc5424(record: Record) -> bytes:
    """A syslog message with the entry as its text, and index and origin as structured data."""
    severity = _WARNING if record.failed else _INFORMATIONAL
    host = _syslog_name(record.origin.split("/")[0], 255)
    parameters = {"index": str(record.index), "origin": record.origin}
    structured = "".join(f' {name}="{_structured(value)}"' for name, value in parameters.items())
    head = (
        f"<{_FACILITY_AUDIT * 8 + severity}>1 {_syslog_time(record.text('time'))} {host} cryptoserve "
        f"{_syslog_name(str(record.block('ledger').get('worker', '')), 128)} {_syslog_name(record.type, 32)} "
        f"[{_STRUCTURED_ID}{structured}] "
    )
    return head.encode() + record.line()


def cef(record: Record) -> bytes:
    """A line of the Common Event Format, version 0."""
    operation = record.text("crypto", "operation") or record.text("request", "operation") or record.text("event")
    name = f"{operation or 'entry'} {record.type}".strip()
    header = "|".join(
        _cef_header(text)
        for text in (
            _PRODUCT, _PRODUCT, VERSION, f"{record.type or 'entry'}:{operation}", name,
            str(_CEF_FAILED if record.failed else _CEF_DONE),
        )
    )  # fmt: skip
    extension = " ".join(f"{key}={_cef_value(value)}" for key, value in _cef_members(record).items() if value)
    return f"CEF:0|{header}|{extension}".encode()


def _cef_members(record: Record) -> Mapping[str, str]:
    nanoseconds = record.nanoseconds
    members = {
        "externalId": str(record.index),
        "rt": "" if nanoseconds is None else str(nanoseconds // 1_000_000),
        "src": record.text("request", "remote_address"),
        "spt": str(record.number("request", "remote_port") or ""),
        "suser": record.text("auth", "display_name"),
        "suid": record.text("auth", "entity_id"),
        "act": record.text("request", "operation"),
        "request": record.text("request", "path"),
        "outcome": ("failure" if record.failed else "success") if record.type == "response" else "",
        "reason": record.error,
    }
    use = next(iter(record.uses()), {})
    labelled = {
        "requestId": record.text("request", "id"),
        "namespace": record.text("request", "namespace", "path") or record.text("request", "namespace", "id"),
        "key": record.text("crypto", "key"),
        "algorithm": str(use.get("algorithm", "")),
        "verdict": record.text("crypto_policy", "verdict"),
        "origin": record.origin,
    }
    for number, (label, value) in enumerate(labelled.items(), 1):
        if value:
            members |= {f"cs{number}Label": label, f"cs{number}": value}
    version = use.get("key_version")
    if isinstance(version, int):
        members |= {"cn1Label": "keyVersion", "cn1": str(version)}
    return members


def _each(encode: Callable[[Record], bytes]) -> Callable[[Sequence[Record]], list[bytes]]:
    return lambda records: [encode(record) for record in records]


FORMATS: Mapping[str, Format] = {
    "ndjson": Format(_each(ndjson), "application/x-ndjson"),
    "rfc5424": Format(_each(rfc5424), "text/plain; charset=utf-8", counts_octets=True),
    "cef": Format(_each(cef), "text/plain; charset=utf-8"),
    "ocsf": Format(_each(api_activity), "application/x-ndjson"),
    "otlp": Format(logs_data, "application/json", separate=True),
}


def _syslog_name(text: str, length: int) -> str:
    """A header field: printable ASCII without spaces, or ``-``."""
    return "".join(character for character in text if "!" <= character <= "~")[:length] or "-"


def _syslog_time(text: str) -> str:
    """A time with at most six digits behind the second, or ``-``."""
    seconds, point, fraction = text.removesuffix("Z").partition(".")
    if not text.endswith("Z") or len(seconds) != 19 or not ((fraction.isascii() and fraction.isdigit()) or not point):
        return "-"
    return f"{seconds}.{fraction[:6]}Z" if point else text


def _structured(text: str) -> str:
    """A value of structured data."""
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("]", "\\]")


def _cef_header(text: str) -> str:
    return _one_line(text).replace("\\", "\\\\").replace("|", "\\|")


def _cef_value(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace("=", "\\=")
    return _one_line(escaped.replace("\r\n", "\\n").replace("\n", "\\n").replace("\r", "\\n"))


def _one_line(text: str) -> str:
    return "".join(character if character.isprintable() else " " for character in text)
