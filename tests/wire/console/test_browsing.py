"""Pages in both themes, on small screens, without script, and by keyboard."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, ViewportSize

from tests.support.servers import Server
from tests.support.waiting import attempts
from tests.wire.console.visits import PAGES, complaints, log_in, open_window

_PHONE: ViewportSize = {"width": 360, "height": 740}
_DESK: ViewportSize = {"width": 1280, "height": 800}
_ALL = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}
_COLOURS = {
    "runOnly": {"type": "rule", "values": ["color-contrast", "link-in-text-block", "scrollable-region-focusable"]}
}
"""The rules that depend on the theme, and on the width of the screen."""


@pytest.mark.parametrize(
    ("theme", "window", "rules"),
    [
        ("light", _DESK, _ALL),
        ("dark", _PHONE, _COLOURS),
        pytest.param("light", _PHONE, _ALL, marks=pytest.mark.soak),
        pytest.param("dark", _DESK, _ALL, marks=pytest.mark.soak),
        pytest.param("dark", _PHONE, _ALL, marks=pytest.mark.soak),
    ],
    ids=lambda value: str(value)[:20],
)
def test_axe_finds_nothing_on_any_page(
    chromium: Browser, server: Server, theme: Any, window: ViewportSize, rules: Any
) -> None:
    # Only so can axe be put into a page: the console's policy forbids script of others.
    context = open_window(chromium, color_scheme=theme, bypass_csp=True, viewport=window)
    page = log_in(context, server)
    axe = files("axe_playwright_python").joinpath("axe.min.js").read_text()
    found = []
    for path in ("login", *PAGES):
        page.goto(f"{server.address}/ui/{path}")
        page.evaluate(axe)
        for violation in page.evaluate("rules => axe.run(document, rules)", rules)["violations"]:
            found += [f"{path}: {violation['id']}: {node['target']}" for node in violation["nodes"]]
    context.close()
    assert found == []


def test_pages_fit_a_phone_and_the_browser_has_no_complaint(chromium: Browser, server: Server) -> None:
    context = open_window(chromium, viewport=_PHONE)
    page = log_in(context, server)
    found = complaints(page)
    wide = []
    name = "n" * 500
    for made, body in ((f"transit/keys/{name}", {}), (f"sys/policies/acl/{name}", {"policy": "# None"})):
        assert server.request("POST", made, body).status in (200, 204)
    for path in (*PAGES, f"keys/transit/{name}", f"access?policy={name}"):
        page.goto(f"{server.address}/ui/{path}")
        if page.evaluate("document.documentElement.scrollWidth") > _PHONE["width"]:
            wide.append(path)
    context.close()
    assert (wide, found) == ([], [])


def test_everything_works_without_script(chromium: Browser, server: Server) -> None:
    context = open_window(chromium, java_script_enabled=False)
    page = log_in(context, server)
    page.get_by_role("link", name="Keys", exact=True).click()
    card = page.locator("#form-create")
    card.get_by_label("Name").fill("by-hand")
    card.get_by_role("button", name="Create key").click()
    page.get_by_text("Create key: done.").wait_for()
    page.goto(f"{server.address}/ui/tools?mount=transit&name=by-hand")
    card = page.locator("#form-encrypt")
    card.get_by_label("Plaintext (needed)").fill("4111 1111")
    card.get_by_role("button", name="Encrypt").click()
    ciphertext = page.locator("output pre").inner_text()
    card = page.locator("#form-decrypt")
    card.get_by_label("Ciphertext (needed)").fill(ciphertext)
    card.get_by_label("Key (needed)").fill("by-hand")
    card.get_by_role("button", name="Decrypt").click()
    assert page.locator("output pre").inner_text() == "4111 1111"
    context.close()


def test_a_file_is_encrypted_and_comes_back(page: Page, server: Server, tmp_path: Path) -> None:
    contents = bytes(range(256)) * 20
    (tmp_path / "picture").write_bytes(contents)
    page.goto(f"{server.address}/ui/tools?mount=transit&name=orders")
    card = page.locator("#form-encrypt")
    card.locator("input[type=file]").nth(0).set_input_files(tmp_path / "picture")
    card.get_by_role("button", name="Encrypt").click()
    ciphertext = page.locator("output pre").inner_text()
    card = page.locator("#form-decrypt")
    card.get_by_label("Key (needed)").fill("orders")
    card.get_by_label("Ciphertext (needed)").fill(ciphertext)
    card.get_by_role("button", name="Decrypt").click()
    with page.expect_download() as saved:
        page.get_by_role("button", name="Save as a file").click()
    assert saved.value.path().read_bytes() == contents


def test_a_file_beyond_a_form_goes_by_stream(page: Page, server: Server, tmp_path: Path) -> None:
    contents = bytes(range(256)) * 17_000  # More than one part.
    (tmp_path / "film").write_bytes(contents)
    page.goto(f"{server.address}/ui/tools?mount=transit&name=orders")
    found = complaints(page)
    card = page.locator("#files")
    card.get_by_label("File").set_input_files(tmp_path / "film")
    for operation, name in (("encrypt", "film.ndjson"), ("decrypt", "film")):
        card.get_by_label("Operation").select_option(operation)
        card.get_by_role("button", name="Run on the file").click()
        with page.expect_download() as saved:
            card.get_by_role("link", name=f"Save {name}").click()
        saved.value.save_as(tmp_path / name)
        card.get_by_label("File").set_input_files(tmp_path / name)
    assert (tmp_path / "film").read_bytes() == contents
    card.get_by_label("Key").fill("none")
    card.get_by_role("button", name="Run on the file").click()
    card.get_by_text("Not done: ").wait_for()
    assert [text for text in found if "400" not in text] == []


def test_the_keyboard_reaches_content_and_menu(page: Page) -> None:
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to content"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "content"
    page.keyboard.press("Tab")
    with page.expect_navigation():
        page.keyboard.press("Enter")
    assert page.url.endswith("/ui/")


def test_counts_move_without_a_reload(page: Page, server: Server) -> None:
    before = int(page.locator("#requests").inner_text().replace("\u202f", ""))
    for _ in range(20):
        server.request("GET", "transit/keys/orders")
    page.wait_for_function(
        "before => Number(document.getElementById('requests').textContent.replaceAll('\u202f', '')) >= before + 20",
        arg=before,
    )


def _open_proofs(page: Page, server: Server) -> None:
    """The page of a request that was just made, once it shows the proofs of both entries."""
    request_id = server.request("POST", "transit/encrypt/orders", {"plaintext": "aGVsbG8="}).json()["request_id"]
    for _ in attempts(pause=0.2):
        page.goto(f"{server.address}/ui/audit?request_id={request_id}")
        if page.locator(".proof").count() == 2:
            return
    raise AssertionError("the request has no proof")


def test_a_proof_is_checked_in_the_page(page: Page, server: Server) -> None:
    _open_proofs(page, server)
    page.locator(".proof .ok").nth(1).wait_for()
    assert "Checked in this page" in page.locator(".proof .checked").nth(0).inner_text()


def test_a_wrong_entry_fails_the_check_of_the_page(page: Page, server: Server) -> None:
    page.route("**/ui/audit*", lambda route: _altered(route))
    _open_proofs(page, server)
    page.locator(".proof .wrong").nth(0).wait_for()


def _altered(route: Any) -> None:
    """Deliver the page with one character of its entries replaced."""
    response = route.fetch()
    route.fulfill(response=response, body=response.text().replace("transit/encrypt/orders", "transit/encrypt/orderz"))
