"""Formats of exports: syslog, CEF, OCSF, OpenTelemetry, NDJSON and Parquet."""

from __future__ import annotations

import json
import re
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from google.protobuf import json_format
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest

from server.audit.ledger.offline.exports.formats import FORMATS, cef, ndjson, rfc5424
from server.audit.ledger.offline.exports.ocsf import api_activity
from server.audit.ledger.offline.exports.otlp import logs_data
from server.audit.ledger.offline.exports.parquet import row_of
from server.audit.ledger.offline.exports.records import Record
from server.runtime.version import VERSION
from tests.server.audit.ledger.ledgers import ORIGIN, Ledger, line
from tests.server.audit.ledger.offline.exporting import FAILED, OTHERS, REQUEST, RESPONSE, run
from tests.server.audit.ledger.offline.verifying import flip


@pytest.mark.parametrize("record", [REQUEST, RESPONSE, FAILED, *OTHERS])
@pytest.mark.parametrize("name", FORMATS)
def test_a_message_is_one_line(name: str, record: Record) -> None:
    (message,) = FORMATS[name].encode([record])
    assert b"\n" not in message and b"\r" not in message


def test_ndjson() -> None:
    assert json.loads(ndjson(RESPONSE)) == {"index": 5, "entry": json.loads(RESPONSE.entry)}
    assert json.loads(ndjson(OTHERS[1])) == {"index": 9, "entry": {"entry_base64": "/wo="}}
    assert json.loads(ndjson(OTHERS[2])) == {"index": 9, "entry": {"a": 1}}


HEAD = re.compile(
    rb'<(\d+)>1 (\S+) (\S+) cryptoserve (\S+) (\S+) \[ledger@32473 index="(\d+)" origin="((?:[^"\\\]]|\\.)*)"\] (.*)',
    re.S,
)
"""The head of RFC 5424, section 6, with one element of structured data."""


def test_rfc5424() -> None:
    match = HEAD.fullmatch(rfc5424(RESPONSE))
    assert match is not None
    assert match.groups() == (
        b"110", b"2027-01-15T08:00:00.05Z", b"example.com", b"0", b"response", b"5", ORIGIN.encode(), RESPONSE.entry,
    )  # fmt: skip
    failed = HEAD.fullmatch(rfc5424(FAILED))
    assert failed is not None and failed.group(1, 2) == (b"108", b"-")
    # A text in UTF-8 begins with a byte order mark (section 6.4).
    match = HEAD.fullmatch(rfc5424(Record("o", 1, '{"type":"é"}'.encode())))
    assert match is not None and match.group(8) == b"\xef\xbb\xbf" + '{"type":"é"}'.encode()
    for stated in ("2027-01-15T08:00:00.Z", "2027 01 15 08:00:0Z", "x" * 19 + "Z", "2027-01-15T08:00:00+01:00"):
        match = HEAD.fullmatch(rfc5424(Record("o", 1, line({"time": stated}))))
        assert match is not None and match.group(2) == b"-"
    long = rfc5424(Record("h" * 300, 1, line({"type": "t" * 60, "ledger": {"worker": "w" * 200}})))
    match = HEAD.fullmatch(long)
    assert match is not None and tuple(map(len, match.group(3, 4, 5))) == (255, 128, 32)
    precise = Record('a]"\\', 1, b'{"time":"2027-01-15T08:00:00.123456789Z"}')
    match = HEAD.fullmatch(rfc5424(precise))
    assert match is not None and match.group(2, 7) == (b"2027-01-15T08:00:00.123456Z", b'a\\]\\"\\\\')


def test_cef() -> None:
    text = cef(RESPONSE).decode()
    head, extension = text.rsplit("|", 1)
    assert head == f"CEF:0|CryptoServe|CryptoServe|{VERSION}|response:encrypt|encrypt response|3"
    assert extension.startswith("externalId=5 rt=1800000000050 src=192.0.2.1 suid=e-0 act=update request=transit/")
    assert "cs3Label=key cs3=k4 cs4Label=algorithm cs4=aes256-gcm96 " in extension
    failed = cef(FAILED).decode()
    assert "|response:read|read response|6|" in failed
    assert 'outcome=failure reason=bad \\= "x|y\\\\z"\\nnext ' in failed
    long = Record("o", 1, line({"request": {"path": "=" * 2000, "remote_address": "2001:db8::1"}, "error": "e" * 2000}))
    members = cef(long).decode()
    assert "request=" + "\\=" * 1023 + " " in members and "reason=" + "e" * 1023 + " " in members
    assert "c6a2Label=Source IPv6 Address c6a2=2001:db8::1 " in members and "src=" not in members
    piped = Record("o", 1, line({"type": "a|b\\", "request": {"operation": "x\ny"}}))
    assert "|a\\|b\\\\:x y|x y a\\|b\\\\|" in cef(piped).decode()


def test_ocsf() -> None:
    """What the class API Activity of OCSF 1.6.0 requires, and its enumerations."""
    event = json.loads(api_activity(RESPONSE))
    required = {
        "activity_id", "actor", "api", "category_uid", "class_uid", "metadata", "severity_id", "src_endpoint", "time",
        "type_uid",
    }  # fmt: skip
    assert required <= event.keys()
    assert (event["class_uid"], event["activity_id"], event["type_uid"]) == (6003, 3, 600303)
    assert (event["time"], event["status_id"], event["severity_id"]) == (1_800_000_000_050, 1, 1)
    assert event["metadata"]["uid"] == f"{ORIGIN}/5"
    assert event["src_endpoint"] == {"ip": "192.0.2.1"}
    assert event["unmapped"]["crypto_algorithm"] == "aes256-gcm96"
    failed = json.loads(api_activity(FAILED))
    assert (failed["activity_id"], failed["status_id"], failed["status_detail"]) == (2, 2, FAILED.error)
    assert required <= json.loads(api_activity(OTHERS[0])).keys()


def test_otlp() -> None:
    (text,) = logs_data([REQUEST, RESPONSE])
    parsed = json_format.Parse(text, ExportLogsServiceRequest())
    assert parsed.resource_logs[0].scope_logs[0].log_records[1].time_unix_nano == 1_800_000_000_050_000_000
    message = json.loads(text)
    (scope,) = message["resourceLogs"][0]["scopeLogs"]
    first, second = scope["logRecords"]
    assert second["timeUnixNano"] == "1800000000050000000"
    assert second["body"] == {"stringValue": RESPONSE.entry.decode()}
    attributes = {one["key"]: one["value"] for one in second["attributes"]}
    assert attributes["log.record.uid"] == {"stringValue": f"{ORIGIN}/5"}
    assert attributes["ledger.index"] == {"intValue": "5"}
    assert (first["eventName"], second["eventName"]) == ("audit.request", "audit.response")
    assert "event.name" not in attributes
    assert first["severityNumber"] == 9


def test_parquet(ledger: Ledger, tmp_path: Path, capfdbinary: Any) -> None:
    parquet = pytest.importorskip("pyarrow.parquet", reason="the extra parquet isn't installed")
    target = tmp_path / "out.parquet"
    assert run(capfdbinary, ledger.path, "-as=parquet", "-to", target, "-cursor", tmp_path / "cursor")[0] == 0
    precise = Record(ORIGIN, 0, line({"time": "2027-01-15T08:00:00.123456789Z"}))
    assert row_of(precise)["time"] == 1_800_000_000_123_456
    rows = parquet.read_table(target).to_pylist()
    assert rows[5]["time"] == datetime(2027, 1, 15, 8, 0, 0, 50_000, UTC)
    assert [row["index"] for row in rows] == list(range(700))
    assert [row["entry"] for row in rows] == ledger.entries
    documented = re.findall(r"^\| (`.*?`) \| ", Path("docs/ledger.md").read_text().split("### Parquet")[1], re.M)
    assert sorted(name.strip("` ") for names in documented for name in names.split(",")) == sorted(rows[5])
    assert (rows[5]["key"], rows[5]["algorithm"], rows[5]["success"]) == ("k4", "aes256-gcm96", True)
    assert run(capfdbinary, ledger.path, "-as=parquet", "-to", target)[0] == 2
    target.unlink()
    ledger.edit("tile/entries/001", flip(700))
    assert run(capfdbinary, ledger.path, "-as=parquet", "-to", target)[0] == 1
    assert not [path for path in tmp_path.iterdir() if "parquet" in path.name]


def test_parquet_without_pyarrow(
    ledger: Ledger, tmp_path: Path, capfdbinary: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    status, _, err = run(capfdbinary, ledger.path, "-as=parquet", "-to", tmp_path / "out")
    assert (status, err) == (2, b"Parquet takes pyarrow: install cryptoserve-server with its extra [parquet]\n")
