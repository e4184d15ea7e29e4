"""What pages show to callers with few rights: the forms and links that they can use, and nothing else."""

from __future__ import annotations

from typing import Any

import pytest

from server.console.api import Api
from tests.server.console.browser import Browser, Seen
from tests.server.console.conftest import NewBrowser
from tests.support.systems import Server

_ASKING = 'path "sys/capabilities-self" { capabilities = ["update"] }'


async def _caller(server: Server, new_browser: NewBrowser, rules: str) -> Browser:
    assert (await server.ask("POST", "sys/policies/acl/few", {"policy": rules}))[0] == 204
    _, made = await server.ask("POST", "auth/token/create", {"policies": ["few"], "no_parent": True})
    found = new_browser()
    await found.log_in(made["auth"]["client_token"])
    return found


def _forms(page: Seen) -> set[str]:
    return {
        attributes["value"] or ""
        for tag, attributes in page.tags
        if attributes.get("name") == "form" and attributes.get("value")
    }


@pytest.mark.parametrize(
    ("rules", "path", "forms"),
    [
        ('path "transit/keys/orders" { capabilities = ["read"] }', "keys/transit/orders", set()),
        (
            'path "transit/keys/orders" { capabilities = ["read"] } '
            'path "transit/keys/+/rotate" { capabilities = ["update"] } '
            'path "transit/keys/orders/trim" { capabilities = ["deny"] }',
            "keys/transit/orders",
            {"rotate"},
        ),
        ('path "transit/keys/a*" { capabilities = ["create"] }', "keys", {"create"}),
        ('path "transit/keys/+" { capabilities = ["list"] }', "keys", set()),
        ('path "transit/encrypt/orders" { capabilities = ["update"] }', "tools", {"encrypt"}),
        ('path "transit/encrypt/orders" { capabilities = ["update"] }', "tools?mount=transit&name=other", set()),
        ('path "transit/sign/*" { capabilities = ["read"] } path "transit/verify/+" { capabilities = ["update"] }',
         "tools", {"verify"}),
        ('path "sys/policies/acl*" { capabilities = ["read", "delete"] }', "access", {"capabilities", "delete"}),
        ('path "sys/policies/acl-replay" { capabilities = ["update"] }', "access", {"capabilities"}),
        ('path "sys/policies/acl-replay" { capabilities = ["update", "sudo"] }', "access", {"capabilities", "replay"}),
        ('path "sys/crypto-policies/impact" { capabilities = ["update"] }', "crypto-policy", {"impact"}),
        ('path "sys/namespaces/*" { capabilities = ["create", "list"] }', "tenants", {"create", "lock", "unlock"}),
        ('path "auth/token/lookup-accessor" { capabilities = ["update"] }', "logins", {"look_up"}),
        ('path "sys/seal" { capabilities = ["update"] }', "seal", set()),
    ],
)  # fmt: skip
async def test_forms_are_those_that_the_caller_may_use(
    server: Server, browser: Browser, new_browser: NewBrowser, rules: str, path: str, forms: set[str]
) -> None:
    caller = await _caller(server, new_browser, f"{_ASKING} {rules}")
    assert _forms(await caller.get(f"/ui/{path}")) == forms


async def test_names_lead_only_to_keys_that_may_be_read(
    server: Server, browser: Browser, new_browser: NewBrowser
) -> None:
    await server.ask("POST", "transit/keys/other", {})
    rules = 'path "transit/keys" { capabilities = ["list"] } path "transit/keys/orders" { capabilities = ["read"] }'
    page = await (await _caller(server, new_browser, f"{_ASKING} {rules}")).get("/ui/keys")
    assert "other" in page.text
    assert [link for link in page.links() if link.startswith("/ui/keys/")] == ["/ui/keys/transit/orders"]


async def test_files_go_by_streams_that_the_caller_may_open(
    server: Server, browser: Browser, new_browser: NewBrowser
) -> None:
    rules = 'path "transit/stream/encrypt/orders" { capabilities = ["update"] }'
    page = await (await _caller(server, new_browser, f"{_ASKING} {rules}")).get("/ui/tools")
    assert "Operation encrypt Mount transit" in page.text
    assert _forms(page) == set()


async def test_without_an_answer_all_forms_are_shown(server: Server, browser: Browser, new_browser: NewBrowser) -> None:
    caller = await _caller(server, new_browser, 'path "sys/capabilities-self" { capabilities = ["deny"] }')
    assert {"create", "lock", "delete"} <= _forms(await caller.get("/ui/tenants"))


async def test_a_hidden_form_is_refused_by_the_api(server: Server, browser: Browser, new_browser: NewBrowser) -> None:
    caller = await _caller(server, new_browser, 'path "transit/keys/orders" { capabilities = ["read"] }')
    token = (await caller.get("/ui/keys/transit/orders")).csrf_token
    answer = await caller.post("/ui/keys/transit/orders", {"form": "rotate", "csrf_token": token})
    assert (answer.status, "Not allowed." in answer.text) == (403, True)


async def test_rights_are_asked_once_a_page(
    server: Server, browser: Browser, new_browser: NewBrowser, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    send = Api.send

    async def noted(api: Api, method: str, path: str, *others: Any, **more: Any) -> Any:
        asked.append(path)
        return await send(api, method, path, *others, **more)

    monkeypatch.setattr(Api, "send", noted)
    for page in ("keys", "keys/transit/orders", "tools", "access", "crypto-policy", "logins", "tenants", "inventory"):
        asked.clear()
        await browser.get(f"/ui/{page}")
        assert asked.count("sys/capabilities-self") == 1, page
        assert "sys/internal/ui/resultant-acl" not in asked, page
