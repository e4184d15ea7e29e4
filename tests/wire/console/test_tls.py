"""The console over TLS and HTTP/2, as people have it beyond their own machine."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.support.certificates import issue
from tests.support.products import Product
from tests.support.servers import Server
from tests.wire.console.visits import complaints, log_in, open_window


@pytest.mark.soak
def test_a_session_over_http_2(chromium: Browser, tmp_path: Path) -> None:
    with Server(Product.CRYPTOSERVE, tmp_path / "server", tls=issue(tmp_path), settings="ui = true\n") as server:
        server.initialize()
        server.unseal()
        server.request("POST", "sys/mounts/transit", {"type": "transit"})
        context = open_window(chromium, ignore_https_errors=True)
        page = log_in(context, server)
        found = complaints(page)
        page.goto(f"{server.address}/ui/keys")
        assert page.evaluate("performance.getEntriesByType('navigation')[0].nextHopProtocol") == "h2"
        page.locator("#create-name").fill("over-tls")
        page.get_by_role("button", name="Create key").click()
        page.get_by_text("Create key: done.").wait_for()
        # A browser sends each cookie in a field of its own, which belong together (RFC 9113, 8.2.3).
        context.add_cookies([{"name": "other", "value": "a", "url": server.address}])
        page.goto(f"{server.address}/ui/keys/transit/over-tls")
        page.get_by_role("button", name="Log out").click()
        page.wait_for_url("**/ui/login")
        assert {cookie["name"] for cookie in context.cookies()} == {"other", "__Host-login"}
        context.close()
        assert found == []
