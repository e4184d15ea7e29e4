"""Audit ledgers of real servers: what was acknowledged is in the log once, whatever ends, stops or is cut."""

from __future__ import annotations

import base64
import os
import random
import shutil
import signal
import subprocess
import time
from pathlib import Path

import pytest

from tests.support.ledger_load import (
    ORIGIN,
    Load,
    await_size,
    check_once,
    declared,
    entries_of,
    integrators,
    modes_of,
    ready,
    size_of,
    sizes_in,
    verified,
)
from tests.support.products import Product, ServerFailed
from tests.support.servers import Server
from tests.support.waiting import wait_until

LOADS = 3
KILLS, SOAK_KILLS = 4, 50


def _load(server: Server) -> list[Load]:
    loads = [Load(server) for _ in range(LOADS)]
    for load in loads:
        load.start()
    return loads


def _stop(loads: list[Load]) -> list[str]:
    return [ident for load in loads for ident in load.stop()]


def test_what_was_acknowledged_is_signed_when_the_server_has_stopped(server: Server, log: Path) -> None:
    loads = _load(server)
    for load in loads:
        load.await_more(100)
    acknowledged = _stop(loads)
    assert server.stop() == 0
    report = verified(log)
    assert report.origin == ORIGIN
    check_once(log, acknowledged)
    assert modes_of(log) == {"d700", "f600"}
    runs = {(entry["ledger"]["worker"], entry["ledger"]["run"]) for entry in entries_of(log)}
    assert {worker for worker, _ in runs} == {0, 1}
    events = [entry["event"] for entry in entries_of(log) if entry["type"] == "ledger"]
    # Both workers are unsealed when the server is initialised, or only one; and both in the end.
    assert events.count("opened") == events.count("closed") == len(runs)


def test_a_checkpoint_comes_within_two_seconds(server: Server, log: Path) -> None:
    answer = server.request("POST", "transit/encrypt/k", {"plaintext": "eA=="})
    began = time.monotonic()
    while not (entries := [entry for entry in entries_of(log) if entry.get("type") == "response"]) or all(
        entry["request"]["id"] != answer.json()["request_id"] for entry in entries
    ):
        assert time.monotonic() - began < 2
        time.sleep(0.05)


def test_sealing_signs_what_was_written_and_unsealing_goes_on(server: Server, log: Path) -> None:
    acknowledged = [
        server.request("POST", "transit/encrypt/k", {"plaintext": "eA=="}).json()["request_id"] for _ in range(20)
    ]
    server.request("PUT", "sys/seal")
    verified(log)
    check_once(log, acknowledged)
    assert entries_of(log)[-1]["event"] == "sealed"
    size = size_of(log)
    server.unseal()
    await_size(log, size + 1)
    assert entries_of(log)[size]["event"] == "opened"
    server.stop()
    verified(log)


def survive(server: Server, log: Path, kills: int, seed: int) -> None:
    """Kill a worker, the integrating process, or all, ``kills`` times under load."""
    chance = random.Random(seed)
    acknowledged: list[str] = []
    of_team: list[str] = []
    team = server.request("PUT", "sys/namespaces/team", {}).data()["id"]
    server.request("POST", "team/sys/mounts/transit", {"type": "transit"}).data()
    server.request("POST", "team/transit/keys/k", {}).data()
    for _ in range(kills):
        loads = _load(server)
        tenant = Load(server, "team/")
        tenant.start()
        for load in (*loads, tenant):
            load.await_more(10)
        time.sleep(chance.uniform(0.0, 0.8))
        chosen = chance.choice(["worker", "integrator", "integrator", "all"])
        if chosen == "all":
            server.kill()
        elif chosen == "integrator":
            for process in integrators(server):
                os.kill(process, signal.SIGKILL)
            time.sleep(chance.uniform(0.0, 0.5))
        else:
            os.kill(chance.choice([one for one in server.workers if one not in integrators(server)]), signal.SIGKILL)
            time.sleep(chance.uniform(0.0, 0.5))
        acknowledged += _stop(loads)
        of_team += tenant.stop()
        if chosen == "all":
            server.start()
            server.unseal()
    time.sleep(0.5)
    assert server.stop() == 0
    verified(log)
    check_once(log, acknowledged + of_team)
    check_once(log / "ns" / team, of_team)


def test_kills_lose_nothing_and_fork_nothing(server: Server, log: Path) -> None:
    survive(server, log, KILLS, 1)


@pytest.mark.soak
@pytest.mark.parametrize("seed", [11, 12])
def test_many_kills_lose_nothing_and_fork_nothing(server: Server, log: Path, seed: int) -> None:
    survive(server, log, SOAK_KILLS, seed)


def test_an_integrator_that_was_stopped_is_replaced(server: Server, log: Path) -> None:
    loads = _load(server)
    await_size(log, 50)
    stopped = integrators(server)
    assert len(stopped) == 1, "one process integrates at a time"
    os.kill(stopped[0], signal.SIGSTOP)
    for load in loads:
        load.await_more(20)
    acknowledged = _stop(loads)
    wait_until(lambda: integrators(server) not in ([], stopped))
    acknowledged.append(server.request("POST", "transit/encrypt/k", {"plaintext": "eA=="}).json()["request_id"])
    server.stop()
    verified(log)
    check_once(log, acknowledged)


def test_a_directory_that_was_cut_keeps_the_server_sealed(server: Server, log: Path, tmp_path: Path) -> None:
    await_size(log, 6)
    server.stop()
    whole, early = tmp_path / "whole", size_of(log)
    old = tmp_path / "old"
    shutil.copytree(log, old)
    server.start()
    server.unseal()
    for _ in range(20):
        server.request("POST", "transit/encrypt/k", {"plaintext": "eA=="}).data()
    server.stop()
    size = size_of(log)
    log.rename(whole)
    for put_back in (lambda: shutil.copytree(old, log), lambda: log.mkdir()):
        put_back()
        server.start()
        answer = server.request("PUT", "sys/unseal", {"key": server.unseal_keys[0]}, token="")
        assert answer.status == 500
        (text,) = answer.json()["errors"]
        assert size in sizes_in(text) and {early, 0} & set(sizes_in(text)), text
        assert server.request("GET", "sys/health", token="").status == 503
        server.stop()
        shutil.rmtree(log)
    whole.rename(log)
    (log / "checkpoint").write_bytes((old / "checkpoint").read_bytes())
    server.start()
    server.unseal()
    await_size(log, size + 1)
    server.stop()
    verified(log)


def test_journal_and_tiles_make_up_for_each_other(server: Server, log: Path) -> None:
    for _ in range(200):
        server.request("POST", "transit/encrypt/k", {"plaintext": "eA=="}).data()
    server.stop()
    size = size_of(log)
    shutil.rmtree(log / "tile")
    server.start()
    server.unseal()
    server.stop()
    assert size_of(log) > size
    verified(log)


def test_a_loss_is_accepted_by_shares_while_the_server_is_sealed(tmp_path: Path, log: Path) -> None:
    with Server(Product.CRYPTOSERVE, tmp_path / "server", settings=declared(log)) as server:
        server.initialize(3, 2)
        server.unseal()
        server.request("GET", "sys/mounts").data()
        server.stop()
        size, policy = size_of(log), (log / "policy").read_bytes()
        for kind in ("tile", "journal"):
            shutil.rmtree(log / kind)
        server.start()
        with pytest.raises(ServerFailed, match=f"{size} entries are remembered"):
            server.unseal()

        def accept(*shares: str) -> subprocess.CompletedProcess[str]:
            command = [*Product.CRYPTOSERVE.command(), "operator", "accept-ledger-loss", f"-address={server.address}"]
            given = "".join(f"{share}\n" for share in shares)
            command.append("-reason=disk 3 failed")
            return subprocess.run(command, input=given, capture_output=True, text=True, timeout=60, check=False)

        wrong = base64.b64encode(bytes(33)).decode()
        assert accept(server.unseal_keys[0]).returncode == 1, "one share is too few"
        assert accept(wrong).returncode == 1
        with pytest.raises(ServerFailed, match="are remembered"):
            server.unseal()
        done = accept(*server.unseal_keys)
        assert done.returncode == 0, done.stderr
        server.unseal()
        server.request("GET", "sys/mounts").data()
        server.stop()
        assert any("loss was accepted: entry 0" in sentence for sentence in verified(log).open)
        assert (log / "policy").read_bytes() != policy, "no key signs two histories"
        first = entries_of(log)[0]
        assert first["event"] == "opened"
        assert first["accepted_loss"].keys() == {"reason", "time", "size", "root"}
        assert (first["accepted_loss"]["reason"], first["accepted_loss"]["size"]) == ("disk 3 failed", size)
        assert list((log / "lost").glob("*/checkpoint"))
        server.start()
        server.unseal()
        server.stop()
        shutil.rmtree(log / "tile")
        shutil.rmtree(log / "journal")
        server.start()
        with pytest.raises(ServerFailed, match="are remembered"):
            server.unseal()


def test_disabling_signs_a_last_checkpoint_whichever_worker_leads(tmp_path: Path, log: Path) -> None:
    settings = "workers = 2\nunsafe_allow_api_audit_creation = true\n"
    with Server(Product.CRYPTOSERVE, tmp_path / "server", settings=settings) as server:
        ready(server)
        for turn in range(3):
            options = {"dir": str(log), "origin": ORIGIN}
            body = {"type": "ledger", "options": options}
            assert server.request("PUT", "sys/audit/ledger", body).status == 204
            loads = _load(server)
            for load in loads:
                load.await_more(20)
            assert server.request("DELETE", "sys/audit/ledger").status == 204
            _stop(loads)
            assert [load.refused for load in loads] == [[]] * LOADS, turn
            assert entries_of(log)[-1]["event"] == "disabled"
            assert size_of(log) == len(entries_of(log))
            verified(log)
            assert not integrators(server)
            assert server.request("GET", "sys/audit-ledger/status").status == 404
