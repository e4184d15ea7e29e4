"""The pages: what they show and do, each by the API as the caller."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from engines.encoding import encode_base64
from server.console import menu
from server.console.pages import PAGES, inventory, keys
from server.system.inventory import long_answers
from tests.server.console.browser import SAME_ORIGIN, TYPED_IN, Browser
from tests.server.console.conftest import NewBrowser
from tests.support.systems import Server

PATHS = [page.path.replace("{mount:path}", "transit").replace("{name}", "orders") for page in PAGES]
PAYLOADS = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "'><svg/onload=alert(1)>",
    "</title><script>alert(1)</script>",
    "javascript:alert(1)",
    "{{ 7*7 }}{% raw %}<b onclick=alert(1)>",
    "<!--<iframe srcdoc='<script>alert(1)</script>'>",
    "</textarea><script>alert(1)</script>",
)


@pytest.mark.parametrize("path", PATHS)
async def test_every_page_is_shown(browser: Browser, path: str) -> None:
    page = await browser.get(path)
    assert page.status == 200
    assert ("main", {"id": "content", "tabindex": "-1"}) in page.tags
    assert "bao " in page.text
    assert not [
        tag for tag, attributes in page.tags if "style" in attributes or any(n.startswith("on") for n in attributes)
    ]


@pytest.mark.parametrize("path", PATHS)
async def test_a_caller_without_rights_sees_the_refusals_of_the_api(
    server: Server, browser: Browser, new_browser: NewBrowser, path: str
) -> None:
    _, made = await server.ask("POST", "auth/token/create", {"policies": ["default"]})
    other = new_browser()
    await other.log_in(made["auth"]["client_token"])
    page = await other.get(path)
    assert page.status in (200, 403)
    assert page.status == (403 if path.startswith("/ui/keys/") else 200)


async def test_menus_follow_the_rights(server: Server, browser: Browser, new_browser: NewBrowser) -> None:
    assert "/ui/tenants" in (await browser.get("/ui/")).links()
    _, made = await server.ask("POST", "auth/token/create", {"policies": ["default"]})
    other = new_browser()
    await other.log_in(made["auth"]["client_token"])
    links = (await other.get("/ui/")).links()
    assert "/ui/keys" in links
    assert not {"/ui/tenants", "/ui/access", "/ui/inventory", "/ui/audit"} & set(links)


async def test_a_key_is_created_and_rotated(server: Server, browser: Browser) -> None:
    page = await browser.submit("/ui/keys", "create", mount="transit", name="new", type="aes256-gcm96")
    assert "Create key: done." in page.text
    assert "POST /v1/transit/keys/new" in page.text  # What was asked for, and not only how it is asked.
    given = {"type": "ml-dsa", "parameter_set": "65"}
    assert "done." in (await browser.submit("/ui/keys", "create", mount="transit", name="signer", **given)).text
    given = {"type": "hmac", "key_size": "48"}
    assert "done." in (await browser.submit("/ui/keys", "create", mount="transit", name="mac", **given)).text
    await browser.submit("/ui/keys/transit/new", "rotate")
    _, key = await server.ask("GET", "transit/keys/new")
    assert key["data"]["latest_version"] == 2


async def test_a_crypto_policy_is_saved_and_shown_again(server: Server, browser: Browser) -> None:
    rules = [{"name": "bound", "operations": ["encrypt"], "require": "request.has_associated_data"}]
    page = await browser.submit("/ui/crypto-policy", "write", name="cards", mode="warn", rules=json.dumps(rules))
    assert "Save crypto policy: done." in page.text
    exception = {"policy": "cards", "rule": "bound", "reason": "old clients", "ticket": "SEC-12"}
    ends = {"expires_at": datetime.fromtimestamp(server.clock() + 90 * 86_400, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")}
    status, _ = await server.ask("POST", "sys/crypto-exceptions/legacy", {**exception, **ends})
    assert status == 200
    page = await browser.get("/ui/crypto-policy?policy=cards")
    assert "old clients" in page.text and ends["expires_at"][:10] in page.text
    assert '"require": "request.has_associated_data"' in page.text
    refusing = json.dumps([{"name": "none", "operations": ["encrypt"], "require": "false"}])
    page = await browser.submit("/ui/crypto-policy", "impact", name="cards", mode="enforce", rules=refusing)
    assert "1 key would be stopped now" in page.text and "transit/orders" in page.text
    assert "Would be stopped" not in page.text
    assert {"del", "ins"} <= {tag for tag, _ in page.tags}
    assert (await server.ask("GET", "sys/crypto-policies/cards"))[1]["data"]["mode"] == "warn"


async def test_the_wrong_line_of_a_policy_is_shown(browser: Browser) -> None:
    for policy, line in (
        ('path "a" {\n  capabilities = ["read"]\n}\npath "b" {\n  capabilities = ["red"]\n}\n', 'path "b" { here'),
        ('path "a" {\n  capabilities = [["read"]\n}\n', "} here"),
    ):
        page = await browser.submit("/ui/access", "write", name="bad", policy=policy)
        assert (page.status, line in page.text) == (400, True), page.text


async def test_text_is_encrypted_and_comes_back(browser: Browser) -> None:
    page = await browser.submit(
        "/ui/tools", "encrypt", mount="transit", name="orders", plaintext="4111, Grüße", plaintext_as="text"
    )
    ciphertext = next(word for word in page.text.split() if word.startswith("vault:v1:"))
    page = await browser.submit("/ui/tools", "decrypt", mount="transit", name="orders", ciphertext=ciphertext)
    assert "4111, Grüße" in page.text


async def test_a_message_may_be_a_file(browser: Browser) -> None:
    contents = bytes(range(256)) * 6_000  # More than a form without files may have.
    page = await browser.get("/ui/tools")
    form = {"csrf_token": page.csrf_token, "mount": "transit", "name": "orders", "plaintext": "not this"}
    page = await browser.post_files("/ui/tools", {**form, "form": "encrypt"}, {"plaintext_file": contents})
    assert page.status == 200, page.text
    ciphertext = next(word for word in page.text.split() if word.startswith("vault:v1:"))
    files = {"ciphertext_file": f"{ciphertext}\n".encode()}
    page = await browser.post_files("/ui/tools", {**form, "form": "decrypt"}, files)
    assert encode_base64(contents) in page.text
    page = await browser.post_files("/ui/tools", {**form, "form": "decrypt"}, {"ciphertext_file": b"\xff"})
    assert (page.status, "this file isn't text" in page.text) == (400, True)
    assert (await browser.post_files("/ui/tools", {**form, "csrf_token": "guess"}, {})).status == 403


@pytest.mark.parametrize(
    ("kind", "body", "status"),
    [
        ("multipart/form-data", b"--edge--", 400),
        ("multipart/form-data; boundary=edge; charset=none", b"--edge\r\nContent-Disposition: form-data\r\n\r\n", 400),
        ("multipart/form-data; boundary=edge", b"--edge\r\nbroken: \r\n: \r\n\r\n", 400),
        ("multipart/form-data; boundary=edge", b"nothing of it", 400),
        ("multipart/form-data; boundary=edge", b"a" * 11_000_000, 413),
    ],
)
async def test_a_broken_form_is_refused(browser: Browser, kind: str, body: bytes, status: int) -> None:
    headers = {"content-type": kind, **SAME_ORIGIN}
    assert (await browser.send("POST", "/ui/tools", body, headers)).status == status


async def test_a_request_keeps_to_its_size(browser: Browser) -> None:
    page = await browser.get("/ui/tools")
    form = {"csrf_token": page.csrf_token, "form": "encrypt", "mount": "transit", "name": "orders"}
    answer = await browser.post_files("/ui/tools", form, {"plaintext_file": b"a" * 9_000_000})
    assert (answer.status, "larger than max_request_size" in answer.text) == (413, True)


async def test_what_isnt_base64_is_said_before_anything_is_sent(browser: Browser) -> None:
    page = await browser.submit(
        "/ui/tools", "encrypt", mount="transit", name="orders", plaintext="%%%", plaintext_as="base64"
    )
    assert page.status == 400
    assert "Plaintext: this isn't base64" in page.text


async def test_a_refusal_of_the_api_is_shown_with_its_status(browser: Browser) -> None:
    page = await browser.submit("/ui/tools", "decrypt", mount="transit", name="orders", ciphertext="vault:v9:AAAA")
    assert page.status == 400
    assert "Decrypt: done." not in page.text


async def test_one_submitted_form_is_one_request(server: Server, browser: Browser) -> None:
    page = await browser.get("/ui/tools")
    before = _requests(server, "transit/")
    await browser.post(
        "/ui/tools",
        {"form": "encrypt", "csrf_token": page.csrf_token, "mount": "transit", "name": "orders", "plaintext": "a"},
    )
    assert _requests(server, "transit/") == before + 1


def _requests(server: Server, mount: str) -> int:
    counts = server.core.runtime.meter.counts(0).mounts
    return counts.get(("", mount), 0)


@pytest.mark.parametrize("payload", PAYLOADS)
async def test_what_others_have_written_is_no_markup(server: Server, browser: Browser, payload: str) -> None:
    await server.ask(
        "POST", "sys/policies/acl/" + "".join(c for c in payload if c not in "/%"), {"policy": f"# {payload}\n"}
    )
    await server.ask("POST", "transit/keys/orders/classification", {"owner": payload, "data_class": "pci"})
    await server.ask("POST", "sys/namespaces/t1", {"custom_metadata": {"note": payload[:64]}})
    pages = [
        await browser.get(path) for path in (*PATHS, "/ui/keys?q=" + payload.replace("#", "%23").replace("%", "%25"))
    ]
    for page in pages:
        scripts = [attributes for tag, attributes in page.tags if tag == "script"]
        assert [sorted(attributes) for attributes in scripts] == [["defer", "src"]]
        assert not {"iframe", "object", "embed"} & {tag for tag, _ in page.tags}
        assert not [name for _, attributes in page.tags for name in attributes if name.startswith("on")]
        assert not [link for link in page.links() if not link.startswith(("/ui/", "#"))]


async def test_a_sealed_server_has_one_page(server: Server, browser: Browser, new_browser: NewBrowser) -> None:
    await server.ask("POST", "sys/seal")
    assert (await browser.get("/ui/keys")).header("location") == "/ui/seal"
    other = new_browser()
    page = await other.get("/ui/seal", TYPED_IN)
    assert page.status == 200
    assert "sealed" in page.text
    answer = await other.post("/ui/seal", {"form": "unseal", "csrf_token": page.csrf_token, "key": "AAAA"})
    assert answer.status == 400
    assert "AAAA" not in answer.body.decode()


async def test_a_namespace_is_looked_at_as_the_caller(server: Server, browser: Browser) -> None:
    await server.ask("POST", "sys/namespaces/t1", {})
    page = await browser.submit("/ui/tenants?namespace=t1", "create", path="inner")
    assert "inner" in page.text
    _, answer = await server.ask("SCAN", "sys/namespaces")
    assert "t1/inner/" in answer["data"]["keys"]
    assert "POST /v1/t1/sys/namespaces/inner" in page.text
    assert "bao write -namespace=t1 -force sys/namespaces/inner" in page.text
    shown = {path: (await browser.get(f"{path}?namespace=t1")).status for path in PATHS}
    assert {path: status for path, status in shown.items() if status != 200} == {"/ui/keys/transit/orders": 404}


async def test_the_switcher_lists_what_the_caller_sees(
    server: Server, browser: Browser, new_browser: NewBrowser, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("t1", "t2", "t1/inner", "t1/inner/most"):
        await server.ask("POST", f"{name.rpartition('/')[0]}/sys/namespaces/{name.rpartition('/')[2]}".lstrip("/"), {})
    assert (await browser.get("/ui/keys")).options() == ["", "t1", "t2"]
    assert (await browser.get("/ui/keys?namespace=t1/inner")).options() == ["", "t1", "t1/inner", "t1/inner/most", "t2"]
    _, made = await server.ask("POST", "t1/auth/token/create", {"policies": ["default"], "ttl": "1h"})
    inside = new_browser()
    page = await inside.get("/ui/login", TYPED_IN)
    form = {"token": made["auth"]["client_token"], "namespace": "t1", "csrf_token": page.csrf_token}
    assert (await inside.post("/ui/login", form)).status == 303
    assert (await inside.get("/ui/keys")).options() == []  # It sees none, and may still type one in.
    monkeypatch.setattr(menu, "MAX_NAMESPACES", 2)
    assert (await browser.get("/ui/keys")).options() == []


async def test_a_cbom_is_downloaded_whole(browser: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(long_answers, "WHOLE_BYTES", 100)  # So that the rest comes in pieces.
    document = await browser.get("/ui/inventory?cbom=cyclonedx-1.6")
    assert document.header("content-disposition") == 'attachment; filename="cryptoserve.cdx.json"'
    assert json.loads(document.body)["specVersion"] == "1.6"


async def test_the_first_page_is_small(browser: Browser) -> None:
    page = await browser.get("/ui/")
    sources = [
        attributes.get("src") or attributes.get("href")
        for tag, attributes in page.tags
        if tag in ("script", "link", "img")
    ]
    size = len(page.body) + sum([len((await browser.get(source)).body) for source in set(sources) if source])
    assert size < 100_000


async def test_static_files_are_named_by_their_contents(browser: Browser) -> None:
    assert (await browser.get("/ui/static/console.css")).status == 404
    assert (await browser.get("/ui/static/..%2f..%2fapp.py")).status == 404


async def test_a_huge_form_is_refused(browser: Browser) -> None:
    page = await browser.get("/ui/tools")
    answer = await browser.post(
        "/ui/tools", {"form": "encrypt", "csrf_token": page.csrf_token, "plaintext": "a" * 1_100_000}
    )
    assert answer.status == 413


async def test_keys_are_shown_in_pages(server: Server, browser: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keys, "_SHOWN", 2)
    monkeypatch.setattr(keys, "_STEP", 2)
    await server.ask("POST", "sys/mounts/more", {"type": "transit"})
    names = ["more/a", "more/b", "more/c", "more/ord", "transit/d", "transit/orders"]
    for name in names[:-1]:
        assert (await server.ask("POST", name.replace("/", "/keys/"), {}))[0] in (200, 204)
    assert await _keys_from(browser, "/ui/keys") == names
    assert await _keys_from(browser, "/ui/keys?q=ord") == ["more/ord", "transit/orders"]
    monkeypatch.setattr(keys, "_MAX_SEEN", 2)
    page = await browser.get("/ui/keys?q=orders")
    assert "None of the names that were looked at has this in it." in page.text and "Search on" in page.text
    assert await _keys_from(browser, "/ui/keys?q=orders") == ["transit/orders"]


async def _keys_from(browser: Browser, path: str) -> list[str]:
    """The keys on this page and all that follow it."""
    found: list[str] = []
    while path:
        links = (await browser.get(path)).links()
        found += [link.removeprefix("/ui/keys/") for link in links if link.startswith("/ui/keys/")]
        path = next((link for link in links if "&after=" in link and link != path), "")  # Another than Reload.
    return found


async def test_many_key_versions_are_counted_when_asked_for(
    browser: Browser, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inventory, "_PLOTTED", 2)
    for _ in range(3):
        await server.ask("POST", "transit/keys/orders/rotate", {})
    page = await browser.get("/ui/inventory")
    assert "Key versions 2 and more" in page.text and "100 of 100" not in page.text
    page = await browser.get("/ui/inventory?all=yes")
    assert "Key versions 4 " in page.text and "There are more" not in page.text
