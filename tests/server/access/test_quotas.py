"""Quotas at work: which one counts, who is exempt, what is written down. Their API is held against OpenBao."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest

from auth_methods.approle.routes import APPROLE
from server.core.settings import Settings
from server.runtime import plugins
from tests.support.systems import NewServer, Server, load_plugin

RULES = "sys/quotas/rate-limit"


async def _quota(server: Server, name: str, **body: object) -> None:
    assert await server.ask("POST", f"{RULES}/{name}", {"interval": "1h", **body}) == (204, None)


async def _statuses(server: Server, *paths: str) -> list[int]:
    return [(await server.ask("GET", path))[0] for path in paths]


async def test_without_quotas_there_is_nothing_to_look_at(server: Server) -> None:
    unsealed = server.core.unsealed
    assert unsealed is not None
    await server.ask("GET", "sys/mounts")
    assert not unsealed.guards.on
    await _quota(server, "q", rate=1)
    await server.ask("GET", "sys/mounts")
    assert unsealed.guards.on
    await server.ask("POST", "sys/quotas/config", {"rate_limit_exempt_paths": [RULES]})
    server.clock.advance(3600)
    assert (await server.ask("DELETE", f"{RULES}/q"))[0] == 204
    await server.ask("GET", "sys/mounts")
    assert not unsealed.guards.on


async def test_a_quota_holds_while_it_is_still_being_read(server: Server, slow_storage: None) -> None:
    await server.ask("POST", "sys/mounts/n", {"type": "notes"})
    await _quota(server, "q", rate=1, path="n")
    answers = await asyncio.gather(*(server.ask("GET", "n/note/a") for _ in range(4)))
    assert sorted(status for status, _ in answers) == [404, 429, 429, 429]


async def test_each_address_has_its_own_count(server: Server) -> None:
    await server.ask("POST", "sys/mounts/n", {"type": "notes"})
    await _quota(server, "q", rate=1, path="n")
    assert (await server.ask("GET", "n/note/a", address="10.0.0.1"))[0] == 404
    assert (await server.ask("GET", "n/note/a", address="10.0.0.1"))[0] == 429
    assert (await server.ask("GET", "n/note/a", address="10.0.0.2"))[0] == 404
    server.clock.advance(3600)
    assert (await server.ask("GET", "n/note/a", address="10.0.0.1"))[0] == 404


async def test_a_quota_moves_with_its_mount(server: Server) -> None:
    await server.ask("POST", "sys/mounts/n", {"type": "notes"})
    await _quota(server, "q", rate=1, path="n/note/a")
    assert (await server.ask("POST", "sys/remount", {"from": "n", "to": "m"}))[0] == 200
    assert (await server.ask("GET", f"{RULES}/q"))[1]["data"]["path"] == "m/note/a"
    assert await _statuses(server, "m/note/a", "m/note/a", "m/note/b") == [404, 429, 404]
    assert (await server.ask("DELETE", "sys/mounts/m"))[0] == 204
    assert await _statuses(server, f"{RULES}/q", "sys/quotas/rate-limit?list=true") == [404, 404]
    # Its place is free for another one, and what is stored of it goes.
    await server.ask("POST", "sys/mounts/m", {"type": "notes"})
    await _quota(server, "r", rate=1, path="m/note/a")
    unsealed = server.core.unsealed
    assert unsealed is not None
    await server.core.runtime.cache.catch_up()
    assert set((await unsealed.guards.quotas.record()).quotas) == {"r"}


async def test_guessing_tokens_is_limited_too(server: Server) -> None:
    await _quota(server, "q", rate=3, path="sys")
    statuses = [(await server.ask("GET", "sys/mounts", token=f"s.{number}"))[0] for number in range(6)]
    assert statuses == [403, 403, 403, 429, 429, 429]
    assert (await server.ask("GET", "sys/mounts", token=""))[0] == 429


async def test_a_role_of_an_auth_method_has_a_quota_of_its_own(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    def load(group: str, name: str) -> object:
        return APPROLE if name == "approle" else load_plugin(group, name)

    monkeypatch.setattr(plugins, "load", load)
    monkeypatch.setattr(plugins, "names", lambda group: ["approle", "token"])
    assert (await server.ask("POST", "sys/auth/approle", {"type": "approle"}))[0] == 204
    ids = {}
    for role in ("x", "y"):
        assert (await server.ask("POST", f"auth/approle/role/{role}", {}))[0] == 204
        ids[role] = (await server.ask("GET", f"auth/approle/role/{role}/role-id"))[1]["data"]["role_id"]
    await _quota(server, "x", rate=1, path="auth/approle", role="x")
    await _quota(server, "all", rate=2, path="auth/approle")

    async def log_in(role_id: str) -> int:
        return (await server.ask("POST", "auth/approle/login", {"role_id": role_id, "secret_id": "s"}, token=""))[0]

    assert [await log_in(ids["x"]), await log_in(ids["x"])] == [400, 429]
    assert [await log_in(ids["y"]), await log_in("nope"), await log_in(ids["y"])] == [400, 400, 429]


async def test_refusals_are_audited_where_that_is_asked_for(new_server: NewServer, tmp_path: Path) -> None:
    server = await (await new_server(settings=Settings(audit_through_api=True))).unsealed()
    log = tmp_path / "log"
    await server.ask("PUT", "sys/audit/f", {"type": "file", "options": {"file_path": str(log)}})
    await server.ask("POST", "sys/mounts/n", {"type": "notes"})
    await _quota(server, "q", rate=1, path="n")
    assert await _statuses(server, "n/note/a", "n/note/a") == [404, 429]
    assert "rate limit" not in log.read_text()
    await server.ask("POST", "sys/quotas/config", {"enable_rate_limit_audit_logging": True})
    assert await _statuses(server, "n/note/a") == [429]
    entry = json.loads(log.read_text().splitlines()[-1])
    assert (entry["request"]["path"], entry["error"]) == ("n/note/a", "rate limit quota exceeded")


async def test_refusals_are_counted(server: Server) -> None:
    await _quota(server, "q", rate=1)
    assert await _statuses(server, "sys/mounts", "sys/mounts", "sys/mounts") == [200, 429, 429]
    assert server.core.runtime.meter.violations == 2


async def test_quotas_and_their_names_have_bounds(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("server.access.quotas.MAX_QUOTAS", 2)
    await server.ask("POST", "sys/mounts/n", {"type": "notes"})
    await _quota(server, "a", rate=9, path="n/note/a")
    await _quota(server, "b", rate=9, path="n/note/b")
    status, answer = await server.ask("POST", f"{RULES}/c", {"rate": 9, "path": "n/note/c"})
    assert (status, answer) == (400, {"errors": ["there may be at most 2 quotas"]})
    await _quota(server, "b", rate=8, path="n/note/b")


@pytest.mark.parametrize(
    ("path", "body", "text"),
    [
        (f"{RULES}/q", {"rate": 1, "path": "a/" * 4000}, "a quota's path has at most 4096 characters"),
        (f"{RULES}/q", {"rate": 1, "role": "a" * 513}, "its name and role 512"),
        (f"{RULES}/{'q' * 513}", {"rate": 1}, "its name and role 512"),
        ("sys/quotas/config", {"rate_limit_exempt_paths": ["a"] * 1001}, "at most 1000 exempt paths"),
        ("sys/quotas/config", {"rate_limit_exempt_paths": ["a" * 4097]}, "at most 4096 characters"),
    ],
)
async def test_what_each_request_is_compared_with_has_bounds(
    server: Server, path: str, body: dict[str, object], text: str
) -> None:
    status, answer = await server.ask("POST", path, body)
    assert status == 400 and text in answer["errors"][0]
    assert (await server.ask("LIST", RULES))[0] == 404


@pytest.mark.parametrize("rate", ["nan", "inf", "-inf", "1e400", 0, -1])
async def test_a_rate_is_a_positive_number(server: Server, rate: object) -> None:
    status, _ = await server.ask("POST", f"{RULES}/q", {"rate": rate})
    assert status == 400
