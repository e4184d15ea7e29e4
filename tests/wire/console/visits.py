"""Visits of pages: logging in, and what a browser complains of."""

from __future__ import annotations

from playwright.sync_api import BrowserContext, Page

from tests.servers import Server

PAGES = (
    "", "keys", "keys/transit/orders", "tools", "access?policy=orders", "crypto-policy", "audit", "inventory",
    "tenants", "logins", "seal",
)  # fmt: skip


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
