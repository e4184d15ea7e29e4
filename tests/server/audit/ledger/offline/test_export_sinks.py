"""Sinks of exports: TCP, UDP, pipes and HTTP, and answers that ask to wait or to send again."""

from __future__ import annotations

import json
import os
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from server.audit.ledger.offline.exports import sinks
from server.audit.ledger.offline.exports.formats import FORMATS
from server.audit.ledger.offline.exports.records import Record
from server.audit.ledger.offline.exports.sinks import HttpSink, SinkFault
from tests.server.audit.ledger.ledgers import ORIGIN, Ledger, audit_entries, line
from tests.server.audit.ledger.offline.exporting import REQUEST, run
from tests.server.audit.ledger.offline.test_export_formats import HEAD


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
