"""``cryptoserve encrypt`` and its like: files and pipes, exit statuses, and no output that isn't whole."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from cryptoserve import CryptoServe
from cryptoserve_cli.dispatch import run_command
from tests.support.servers import Server
from tests.support.waiting import wait_until

Run = subprocess.CompletedProcess[bytes]


class Shell:
    """Runs commands in a folder, against a server."""

    def __init__(self, folder: Path, server: Server) -> None:
        self.folder = folder
        names = {"ADDR": server.address, "TOKEN": "root", "APP": "payments", "TEAM": "backend"}
        self.environment = {**os.environ, **{f"CRYPTOSERVE_{name}": value for name, value in names.items()}}

    def run(self, *arguments: str, stdin: bytes = b"") -> Run:
        """The finished command."""
        command = [sys.executable, "-m", "cryptoserve", *arguments]
        return subprocess.run(
            command, cwd=self.folder, env=self.environment, input=stdin, capture_output=True, timeout=60, check=False
        )

    def files(self) -> list[str]:
        """The names of all files in the folder."""
        return sorted(path.name for path in self.folder.iterdir())


@pytest.fixture
def shell(tmp_path: Path, own_server: Server) -> Shell:
    return Shell(tmp_path, own_server)


def test_files_and_pipes(shell: Shell) -> None:
    content = os.urandom(200_000)
    (shell.folder / "plain").write_bytes(content)
    assert shell.run("encrypt", "plain", "-context", "files", "-out", "sealed").returncode == 0
    assert shell.run("decrypt", "sealed", "-context", "files").stdout == content
    piped = shell.run("encrypt", "-", "-context", "files", stdin=content)
    assert (piped.returncode, piped.stderr) == (0, b"")
    assert shell.run("decrypt", "-", "-context", "files", "-out", "opened", stdin=piped.stdout).returncode == 0
    assert (shell.folder / "opened").read_bytes() == content
    assert shell.run("decrypt", "sealed", "-context", "files", "-app", "other").returncode == 1


def test_rewrap(shell: Shell, own_server: Server) -> None:
    (shell.folder / "plain").write_bytes(b"x" * 100_000)
    shell.run("encrypt", "plain", "-context", "wrapped", "-out", "sealed")
    with CryptoServe("payments", "backend", addr=own_server.address, token="root") as client:
        client.rotate("wrapped")
    assert shell.run("rewrap", "sealed", "-context", "wrapped", "-out", "sealed").returncode == 0
    assert b"vault:v2:" in (shell.folder / "sealed").read_bytes()[:100]
    assert shell.run("decrypt", "sealed", "-context", "wrapped").stdout == b"x" * 100_000


def test_signatures(shell: Shell, own_server: Server) -> None:
    own_server.request("POST", "transit/keys/releases", {"type": "ed25519"})
    signed = shell.run("sign", "-", "-context", "releases", stdin=b"release")
    signature = signed.stdout.decode()
    assert signature.startswith("vault:v1:")
    for content, status in ((b"release", 0), (b"other", 1)):
        checked = shell.run("verify", "-", "-context", "releases", "-signature", signature, stdin=content)
        assert checked.returncode == status
    assert shell.run("sign", "-", "-context", "releases", stdin=bytes((16 << 20) + 1)).returncode == 1


def test_what_is_cut_off_leaves_no_file(shell: Shell) -> None:
    sealed = shell.run("encrypt", "-", "-context", "files", stdin=bytes(200_000)).stdout
    for wrong in (sealed[:-1], sealed[:100], b"", sealed + b"x", b"no such file"):
        done = shell.run("decrypt", "-", "-context", "files", "-out", "opened", stdin=wrong)
        assert done.returncode == 1
        assert done.stderr.count(b"\n") == 1
    assert shell.run("encrypt", "none", "-context", "files", "-out", "opened").returncode == 1
    assert shell.files() == []


def test_a_reader_that_goes_away_is_a_failure(shell: Shell) -> None:
    (shell.folder / "plain").write_bytes(bytes(5_000_000))
    line = (
        f"{sys.executable} -m cryptoserve encrypt plain -context files | head -c 10 >/dev/null; exit ${{PIPESTATUS[0]}}"
    )
    done = subprocess.run(
        ["bash", "-c", line], cwd=shell.folder, env=shell.environment, capture_output=True, timeout=60, check=False
    )
    assert (done.returncode, done.stderr) == (1, b"")


def _heed_interrupts() -> None:
    """Let the child have SIGINT's default action: a suite that runs in the background of a shell ignores it."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_a_command_that_is_ended_leaves_no_file(shell: Shell, number: signal.Signals) -> None:
    command = [sys.executable, "-m", "cryptoserve", "encrypt", "-", "-context", "files", "-out", "sealed"]
    with subprocess.Popen(
        command,
        cwd=shell.folder,
        env=shell.environment,
        stdin=subprocess.PIPE,
        stderr=subprocess.PIPE,
        preexec_fn=_heed_interrupts,
    ) as process:
        assert process.stdin is not None and process.stderr is not None
        process.stdin.write(bytes(1_000_000))
        process.stdin.flush()
        wait_until(lambda: any(path.stat().st_size for path in shell.folder.iterdir()))
        process.send_signal(number)
        assert process.wait() == 128 + number
        assert process.stderr.read() == b""
    assert shell.files() == []


def test_progress_on_a_terminal(
    shell: Shell, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (shell.folder / "plain").write_bytes(bytes(200_000))
    for name, value in shell.environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(shell.folder)
    line = ["encrypt", "--context", "files", "plain", "-out=sealed"]
    assert run_command(line, shell.environment) == 0
    assert capsys.readouterr().err == ""
    monkeypatch.setattr("cryptoserve_cli.progress._SECONDS", 0.0)
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    assert run_command(line, shell.environment) == 0
    told = capsys.readouterr().err.split("\r")
    assert told[1] == "encrypted 65,536 of 200,000 bytes (32 %)\x1b[K"
    assert told[-2:] == ["encrypted 200,000 of 200,000 bytes (100 %)\x1b[K", "\x1b[K"]
    assert shell.run("decrypt", "sealed", "-context", "files").stdout == bytes(200_000)


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["encrypt"],
        ["encrypt", "-"],
        ["encode", "-", "-context", "c"],
        ["encrypt", "-", "-context", "a/b"],
        ["encrypt", "-", "-context", "c", "-colour", "red"],
        ["verify", "-", "-context", "c"],
        ["encrypt", "-", "-context", "c", "-app", "a/b"],
    ],
)
def test_wrong_command_lines(shell: Shell, arguments: list[str]) -> None:
    done = shell.run(*arguments)
    assert done.returncode == 2
    assert done.stderr.count(b"\n") == 1
    assert b"Traceback" not in done.stderr


def test_app_and_team_are_asked_for(shell: Shell) -> None:
    del shell.environment["CRYPTOSERVE_TEAM"]
    assert shell.run("encrypt", "-", "-context", "c").returncode == 2
    assert shell.run("encrypt", "-", "-context", "c", "-team", "backend").returncode == 0
