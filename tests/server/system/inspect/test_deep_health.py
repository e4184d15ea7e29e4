"""``sys/health?deep=true``: what it checks, what it says of failures, and who may ask."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, NoReturn

import pytest

from server.audit.broker import DeclaredDevice
from server.core import deep_health
from server.core.settings import Settings
from server.runtime import clocks
from storage.barrier.keyring import KEYRING_PATH
from storage.base import Damaged, Full
from storage.memory import MemoryStore
from tests.support.systems import NewServer, Server

DEEP = "sys/health?deep=true"
CHECKS = {"storage", "seal", "audit", "providers", "clocks"}


@pytest.fixture(autouse=True)
def fresh(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each request has a run of its own, unless runs overlap; and the clock of tests, which stands still, may do so."""
    monkeypatch.setattr(deep_health, "REUSE_SECONDS", -1.0)
    monkeypatch.setattr(clocks, "STEP_SECONDS", 600.0)


@pytest.fixture
async def audited(new_server: NewServer, tmp_path: Path) -> Server:
    """An unsealed server with an audit device."""
    device = DeclaredDevice("main", "file", "", {"file_path": str(tmp_path / "audit.log")})
    return await (await new_server(Settings(audit_devices=(device,)))).unsealed()


class Bounds:
    """The bounds of parts that are under way, which end when the test says so."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._running: set[asyncio.Timeout] = set()
        self._timeout = asyncio.timeout
        monkeypatch.setattr(asyncio, "timeout", self._bounded)

    @asynccontextmanager
    async def _bounded(self, _seconds: float | None) -> AsyncIterator[asyncio.Timeout]:
        async with self._timeout(None) as bound:
            self._running.add(bound)
            try:
                yield bound
            finally:
                self._running.discard(bound)

    async def end_last(self) -> None:
        """End the bound of the part that alone is left."""
        while len(self._running) != 1:
            await asyncio.sleep(0.01)
        self._running.pop().reschedule(0)


def _failed(answer: dict[str, Any]) -> dict[str, str]:
    """The errors of the parts that failed."""
    return {
        f"{check}/{name}": part["error"]
        for check, found in answer["checks"].items()
        for name, part in found["parts"].items()
        if not part["ok"]
    }


async def test_a_server_that_is_well_says_so_of_each_part_with_its_time(audited: Server) -> None:
    status, answer = await audited.ask("GET", DEEP)
    assert (status, answer["ok"], set(answer["checks"])) == (200, True, CHECKS)
    plain = (await audited.ask("GET", "sys/health", token=""))[1]
    assert answer.keys() - plain.keys() == {"ok", "checks"}
    parts = {name: set(check["parts"]) for name, check in answer["checks"].items()}
    assert parts["storage"] == {"read", "transaction"}
    assert parts["audit"] == {"main/"}
    assert parts["providers"] >= {"openssl", "libsodium", "pycryptodome", "pqcrypto"}
    assert parts["clocks"] == {"wall", "processes"}
    for check in answer["checks"].values():
        assert (check["ok"], check["error"]) == (True, "")
        assert 0 <= check["milliseconds"] < 5000
        assert check["milliseconds"] == max(part["milliseconds"] for part in check["parts"].values())
    assert answer["checks"]["storage"]["milliseconds"] > 0


@pytest.mark.parametrize("query", ["?deep=true", "?deep=1&failingcode=299", "?deep=TRUE"])
async def test_without_a_token_or_its_right_nothing_is_told(server: Server, query: str) -> None:
    for token in ("", "s.unknown", (await server.token_for('path "sys/healt" { capabilities = ["read"] }'))[0]):
        status, answer = await server.ask("GET", f"sys/health{query}", token=token)
        assert status == 403
        assert set(answer) == {"errors"}


async def test_a_token_needs_read_on_the_path(server: Server) -> None:
    token, _ = await server.token_for('path "sys/health" { capabilities = ["read"] }')
    assert (await server.ask("GET", DEEP, token=token))[0] == 200
    token, _ = await server.token_for('path "sys/health" { capabilities = ["update"] }')
    assert (await server.ask("GET", DEEP, token=token))[0] == 403


@pytest.mark.parametrize("query", ["", "?deep=false", "?deep=0"])
async def test_plain_health_is_for_everybody(server: Server, query: str) -> None:
    status, answer = await server.ask("GET", f"sys/health{query}", token="")
    assert (status, "checks" in answer) == (200, False)


async def test_a_sealed_server_tells_its_plain_health(server: Server) -> None:
    await server.ask("POST", "sys/seal")
    status, answer = await server.ask("GET", DEEP)
    assert (status, answer["sealed"], "checks" in answer) == (503, True, False)


async def test_a_word_that_is_no_boolean_is_refused(server: Server) -> None:
    assert (await server.ask("GET", "sys/health?deep=perhaps", token=""))[0] == 400
    assert (await server.ask("HEAD", DEEP))[0] == 405


async def test_the_audit_has_it_as_any_request_with_a_token(audited: Server, tmp_path: Path) -> None:
    await audited.ask("GET", DEEP)
    entries = [json.loads(line) for line in (tmp_path / "audit.log").read_text().splitlines()]
    found = [(entry["type"], entry["request"]["path"]) for entry in entries]
    assert found[-2:] == [("request", "sys/health"), ("response", "sys/health")]


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (Full("no space left in /var/lib"), "no space left in /var/lib"),
        (Damaged("the entry 'x' is damaged"), "the entry 'x' is damaged"),
        (RuntimeError("a secret"), "RuntimeError"),
    ],
)
async def test_storage_that_takes_nothing_is_told(
    server: Server, monkeypatch: pytest.MonkeyPatch, error: Exception, said: str
) -> None:
    await server.ask("GET", "sys/mounts")

    def fail(*_: object) -> NoReturn:
        raise error

    monkeypatch.setattr(MemoryStore, "transaction", fail)
    status, answer = await server.ask("GET", DEEP)
    assert (status, answer["ok"]) == (500, False)
    assert _failed(answer) == {"storage/transaction": said}
    assert answer["checks"]["storage"]["error"] == f"transaction: {said}"
    assert (await server.ask("GET", f"{DEEP}&failingcode=503"))[0] == 503
    assert (await server.ask("GET", "sys/health", token=""))[0] == 200


async def test_a_root_key_that_the_seal_can_not_open_is_told(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    get = MemoryStore.get

    async def damaged(store: MemoryStore, key: str) -> bytes | None:
        value = await get(store, key)
        return value[:-1] + bytes([value[-1] ^ 1]) if value and key == "core/root-key" else value

    monkeypatch.setattr(MemoryStore, "get", damaged)
    status, answer = await server.ask("GET", DEEP)
    assert (status, list(_failed(answer))) == (500, ["seal/root_key"])


async def test_what_hangs_is_given_up_and_the_rest_is_told(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    bounds = Bounds(monkeypatch)
    await server.ask("GET", DEEP)
    get, entered = MemoryStore.get, asyncio.Event()

    async def hang(store: MemoryStore, key: str) -> bytes | None:
        if key == KEYRING_PATH:
            entered.set()
            await asyncio.Event().wait()
        return await get(store, key)

    monkeypatch.setattr(MemoryStore, "get", hang)
    asking = asyncio.create_task(server.ask("GET", DEEP))
    await entered.wait()
    await bounds.end_last()
    status, answer = await asking
    assert status == 500
    assert _failed(answer) == {"storage/read": "no answer within 5 seconds"}


async def test_a_provider_that_fails_or_hangs_is_named_and_tried_once(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    leave, entered = threading.Event(), threading.Event()
    calls = []

    def hang() -> None:
        calls.append(1)
        entered.set()
        leave.wait()

    def fail() -> None:
        raise ValueError("bytes of a key")

    tests: dict[str, Callable[[], None]] = {"slow": hang, "wrong": fail, "good": lambda: None}
    monkeypatch.setattr(deep_health, "self_tests", lambda: tests)
    bounds = Bounds(monkeypatch)
    for _ in range(2):
        asking = asyncio.create_task(server.ask("GET", DEEP))
        await asyncio.to_thread(entered.wait)
        await bounds.end_last()
        status, answer = await asking
        assert status == 500
        assert _failed(answer) == {"providers/slow": "no answer within 5 seconds", "providers/wrong": "ValueError"}
    assert calls == [1]
    leave.set()


async def test_an_audit_device_that_takes_nothing_is_told_and_keeps_nobody_from_the_answer(
    audited: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    unsealed = audited.core.unsealed
    assert unsealed is not None
    (enabled,) = unsealed.audit._enabled.values()

    def refuse(lines: bytes) -> bool:
        raise enabled.device._fault(OSError(28, "No space left on device"))  # type: ignore[attr-defined]

    monkeypatch.setattr(enabled.writer, "_immediate", type("Full", (), {"write_immediately": staticmethod(refuse)}))
    assert (await audited.ask("GET", "sys/mounts"))[0] == 500
    status, answer = await audited.ask("GET", DEEP)
    assert (status, list(_failed(answer))) == (500, ["audit/main/"])
    assert "no space left on device" in answer["checks"]["audit"]["error"]
    monkeypatch.setattr(enabled.writer, "_immediate", enabled.device)
    assert (await audited.ask("GET", DEEP))[0] == 200


async def test_those_who_ask_at_once_share_one_run(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    runs = []
    checked = deep_health.DeepHealth._checked

    async def counted(checks: deep_health.DeepHealth, *given: Any) -> deep_health.Report:
        runs.append(1)
        await asyncio.sleep(0.05)
        return await checked(checks, *given)

    monkeypatch.setattr(deep_health.DeepHealth, "_checked", counted)
    answers = await asyncio.gather(*(server.ask("GET", DEEP) for _ in range(20)))
    assert len(runs) == 1
    assert all(answer == answers[0] for answer in answers)
    assert (await server.ask("GET", DEEP))[0] == 200
    assert len(runs) == 2
    monkeypatch.setattr(deep_health, "REUSE_SECONDS", 60.0)
    await server.ask("GET", DEEP)
    assert len(runs) == 2


async def test_sealing_ends_a_run_without_harm(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    entered = asyncio.Event()

    async def hang(checks: deep_health.DeepHealth, *given: Any) -> deep_health.Report:
        entered.set()
        await asyncio.Event().wait()
        raise AssertionError

    monkeypatch.setattr(deep_health.DeepHealth, "_checked", hang)
    asking = asyncio.create_task(server.ask("GET", DEEP))
    await entered.wait()
    await server.core.deep_health.close()
    assert (await asking)[0] == 503


async def test_a_wall_clock_that_was_set_is_told(server: Server) -> None:
    assert (await server.ask("GET", DEEP))[0] == 200
    server.clock.now += 3600
    status, answer = await server.ask("GET", DEEP)
    assert (status, list(_failed(answer))) == (500, ["clocks/wall"])
    assert answer["checks"]["clocks"]["error"].startswith("wall: the wall clock was set forward by 3600 s, which was")
