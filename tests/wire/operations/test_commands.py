"""The commands beside ``server``, as processes, against real servers: ``status``, ``backup`` and ``restore``."""

from __future__ import annotations

import json
import os
import re
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from server.runtime.version import API_VERSION, VERSION
from tests.support.certificates import issue
from tests.support.products import Product, require_bao
from tests.support.servers import Server


def run(*arguments: str, directory: Path, **environment: str) -> tuple[int, str, str]:
    """Exit status, standard output and standard error of ``cryptoserve`` with ``arguments``."""
    command = [*Product.CRYPTOSERVE.command(), *arguments]
    kept = {name: text for name, text in os.environ.items() if not name.startswith(("BAO_", "VAULT_"))}
    done = subprocess.run(
        command, cwd=directory, env={**kept, **environment}, capture_output=True, text=True, timeout=60, check=False
    )
    return done.returncode, done.stdout, done.stderr


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    """A server with two workers, on a unix socket besides."""
    socket = f'workers = 2\nlistener "unix" {{\n  address = "{tmp_path}/socket"\n}}\n'
    with Server(Product.CRYPTOSERVE, tmp_path / "server", settings=socket) as started:
        yield started


def test_status(server: Server, tmp_path: Path) -> None:
    def status(*arguments: str) -> tuple[int, dict[str, str]]:
        code, shown, complaint = run("status", *arguments, directory=tmp_path, BAO_ADDR=server.address)
        assert complaint == ""
        return code, dict(re.split(r"  +", line, maxsplit=1) for line in shown.splitlines())

    code, shown = status()
    assert (code, shown["Initialized"], shown["Sealed"]) == (2, "false", "true")
    server.initialize(3, 2)
    assert server.request("POST", "sys/unseal", {"key": server.unseal_keys[0]}, token="").status == 200
    code, shown = status(f"-address=unix://{tmp_path}/socket")
    assert (code, shown["Sealed"], shown["Unseal Progress"]) == (2, "true", "1/2")
    assert len(shown["Unseal Nonce"]) == 36
    server.unseal()
    code, shown = status()
    assert (code, shown["Sealed"]) == (0, "false")
    assert (shown["Version"], shown["CryptoServe Version"]) == (API_VERSION, VERSION)
    assert "Unseal Progress" not in shown
    code, text, _ = run("status", "-format=json", directory=tmp_path, VAULT_ADDR=server.address)
    assert (code, json.loads(text)) == (0, server.request("GET", "sys/seal-status", token="").json())
    # All that bao shows of it is the same.
    command = [str(require_bao()), "status"]
    done = subprocess.run(
        command, env={"BAO_ADDR": server.address, "HOME": str(tmp_path)}, capture_output=True, text=True, check=True
    )
    told = dict(re.split(r"  +", line, maxsplit=1) for line in done.stdout.splitlines())
    assert told.items() - {("HA Enabled", "false")} <= shown.items()


def test_deep_status(server: Server, tmp_path: Path) -> None:
    def status(*arguments: str, token: str = "") -> tuple[int, str, str]:
        environment = {"BAO_ADDR": server.address, "BAO_TOKEN": token, "HOME": str(tmp_path)}
        return run("status", "-deep", *arguments, directory=tmp_path, **environment)

    assert status()[0] == 2  # A server that is sealed has nothing to check, and needs no token.
    server.initialize()
    server.unseal()
    assert status() == (1, "", "-deep needs a token in BAO_TOKEN, with read on sys/health\n")
    assert status(token="s.unknown")[::2] == (
        1,
        f"{server.address} refuses: the token has no read on sys/health, or isn't valid\n",
    )
    code, shown, complaint = status(token=server.root_token)
    assert (code, complaint) == (0, "")
    _, _, checks = shown.partition("\n\n")
    lines = [re.split(r"  +", line) for line in checks.splitlines()]
    assert lines[0] == ["Check", "Milliseconds", "Result"]
    results = {line[0]: line[2] for line in lines[2:]}
    assert set(results.values()) == {"ok"}
    expected = {
        "storage read",
        "storage transaction",
        "seal root_key",
        "audit file/",
        "clocks wall",
        "clocks processes",
    }
    assert {*expected, "providers openssl"} <= set(results)
    (tmp_path / ".vault-token").write_text(f"{server.root_token}\n")
    code, text, _ = status("-format=json")
    assert (code, json.loads(text)["ok"], json.loads(text)["sealed"]) == (0, True, False)


def test_deep_status_of_a_server_that_fails_a_check(tmp_path: Path) -> None:
    full = 'audit "file" "full" {\n  options {\n    file_path = "/dev/full"\n    skip_test = "true"\n  }\n}\n'
    with Server(Product.CRYPTOSERVE, tmp_path / "server", settings=full) as server:
        server.initialize()
        server.unseal()
        environment = {"BAO_ADDR": server.address, "BAO_TOKEN": server.root_token}
        code, shown, _ = run("status", "-deep", directory=tmp_path, **environment)
        assert code == 3
        assert re.search(r"^audit full/ +\d+\.\d +failed: write /dev/full: no space left", shown, re.M)
        assert re.search(r"^audit file/ +\d+\.\d +ok$", shown, re.M)
        assert server.request("GET", "sys/health?deep=true").status == 500
        assert server.request("GET", "sys/health", token="").status == 200


def test_status_of_what_is_not_there(tmp_path: Path) -> None:
    for address, expected in (
        ("http://127.0.0.1:1", "http://127.0.0.1:1 doesn't tell its status: "),
        (f"unix://{tmp_path}/none", f"unix://{tmp_path}/none doesn't tell its status: "),
        ("127.0.0.1:1", "-address: expected http://, https:// or unix://, got '127.0.0.1:1'"),
    ):
        code, shown, complaint = run("status", f"-address={address}", directory=tmp_path)
        assert (code, shown) == (1, "")
        assert complaint.startswith(expected)
        assert complaint.count("\n") == 1


def test_status_over_tls(tmp_path: Path) -> None:
    tls = issue(tmp_path)
    with Server(Product.CRYPTOSERVE, tmp_path / "server", tls=tls) as server:
        code, _, complaint = run("status", f"-address={server.address}", directory=tmp_path)
        assert (code, "certificate verify failed" in complaint) == (1, True)
        address = f"-address={server.address}"
        for arguments, environment in (
            ([f"-ca-cert={tls.authority}"], {}),
            ([], {"BAO_CACERT": str(tls.authority)}),
            (["-tls-skip-verify"], {}),
            ([], {"VAULT_SKIP_VERIFY": "true"}),
        ):
            assert run("status", address, *arguments, directory=tmp_path, **environment)[0] == 2


def test_a_backup_while_others_write(server: Server, tmp_path: Path) -> None:
    """It has everything that was acknowledged before it began, and opens like the server that it was made of."""
    server.initialize()
    server.unseal()
    server.request("POST", "sys/mounts/transit", {"type": "transit"})
    config = f"-config={server.directory}/server.hcl"
    acknowledged: list[str] = []
    ended = threading.Event()

    def write() -> None:
        while not ended.is_set():
            name = f"key-{len(acknowledged)}"
            assert server.request("POST", f"transit/keys/{name}", {}).status == 200
            acknowledged.append(name)

    writer = threading.Thread(target=write)
    writer.start()
    try:
        kept = []
        for number in range(2):
            kept.append(list(acknowledged))
            code, told, complaint = run("backup", config, f"backup-{number}", directory=tmp_path)
            assert (code, complaint) == (0, "")
            assert re.fullmatch(rf"backed up \d+ entries to backup-{number}\n", told)
        code, told, complaint = run("restore", config, "backup-0", directory=tmp_path)
        assert (code, told) == (1, "")
        assert "is in use by another server" in complaint
        code, told, complaint = run("backup", config, "backup-0", directory=tmp_path)
        assert (code, told, complaint) == (1, "", "backup-0 is there already\n")
    finally:
        ended.set()
        writer.join()
    assert len(kept[-1]) > len(kept[0])
    server.stop()
    database = server.directory / "data/cryptoserve.db"
    code, told, complaint = run("restore", config, "backup-1", directory=tmp_path)
    assert (code, told) == (1, "")
    assert f"the database {database} isn't empty" in complaint
    for number, names in enumerate(kept):
        for file in database.parent.glob(f"{database.name}*"):
            file.unlink()
        code, told, complaint = run("restore", config, f"backup-{number}", directory=tmp_path)
        assert (code, complaint) == (0, "")
        assert re.fullmatch(rf"restored \d+ entries from backup-{number}\n", told)
        server.start()
        server.unseal()
        found = server.request("GET", "transit/keys?list=true").data()["keys"]
        assert set(found) >= set(names)
        for name in found:
            made = server.request("POST", f"transit/encrypt/{name}", {"plaintext": "aGVsbG8="}).data()
            assert made["ciphertext"].startswith("vault:v1:")
        server.stop()


def test_storage_in_memory_is_not_backed_up(tmp_path: Path) -> None:
    (tmp_path / "c.hcl").write_text('storage "inmem" {}\nlistener "tcp" {\n  address = "127.0.0.1:0"\n}\n')
    code, told, complaint = run("backup", "-config=c.hcl", "backup", directory=tmp_path)
    assert (code, told) == (1, "")
    assert complaint.startswith('c.hcl:1:1: storage "inmem" loses all keys when the server stops; expected')
