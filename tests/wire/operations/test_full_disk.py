"""A disk that is full: the server starts and serves what needs no write, says what is wrong, and recovers by itself."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from tests.support.ledger_load import Load, await_size, check_once, declared, ready, size_of, verified
from tests.support.products import Product
from tests.support.servers import Server
from tests.support.waiting import wait_until

SIZE = "32m"
FULL = {"errors": ["the disk of the server's storage is full: nothing can be written at present"]}
HELLO = "aGVsbG8="


class Disk:
    """A small file system in memory."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._ballast = folder / "ballast"

    def fill(self) -> None:
        """Take all space that is left."""
        with self._ballast.open("ab", buffering=0) as ballast:
            for size in (65536, 4096, 1):
                with suppress(OSError):
                    while True:
                        ballast.write(bytes(size))
        assert os.statvfs(self.folder).f_bavail == 0

    def empty(self) -> None:
        """Give it back."""
        self._ballast.unlink()


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Disk]:
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={SIZE}", "none", str(folder)], capture_output=True)
    if mounted.returncode:
        pytest.skip("this account may not mount")
    try:
        yield Disk(folder)
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


@pytest.fixture
def server(tmp_path: Path, disk: Disk) -> Iterator[Server]:
    """A server whose database alone lies on the disk, with a key that has encrypted."""
    folder = tmp_path / "server"
    folder.mkdir()
    (folder / "data").symlink_to(disk.folder)
    with Server(Product.CRYPTOSERVE, folder, settings="workers = 2\n") as started:
        started.initialize()
        started.unseal()
        started.request("POST", "sys/mounts/transit", {"type": "transit"}).data()
        started.request("POST", "transit/keys/k", {}).data()
        yield started


def encrypted(server: Server) -> str:
    ciphertext: str = server.request("POST", "transit/encrypt/k", {"plaintext": HELLO}).data()["ciphertext"]
    return ciphertext


def check_while_full(server: Server, ciphertext: str) -> None:
    """What needs no write is served by all workers; the rest is refused in clear words."""
    for _ in range(8):
        assert server.request("GET", "sys/health", token="").status == 200
        answer = server.request("POST", "transit/decrypt/k", {"ciphertext": ciphertext})
        assert answer.data()["plaintext"] == HELLO
        assert server.request("GET", "transit/keys/k").status == 200
        for path, body in (("transit/keys/new", {}), ("auth/token/create", {"ttl": "1h"})):
            answer = server.request("POST", path, body)
            assert (answer.status, answer.json()) == (503, FULL)


def test_a_running_server_goes_on_and_recovers(server: Server, disk: Disk) -> None:
    ciphertext = encrypted(server)
    disk.fill()
    check_while_full(server, ciphertext)
    assert "the disk of the database" in server.log_end()
    disk.empty()
    for _ in range(8):
        assert server.request("POST", "auth/token/create", {"ttl": "1h"}).status == 200
        assert encrypted(server)


def test_a_server_starts_on_a_full_disk_and_recovers(server: Server, disk: Disk) -> None:
    ciphertext = encrypted(server)
    assert server.stop() == 0
    disk.fill()
    server.start()
    assert "what was reserved there for a start is in use" in server.log_end()
    server.unseal()
    disk.fill()
    check_while_full(server, ciphertext)
    disk.empty()
    for _ in range(8):
        assert server.request("POST", "auth/token/create", {"ttl": "1h"}).status == 200
    assert server.stop() == 0
    assert (disk.folder / "cryptoserve.db-reserve").exists(), "the next start finds room again"


def test_after_a_crash_too(server: Server, disk: Disk) -> None:
    ciphertext = encrypted(server)
    disk.fill()
    server.kill()
    server.start()
    server.unseal()
    disk.fill()
    check_while_full(server, ciphertext)


def test_an_audit_log_on_a_full_disk_fails_closed_and_recovers(disk: Disk) -> None:
    with Server(Product.CRYPTOSERVE, disk.folder, settings="workers = 2\n") as server:
        server.initialize()
        server.unseal()
        server.request("POST", "sys/mounts/transit", {"type": "transit"}).data()
        server.request("POST", "transit/keys/k", {}).data()
        assert encrypted(server)
        disk.fill()
        for _ in range(20):  # The last page of the log has room yet.
            server.request("POST", "transit/encrypt/k", {"plaintext": HELLO})
        for _ in range(8):
            assert server.request("GET", "sys/health", token="").status == 200
            answer = server.request("POST", "transit/encrypt/k", {"plaintext": HELLO})
            assert (answer.status, answer.json()) == (500, {"errors": ["internal error"]})
        disk.empty()
        for _ in range(8):
            assert encrypted(server)
        assert server.stop() == 0
        torn = [line for line in server.audit_path.read_bytes().splitlines() if not line.endswith(b"}")]
        assert len(torn) <= 2, "at most one for each worker"


@pytest.fixture
def audited(tmp_path: Path, disk: Disk) -> Iterator[Server]:
    """A server whose audit ledger alone lies on the disk."""
    with Server(Product.CRYPTOSERVE, tmp_path / "server", settings=declared(disk.folder / "log")) as server:
        ready(server)
        yield server


def _encrypts(server: Server) -> int:
    return server.request("POST", "transit/encrypt/k", {"plaintext": HELLO}).status


def test_a_ledger_on_a_full_disk_stops_requests_until_there_is_space(audited: Server, disk: Disk) -> None:
    log = disk.folder / "log"
    load = Load(audited)
    load.start()
    await_size(log, 50)
    disk.fill()
    wait_until(lambda: load.refused)
    assert _encrypts(audited) == 500, "whatever other devices say"
    assert audited.request("GET", "sys/health", token="").status == 200
    time.sleep(1.5)
    disk.empty()
    size, answered = size_of(log), len(load.acknowledged)
    await_size(log, size + 50)
    acknowledged = load.stop()
    assert set(load.refused) == {500}
    assert len(acknowledged) > answered
    audited.stop()
    verified(log)
    check_once(log, acknowledged)


def test_a_ledger_on_a_read_only_disk_takes_nothing(audited: Server, disk: Disk) -> None:
    log = disk.folder / "log"
    assert _encrypts(audited) == 200

    def remount(how: str) -> int:
        return subprocess.run(["mount", "-o", f"remount,{how}", str(disk.folder)], capture_output=True).returncode

    # A file that is open for writing keeps a file system writable; a size that is used up does as well.
    size = sum(path.stat().st_blocks * 512 for path in disk.folder.rglob("*") if path.is_file())
    assert remount(f"size={size}") == 0
    disk.fill()
    assert _encrypts(audited) == 500
    assert audited.stop() == 0, "it can be stopped all the same"
    assert remount("ro") == 0
    audited.start()
    answer = audited.request("PUT", "sys/unseal", {"key": audited.unseal_keys[0]}, token="")
    assert answer.status == 400
    assert "read-only file system" in answer.json()["errors"][0]
    assert remount(f"rw,size={SIZE}") == 0
    disk.empty()
    audited.unseal()
    assert _encrypts(audited) == 200
    audited.stop()
    verified(log)
