"""What systemd is told, and what becomes of a hang-up at any moment of the start."""

from __future__ import annotations

import os
import re
import secrets
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from server.processes.service_manager import ServiceManager
from tests.server.processes.test_process import ROOT, SECONDS, Running, ask, started
from tests.server.processes.test_supervisor import await_true, children

WORKERS = (1, 3)
HOLDING = "from cryptoserve_cli.hangups import hold_hangups; hold_hangups()"
"""What the entry point does first."""

CONFIG = """
storage "sqlite" { path = "unused" }
listener "tcp" { address = "127.0.0.1:0" }
"""


class Manager:
    """The socket of a service manager."""

    def __init__(self, tmp_path: Path, *, abstract: bool) -> None:
        self.address = f"@cryptoserve-{secrets.token_hex(8)}" if abstract else str(tmp_path / "notify")
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(self.address.replace("@", "\0", 1))
        self._socket.settimeout(SECONDS)

    def told(self) -> dict[str, str]:
        """The next message."""
        lines = self._socket.recv(4096).decode().splitlines()
        return dict(line.split("=", 1) for line in lines)

    def silent(self) -> bool:
        """Whether nothing further has come."""
        self._socket.setblocking(False)
        with suppress(BlockingIOError):
            self._socket.recv(4096)
            return False
        return True

    def close(self) -> None:
        self._socket.close()


@contextmanager
def served(tmp_path: Path, workers: int, manager: Manager | None = None) -> Iterator[Running]:
    """The example service, started as by the entry point."""
    file = tmp_path / "c.hcl"
    file.write_text(f"{CONFIG}workers = {workers}\n")
    environment = {} if manager is None else {"NOTIFY_SOCKET": manager.address}
    with started(tmp_path, f"-config={file}", environment=environment, before=HOLDING) as server:
        yield server


@pytest.mark.parametrize("abstract", [False, True])
@pytest.mark.parametrize("workers", WORKERS)
def test_systemd_is_told_of_each_change(tmp_path: Path, workers: int, abstract: bool) -> None:
    manager = Manager(tmp_path, abstract=abstract)
    with served(tmp_path, workers, manager) as server:
        assert manager.told() == {"READY": "1"}
        (url,) = server.urls(1)
        assert b"200 OK" in ask(url)
        for number in range(2):
            before = time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000
            server.signal(signal.SIGHUP)
            told = manager.told()
            assert told.keys() == {"RELOADING", "MONOTONIC_USEC"}
            assert before <= int(told["MONOTONIC_USEC"]) <= time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000
            assert manager.told() == {"READY": "1"}
            assert server.log.read_text().count("service reloaded") == (number + 1) * workers
        server.signal(signal.SIGTERM)
        assert manager.told() == {"STOPPING": "1"}
        assert server.end() == 0
        assert manager.silent()
    manager.close()


def test_a_worker_that_ends_amid_a_reload_holds_up_no_word_of_it(tmp_path: Path) -> None:
    manager = Manager(tmp_path, abstract=True)
    with served(tmp_path, 3, manager) as server:
        server.urls(1)
        assert manager.told() == {"READY": "1"}
        stopped = children(server.process.pid)[0]
        os.kill(stopped, signal.SIGSTOP)
        server.signal(signal.SIGHUP)
        assert "RELOADING" in manager.told()
        await_true(lambda: server.log.read_text().count("service reloaded") == 2, server)
        os.kill(stopped, signal.SIGKILL)
        assert manager.told() == {"READY": "1"}
        server.signal(signal.SIGTERM)
        assert server.end() == 0
    manager.close()


def test_the_address_is_no_business_of_other_processes() -> None:
    environment = {"NOTIFY_SOCKET": "/run/systemd/notify", "HOME": "/"}
    ServiceManager.of_environment(environment)
    assert environment == {"HOME": "/"}


@pytest.mark.parametrize("address", ["", "vsock:2:1234", "relative", "/nowhere/notify", "@nobody-listens-there"])
def test_a_manager_that_cannot_be_told_disturbs_nothing(address: str) -> None:
    manager = ServiceManager.of_environment({"NOTIFY_SOCKET": address})
    manager.ready()
    manager.reloading()
    manager.stopping()


@pytest.mark.parametrize(
    ("command", "status"),
    [(["server", "-h"], 0), (["version"], -signal.SIGHUP)],
    ids=["held for what reloads", "and passed on to other commands"],
)
def test_the_entry_point_holds_hang_ups_before_it_imports_anything_large(command: list[str], status: int) -> None:
    script = (
        "import signal, sys\n"
        "before = set(sys.modules)\n"
        "import cryptoserve_cli.entry\n"
        "print(*sorted(name for name in set(sys.modules) - before if name.partition('.')[0] != 'encodings'))\n"
        "held = []\n"
        "class Finder:\n"
        "    def find_spec(self, name, path, target=None):\n"
        "        if name == 'cryptoserve_cli.dispatch':\n"
        "            signal.raise_signal(signal.SIGHUP)\n"
        "            print('still there')\n"
        "sys.meta_path.insert(0, Finder())\n"
        f"sys.argv = {['cryptoserve', *command]}\n"
        "sys.exit(cryptoserve_cli.entry.main())\n"
    )
    run = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, timeout=SECONDS)
    imported, *rest = run.stdout.splitlines()
    assert (run.returncode, run.stderr) == (status, "")
    ours = {"cryptoserve_cli", "cryptoserve_cli.entry", "cryptoserve_cli.hangups"}
    assert set(imported.split()) <= {"__future__", "enum", "signal", "types"} | ours
    assert rest[0] == "still there"


def catches_hangups(process: int) -> bool:
    """Whether SIGHUP doesn't end the process any more (proc(5): masks of signals that are ignored and caught)."""
    with suppress(OSError):
        status = Path(f"/proc/{process}/status").read_text()
        masks = [int(mask, 16) for mask in re.findall(r"^Sig(?:Ign|Cgt):\s*(\w+)$", status, re.MULTILINE)]
        return any(mask >> (signal.SIGHUP - 1) & 1 for mask in masks)
    return False


@pytest.mark.parametrize("workers", WORKERS)
def test_hang_ups_at_any_moment_of_the_start_end_nothing(tmp_path: Path, workers: int) -> None:
    with served(tmp_path, workers) as server:
        await_true(lambda: catches_hangups(server.process.pid), server)
        over, sent = threading.Event(), 0

        def hang_up() -> None:
            nonlocal sent
            while not over.is_set():
                for process in (server.process.pid, *children(server.process.pid)):
                    with suppress(ProcessLookupError):
                        os.kill(process, signal.SIGHUP)
                        sent += 1
                time.sleep(0.002)

        hanging_up = threading.Thread(target=hang_up)
        hanging_up.start()
        try:
            (url,) = server.urls(1)
        finally:
            over.set()
            hanging_up.join(SECONDS)
        assert sent > 0
        assert b"200 OK" in ask(url)
        server.wait_for("service reloaded")
        server.signal(signal.SIGTERM)
        assert server.end() == 0
    assert "a worker ended" not in server.log.read_text()


@pytest.mark.parametrize("workers", WORKERS)
def test_a_hang_up_before_the_server_can_reload_is_made_up_for(tmp_path: Path, workers: int) -> None:
    file = tmp_path / "c.hcl"
    file.write_text(f"{CONFIG}workers = {workers}\n")
    early = f"{HOLDING}; import signal; signal.raise_signal(signal.SIGHUP)"
    with started(tmp_path, f"-config={file}", before=early) as server:
        (url,) = server.urls(1)
        # Workers that are forked after it have nothing to do anew.
        server.wait_for("service reloaded" if workers == 1 else "reloading")
        assert b"200 OK" in ask(url)
        server.signal(signal.SIGTERM)
        assert server.end() == 0
