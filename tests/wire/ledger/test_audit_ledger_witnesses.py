"""Witnesses of an audit ledger: they sign what the server publishes, and none of it waits for them."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from server.audit.ledger.log.policy import parse_policy
from server.audit.ledger.offline.verify import Request, verify_directory
from tests.support.ledger_load import await_size, declared, ready, size_of
from tests.support.products import HOST, Product, free_port
from tests.support.servers import Server
from tests.support.waiting import attempts, wait_until

NAME = "witness.example/w1"


class Witness:
    """A witness of the log whose ``policy`` file is given, as a process of its own."""

    def __init__(self, folder: Path, policy: Path) -> None:
        folder.mkdir()
        self.folder = folder
        self.port = free_port()
        logs = "".join(f'log "{line.split()[1]}" {{}}\n' for line in policy.read_text().splitlines()[:2])
        self._config = folder / "witness.hcl"
        self._config.write_text(
            f'listen = "{HOST}:{self.port}"\ndatabase = "{folder}/witness.db"\nname = "{NAME}"\n'
            f'key_file = "{folder}/witness.key"\n{logs}'
        )

    @contextmanager
    def running(self) -> Iterator[None]:
        process = subprocess.Popen(
            [*Product.CRYPTOSERVE.command(), "witness", str(self._config)], stderr=subprocess.DEVNULL
        )
        try:
            wait_until(lambda: process.poll() is not None or (self.folder / "witness.key.pub").exists())
            assert process.poll() is None
            yield
        finally:
            process.kill()
            process.wait()

    @property
    def policy(self) -> str:
        """A policy that asks for its signature."""
        key = (self.folder / "witness.key.pub").read_text().strip()
        return f"witness w1 {key} http://{HOST}:{self.port}\nquorum w1\n"


@pytest.fixture
def server(tmp_path: Path, log: Path) -> Iterator[Server]:
    """A server whose ledger has no witnesses yet."""
    policy = tmp_path / "witnesses"
    policy.write_text("quorum none\n")
    settings = declared(log, more=f'witness_policy = "{policy}"')
    with Server(Product.CRYPTOSERVE, tmp_path / "server", settings=settings) as server:
        ready(server)
        await_size(log, 6)
        yield server


def _await_state(server: Server, state: str, missing_seconds: float = 0) -> dict[str, Any]:
    """The status, once its one witness is in ``state`` and its signature missing so long; all requests are answered."""
    status: dict[str, Any] = {}
    for _ in attempts(pause=0.1):
        assert server.request("POST", "transit/encrypt/k", {"plaintext": "eA=="}).status == 200
        status = server.request("GET", "sys/audit-ledger/status").data()
        states = [witness["state"] for witness in status["witnesses"]]
        if states == [state] and status["quorum_missing_seconds"] >= missing_seconds:
            return status
    raise AssertionError(status)


def _reload(server: Server, tmp_path: Path, policy: str) -> None:
    (tmp_path / "witnesses").write_text(policy)
    os.kill(server.group, signal.SIGHUP)


def test_witnesses_sign_checkpoints_and_say_when_they_hold_another_history(
    server: Server, log: Path, tmp_path: Path
) -> None:
    witness = Witness(tmp_path / "witness", log / "policy")
    with witness.running():
        _reload(server, tmp_path, witness.policy)
        status = _await_state(server, "ok")
        assert status["quorum_missing_seconds"] == 0
        assert status["witnesses"][0]["size"] == status["size"]
        wanted = parse_policy(((log / "policy").read_text().replace("quorum none\n", "") + witness.policy).encode())
        wait_until(lambda: verify_directory(log, Request(policy=wanted)).status() == 0)
        assert server.stop() == 0
        report = verify_directory(log, Request(policy=wanted))
        assert report.status() == 0, "the last checkpoint is signed by the witness too"
        for folder in ("server", "ledger"):
            shutil.copytree(tmp_path / folder, tmp_path / "old" / folder)
        server.start()
        server.unseal()
        size = size_of(log)
        await_size(log, size + 1)
        _await_state(server, "ok")
    status = _await_state(server, "unreachable", missing_seconds=0.5)
    metrics = server.request("GET", "sys/metrics?format=prometheus").body.decode()
    (missing,) = re.findall(r"^cryptoserve_audit_ledger_quorum_missing_seconds (\S+)", metrics, re.MULTILINE)
    assert float(missing) >= 0.5
    assert status["witnesses"][0]["size"] < 256
    for _ in range(130):
        server.request("POST", "transit/encrypt/k", {"plaintext": "eA=="}).data()
    await_size(log, 256)
    answer = server.request("POST", "sys/audit-ledger/prune", {"below": 256, "archive": str(tmp_path / "archive")})
    assert answer.status == 400
    assert "the witnesses have signed" in answer.json()["errors"][0]
    assert not (tmp_path / "archive").exists()
    server.kill()
    for folder in ("server", "ledger"):
        shutil.rmtree(tmp_path / folder)
        shutil.copytree(tmp_path / "old" / folder, tmp_path / folder)
    with witness.running():
        server.start()
        server.unseal()
        _await_state(server, "conflict")
        size = size_of(log)
        time.sleep(2)
        _await_state(server, "conflict")
        assert size_of(log) == size, "nothing more is signed"
        _reload(server, tmp_path, "quorum none\n")
        await_size(log, size + 1)
    status = server.request("GET", "sys/audit-ledger/status").data()
    assert (status["witnesses"], status["quorum_missing_seconds"]) == ([], 0), "no witness is asked any more"


def test_a_policy_that_can_t_be_read_is_refused(tmp_path: Path, log: Path) -> None:
    settings = declared(log, more=f'witness_policy = "{tmp_path}/none"')
    with Server(Product.CRYPTOSERVE, tmp_path / "server", settings=settings) as server:
        answer = server.request("POST", "sys/init", {"secret_shares": 1, "secret_threshold": 1}, token="")
        assert answer.status == 400
        assert "witness_policy can't be read" in answer.json()["errors"][0]
