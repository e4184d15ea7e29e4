"""Attacks on a session through the browser: from other sites and ports, by injected markup, and by its cookies."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from playwright.sync_api import BrowserContext, Page

from tests.support.servers import Server
from tests.wire.console.visits import PAGES, complaints, log_in

_CALLS = (
    "<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "<svg onload=alert(1)>", "<body onload=alert(1)>",
    "<iframe src=javascript:alert(1)>", "<a href=javascript:alert(1)>x</a>", "<input autofocus onfocus=alert(1)>",
    "<details open ontoggle=alert(1)>", "<math href=javascript:alert(1)>x", "<video><source onerror=alert(1)></video>",
)  # fmt: skip
_BREAKS = ("", '">', "'>", "</textarea></title></pre>")
PAYLOADS = [outward + call for outward in _BREAKS for call in _CALLS]


def test_cookies_are_out_of_reach_of_script(page: Page, context: BrowserContext) -> None:
    assert page.evaluate("document.cookie") == ""
    cookie = next(cookie for cookie in context.cookies() if cookie["name"] == "__Host-session")
    assert (cookie["secure"], cookie["httpOnly"], cookie["sameSite"], cookie["path"]) == (True, True, "Strict", "/")


def test_forty_payloads_are_text(page: Page, server: Server) -> None:
    assert len(PAYLOADS) == 40
    for number, payload in enumerate(PAYLOADS):
        name = payload.replace("/", "_")
        server.request("POST", f"sys/policies/acl/x{number}-{name}".replace(" ", "%20"), {"policy": f"# {payload}\n"})
        owner = {"owner": payload[:60], "data_class": "pci"}
        server.request("POST", "transit/keys/orders/classification", owner)
        if not number % 8:
            server.request("POST", f"sys/namespaces/n{number}", {"custom_metadata": {"note": payload}})
            server.request("GET", f"secret/{name}".replace(" ", "%20"))
    found = complaints(page)
    for path in (*PAGES, "access?q=x", f"keys?q={PAYLOADS[0]}"):
        page.goto(f"{server.address}/ui/{path}")
        assert page.evaluate("document.scripts.length") == 1, path
        assert page.evaluate("document.querySelectorAll('iframe, object, embed, base, math, video').length") == 0, path
    assert found == []


class _Foreign(BaseHTTPRequestHandler):
    """A page of another site with a form for the console."""

    target = ""

    def do_GET(self) -> None:
        page = f"""<form method=post action="{self.target}"><input name=form value=rotate>
            <input name=csrf_token value=guess><button>Win</button></form>"""
        body = page.encode()
        self.send_response(200)
        self.send_header("content-type", "text/html")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *arguments: object) -> None:
        """Stay silent."""


@contextlib.contextmanager
def _foreign_site(target: str) -> Iterator[int]:
    handler = type("Handler", (_Foreign,), {"target": target})
    site = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=site.serve_forever, daemon=True)
    thread.start()
    try:
        yield site.server_port
    finally:
        site.shutdown()
        site.server_close()


def test_other_sites_and_ports_submit_nothing(page: Page, server: Server) -> None:
    before = server.request("GET", "transit/keys/orders").data()["latest_version"]
    target = f"{server.address}/ui/keys/transit/orders"
    with _foreign_site(target) as port:
        for host in ("localhost", "127.0.0.1"):  # Another site, and another port of the same.
            page.goto(f"http://{host}:{port}/")
            with page.expect_response(lambda response: response.request.method == "POST") as answered:
                page.get_by_role("button").click()
            assert answered.value.status == 403
    assert server.request("GET", "transit/keys/orders").data()["latest_version"] == before


def test_two_tabs_share_a_session_and_lose_it_together(page: Page, context: BrowserContext, server: Server) -> None:
    other = context.new_page()
    other.goto(f"{server.address}/ui/keys")
    other.get_by_role("button", name="Log out").click()
    other.wait_for_url("**/ui/login")
    page.goto(f"{server.address}/ui/keys")
    assert "/ui/login" in page.url


def test_a_link_from_another_site_finds_the_session(page: Page, server: Server) -> None:
    with _foreign_site("") as port:
        page.goto(f"http://localhost:{port}/")
        page.set_content(f'<a href="{server.address}/ui/keys?q=ord">to the keys</a>')
        page.get_by_role("link").click()
        page.wait_for_url("**/ui/keys?q=ord")
        page.get_by_role("link", name="orders").wait_for()


def test_a_person_with_few_rights_sees_the_refusals_of_the_api(context: BrowserContext, server: Server) -> None:
    page = context.new_page()
    page.goto(f"{server.address}/ui/login")
    page.get_by_label("Name").fill("anna")
    page.get_by_label("Password").fill("a long password")
    page.locator("form", has=page.get_by_label("Password")).get_by_role("button", name="Log in").click()
    page.wait_for_url("**/ui/")
    assert page.get_by_role("link", name="Tenants").count() == 0
    page.goto(f"{server.address}/ui/keys/transit/orders")
    page.get_by_text("Not allowed.").wait_for()


def test_a_token_that_may_only_list(context: BrowserContext, server: Server) -> None:
    rules = 'path "transit/keys" { capabilities = ["list"] }'
    server.request("POST", "sys/policies/acl/lister", {"policy": rules})
    made = server.request("POST", "auth/token/create", {"policies": ["lister"]}).json()
    page = log_in(context, server, made["auth"]["client_token"])
    page.goto(f"{server.address}/ui/keys")
    page.get_by_text("orders").wait_for()
    assert page.get_by_role("link", name="orders").count() == page.get_by_role("button", name="Create key").count() == 0
    page.goto(f"{server.address}/ui/keys/transit/orders")
    page.get_by_text("Not allowed.").wait_for()
