"""Request headers in the audit: those that were chosen, and never a credential in the clear."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from server.core.settings import Settings
from tests.support.systems import NewServer, Server

CHOICE = "sys/config/auditing/request-headers"


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "log"


async def _audited(new_server: NewServer, log: Path) -> Server:
    server = await (await new_server(settings=Settings(audit_through_api=True))).unsealed()
    await server.ask("PUT", "sys/audit/f", {"type": "file", "options": {"file_path": str(log)}})
    return server


async def _written(server: Server, log: Path, headers: dict[str, str]) -> dict[str, Any]:
    """What the entries of a request with ``headers`` say of them."""
    await server.send("GET", "sys/policies/acl/default", headers=headers)
    request, response = (json.loads(line)["request"] for line in log.read_text().splitlines()[-2:])
    assert request.get("headers") == response.get("headers")
    found: dict[str, Any] = request.get("headers", {})
    return found


async def test_headers_are_written_as_they_were_chosen(new_server: NewServer, log: Path) -> None:
    server = await _audited(new_server, log)
    sent = {"X-Foo": "abc", "X-Bar": "def", "X-Baz": "ghi"}
    assert await _written(server, log, sent) == {}
    assert await server.ask("POST", f"{CHOICE}/X-Foo", {}) == (204, None)
    assert await server.ask("POST", f"{CHOICE}/x-bar", {"hmac": True}) == (204, None)
    hashed = (await server.ask("PUT", "sys/audit-hash/f", {"input": "def"}))[1]["hash"]
    assert await _written(server, log, sent) == {"x-foo": ["abc"], "x-bar": [hashed]}
    assert await server.ask("DELETE", f"{CHOICE}/X-FOO") == (204, None)
    assert await _written(server, log, sent) == {"x-bar": [hashed]}


async def test_credentials_are_hidden_whatever_was_chosen(new_server: NewServer, log: Path) -> None:
    server = await _audited(new_server, log)
    for name in ("X-Vault-Token", "Authorization", "Cookie"):
        assert await server.ask("POST", f"{CHOICE}/{name}", {"hmac": False}) == (204, None)
    written = await _written(server, log, {"Authorization": "Bearer sesame", "Cookie": "sesame"})
    assert set(written) == {"x-vault-token", "authorization", "cookie"}
    assert all(value.startswith("hmac-sha256:") for values in written.values() for value in values)
    text = log.read_text()
    assert "sesame" not in text
    assert server.root_token not in text


async def test_the_choice_survives_sealing_and_has_bounds(
    new_server: NewServer, log: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = await new_server()
    made = await server.core.initialize(1, 1)
    server.root_token = made.root_token
    await server.core.unseal(made.shares[0])
    monkeypatch.setattr("server.audit.headers.MAX_HEADERS", 1)
    assert (await server.ask("POST", f"{CHOICE}/x-one", {}))[0] == 204
    assert (await server.ask("POST", f"{CHOICE}/x-two", {}))[0] == 400
    assert (await server.ask("POST", f"{CHOICE}/{'x' * 300}", {}))[0] == 400
    await server.core.seal()
    await server.core.unseal(made.shares[0])
    unsealed = server.core.unsealed
    assert unsealed is not None
    assert unsealed.audit.headers.wanted == {b"x-one": False}
