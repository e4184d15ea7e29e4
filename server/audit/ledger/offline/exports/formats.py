"""The formats that are lines: NDJSON, syslog (RFC 5424) and ArcSight's CEF."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import orjson

from server.audit.ledger.offline.exports.ocsf import api_activity
from server.audit.ledger.offline.exports.otlp import REPEATED, logs_data, rejected_records
from server.audit.ledger.offline.exports.records import Record
from server.runtime.version import VERSION

_PRODUCT = "CryptoServe"
_FACILITY_AUDIT = 13
_WARNING, _INFORMATIONAL = 4, 6
_CEF_FAILED, _CEF_DONE = 6, 3

_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_TIME = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:(\.\d{1,6})\d*)?Z", re.ASCII)
_CEF_LENGTHS = {"externalId": 40, "act": 63, "request": 1023, "reason": 1023, "suser": 1023, "suid": 1023}
_CEF_CUSTOM_LENGTH = 4000
"""Characters that CEF's dictionary of extensions gives to a value."""

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

    repeated: frozenset[int] = frozenset({408, 429, 500, 502, 503, 504})
    """The statuses of HTTP after which a body is sent again."""

    rejected: Callable[[bytes], tuple[int, str]] = lambda answer: (0, "")
    """Of an answer of HTTP that tells of success: how many records weren't taken all the same, and its words."""


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
    line = record.line()
    # RFC 5424, section 6.4: a text in UTF-8 begins with the mark; one in ASCII is the same without it.
    return head.encode() + (line if line.isascii() else _BYTE_ORDER_MARK + line)


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
    extension = " ".join(
        f"{key}={_cef_value(value[: _CEF_LENGTHS.get(key, _CEF_CUSTOM_LENGTH)])}"
        for key, value in _cef_members(record).items()
        if value
    )
    return f"CEF:0|{header}|{extension}".encode()


def _cef_members(record: Record) -> Mapping[str, str]:
    nanoseconds = record.nanoseconds
    address = record.text("request", "remote_address")
    members = {
        "externalId": str(record.index),
        "rt": "" if nanoseconds is None else str(nanoseconds // 1_000_000),
        # ``src`` is an address of IPv4.
        **({"c6a2Label": "Source IPv6 Address", "c6a2": address} if ":" in address else {"src": address}),
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
        "namespace": record.namespace,
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
    "otlp": Format(logs_data, "application/json", separate=True, repeated=REPEATED, rejected=rejected_records),
}


def _syslog_name(text: str, length: int) -> str:
    """A header field: printable ASCII without spaces, or ``-``."""
    return "".join(character for character in text if "!" <= character <= "~")[:length] or "-"


def _syslog_time(text: str) -> str:
    """A time with at most six digits behind the second, or ``-``."""
    match = _TIME.fullmatch(text)
    return "-" if match is None else f"{match[1]}{match[2] or ''}Z"


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
