"""Exports: each format by its own rules, each kind of sink, and cursors that lose nothing."""

from __future__ import annotations

import json
import os
import re
import shutil
import socket
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
from google.protobuf import json_format
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest

from cryptoserve_cli.dispatch import run_command
from server.audit.ledger.offline.exports import run as following
from server.audit.ledger.offline.exports import sinks
from server.audit.ledger.offline.exports.formats import FORMATS, cef, ndjson, rfc5424
from server.audit.ledger.offline.exports.ocsf import api_activity
from server.audit.ledger.offline.exports.otlp import logs_data
from server.audit.ledger.offline.exports.parquet import row_of
from server.audit.ledger.offline.exports.records import Record
from server.audit.ledger.offline.exports.sinks import HttpSink, SinkFault
from server.audit.ledger.offline.sources import DirectorySource, Unreadable
from server.runtime.version import VERSION
from tests.server.audit.ledger.ledgers import ORIGIN, Ledger, audit_entries, line, pair
from tests.server.audit.ledger.offline.test_verify import flip

REQUEST, RESPONSE = (Record(ORIGIN, index, entry) for index, entry in enumerate(pair(4), 4))
FAILED = Record(
    ORIGIN, 8, line({"type": "response", "error": 'bad = "x|y\\z"\nnext', "request": {"operation": "read"}})
)
OTHERS = [Record("other.example/log x", 9, entry) for entry in (b"", b"\xff\n", b'{"a":\n1}', b"[1]", b'{"time":1}')]


def run(capfdbinary: Any, *arguments: object) -> tuple[int, bytes, bytes]:
    status = run_command(["audit", "export", *map(str, arguments)], {"BAO_TOKEN": "t"})
    out, err = capfdbinary.readouterr()
    return status, out, err


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


@pytest.mark.parametrize("name", FORMATS)
def test_files_in_each_format(ledger: Ledger, tmp_path: Path, capfdbinary: Any, name: str) -> None:
    status, out, _ = run(capfdbinary, ledger.path, "-as", name)
    assert status == 0
    assert len(out.splitlines()) == (3 if name == "otlp" else 700)
    target = tmp_path / "out"
    assert run(capfdbinary, ledger.path, "-as", name, "-to", target) == (0, b"", b"")
    assert target.read_bytes() == out


def test_a_cursor_goes_on_where_it_was(ledger: Ledger, tmp_path: Path, capfdbinary: Any) -> None:
    cursor = tmp_path / "cursor"
    growing = Ledger(tmp_path / "growing").append(ledger.entries[:300])
    growing.sign()
    found = []
    for count in (0, 1, 399):
        growing.append(ledger.entries[len(growing.entries) : len(growing.entries) + count])
        growing.sign()
        status, out, _ = run(capfdbinary, growing.path, "-cursor", cursor)
        assert status == 0
        found.append([json.loads(text)["index"] for text in out.splitlines()])
    assert found == [list(range(300)), [300], list(range(301, 700))]


def test_a_line_that_a_crash_has_cut_stays_one_of_its_own(ledger: Ledger, tmp_path: Path, capfdbinary: Any) -> None:
    target = tmp_path / "out"
    assert run(capfdbinary, ledger.path, "-to", target)[0] == 0
    assert target.stat().st_mode & 0o777 == 0o600
    whole = target.read_bytes()
    target.write_bytes(whole[:-10])
    assert run(capfdbinary, ledger.path, "-to", target)[0] == 0
    assert target.read_bytes() == whole[:-10] + b"\n" + whole


def test_an_export_begins_behind_what_was_pruned(ledger: Ledger, tmp_path: Path, capfdbinary: Any) -> None:
    (ledger.path / "tile/entries/000").unlink()
    cursor = tmp_path / "cursor"
    assert run(capfdbinary, ledger.path, "-cursor", cursor)[0] == 1
    for expected in (range(256, 700), range(0)):
        status, out, _ = run(capfdbinary, ledger.path, "-cursor", cursor, "-from=256")
        assert (status, [json.loads(text)["index"] for text in out.splitlines()]) == (0, list(expected))


def test_cursors_of_other_logs_are_refused(ledger: Ledger, tmp_path: Path, capfdbinary: Any) -> None:
    cursor = tmp_path / "cursor"
    assert run(capfdbinary, ledger.path, "-cursor", cursor)[0] == 0
    shorter = Ledger(tmp_path / "shorter").append(ledger.entries[:600])
    shorter.sign()
    assert run(capfdbinary, shorter.path, "-cursor", cursor)[0] == 1
    fork = Ledger(tmp_path / "fork").append([*ledger.entries[1:], *ledger.entries[:20]])
    fork.sign()
    assert run(capfdbinary, fork.path, "-cursor", cursor)[0] == 1
    other = Ledger(tmp_path / "other", "example.com/other").append(ledger.entries)
    other.sign()
    assert run(capfdbinary, other.path, "-cursor", cursor)[0] == 2
    cursor.write_text("{}")
    assert run(capfdbinary, ledger.path, "-cursor", cursor)[0] == 2


def test_what_was_tampered_with_is_not_exported(ledger: Ledger, tmp_path: Path, capfdbinary: Any) -> None:
    ledger.edit("tile/entries/001", flip(700))
    cursor = tmp_path / "cursor"
    for expected in (range(256), range(0)):
        status, out, err = run(capfdbinary, ledger.path, "-cursor", cursor)
        assert (status, err) == (1, b"tile/entries/001 isn't what was signed\n")
        assert [json.loads(text)["index"] for text in out.splitlines()] == list(expected)
    assert json.loads(cursor.read_text())["index"] == 256


@contextmanager
def listening(kind: int) -> Iterator[tuple[socket.socket, int]]:
    with socket.socket(socket.AF_INET, kind) as listener:
        listener.bind(("127.0.0.1", 0))
        listener.settimeout(20)
        yield listener, listener.getsockname()[1]


@pytest.mark.parametrize("name", ["ndjson", "rfc5424"])
def test_tcp(ledger: Ledger, capfdbinary: Any, name: str) -> None:
    received: list[bytes] = []

    def read() -> None:
        connection, _ = listener.accept()
        with connection:
            while part := connection.recv(65_536):
                received.append(part)

    with listening(socket.SOCK_STREAM) as (listener, port):
        listener.listen()
        thread = threading.Thread(target=read)
        thread.start()
        assert run(capfdbinary, ledger.path, "-as", name, "-to", f"tcp://127.0.0.1:{port}")[0] == 0
        thread.join()
    content = b"".join(received)
    if name == "ndjson":
        assert [json.loads(text)["index"] for text in content.splitlines()] == list(range(700))
        return
    count = 0
    while content:
        length, _, content = content.partition(b" ")
        assert HEAD.fullmatch(content[: int(length)])
        content, count = content[int(length) :], count + 1
    assert count == 700


def test_udp_and_entries_too_long_for_a_datagram(tmp_path: Path, capfdbinary: Any) -> None:
    entries = [*audit_entries(2), line({"type": "request", "request": {"data": "x" * 65_450}})]
    ledger = Ledger(tmp_path / "log").append(entries)
    ledger.sign()
    with listening(socket.SOCK_DGRAM) as (listener, port):
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
        assert run(capfdbinary, ledger.path, "-to", f"udp://127.0.0.1:{port}")[0] == 0
        received = [json.loads(listener.recv(65_536)) for _ in range(3)]
    assert [one["index"] for one in received] == [0, 1, 2]
    assert received[2]["entry"]["omitted"]["size"] == len(entries[2])


@pytest.mark.parametrize("size", [4_000, 60_000])
def test_a_datagram_says_which_entry_it_leaves_out_whatever_that_states(size: int) -> None:
    record = Record("o", 1, line({"time": "t" * size, "type": "x" * size, "data": "x" * size}))
    for form in FORMATS.values():
        assert all(len(message) < 1500 for message in form.encode([record.reduced()]))


def test_tcp_moves_the_cursor_behind_what_was_confirmed(
    ledger: Ledger, tmp_path: Path, capfdbinary: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A peer that reads nothing holds back what its system has no room for."""
    monkeypatch.setattr(sinks, "_SECONDS", 0.3)
    monkeypatch.setattr(sinks, "_UNSENT_SECONDS", 0.01)
    with listening(socket.SOCK_STREAM) as (listener, port):
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        listener.listen()
        cursor = tmp_path / "cursor"
        status, _, err = run(capfdbinary, ledger.path, "-to", f"tcp://127.0.0.1:{port}", "-cursor", cursor)
    assert (status, cursor.exists()) == (2, False), err


def test_pipes(ledger: Ledger, tmp_path: Path, capfdbinary: Any) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    received: list[bytes] = []
    thread = threading.Thread(target=lambda: received.append(pipe.read_bytes()))
    thread.start()
    assert run(capfdbinary, ledger.path, "-to", pipe, "-cursor", tmp_path / "cursor")[0] == 0
    thread.join()
    assert received[0].count(b"\n") == 700


class Collector(BaseHTTPRequestHandler):
    """Takes what is posted, unless ``answers`` has another status for the request."""

    bodies: list[bytes] = []
    answers: list[int] = []
    tells: dict[str, str] = {}
    says = b""
    headers_seen: list[dict[str, str]] = []

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        status = self.answers.pop(0) if self.answers else 200
        if status == 200:
            self.bodies.append(body)
            self.headers_seen.append(dict(self.headers.items()))
        self.send_response(status)
        for name, value in self.tells.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(self.says)))
        self.end_headers()
        self.wfile.write(self.says)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def collector() -> Iterator[tuple[type[Collector], str]]:
    Collector.bodies, Collector.answers, Collector.headers_seen = [], [], []
    Collector.tells, Collector.says = {}, b""
    server = HTTPServer(("127.0.0.1", 0), Collector)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    yield Collector, f"http://127.0.0.1:{server.server_port}/v1/logs"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.parametrize("name", ["ndjson", "otlp"])
def test_http(
    ledger: Ledger, tmp_path: Path, capfdbinary: Any, collector: tuple[type[Collector], str], name: str
) -> None:
    seen, url = collector
    headers = tmp_path / "headers"
    headers.write_text("Authorization: Bearer secret\n\n")
    assert run(capfdbinary, ledger.path, "-as", name, "-to", url, "-header-file", headers)[0] == 0
    assert len(seen.bodies) == (3 if name == "otlp" else 1)
    assert seen.headers_seen[0]["Authorization"] == "Bearer secret"
    if name == "otlp":
        assert seen.headers_seen[0]["Content-Type"] == "application/json"
        records = [json.loads(body)["resourceLogs"][0]["scopeLogs"][0]["logRecords"] for body in seen.bodies]
        assert sum(map(len, records)) == 700
    else:
        lines = b"".join(seen.bodies).splitlines()
        assert [json.loads(text)["index"] for text in lines] == list(range(700))


def test_http_tries_again_where_that_may_help(collector: tuple[type[Collector], str]) -> None:
    seen, url = collector
    waits: list[float] = []
    sink = HttpSink(url, FORMATS["ndjson"], {}, waits.append)
    seen.answers = [503, 429, 200]
    sink.write([REQUEST])
    assert (len(seen.bodies), waits) == (1, [1.0, 2.0])
    seen.answers = [400]
    with pytest.raises(SinkFault, match="it answers 400"):
        sink.write([REQUEST])
    seen.answers = [500] * 6
    with pytest.raises(SinkFault, match="it answers 500"):
        sink.write([REQUEST])
    assert len(waits) == 7
    sink.close()


@pytest.mark.parametrize("status", [400, 408, 429, 500, 501, 502, 503, 504])
def test_otlp_is_sent_again_after_these_answers_alone(collector: tuple[type[Collector], str], status: int) -> None:
    seen, url = collector
    waits: list[float] = []
    sink = HttpSink(url, FORMATS["otlp"], {}, waits.append)
    seen.answers = [status, 200]
    if status in {429, 502, 503, 504}:
        sink.write([REQUEST])
        assert (waits, len(seen.bodies)) == ([1.0], 1)
    else:
        with pytest.raises(SinkFault, match=f"it answers {status}"):
            sink.write([REQUEST])
        assert (waits, seen.bodies) == ([], [])
    sink.close()


@pytest.mark.parametrize(
    ("asked", "waits"),
    [
        ("7", 7.0), ("0", 0.0), ("soon", 1.0), ("-3", 1.0), ("Thu, 01 Jan 1970 00:00:00 GMT", 0.0), ("601", None),
        ("in 300 seconds", pytest.approx(300, abs=30)), ("9" * 400, None),
    ],
)  # fmt: skip
def test_a_sink_that_asks_to_wait_is_waited_for(
    collector: tuple[type[Collector], str], asked: str, waits: float | None
) -> None:
    seen, url = collector
    waited: list[float] = []
    sink = HttpSink(url, FORMATS["otlp"], {}, waited.append)
    date = formatdate(time.time() + 300, usegmt=True)
    seen.answers, seen.tells = [429, 200], {"Retry-After": asked.replace("in 300 seconds", date)}
    if waits is None:
        with pytest.raises(SinkFault, match="asks to wait for"):
            sink.write([REQUEST])
    else:
        sink.write([REQUEST])
        assert (sum(waited), len(seen.bodies)) == (waits, 1)
    sink.close()


def test_what_a_collector_rejects_is_told_and_not_sent_again(
    ledger: Ledger, tmp_path: Path, capfdbinary: Any, collector: tuple[type[Collector], str]
) -> None:
    seen, url = collector
    seen.says = b'{"partialSuccess": {"rejectedLogRecords": "2", "errorMessage": "too \\u001b[31mold"}}'
    cursor = tmp_path / "cursor"
    status, _, err = run(capfdbinary, ledger.path, "-as=otlp", "-to", url, "-cursor", cursor)
    assert (status, len(seen.bodies)) == (2, 3)
    assert b"took a request but for 2 entries: too ?[31mold\n" in err
    assert b"6 entries were sent and rejected" in err
    assert json.loads(cursor.read_text())["index"] == 700
    for says in (b"", b"{}", b"[", b'{"partialSuccess":{}}', b'{"partialSuccess":{"rejectedLogRecords":"x"}}'):
        seen.says = says
        assert run(capfdbinary, ledger.path, "-as=otlp", "-to", url)[::2] == (0, b"")
    seen.says = b'{"partialSuccess":{"errorMessage":"deprecated"}}'
    status, _, err = run(capfdbinary, ledger.path, "-as=otlp", "-to", url)
    assert (status, b"deprecated" in err) == (0, True)


def test_http_bodies_have_a_bound(collector: tuple[type[Collector], str], monkeypatch: pytest.MonkeyPatch) -> None:
    seen, url = collector
    monkeypatch.setattr(sinks, "_MAX_BODY_BYTES", 2000)
    sink = HttpSink(url, FORMATS["ndjson"], {})
    sink.write([Record(ORIGIN, index, entry) for index, entry in enumerate(audit_entries(20))])
    assert [json.loads(text)["index"] for body in seen.bodies for text in body.splitlines()] == list(range(20))
    assert max(map(len, seen.bodies)) < 2500
    sink.close()


class Files(BaseHTTPRequestHandler):
    """A log in a directory, as the server gives it out for a token, and as others do, who must not see one."""

    directory: Path
    prefixes = ("/v1/sys/audit-ledger", "/others")

    def do_GET(self) -> None:
        prefix, _, name = self.path.rpartition("/log/")
        file = self.directory / name
        token = "t" if prefix == "/v1/sys/audit-ledger" else None
        known = self.headers["X-Vault-Token"] == token and prefix in self.prefixes and file.is_file()
        content = file.read_bytes() if known else b""
        self.send_response(200 if known else 404)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        pass


def test_a_log_that_is_served(ledger: Ledger, capfdbinary: Any) -> None:
    Files.directory = ledger.path
    server = HTTPServer(("127.0.0.1", 0), Files)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        for place in ("", "/", "/v1/sys/audit-ledger/log", "/others/log/"):
            status, out, _ = run(capfdbinary, f"http://127.0.0.1:{server.server_port}{place}")
            assert status == 0
            assert [json.loads(text)["index"] for text in out.splitlines()] == list(range(700))
        status, _, err = run(capfdbinary, f"http://127.0.0.1:{server.server_port}/nothing")
        assert (status, b"is missing" in err) == (2, True)
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.mark.parametrize(
    "arguments",
    [
        ["-as=xml"], ["-to=ftp://a"], ["-to=tcp://a"], ["-to=udp://a:b"], ["-to=tcp://127.0.0.1:1"], ["-to=/"],
        ["-as=parquet", "-follow"], ["-as=parquet", "-to=-"], ["-header-file=/nowhere", "-to=http://127.0.0.1:1/"],
    ],
)  # fmt: skip
def test_mistakes_end_with_2(ledger: Ledger, capfdbinary: Any, arguments: list[str]) -> None:
    status, _, err = run(capfdbinary, ledger.path, *arguments)
    assert status == 2
    assert err.count(b"\n") == 1


def test_following(ledger: Ledger, tmp_path: Path, capfdbinary: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    growing = Ledger(tmp_path / "growing").append(ledger.entries[:10])
    growing.sign()

    def wait(_seconds: float) -> None:
        if len(growing.entries) == 30:
            raise KeyboardInterrupt
        growing.append(ledger.entries[len(growing.entries) : len(growing.entries) + 10])
        growing.sign()

    monkeypatch.setattr("server.audit.ledger.offline.exports.run.time.sleep", wait)
    # A source that can't be read now and then, as a server that is started anew, is waited for.
    read, failures = DirectorySource.read, iter([False, True] * 8)

    def unsteady(source: DirectorySource, path: str, limit: int) -> bytes | None:
        if path == "checkpoint" and next(failures):
            raise Unreadable("it answers 503")
        return read(source, path, limit)

    monkeypatch.setattr(DirectorySource, "read", unsteady)
    status, out, _ = run(capfdbinary, growing.path, "-follow", "-cursor", tmp_path / "cursor")
    assert status == 0
    assert [json.loads(text)["index"] for text in out.splitlines()] == list(range(30))
    assert json.loads((tmp_path / "cursor").read_text())["index"] == 30


def test_following_ends_where_the_log_forks(
    ledger: Ledger, tmp_path: Path, capfdbinary: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    fork = Ledger(tmp_path / "fork").append([b"{}", *ledger.entries])
    fork.sign()
    waits = iter([lambda: shutil.copytree(fork.path, ledger.path, dirs_exist_ok=True, copy_function=os.replace)])

    def wait(_seconds: float) -> None:
        if (change := next(waits, None)) is None:
            raise KeyboardInterrupt
        change()

    monkeypatch.setattr("server.audit.ledger.offline.exports.run.time.sleep", wait)
    status, _, err = run(capfdbinary, ledger.path, "-follow")
    assert (status, err) == (1, b"the log doesn't extend what it was\n")


def test_following_ends_where_nothing_can_be_read_for_long(
    ledger: Ledger, capfdbinary: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(following, "_PATIENCE_SECONDS", 0.0)
    monkeypatch.setattr("server.audit.ledger.offline.exports.run.time.sleep", lambda _: shutil.rmtree(ledger.path))
    assert run(capfdbinary, ledger.path, "-follow")[0] == 2


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
    assert (status, err) == (2, b"Parquet takes pyarrow: pip install 'cryptoserve-server[parquet]'\n")
