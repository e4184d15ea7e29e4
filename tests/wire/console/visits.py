"""Visits of pages: a server to look at, logging in, and what a browser complains of."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, BrowserContext, Page

from tests.support.ledger_load import declared, ready
from tests.support.products import Product
from tests.support.servers import Server

CHROMIUM = shutil.which("chromium") or ""
"""Debian's browser; empty if it isn't there."""

LONGEST_MILLISECONDS = 120_000
"""How long a page may take to show what a test waits for, on a machine that is busy with other things."""

PAGES = (
    "", "keys", "keys/transit/orders", "tools", "access?policy=orders", "crypto-policy", "audit", "inventory",
    "tenants", "logins", "seal",
)  # fmt: skip


@contextmanager
def serving(folder: Path) -> Iterator[Server]:
    """A durable server of two workers with an audit ledger, keys, a policy, a namespace and a person."""
    settings = f"ui = true\n{declared(folder / 'ledger')}"
    with Server(Product.CRYPTOSERVE, folder / "server", settings=settings) as server:
        ready(server)
        for path, body in (
            ("transit/keys/orders", {"data_class": "pci", "owner": "payments"}),
            ("transit/keys/orders/rotate", {}),
            ("transit/keys/signer", {"type": "rsa-2048"}),
            ("transit/encrypt/orders", {"plaintext": "aGVsbG8="}),
            ("sys/namespaces/team-a", {}),
            ("sys/policies/acl/orders", {"policy": 'path "transit/encrypt/orders" { capabilities = ["update"] }'}),
            ("sys/auth/people", {"type": "userpass", "config": {"listing_visibility": "unauth"}}),
            ("auth/people/users/anna", {"password": "a long password", "token_policies": "orders"}),
        ):
            assert server.request("POST", path, body).status in (200, 204), path
        yield server


def open_window(browser: Browser, **options: Any) -> BrowserContext:
    """A window without cookies, which waits as long as a busy machine takes."""
    context = browser.new_context(**options)
    context.set_default_timeout(LONGEST_MILLISECONDS)
    return context


def log_in(context: BrowserContext, server: Server, token: str = "") -> Page:
    """A page that is logged in with ``token``, or the root token."""
    page = context.new_page()
    page.goto(f"{server.address}/ui/login")
    page.get_by_label("Token").fill(token or server.root_token)
    page.locator("form", has=page.get_by_label("Token")).get_by_role("button", name="Log in").click()
    page.wait_for_url("**/ui/")
    return page


def complaints(page: Page) -> list[str]:
    """What the browser will complain of in ``page`` from now on: blocked content, errors of script, dialogs."""
    found: list[str] = []
    page.on("console", lambda message: found.append(message.text) if message.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: found.append(str(error)))

    def dialog(dialog: object) -> None:
        found.append("a dialog")

    page.on("dialog", dialog)
    return found
