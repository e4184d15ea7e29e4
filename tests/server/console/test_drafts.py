"""Policies as they are edited, held against recorded requests before they are saved."""

from __future__ import annotations

from pathlib import Path

import pytest

from server.audit.broker import DeclaredDevice
from server.core.settings import Settings
from tests.server.console.browser import Browser
from tests.support.systems import NewServer, Server


@pytest.fixture
async def server(new_server: NewServer, tmp_path: Path) -> Server:
    """An unsealed server with an audit file."""
    device = DeclaredDevice("file", "file", "", {"file_path": str(tmp_path / "audit.log")})
    return await (await new_server(Settings(audit_devices=(device,)))).unsealed()


async def test_an_edited_policy_is_held_against_recorded_requests(server: Server, browser: Browser) -> None:
    rules = 'path "transit/encrypt/orders" {\n  capabilities = ["update"]\n}\n'
    assert (await server.ask("POST", "sys/policies/acl/orders", {"policy": rules}))[0] == 204
    _, made = await server.ask("POST", "auth/token/create", {"policies": ["orders"]})
    for _ in range(3):
        await server.ask("POST", "transit/encrypt/orders", {"plaintext": "aA=="}, token=made["auth"]["client_token"])
    edited = rules.replace("orders", "others")
    page = await browser.submit("/ui/access?policy=orders", "replay", name="orders", policy=edited)
    assert "3 of " in page.text and "Would be denied" in page.text and "Would be allowed" not in page.text
    assert [tag for tag, _ in page.tags if tag in ("del", "ins")] == ["del", "ins"]
    assert (await server.ask("GET", "sys/policies/acl/orders"))[1]["data"]["policy"] == rules
    page = await browser.submit("/ui/access", "replay", name="orders", policy=rules.replace("]", ""))
    assert (page.status, "here" in page.text) == (400, True)
    page = await browser.submit("/ui/access", "replay", policy=rules)
    assert (page.status, "missing name" in page.text) == (400, True)
