"""A compromised version in every view of the inventory: rows, documents, readiness, differences."""

from __future__ import annotations

from typing import Any

from tests.server.tenants.namespaced import with_key
from tests.support.systems import NewServer, Server

PROFILE = "profile=cnsa-2.0&at=2028-01-01"


async def _ask(server: Server, method: str, path: str, body: object = None) -> Any:
    status, answer = await server.ask(method, path, body)
    assert status in (200, 204), answer
    return answer.get("data", answer) if isinstance(answer, dict) else answer


async def test_every_view_shows_it(new_server: NewServer) -> None:
    server = await (await new_server()).unsealed()
    await with_key(server, "")
    before = (await _ask(server, "POST", "sys/inventory/snapshots", {}))["id"]
    ready = await _ask(server, "GET", f"sys/inventory/readiness?{PROFILE}")
    assert ready["symmetric"]["key_versions"]["share"] == 1.0 and not ready["worst"]
    server.clock.advance(60)
    await _ask(server, "POST", "transit/keys/k/compromised", {"version": 1, "reason": "a secret of ours"})

    (row,) = (await _ask(server, "GET", "sys/inventory/keys?state=compromised"))["versions"]
    assert (row["name"], row["state"], row["compromised"]) == ("k", "compromised", "2027-01-15T08:01:00Z")
    assert (await _ask(server, "GET", "sys/inventory"))["key_versions"]["by_state"] == {"compromised": 1}
    diff = await _ask(server, "GET", f"sys/inventory/diff?from={before}")
    assert diff["changed"][0]["fields"] == {
        "state": {"from": "active", "to": "compromised"},
        "compromised": {"from": None, "to": "2027-01-15T08:01:00Z"},
    }
    document = await _ask(server, "GET", "sys/inventory/cbom")
    key = next(each for each in document["components"] if each["bom-ref"] == f"key:{row['id']}")
    assert key["cryptoProperties"]["relatedCryptoMaterialProperties"]["state"] == "compromised"
    ready = await _ask(server, "GET", f"sys/inventory/readiness?{PROFILE}")
    assert ready["symmetric"]["key_versions"] == {"ready": 0, "total": 1, "unknown": 0, "share": 0.0}
    assert [(each["name"], each["verdict"]) for each in ready["worst"]] == [("k", "refuse")]

    await _ask(server, "POST", "transit/keys/k/config", {"deletion_allowed": True})
    await _ask(server, "DELETE", "transit/keys/k")
    (row,) = (await _ask(server, "GET", "sys/inventory/keys"))["versions"]
    assert (row["state"], row["compromised"]) == ("destroyed", "2027-01-15T08:01:00Z")


async def test_the_right_to_mark_is_one_of_its_own(new_server: NewServer) -> None:
    server = await (await new_server()).unsealed()
    await with_key(server, "")
    policy = 'path "transit/keys/+/config" { capabilities = ["update"] }'
    await _ask(server, "POST", "sys/policies/acl/managers", {"policy": policy})
    answer = (await server.ask("POST", "auth/token/create", {"policies": ["managers"]}))[1]
    token = answer["auth"]["client_token"]
    assert (await server.ask("POST", "transit/keys/k/config", {"exportable": True}, token))[0] == 200
    assert (await server.ask("POST", "transit/keys/k/compromised", {"version": 1}, token))[0] == 403
