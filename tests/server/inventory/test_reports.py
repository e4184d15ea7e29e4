"""Reports for requirements of others: every item, its status, and what a report must not tell."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from server.inventory.reports.items import REPORTS
from tests.server.tenants.namespaced import ask_in, make, with_key
from tests.support.systems import NewServer, Server

EO = "for=eo-14412"
TEXT = base64.b64encode(b"text").decode()
IDS = {
    "pci-12.3.3": ["inventory", "purpose", "where-used", "review", "monitoring", "plan"],
    "eo-14412": [
        *("key-establishment", "signatures", "listeners", "bill-of-materials"),
        *("inventory", "validated-modules", "migration-lead", "migration-plan"),
    ],
}


@pytest.fixture
async def server(new_server: NewServer) -> Server:
    """A server with a key of AES that is used, and keys of RSA and of ECDSA."""
    server = await (await new_server()).unsealed()
    await with_key(server, "")
    for name, key_type in (("r", "rsa-2048"), ("e", "ecdsa-p256"), ("m", "ml-dsa")):
        body = {"type": key_type} | ({"parameter_set": "65"} if name == "m" else {})
        assert (await server.ask("POST", f"transit/keys/{name}", body))[0] == 200
    await server.ask("POST", "transit/encrypt/k", {"plaintext": TEXT})
    return server


async def report(server: Server, name: str, query: str = "") -> dict[str, dict[str, str]]:
    """The items of a report, by id."""
    status, answer = await server.ask("GET", f"sys/inventory/report?for={name}{query}")
    assert (status, answer["data"]["for"]) == (200, name)
    items = answer["data"]["items"]
    assert [item["id"] for item in items] == IDS[name]
    assert all(list(item) == ["id", "title", "status", "text"] for item in items)
    return {item["id"]: item for item in items}


async def test_the_report_for_pci(server: Server) -> None:
    items = await report(server, "pci-12.3.3")
    statuses = {name: item["status"] for name, item in items.items()}
    assert statuses == {
        "inventory": "partly",
        "purpose": "open",
        "where-used": "partly",
        "review": "open",
        "monitoring": "partly",
        "plan": "open",
    }
    assert items["inventory"]["text"].startswith("4 key versions protect data: 1 of `aes256-gcm96`, 1 of `ecdsa-p256`")
    assert "`transit/` (4)" in items["where-used"]["text"] and "1 of 4 key versions" in items["where-used"]["text"]
    assert "refuses" in items["monitoring"]["text"] and "by rsa-2048 after 20" in items["monitoring"]["text"]
    await server.ask("POST", "transit/keys/k/classification", {"data_class": "pci", "owner": "ann"})
    purpose = (await report(server, "pci-12.3.3"))["purpose"]
    assert purpose["status"] == "partly" and purpose["text"].startswith("1 of 4 key versions")


async def test_the_report_for_the_order(server: Server) -> None:
    items = await report(server, "eo-14412")
    assert items["key-establishment"]["status"] == items["signatures"]["status"] == "answered"
    assert (
        items["key-establishment"]["text"].startswith("0 of 2 ") and "`rsa-2048`" in items["key-establishment"]["text"]
    )
    assert items["signatures"]["text"].startswith("1 of 3 ")
    await server.ask("POST", "transit/keys/m/compromised", {"version": 1})
    assert (await report(server, "eo-14412"))["signatures"]["text"].startswith("0 of 3 ")


@pytest.mark.parametrize("name", REPORTS)
async def test_a_report_as_markdown_is_the_document(server: Server, name: str) -> None:
    answer = await server.send("GET", f"sys/inventory/report?for={name}&format=markdown")
    assert dict(answer.headers)[b"content-type"] == b"text/markdown"
    text = answer.body.decode()
    items = await report(server, name)
    for item in items.values():
        assert f"## {item['title']}\n\n`{item['id']}`: **{item['status']}**\n\n{item['text']}\n" in text


@pytest.mark.parametrize("query", ["", "for=pci", f"{EO}&format=html", f"{EO}&at=x", f"{EO}&names=x"])
async def test_what_is_wrong_is_refused(server: Server, query: str) -> None:
    assert (await server.ask("GET", f"sys/inventory/report?{query}"))[0] == 400


async def test_names_are_hidden_and_those_of_others_are_not_told(server: Server) -> None:
    await make(server, "t1")
    await with_key(server, "t1")
    hidden = json.dumps(await report(server, "pci-12.3.3", "&names=hmac"))
    assert "transit/" not in hidden and "t1" not in hidden
    answer: Any = (await ask_in(server, "t1", "GET", "sys/inventory/report?for=pci-12.3.3"))[1]["data"]["items"]
    assert answer[0]["text"].startswith("1 key versions protect data: 1 of `aes256-gcm96`. No listener")
    assert "`t1/transit/` (1)" in answer[2]["text"] and "`transit/`" not in answer[2]["text"]


async def test_names_cannot_break_the_document(server: Server) -> None:
    name = "a%60%23b"
    assert (await server.ask("POST", f"sys/mounts/{name}", {"type": "transit"}))[0] == 204
    assert (await server.ask("POST", f"{name}/keys/k"))[0] == 200
    answer = await server.send("GET", "sys/inventory/report?for=pci-12.3.3&format=markdown")
    assert b"`a?#b/` (1)" in answer.body
