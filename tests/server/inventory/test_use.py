"""Use of key versions: exact counts of what engines execute, through answers, restarts and moves."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from engines.crypto_policy.uses import MAX_USES
from server.config import Listener
from server.core.settings import Settings
from tests.server.pipeline.line_client import serving
from tests.server.tenants.crypto_policies.policies import write
from tests.support.systems import NewServer, Server

TEXT = base64.b64encode(b"text").decode()
NONE = {"operations": 0, "bytes": 0, "failures": 0, "first_used": None, "last_used": None}
DAY = 86_400
START = "2027-01-15T08:00:00Z"
"""The time at which the clock of a server for tests stands."""


async def _with_key(new_server: NewServer, settings: Settings | None = None, **key: Any) -> Server:
    server = await (await new_server(settings)).unsealed()
    assert (await server.ask("POST", "sys/mounts/transit", {"type": "transit"}))[0] == 204
    assert (await server.ask("POST", "transit/keys/k", key))[0] in (200, 204)
    return server


async def _usage(server: Server, path: str = "transit/keys/k/usage") -> dict[str, Any]:
    status, answer = await server.ask("GET", path)
    assert status == 200, answer
    data: dict[str, Any] = answer["data"]
    return data


async def _use(server: Server, version: int = 1) -> dict[str, Any]:
    use: dict[str, Any] = (await _usage(server))["versions"][str(version)]["use"]
    return use


async def _write(server: Server, path: str, body: object) -> Any:
    status, answer = await server.ask("POST", path, body)
    assert status == 200, answer
    return answer["data"]


async def test_an_unused_version_has_no_use(new_server: NewServer) -> None:
    server = await _with_key(new_server)
    assert await _usage(server) == {
        "name": "k",
        "latest_version": 1,
        "versions": {
            "1": {
                "state": "active",
                "use": {"protect": NONE, "process": NONE, "by_algorithm": {}, "callers": [], "other_callers": 0},
            }
        },
        "below": 1,
        "trimmable": True,
        "blockers": [],
    }
    assert (await server.ask("GET", "transit/keys/other/usage"))[0] == 404


async def test_protecting_and_processing_are_counted_apart(new_server: NewServer) -> None:
    server = await _with_key(new_server)
    ciphertext = (await _write(server, "transit/encrypt/k", {"plaintext": TEXT}))["ciphertext"]
    server.clock.advance(10)
    await _write(server, "transit/decrypt/k", {"ciphertext": ciphertext})
    use = await _use(server)
    assert use["protect"] == {**NONE, "operations": 1, "bytes": 4, "first_used": START, "last_used": START}
    assert use["process"]["operations"] == 1
    assert use["process"]["first_used"] == use["process"]["last_used"] == "2027-01-15T08:00:10Z"
    assert use["by_algorithm"] == {"aes256-gcm96": {"protect": 1, "process": 1}}


async def test_decrypting_an_old_version_moves_its_last_use_alone(new_server: NewServer) -> None:
    server = await _with_key(new_server)
    ciphertext = (await _write(server, "transit/encrypt/k", {"plaintext": TEXT}))["ciphertext"]
    await server.ask("POST", "transit/keys/k/rotate")
    await _write(server, "transit/encrypt/k", {"plaintext": TEXT})
    before = (await _usage(server))["versions"]
    server.clock.advance(60)
    await _write(server, "transit/decrypt/k", {"ciphertext": ciphertext})
    after = (await _usage(server))["versions"]
    assert after["2"] == before["2"]
    assert after["1"]["use"]["protect"] == before["1"]["use"]["protect"]
    assert after["1"]["use"]["process"]["last_used"] == "2027-01-15T08:01:00Z"


async def test_each_item_of_a_batch_is_an_operation(new_server: NewServer) -> None:
    server = await _with_key(new_server)
    items = [{"plaintext": TEXT}] * 25
    results = (await _write(server, "transit/encrypt/k", {"batch_input": items}))["batch_results"]
    assert (await _use(server))["protect"]["operations"] == 25
    assert (await _use(server))["protect"]["bytes"] == 100
    await _write(server, "transit/decrypt/k", {"batch_input": results[:7]})
    assert (await _use(server))["process"]["operations"] == 7


async def test_rewrapping_processes_the_old_version_and_protects_with_the_new(new_server: NewServer) -> None:
    server = await _with_key(new_server)
    items = [{"plaintext": TEXT}] * 3
    results = (await _write(server, "transit/encrypt/k", {"batch_input": items}))["batch_results"]
    await server.ask("POST", "transit/keys/k/rotate")
    await _write(server, "transit/rewrap/k", {"batch_input": [{"ciphertext": each["ciphertext"]} for each in results]})
    await _write(server, "transit/rewrap/k", {"ciphertext": results[0]["ciphertext"]})
    old, new = await _use(server, 1), await _use(server, 2)
    assert (old["protect"]["operations"], old["process"]["operations"]) == (3, 4)
    assert (new["protect"]["operations"], new["process"]["operations"]) == (4, 0)


async def test_rewrapping_to_the_same_version_counts_both_halves(new_server: NewServer) -> None:
    server = await _with_key(new_server)
    ciphertext = (await _write(server, "transit/encrypt/k", {"plaintext": TEXT}))["ciphertext"]
    await _write(server, "transit/rewrap/k", {"ciphertext": ciphertext})
    use = await _use(server)
    assert (use["protect"]["operations"], use["process"]["operations"]) == (2, 1)


async def test_data_keys_are_counted_one_by_one_without_bytes(new_server: NewServer) -> None:
    server = await _with_key(new_server)
    await _write(server, "transit/datakey/plaintext/k", {})
    await _write(server, "transit/datakeys/wrapped/k", {"count": 5})
    protect = (await _use(server))["protect"]
    assert (protect["operations"], protect["bytes"], protect["failures"]) == (6, 0, 0)


async def test_an_hmac_has_its_own_algorithm(new_server: NewServer) -> None:
    server = await _with_key(new_server)
    code = (await _write(server, "transit/hmac/k", {"input": TEXT}))["hmac"]
    await _write(server, "transit/verify/k", {"input": TEXT, "hmac": code})
    assert (await _use(server))["by_algorithm"] == {"hmac-sha2-256": {"protect": 1, "process": 1}}


async def test_failures_are_no_operations_and_move_no_date(new_server: NewServer) -> None:
    server = await _with_key(new_server)
    ciphertext = (await _write(server, "transit/encrypt/k", {"plaintext": TEXT}))["ciphertext"]
    forged = ciphertext[:-4] + ("AAAA" if ciphertext[-4:] != "AAAA" else "BBBB")
    assert (await server.ask("POST", "transit/decrypt/k", {"ciphertext": forged}))[0] == 400
    assert (await _use(server))["process"] == {**NONE, "failures": 1}


async def test_refusals_are_no_failures(new_server: NewServer) -> None:
    server = await _with_key(new_server)
    rule = {"name": "bound", "operations": ["encrypt"], "require": "request.has_associated_data", "mode": "enforce"}
    await write(server, "", "p", rules=[rule])
    assert (await server.ask("POST", "transit/encrypt/k", {"plaintext": TEXT}))[0] == 403
    items = [{"plaintext": TEXT, "associated_data": TEXT}, {"plaintext": TEXT}]
    await server.ask("POST", "transit/encrypt/k", {"batch_input": items})
    assert (await server.ask("POST", "transit/keys/k/config", {"disabled": True}))[0] == 200
    assert (await server.ask("POST", "transit/encrypt/k", {"plaintext": TEXT, "associated_data": TEXT}))[0] == 400
    protect = (await _use(server))["protect"]
    assert (protect["operations"], protect["failures"]) == (1, 0)


async def test_callers_without_an_entity_are_one(new_server: NewServer) -> None:
    server = await _with_key(new_server)
    await _write(server, "transit/encrypt/k", {"plaintext": TEXT})
    server.clock.advance(1)
    await _write(server, "transit/encrypt/k", {"plaintext": TEXT})
    (caller,) = (await _use(server))["callers"]
    assert caller == {
        "entity_id": "",
        "display_name": "root",
        "operations": 2,
        "last_used": "2027-01-15T08:00:01Z",
    }


async def test_a_key_under_an_old_name_begins_at_zero(new_server: NewServer) -> None:
    server = await _with_key(new_server)
    await _write(server, "transit/encrypt/k", {"plaintext": TEXT})
    await server.ask("POST", "transit/keys/k/config", {"deletion_allowed": True})
    assert (await server.ask("DELETE", "transit/keys/k"))[0] == 204
    server.clock.advance(0.001)
    await server.ask("POST", "transit/keys/k", {})
    await _write(server, "transit/encrypt/k", {"plaintext": TEXT})
    assert (await _use(server))["protect"]["operations"] == 1


async def test_use_stays_with_a_mount_that_moves(new_server: NewServer) -> None:
    server = await _with_key(new_server)
    await _write(server, "transit/encrypt/k", {"plaintext": TEXT})
    assert (await server.ask("POST", "sys/remount", {"from": "transit", "to": "moved"}))[0] == 200
    await _write(server, "moved/encrypt/k", {"plaintext": TEXT})
    data = await _usage(server, "moved/keys/k/usage")
    assert data["versions"]["1"]["use"]["protect"]["operations"] == 2


async def test_use_in_a_namespace_is_its_own(new_server: NewServer) -> None:
    server = await _with_key(new_server)
    await server.ask("POST", "sys/namespaces/t1")
    await server.ask("POST", "t1/sys/mounts/transit", {"type": "transit"})
    await server.ask("POST", "t1/transit/keys/k", {})
    await _write(server, "t1/transit/encrypt/k", {"plaintext": TEXT})
    data = await _usage(server, "t1/transit/keys/k/usage")
    assert data["versions"]["1"]["use"]["protect"]["operations"] == 1
    assert (await _use(server))["protect"] == NONE


async def test_use_survives_sealing_without_being_asked_for(new_server: NewServer) -> None:
    made = await new_server()
    shares = await made.core.initialize(1, 1)
    await made.core.unseal(shares.shares[0])
    made.root_token = shares.root_token
    await made.ask("POST", "sys/mounts/transit", {"type": "transit"})
    await made.ask("POST", "transit/keys/k", {})
    await _write(made, "transit/encrypt/k", {"plaintext": TEXT})
    await made.core.seal()
    await made.core.unseal(shares.shares[0])
    assert (await _use(made))["protect"]["operations"] == 1


async def test_nothing_is_counted_where_it_is_switched_off(new_server: NewServer) -> None:
    server = await _with_key(new_server, Settings(inventory_use=False))
    await _write(server, "transit/encrypt/k", {"plaintext": TEXT})
    data = await _usage(server)
    assert data["versions"]["1"]["use"]["protect"] == NONE
    await server.ask("POST", "transit/keys/k/rotate")
    assert [each["reason"] for each in (await _usage(server))["blockers"]][-1] == "not-counted-long-enough"


@pytest.mark.parametrize("days, trimmable", [(89, False), (91, True)])
async def test_an_idle_version_may_be_trimmed(new_server: NewServer, days: int, trimmable: bool) -> None:
    server = await _with_key(new_server)
    ciphertext = (await _write(server, "transit/encrypt/k", {"plaintext": TEXT}))["ciphertext"]
    await server.ask("POST", "transit/keys/k/rotate")
    await server.ask("POST", "transit/keys/k/config", {"min_decryption_version": 1, "min_encryption_version": 2})
    await _write(server, "transit/decrypt/k", {"ciphertext": ciphertext})
    await server.ask("POST", "transit/keys/k/config", {"min_decryption_version": 2})
    server.clock.advance(days * DAY)
    data = await _usage(server)
    assert data["trimmable"] is trimmable
    reasons = [each["reason"] for each in data["blockers"]]
    assert reasons == ([] if trimmable else ["processed", "not-counted-long-enough"])


async def test_transits_own_minima_are_told_as_blockers(new_server: NewServer) -> None:
    server = await _with_key(new_server)
    await server.ask("POST", "transit/keys/k/rotate")
    data = await _usage(server, "transit/keys/k/usage?below=2")
    assert data["blockers"] == [
        {"version": 1, "reason": "min_decryption_version", "last_used": None},
        {"version": 1, "reason": "min_encryption_version", "last_used": None},
    ]
    assert (await server.ask("GET", "transit/keys/k/usage?below=3"))[0] == 400


async def test_a_caller_is_forgotten_on_request_and_its_operations_stay(new_server: NewServer) -> None:
    server = await _with_key(new_server)
    await server.ask("PUT", "sys/policies/acl/p", {"policy": 'path "transit/*" { capabilities = ["update"] }'})
    await server.ask("POST", "auth/token/roles/r", {"allowed_entity_aliases": ["ann"], "allowed_policies": ["p"]})
    status, made = await server.ask("POST", "auth/token/create/r", {"entity_alias": "ann", "policies": ["p"]})
    assert status == 200, made
    entity = made["auth"]["entity_id"]
    assert entity
    assert (await server.ask("POST", "sys/mounts/second", {"type": "transit"}))[0] == 204
    assert (await server.ask("POST", "second/keys/k", {}))[0] == 200
    policy = 'path "+/encrypt/k" { capabilities = ["update"] }'
    await server.ask("PUT", "sys/policies/acl/p", {"policy": policy})
    for token in (None, made["auth"]["client_token"]):
        for mount in ("transit", "second"):
            assert (await server.ask("POST", f"{mount}/encrypt/k", {"plaintext": TEXT}, token))[0] == 200
    assert (await server.ask("DELETE", "sys/mounts/second"))[0] == 204
    assert {caller["entity_id"] for caller in (await _use(server))["callers"]} == {"", entity}
    assert (await server.ask("DELETE", f"sys/inventory/callers/{entity}"))[0] == 204
    use = await _use(server)
    assert [caller["entity_id"] for caller in use["callers"]] == [""]
    assert (use["other_callers"], use["protect"]["operations"]) == (1, 2)
    rows = (await server.ask("GET", "sys/inventory/keys?mount=second"))[1]["data"]["versions"]
    (gone,) = [row["use"] for row in rows]
    assert [caller["entity_id"] for caller in gone["callers"]] == [""]
    assert (gone["other_callers"], gone["protect"]["operations"]) == (1, 2)


async def test_a_stream_is_counted_while_it_runs(new_server: NewServer) -> None:
    server = await (await new_server()).unsealed()
    listener = Listener("tcp", "127.0.0.1:0", tls_disable=True)
    async with serving(server, listener) as streams:
        client = await streams.open("transit/stream/encrypt/k")
        await client.send_items(*[{"plaintext": TEXT}] * 3)
        await client.lines(3)
        assert (await _use(server))["protect"]["operations"] == 3
        await client.send_items({"plaintext": TEXT})
        await client.end()
        assert len(await client.rest()) == 1
    assert (await _use(server))["protect"] == {
        **NONE,
        "operations": 4,
        "bytes": 16,
        "first_used": START,
        "last_used": START,
    }


@pytest.mark.parametrize("mount", ["transit", "pqc"])
async def test_a_restored_key_begins_at_zero_even_over_itself(new_server: NewServer, mount: str) -> None:
    server = await (await new_server()).unsealed()
    assert (await server.ask("POST", f"sys/mounts/{mount}", {"type": mount}))[0] == 204
    created = {"exportable": True, "allow_plaintext_backup": True} | ({"type": "ml-kem-768"} if mount == "pqc" else {})
    assert (await server.ask("POST", f"{mount}/keys/k", created))[0] in (200, 204)
    await _write(server, f"{mount}/encrypt/k", {"plaintext": TEXT})
    backup = (await server.ask("GET", f"{mount}/backup/k"))[1]["data"]["backup"]
    await _write(server, f"{mount}/encrypt/k", {"plaintext": TEXT})
    assert (await _usage(server, f"{mount}/keys/k/usage"))["versions"]["1"]["use"]["protect"]["operations"] == 2
    await _write(server, f"{mount}/encrypt/k", {"plaintext": TEXT})
    assert (await server.ask("POST", f"{mount}/restore/k", {"backup": backup, "force": True}))[0] in (200, 204)
    assert (await _usage(server, f"{mount}/keys/k/usage"))["versions"]["1"]["use"]["protect"] == NONE
    await _write(server, f"{mount}/encrypt/k", {"plaintext": TEXT})
    assert (await _usage(server, f"{mount}/keys/k/usage"))["versions"]["1"]["use"]["protect"]["operations"] == 1


async def test_a_batch_of_many_versions_is_counted_whole(new_server: NewServer) -> None:
    server = await _with_key(new_server)
    ciphertexts = []
    for _ in range(MAX_USES + 5):
        ciphertexts.append((await _write(server, "transit/encrypt/k", {"plaintext": TEXT}))["ciphertext"])
        await _write(server, "transit/keys/k/rotate", {})
    batch = {"batch_input": [{"ciphertext": text} for text in ciphertexts]}
    await _write(server, "transit/decrypt/k", batch)
    await _write(server, "transit/rewrap/k", batch)
    versions = (await _usage(server))["versions"]
    latest = MAX_USES + 6
    assert all(versions[str(each)]["use"]["process"]["operations"] == 2 for each in range(1, latest))
    assert versions[str(latest)]["use"]["protect"]["operations"] == latest - 1
