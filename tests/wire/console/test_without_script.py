"""Every action of the console by its form alone, in a browser whose script is switched off."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page

from tests.support.servers import Server
from tests.wire.console.visits import log_in, open_window

_RULES = 'path "transit/encrypt/orders" {\n  capabilities = ["update"]\n}\n'
_REFUSING = '[{"name": "none", "operations": ["encrypt"], "require": "false"}]'

_ACTIONS: tuple[tuple[str, str, dict[str, str], str, str], ...] = (
    ("keys", "create", {"name": "scriptless"}, "Create key", "Create key: done."),
    ("keys/transit/scriptless", "rotate", {}, "Rotate", "Rotate: done."),
    ("keys/transit/scriptless", "settings", {"min_decryption_version": "2", "min_encryption_version": "2"},
     "Save settings", "Save settings: done."),
    ("keys/transit/scriptless", "classify", {"owner": "shop", "data_class": "pci"}, "Classify", "Classify: done."),
    ("keys/transit/scriptless", "trim", {"min_available_version": "2"}, "Trim", "Trim: done."),
    ("tools", "hmac", {"name": "scriptless", "input": "x"}, "HMAC", "HMAC: done."),
    ("tools", "sign", {"name": "signer", "input": "x"}, "Sign", "Sign: done."),
    ("access", "write", {"name": "scriptless", "policy": _RULES}, "Save policy", "Save policy: done."),
    ("access?policy=scriptless", "write", {"policy": f"# Edited\n{_RULES}"}, "Replay", "recorded requests"),
    ("access", "evaluate", {"path": "transit/encrypt/orders", "policies": "scriptless"}, "Try a request", "Allowed"),
    ("access", "capabilities", {"paths": "transit/keys"}, "Ask", "root"),
    ("access", "delete", {"name": "scriptless"}, "Delete policy", "Delete policy: done."),
    ("crypto-policy", "write", {"name": "scriptless", "rules": _REFUSING}, "Show impact", "would be stopped now"),
    ("crypto-policy", "write", {"name": "scriptless", "rules": _REFUSING.replace("false", "true")},
     "Save crypto policy", "Save crypto policy: done."),
    ("crypto-policy", "delete", {"name": "scriptless"}, "Delete crypto policy", "Delete crypto policy: done."),
    ("audit", "search", {"path_prefix": "transit/"}, "Search", "complete up to"),
    ("inventory", "snapshot", {}, "Keep a snapshot", "Keep a snapshot: done."),
    ("tenants", "create", {"path": "scriptless"}, "Create namespace", "Create namespace: done."),
    ("tenants", "lock", {"path": "scriptless"}, "Lock", "unlock_key"),
    ("tenants", "unlock", {"path": "scriptless"}, "Unlock", "Unlock: done."),
    ("tenants", "delete", {"path": "scriptless"}, "Delete", "Delete: done."),
    ("logins", "look_up", {"accessor": "none"}, "Look up", "Not done."),
)  # fmt: skip


@pytest.fixture(scope="module")
def page(chromium: Browser, server: Server) -> Iterator[Page]:
    """A page without script that is logged in with the root token."""
    context = open_window(chromium, java_script_enabled=False)
    yield log_in(context, server)
    context.close()


@pytest.mark.soak
@pytest.mark.parametrize(("path", "form", "fields", "button", "answer"), _ACTIONS, ids=lambda value: str(value)[:24])
def test_an_action(
    page: Page, server: Server, path: str, form: str, fields: dict[str, str], button: str, answer: str
) -> None:
    page.goto(f"{server.address}/ui/{path}")
    card = page.locator(f"#form-{form}")
    for name, value in fields.items():
        card.locator(f"[name={name}]").fill(value)
    card.get_by_role("button", name=button, exact=True).click()
    assert answer in page.locator("main").inner_text()


@pytest.mark.soak
def test_the_last_action_is_logging_out(page: Page, server: Server) -> None:
    page.goto(f"{server.address}/ui/inventory")
    with page.expect_download() as saved:
        page.get_by_role("link", name="cyclonedx-1.7").click()
    assert b'"CycloneDX"' in saved.value.path().read_bytes()
    page.goto(f"{server.address}/ui/logins")
    page.get_by_role("button", name="Log out").click()
    page.wait_for_url("**/ui/login")
