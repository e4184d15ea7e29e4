"""Exports: each format by its own rules, each kind of sink, and cursors that lose nothing."""

from __future__ import annotations

import json
import os
import shutil
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from server.audit.ledger.offline.exports import run as following
from server.audit.ledger.offline.exports.formats import FORMATS
from server.audit.ledger.offline.sources import DirectorySource, Unreadable
from tests.server.audit.ledger.ledgers import Ledger
from tests.server.audit.ledger.offline.exporting import run
from tests.server.audit.ledger.offline.verifying import flip


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
