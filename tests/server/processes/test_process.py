"""A real process with the example service behind it: start, signals, reload, and the end."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import h2.connection
import h2.events
import pytest

from server.runtime.version import VERSION
from tests.support.certificates import common_name, write_certificate
from tests.support.waiting import wait_until

ROOT = Path(__file__).parents[3]
SECONDS = 60.0
"""How long anything may take on a machine that is busy with other things."""

TLS_WORDS = 'tls_cert_file = "one.pem" tls_key_file = "one.key"'
SERVERS = ("uvicorn", "hypercorn")


class Running:
    """A started server, and what it has said so far."""

    def __init__(self, process: subprocess.Popen[str], log: Path) -> None:
        self.process = process
        self.log = log
        self.printed: list[str] = []

    def urls(self, count: int) -> list[str]:
        """The addresses that it announces."""
        assert self.process.stdout is not None
        found: list[str] = []
        while len(found) < count:
            line = self.process.stdout.readline()
            assert line, self.log.read_text()
            self.printed.append(line)
            if match := re.fullmatch(r"listening on (\S+)\n", line):
                found.append(match[1])
        return found

    def signal(self, number: signal.Signals) -> None:
        """Send a signal."""
        self.process.send_signal(number)

    def wait_for(self, text: str) -> None:
        """Wait until the log has ``text``."""
        wait_until(lambda: text in self.log.read_text(), self.log.read_text)

    def end(self) -> int:
        """The exit status."""
        return self.process.wait(SECONDS)


@contextmanager
def started(
    tmp_path: Path, *arguments: str, environment: dict[str, str] | None = None, before: str = ""
) -> Iterator[Running]:
    """``cryptoserve server`` with ``arguments``, after the Python of ``before``; killed at the end if it still runs."""
    log = tmp_path / "stderr"
    variables = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "HOME": str(tmp_path), **(environment or {})}
    command = [sys.executable, "-m", "tests.support.example_service", "server", *arguments]
    if before:
        run = "import runpy; runpy.run_module('tests.support.example_service', run_name='__main__')"
        command[1:3] = ["-c", f"{before}\n{run}"]
    with (
        log.open("w") as stderr,
        subprocess.Popen(
            command, cwd=tmp_path, env=variables, stdout=subprocess.PIPE, stderr=stderr, text=True
        ) as process,
    ):
        try:
            yield Running(process, log)
        finally:
            process.kill()


def connect(url: str) -> socket.socket:
    host, _, port = url.partition("://")[2].rpartition(":")
    return socket.create_connection((host, int(port)), SECONDS)


def refuses(url: str) -> bool:
    """Whether nothing listens there any more, as once the first signal to end has been heeded."""
    try:
        connect(url).close()
    except ConnectionRefusedError:
        return True
    return False


def connect_securely(url: str, trusted: Path, *protocols: str) -> ssl.SSLSocket:
    context = ssl.create_default_context(cafile=str(trusted))
    context.set_alpn_protocols(list(protocols))
    return context.wrap_socket(connect(url), server_hostname="127.0.0.1")


def ask(url: str, path: str = "/", body: bytes = b"") -> bytes:
    """The whole answer to one request."""
    with connect(url) as opened:
        head = f"POST {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: {len(body)}\r\n\r\n"
        opened.sendall(head.encode() + body)
        answer = b""
        while piece := opened.recv(65536):
            answer += piece
        return answer


def test_development_mode(tmp_path: Path) -> None:
    with started(tmp_path, "-dev", "-dev-root-token-id=root", "-dev-listen-address=127.0.0.1:0") as server:
        (url,) = server.urls(1)
        assert b"200 OK" in ask(url)
        server.wait_for(f"serving: version={VERSION} workers=1 storage=inmem seal=shamir\n")
        printed = "".join(server.printed)
        assert f"export BAO_ADDR={url} VAULT_ADDR={url}" in printed
        assert "Root Token: root\n" in printed
        assert (tmp_path / ".vault-token").read_text() == "root"
        server.signal(signal.SIGINT)
        assert server.end() == 0
        assert "service closed" in server.log.read_text()
        assert "Traceback" not in server.log.read_text()


def test_development_mode_from_the_environment(tmp_path: Path) -> None:
    environment = {"VAULT_DEV_ROOT_TOKEN_ID": "mine", "BAO_DEV_LISTEN_ADDRESS": "127.0.0.1:0"}
    with started(tmp_path, "-dev", "-dev-no-store-token", environment=environment) as server:
        server.urls(1)
        assert "Root Token: mine\n" in server.printed[-2] + "".join(server.printed)
        assert not (tmp_path / ".vault-token").exists()
        server.signal(signal.SIGTERM)
        assert server.end() == 0


def test_sigterm_drains_and_a_second_one_hurries(tmp_path: Path) -> None:
    file = tmp_path / "c.hcl"
    file.write_text(
        'storage "sqlite" { path = "c.db" }\nlistener "tcp" { address = "127.0.0.1:0" }\npid_file = "pid"\nworkers = 1'
    )
    for signals, expected in ((1, b"200 OK"), (2, b"500 In")):
        seconds = "0.5" if signals == 1 else "60"
        with started(tmp_path, "-config", str(file)) as server:
            (url,) = server.urls(1)
            assert (tmp_path / "pid").read_text() == f"{server.process.pid}\n"
            with connect(url) as opened:
                opened.sendall(f"POST /slow?{seconds} HTTP/1.1\r\nhost: x\r\ncontent-length: 0\r\n\r\n".encode())
                server.wait_for("slow request has begun")
                server.signal(signal.SIGTERM)
                if signals == 2:
                    wait_until(lambda url=url: refuses(url))  # type: ignore[misc]
                    server.signal(signal.SIGTERM)
                assert opened.recv(65536)[9:15] == expected
            assert server.end() == 0
            assert "service closed" in server.log.read_text()
            assert not (tmp_path / "pid").exists()
            with pytest.raises(OSError, match="refused"):
                connect(url)


def test_sighup_reloads_level_certificate_and_service(tmp_path: Path) -> None:
    certificate, key = write_certificate(tmp_path, "one")
    second, second_key = write_certificate(tmp_path, "two")
    file = tmp_path / "c.json"
    settings = {
        "log_format": "json",
        "storage": {"sqlite": {"path": "c.db"}},
        "workers": 1,
        "listener": [
            {"tcp": {"address": "127.0.0.1:0", "tls_cert_file": "one.pem", "tls_key_file": "one.key"}},
            {"tcp": {"address": "127.0.0.1:0"}},
        ],
    }
    file.write_text(json.dumps(settings))
    with started(tmp_path, f"-config={file}") as server:
        secure, plain = server.urls(2)
        assert secure.startswith("https://")
        with connect_securely(secure, certificate) as old:
            os.replace(second, certificate)
            os.replace(second_key, key)
            file.write_text(json.dumps({**settings, "log_level": "debug"}))
            server.signal(signal.SIGHUP)
            server.wait_for("service reloaded with log_level debug")
            with connect_securely(secure, certificate) as new:
                assert common_name(new.getpeercert(True)) == "two"
            old.sendall(b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 0\r\n\r\n")
            assert b"200" in old.recv(65536)
        server.wait_for('"@message":"reloaded"')
        (tmp_path / "trusted.pem").write_bytes(certificate.read_bytes())
        certificate.write_text("broken")
        file.write_text("{")
        server.signal(signal.SIGHUP)
        server.wait_for("the old certificate of")
        server.wait_for("the old configuration stays in use")
        server.wait_for("the reload failed in part")
        assert server.log.read_text().count('"@message":"reloaded"') == 1
        with connect_securely(secure, tmp_path / "trusted.pem") as again:
            assert common_name(again.getpeercert(True)) == "two"
        assert b"200 OK" in ask(plain)
        server.signal(signal.SIGTERM)
        assert server.end() == 0
    ours = [line for line in server.log.read_text().splitlines() if not line.startswith("service ")]
    assert {json.loads(line)["@level"] for line in ours} == {"info", "warn", "error"}


@pytest.mark.parametrize("words", [*(f'server = "{name}"' for name in SERVERS), TLS_WORDS], ids=[*SERVERS, "TLS"])
def test_head_and_body_leave_without_waiting_for_the_client(tmp_path: Path, words: str) -> None:
    """With Nagle's algorithm, a second small write would wait for the acknowledgement of the first: 40 ms each."""
    certificate, _ = write_certificate(tmp_path, "one")
    file = tmp_path / "c.hcl"
    file.write_text(
        f'storage "sqlite" {{ path = "c.db" }}\nlistener "tcp" {{ address = "127.0.0.1:0" {words} }}\nworkers = 1'
    )
    with started(tmp_path, f"-config={file}") as server:
        (url,) = server.urls(1)
        with connect_securely(url, certificate) if url.startswith("https") else connect(url) as opened:
            seconds, pieces = [], 0
            for _ in range(50):
                begun = time.monotonic()
                opened.sendall(b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 0\r\n\r\n")
                answer = b""
                while not answer.endswith(b"}"):
                    answer += opened.recv(65536)  # Over TLS, no more than one record.
                    pieces += 1
                seconds.append(time.monotonic() - begun)
            # On a busy machine some answers are late, but not most.
            assert sorted(seconds)[10] < 0.03
            assert pieces == 50, "head and body of an answer left in two writes"


def test_answers_over_http2_leave_in_one_record(tmp_path: Path) -> None:
    certificate, _ = write_certificate(tmp_path, "one")
    file = tmp_path / "c.hcl"
    file.write_text(
        f'storage "sqlite" {{ path = "c.db" }}\nlistener "tcp" {{ address = "127.0.0.1:0" {TLS_WORDS} }}\nworkers = 1'
    )
    with started(tmp_path, f"-config={file}") as server:
        (url,) = server.urls(1)
        with connect_securely(url, certificate, "h2") as opened:
            client = h2.connection.H2Connection()
            client.initiate_connection()
            records = []
            names = {":method": "POST", ":path": "/", ":scheme": "https", ":authority": "x"}
            for _ in range(20):
                stream = client.get_next_available_stream_id()
                client.send_headers(stream, list(names.items()), end_stream=True)
                opened.sendall(client.data_to_send())
                records.append(0)
                events: list[h2.events.Event] = []
                while not any(isinstance(event, h2.events.StreamEnded) for event in events):
                    events += client.receive_data(opened.recv(65536))  # No more than one record.
                    records[-1] += 1
            # The settings of the connection come first.
            assert records[1:] == [1] * 19


def test_storage_that_refuses_ends_the_start(tmp_path: Path) -> None:
    file = tmp_path / "c.hcl"
    file.write_text('storage "sqlite" { path = "refuse" }\nlistener "unix" { address = "s" }')
    with started(tmp_path, f"-config={file}") as server:
        assert server.end() == 1
    assert server.log.read_text() == "the disk is full\n"
    assert not (tmp_path / "s").exists()


_MINIMAL = 'storage "sqlite" { path = "c.db" }\nlistener "tcp" { address = "127.0.0.1:0" }\n'


def test_refusals_have_no_traceback(tmp_path: Path) -> None:
    taken = socket.create_server(("127.0.0.1", 0))
    address = f"127.0.0.1:{taken.getsockname()[1]}"
    file = tmp_path / "c.hcl"
    for text, expected in (
        (
            'storage "sqlite" { path = "c.db" }\nlistener "tcp" { address = "0.0.0.0:0" }',
            f"{file}:2:1: the listener at 0.0.0.0:0",
        ),
        (
            f'storage "sqlite" {{ path = "c.db" }}\nlistener "tcp" {{ address = "{address}" }}',
            f"{file}:2:1: can't listen on {address}: Address",
        ),
        (f'{_MINIMAL}pid_file = "/proc/nope/pid"', f"{file}:3:1: can't write pid_file /proc/nope/pid: No such file"),
        (
            f'{_MINIMAL}audit "nope" "a" {{}}',
            f'{file}:3:1: audit "nope" "a": unknown backend type: "nope"; there are file',
        ),
        (
            f'{_MINIMAL}audit "file" "a" {{ options {{ file_path = "x"\n mod = "0600" }} }}',
            f'{file}:3:1: audit "file" "a": audit devices of type "file" have no option "mod"; did you mean "mode"?',
        ),
        (f'{_MINIMAL}audit "file" "a" {{}}', f'{file}:3:1: audit "file" "a": file_path is required'),
        (
            'storage "sqlite" { path = "c.db" }\nlistener "tcp" { tls_cert_file = "no.pem" tls_key_file = "no.key" }',
            f"{file}:2:1: can't use tls_cert_file no.pem with tls_key_file no.key: No such file",
        ),
    ):
        file.write_text(text)
        with started(tmp_path, f"-config={file}", environment={"BAO_LOG_LEVEL": "error"}) as server:
            assert server.end() == 1
        said = server.log.read_text()
        assert said.startswith(expected)
        assert len(said.splitlines()) == 1
    taken.close()


@pytest.mark.parametrize(
    ("shared", "expected"),
    [
        ("database", "c.hcl:1:1: the database {folder}/one.db is in use by another server\n"),
        ("pid file", "c.hcl:3:1: pid_file one.pid is that of another server, which is running\n"),
        ("socket", "c.hcl:2:1: can't listen on one.sock: Address already in use\n"),
    ],
)
def test_what_belongs_to_a_running_server_is_left_alone(tmp_path: Path, shared: str, expected: str) -> None:
    def write(names: dict[str, str]) -> None:
        (tmp_path / "c.hcl").write_text(
            f'storage "sqlite" {{ path = "{names["database"]}.db" }} workers = 2\n'
            f'listener "unix" {{ address = "{names["socket"]}.sock" }}\n'
            f'pid_file = "{names["pid file"]}.pid"'
        )

    first = dict.fromkeys(("database", "pid file", "socket"), "one")
    write(first)
    with started(tmp_path, "-config=c.hcl") as server:
        server.urls(1)
        write({name: "one" if name == shared else "two" for name in first})
        refused = subprocess.run(
            [sys.executable, "-m", "tests.support.example_service", "server", "-config=c.hcl"],
            cwd=tmp_path,
            env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
        )
        assert (refused.returncode, refused.stderr) == (1, expected.format(folder=tmp_path))
        assert (tmp_path / "one.pid").read_text() == f"{server.process.pid}\n"
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(str(tmp_path / "one.sock"))
            client.sendall(b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 0\r\n\r\n")
            assert b"200 OK" in client.recv(65536)
        write(first)
        server.process.kill()
        server.end()
    # What it has left behind, without an end of its own, stops nobody.
    with started(tmp_path, "-config=c.hcl") as server:
        server.urls(1)
        server.signal(signal.SIGTERM)
        assert server.end() == 0


def test_output_that_takes_nothing_keeps_no_server_from_serving(tmp_path: Path) -> None:
    file = tmp_path / "c.hcl"
    file.write_text(f'{_MINIMAL}pid_file = "pid"\nworkers = 1')
    full = "import os; os.dup2(os.open('/dev/full', os.O_WRONLY), 1)"
    with started(tmp_path, f"-config={file}", before=full) as server:
        server.wait_for("can't write to standard output: No space left on device")
        server.signal(signal.SIGTERM)
        assert server.end() == 0
