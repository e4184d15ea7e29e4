"""Audit devices through the API."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
import pytest_asyncio

from engines.faults import Failed
from server.audit.broker import DeclaredDevice
from server.core.lifecycle import Core
from server.core.settings import Settings
from server.pipeline.open_routes import NOTHING
from server.runtime import plugins
from server.system.routes import SYSTEM
from storage.seals.static import StaticSeal
from tests.server.audit.audit_fixture import GateDevice, ListDevice
from tests.support.systems import NewServer, Server


@pytest_asyncio.fixture
async def allowing(new_server: NewServer) -> Server:
    """A server whose configuration lets the API enable devices."""
    return await (await new_server(settings=Settings(audit_through_api=True))).unsealed()


async def test_the_configuration_must_allow_it(server: Server, tmp_path: Path) -> None:
    body = {"type": "file", "options": {"file_path": str(tmp_path / "log")}}
    text = "cannot enable audit device via API; use declarative, config-based audit device management instead"
    assert await server.ask("PUT", "sys/audit/f", body) == (400, {"errors": [text]})
    assert not (tmp_path / "log").exists()


@pytest.mark.parametrize("value", ["true", "1"])
async def test_raw_devices_take_a_word_of_their_own(
    allowing: Server, new_server: NewServer, tmp_path: Path, value: str
) -> None:
    body = {"type": "file", "options": {"file_path": str(tmp_path / "log"), "log_raw": value}}
    text = "log_raw is not allowed; it takes allow_log_raw = true in the configuration"
    assert await allowing.ask("PUT", "sys/audit/f", body) == (400, {"errors": [text]})
    assert not (tmp_path / "log").exists()
    raw = await (await new_server(settings=Settings(audit_through_api=True, audit_raw_allowed=True))).unsealed()
    assert await raw.ask("PUT", "sys/audit/f", body) == (204, None)


async def test_a_raw_device_of_former_times_keeps_the_server_sealed(new_server: NewServer, tmp_path: Path) -> None:
    seal = StaticSeal(("one", bytes(32)))
    allowed = await new_server(settings=Settings(audit_through_api=True, audit_raw_allowed=True), seal=seal)
    allowed.root_token = (await allowed.core.initialize(0, 0)).root_token
    body = {"type": "file", "options": {"file_path": str(tmp_path / "log"), "log_raw": "true"}}
    assert await allowed.ask("PUT", "sys/audit/f", body) == (204, None)
    later = Core(allowed.core.runtime.store, seal, Settings(), SYSTEM)
    with pytest.raises(Failed, match="the audit device f/ has log_raw: start with allow_log_raw = true"):
        await later.start()
    assert later.unsealed is None and later.runtime.barrier.sealed
    again = Core(allowed.core.runtime.store, seal, Settings(audit_raw_allowed=True), SYSTEM)
    await again.start()
    assert again.unsealed is not None
    await again._close()


async def test_a_device_is_enabled_listed_asked_and_disabled(allowing: Server, tmp_path: Path) -> None:
    log = tmp_path / "log"
    options = {"file_path": str(log)}
    body = {"type": "file", "options": options, "description": "d", "local": True}
    assert await allowing.ask("PUT", "sys/audit/a/b", body) == (204, None)
    device = {"path": "a/b/", "type": "file", "description": "d", "options": options, "local": True}
    status, answer = await allowing.ask("GET", "sys/audit")
    assert (status, answer["data"], answer["a/b/"]) == (200, {"a/b/": device}, device)
    status, answer = await allowing.ask("PUT", "sys/audit-hash/a/b", {"input": "abc"})
    assert status == 200
    assert answer["hash"] == answer["data"]["hash"]
    lines = [json.loads(line) for line in log.read_text().splitlines()]
    asked = next(line for line in lines if line["request"]["path"] == "sys/audit-hash/a/b")
    assert asked["request"]["data"]["input"] == answer["hash"]
    assert await allowing.ask("DELETE", "sys/audit/a/b") == (204, None)
    assert await allowing.ask("DELETE", "sys/audit/a/b") == (204, None)
    assert (await allowing.ask("GET", "sys/audit"))[1]["data"] == {}


@pytest.mark.parametrize(
    ("path", "body", "text"),
    [
        ("audit/f", {}, 'unknown backend type: ""; there are file, ledger'),
        ("audit/f", {"type": "nope"}, 'unknown backend type: "nope"; there are file, ledger'),
        (
            "audit/f",
            {"type": "file", "options": {"file_path": "discard", "log_row": "true"}},
            'audit devices of type "file" have no option "log_row"; did you mean "log_raw"?',
        ),
        ("audit/f", {"type": "file"}, "file_path is required"),
        ("audit-hash/x", {"input": "abc"}, 'unknown audit backend "x/"'),
        ("audit-hash/x", {}, 'the "input" parameter is empty'),
    ],
)
async def test_what_is_refused(allowing: Server, path: str, body: dict[str, object], text: str) -> None:
    assert await allowing.ask("PUT", f"sys/{path}", body) == (400, {"errors": [text]})


async def test_devices_need_sudo_and_hashes_don_t(allowing: Server) -> None:
    token, _ = await allowing.token_for('path "sys/*" { capabilities = ["read", "update", "delete"] }')
    denied = (403, {"errors": ["1 error occurred:\n\t* permission denied\n\n"]})
    assert await allowing.ask("GET", "sys/audit", token=token) == denied
    assert await allowing.ask("PUT", "sys/audit/f", {"type": "file"}, token=token) == denied
    assert await allowing.ask("DELETE", "sys/audit/f", token=token) == denied
    assert (await allowing.ask("PUT", "sys/audit-hash/f", {"input": "x"}, token=token))[0] == 400


@pytest_asyncio.fixture
async def gated(new_server: NewServer, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[tuple[Server, GateDevice]]:
    """A server whose one audit device hangs on demand."""
    find = plugins.find_audit_device
    monkeypatch.setattr(plugins, "find_audit_device", lambda name: GateDevice if name == "gate" else find(name))
    ListDevice.made.clear()
    server = await (await new_server(settings=Settings(audit_devices=(DeclaredDevice("gate", "gate"),)))).unsealed()
    device = ListDevice.made[-1]
    assert isinstance(device, GateDevice)
    yield server, device
    device.gate.set()


async def test_what_is_not_audited_does_not_wait_for_a_device_that_hangs(gated: tuple[Server, GateDevice]) -> None:
    server, device = gated
    paths = ["sys/health", "sys/seal-status", "sys/leader", "sys/metrics", "sys/init"]
    permissions = replace(NOTHING, metrics=True)
    device.gate.clear()
    audited = [
        asyncio.create_task(server.ask("GET", "sys/mounts")),
        asyncio.create_task(server.ask("PUT", "sys/policies/acl/p", {"policy": 'path "x" {}'})),
        asyncio.create_task(server.ask("GET", "sys/mounts", token="unknown")),
    ]
    for _ in range(3):
        for path in paths:
            assert (await server.send("GET", path, token="", permissions=permissions)).status == 200, path
    assert not any(task.done() for task in audited)
    device.gate.set()
    assert [status for status, _ in await asyncio.gather(*audited)] == [200, 204, 403]


async def test_a_request_whose_time_is_up_waits_no_longer(gated: tuple[Server, GateDevice]) -> None:
    server, device = gated
    device.gate.clear()
    tasks = [
        asyncio.create_task(server.ask("PUT", "sys/policies/acl/p", {"policy": 'path "x" {}'})),
        asyncio.create_task(server.ask("GET", "sys/policies/acl/p")),
    ]
    for _ in range(20):
        await asyncio.sleep(0)
    for task in tasks:
        task.cancel()
    assert [type(outcome) for outcome in await asyncio.gather(*tasks, return_exceptions=True)] == [
        asyncio.CancelledError
    ] * 2
    device.gate.set()
    assert (await server.ask("GET", "sys/policies/acl/p"))[0] == 404, "what couldn't be audited wasn't done"
    assert server.core.runtime.in_flight == {}
