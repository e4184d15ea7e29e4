"""The inventory's rows: every version of every key, its state, origin and verdicts, filters and pages."""

from __future__ import annotations

import base64
import json
from contextlib import ExitStack
from typing import Any

import pytest

from engines.algorithms.registry import TRANSIT_ALGORITHMS
from server.inventory.walking import READERS
from server.tenants.namespaces.names import ROOT_ID
from tests.server.inventory.keyed import server_with_key
from tests.server.tenants.namespaced import ask_in, make, mighty, with_key
from tests.support.systems import NewServer, Server

TEXT = base64.b64encode(b"text").decode()
START = "2027-01-15T08:00:00Z"


async def _ask(server: Server, path: str, body: object = None) -> Any:
    status, answer = await server.ask("GET" if body is None else "POST", path, body)
    assert status in (200, 204), answer
    return None if answer is None else answer["data"]


async def _rows(server: Server, query: str = "") -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = (await _ask(server, f"sys/inventory/keys{query}"))["versions"]
    return rows


async def _delete(server: Server, name: str = "k") -> None:
    await _ask(server, f"transit/keys/{name}/config", {"deletion_allowed": True})
    assert (await server.ask("DELETE", f"transit/keys/{name}"))[0] == 204


async def test_a_row_has_all_that_is_known(new_server: NewServer) -> None:
    server = await server_with_key(new_server)
    classification = {"data_class": "phi", "owner": "ward 7", "shelf_life_years": 30}
    await _ask(server, "transit/keys/k/classification", classification)
    (row,) = await _rows(server)
    verdicts, use, id_ = row.pop("verdicts"), row.pop("use"), row.pop("id")
    assert len(id_) == 32
    assert use["protect"]["operations"] == 0
    assert row == {
        "namespace": "",
        "mount": "transit/",
        "name": "k",
        "version": 1,
        "type": "aes256-gcm96",
        "algorithm": "aes256-gcm96",
        "state": "active",
        "created": START,
        "not_before": None,
        "not_after": None,
        "replaced": None,
        "destroyed": None,
        "compromised": None,
        "origin": "generated",
        "exportable": False,
        **classification,
        "labels": {},
        "fips": True,
        "classical_bits": 256,
        "quantum_category": 5,
        "quantum_vulnerable": None,
    }
    assert {group["verdict"] for group in verdicts["cnsa-2.0@2025-05"]} == {"allow"}
    named = {operation for group in verdicts["cnsa-2.0@2025-05"] for operation in group["operations"]}
    assert named == {"encrypt", "decrypt", "datakey", "derivedkeys"}


@pytest.mark.parametrize("at, verdict", [("2033-12-31", "warn"), ("2034-01-01", "refuse")])
async def test_a_profiles_date_changes_what_it_should(new_server: NewServer, at: str, verdict: str) -> None:
    """The last day on which CNSA 2.0 lets P-384 be used; a key that it recommends stays as it is."""
    server = await server_with_key(new_server)
    await _ask(server, "transit/keys/r", {"type": "ecdsa-p384"})
    rows = await _rows(server, f"?profile=cnsa-2.0&at={at}")
    by_name = {row["name"]: row["verdict"] for row in rows}
    assert by_name["r"]["at"] == at
    assert by_name["k"] == {**by_name["k"], "operations": dict.fromkeys(by_name["k"]["operations"], "allow")}
    assert by_name["r"]["operations"]["sign"] == verdict


async def test_a_verdict_tells_its_last_day(new_server: NewServer) -> None:
    server = await server_with_key(new_server)
    await _ask(server, "transit/keys/r", {"type": "ecdsa-p384"})
    (row,) = await _rows(server, "?name=r&at=2027-01-15")
    groups = [group for groups in row["verdicts"].values() for group in groups if group["until"]]
    assert groups
    for group in groups:
        (then,) = await _rows(server, f"?name=r&at={group['until']}")
        same = [each for groups in then["verdicts"].values() for each in groups if each["rule"] == group["rule"]]
        assert group["verdict"] in {each["verdict"] for each in same}


async def test_states_follow_what_administrators_do(new_server: NewServer) -> None:
    server = await server_with_key(new_server)

    async def states() -> list[str]:
        return [row["state"] for row in await _rows(server)]

    await _ask(server, "transit/keys/k/rotate", {})
    assert await states() == ["active", "active"]
    await _ask(server, "transit/keys/k/config", {"min_encryption_version": 2})
    assert await states() == ["deactivated", "active"]
    await _ask(server, "transit/keys/k/config", {"disabled": True})
    assert await states() == ["suspended", "suspended"]
    await _ask(server, "transit/keys/k/config", {"disabled": False, "not_before": "2027-02-01T00:00:00Z"})
    assert await states() == ["pre-activation", "pre-activation"]
    assert [row["state"] for row in await _rows(server, "?at=2027-02-01")] == ["deactivated", "active"]
    await _ask(server, "transit/keys/k/config", {"min_decryption_version": 2, "not_before": 0})
    await _ask(server, "transit/keys/k/trim", {"min_available_version": 2})
    assert await states() == ["destroyed", "active"]


async def test_a_deleted_key_stays_as_what_it_was(new_server: NewServer) -> None:
    server = await server_with_key(new_server)
    await _ask(server, "transit/encrypt/k", {"plaintext": TEXT})
    (before,) = await _rows(server)
    server.clock.advance(60)
    await _delete(server)
    (after,) = await _rows(server)
    assert after["destroyed"] == "2027-01-15T08:01:00Z"
    assert after == {**before, "state": "destroyed", "destroyed": after["destroyed"]}
    server.clock.advance(1)
    await _ask(server, "transit/keys/k", {})
    gone, present = await _rows(server)
    assert (gone["id"], present["state"]) == (before["id"], "active")
    assert present["id"] != gone["id"]
    assert present["use"]["protect"]["operations"] == 0


async def test_the_origin_of_a_version_is_told(new_server: NewServer) -> None:
    server = await server_with_key(new_server)
    await _ask(server, "transit/keys/k/config", {"exportable": True, "allow_plaintext_backup": True})
    backup = (await _ask(server, "transit/backup/k"))["backup"]
    await _ask(server, "transit/restore/again", {"backup": backup})
    await _ask(server, "transit/keys/again/rotate", {})
    origins = {(row["name"], row["version"]): row["origin"] for row in await _rows(server)}
    assert origins == {("k", 1): "generated", ("again", 1): "restored", ("again", 2): "generated"}


async def test_a_key_that_quantum_computers_break_is_exposed_for_its_shelf_life(new_server: NewServer) -> None:
    server = await server_with_key(new_server)
    await _ask(server, "transit/keys/r", {"type": "rsa-2048", "shelf_life_years": 10})
    (row,) = await _rows(server, "?quantum_vulnerable=true")
    unused = {"since": None, "confidentiality": True, "shelf_life_years": 10, "exposed_until": None}
    assert row["quantum_vulnerable"] == unused
    await _ask(server, "transit/encrypt/r", {"plaintext": TEXT})
    (row,) = await _rows(server, "?quantum_vulnerable=true")
    assert row["quantum_vulnerable"] == {**unused, "since": START, "exposed_until": "2037-01-15T08:00:00Z"}


async def test_pages_have_every_row_once(new_server: NewServer) -> None:
    server = await server_with_key(new_server)
    for number in range(6):
        await _ask(server, f"transit/keys/k{number}", {})
        await _ask(server, f"transit/keys/k{number}/rotate", {})
    await _delete(server, "k3")
    every = [row["id"] for row in await _rows(server)]
    assert len(every) == 13
    found, after = [], ""
    while True:
        page = await _ask(server, f"sys/inventory/keys?limit=3&after={after}")
        assert len(page["versions"]) <= 3
        found += [row["id"] for row in page["versions"]]
        after = page["next"]
        if not after:
            break
    assert found == every


async def test_filters_choose_rows(new_server: NewServer) -> None:
    server = await server_with_key(new_server)
    await _ask(server, "transit/keys/e", {"type": "ed25519", "owner": "x"})
    for query, names in {
        "?algorithm=ed25519": ["e"],
        "?owner=x": ["e"],
        "?owner=": ["k"],
        "?quantum_vulnerable=false": ["k"],
        "?mount=transit": ["e", "k"],
        "?mount=other/": [],
        "?namespace=": ["e", "k"],
        "?namespace=none": [],
        "?state=active": ["e", "k"],
        "?state=destroyed": [],
        "?data_class=phi": [],
    }.items():
        assert [row["name"] for row in await _rows(server, query)] == names, query


_SENSELESS = ("limit=0", "limit=1001", "state=lost", "profile=none", "at=soon", "after=%21", "profile_parameters=x")
_NO_NAMES = ("name=%00", "name=/", "name=k/", "name=a/b", "name=..")


_NO_PLACES = tuple(
    f"after={base64.urlsafe_b64encode(json.dumps(['', 'transit/', name, 0, 0]).encode()).decode().rstrip('=')}"
    for name in ("", "a/", "a/b", "\0")
)


@pytest.mark.parametrize("query", [*_SENSELESS, *_NO_NAMES, *_NO_PLACES])
async def test_what_makes_no_sense_is_refused(new_server: NewServer, query: str) -> None:
    server = await server_with_key(new_server)
    profile = "profile=cnsa-2.0&" if "parameters" in query else ""
    assert (await server.ask("GET", f"sys/inventory/keys?{profile}{query}"))[0] == 400


async def test_a_namespace_sees_itself_and_what_lies_below(new_server: NewServer) -> None:
    server = await server_with_key(new_server)
    await make(server, "t1", "t1/t2", "t3")
    for path in ("t1", "t1/t2", "t3"):
        await with_key(server, path)
    assert [row["namespace"] for row in await _rows(server)] == ["", "t1/", "t1/t2/", "t3/"]
    token, _ = await mighty(server, "t1")
    status, answer = await ask_in(server, "t1", "GET", "sys/inventory/keys", token=token)
    assert status == 200
    assert [row["namespace"] for row in answer["data"]["versions"]] == ["t1/", "t1/t2/"]
    status, answer = await ask_in(server, "t1", "GET", "sys/inventory", token=token)
    assert answer["data"]["key_versions"]["total"] == 2
    assert answer["data"]["server"] == []


async def test_the_summary_counts_versions_and_names_parts_of_the_server(new_server: NewServer) -> None:
    server = await server_with_key(new_server)
    await _ask(server, "transit/keys/k/rotate", {})
    await _ask(server, "transit/keys/e", {"type": "ed25519"})
    await _delete(server, "e")
    data = await _ask(server, "sys/inventory")
    assert data["key_versions"] == {
        "total": 3,
        "by_state": {"active": 2, "destroyed": 1},
        "by_algorithm": {"aes256-gcm96": 2, "ed25519": 1},
    }
    assert {"barrier", "audit", "token", "password", "seal", "provider"} == {part["kind"] for part in data["server"]}
    assert not any(part["validated"] for part in data["server"])


async def test_every_algorithm_of_transit_has_a_row(new_server: NewServer) -> None:
    server = await server_with_key(new_server)
    expected = set()
    for row in TRANSIT_ALGORITHMS.values():
        if row.strength.classical_bits > 128 and row.family == "RSA":
            continue  # Making them takes seconds, and tells nothing new.
        size = {"key_size": 32} if row.sizes.key_bytes_chosen is not None else {}
        body = {"type": row.key_type, **row.type_parameters, **size}
        await _ask(server, f"transit/keys/{row.name}", body)
        expected.add(row.name)
    rows = await _rows(server, "?limit=1000")
    assert {row["algorithm"] for row in rows if row["name"] != "k"} == expected
    assert all(groups for row in rows for groups in row["verdicts"].values())


async def test_readiness_without_keys_has_no_score(new_server: NewServer) -> None:
    server = await (await new_server()).unsealed()
    data = await _ask(server, "sys/inventory/readiness?profile=cnsa-2.0")
    nothing = {"ready": 0, "total": 0, "unknown": 0, "share": None}
    assert data["asymmetric"] == data["symmetric"] == {"operations": nothing, "key_versions": nothing}
    assert (data["score"], data["worst"], data["profile"]) == (None, [], "cnsa-2.0@2025-05")


async def test_many_symmetric_keys_hide_no_asymmetric_one(new_server: NewServer) -> None:
    server = await server_with_key(new_server)
    for number in range(20):
        await _ask(server, f"transit/keys/s{number}", {})
    await _ask(server, "transit/keys/e", {"type": "ed25519"})
    await _ask(server, "transit/keys/m", {"type": "ml-dsa", "parameter_set": "87"})
    for _ in range(3):
        await _ask(server, "transit/sign/m", {"input": TEXT})
    await _ask(server, "transit/sign/e", {"input": TEXT})
    data = await _ask(server, "sys/inventory/readiness?profile=cnsa-2.0")
    assert data["symmetric"]["key_versions"] == {"ready": 21, "total": 21, "unknown": 0, "share": 1.0}
    assert data["asymmetric"]["operations"] == {"ready": 3, "total": 4, "unknown": 0, "share": 0.75}
    assert data["asymmetric"]["key_versions"] == {"ready": 1, "total": 2, "unknown": 0, "share": 0.5}
    assert data["score"] == 50
    assert [(each["name"], each["verdict"]) for each in data["worst"]] == [("e", "refuse")]


async def test_use_older_than_the_window_doesnt_count(new_server: NewServer) -> None:
    server = await server_with_key(new_server)
    await _ask(server, "transit/keys/e", {"type": "ed25519"})
    await _ask(server, "transit/sign/e", {"input": TEXT})
    today = await _ask(server, "sys/inventory/readiness?profile=cnsa-2.0")
    assert today["asymmetric"]["operations"]["total"] == 1
    later = await _ask(server, "sys/inventory/readiness?profile=cnsa-2.0&at=2035-01-01")
    assert later["asymmetric"]["operations"]["total"] == 1
    server.clock.advance(30 * 86_400)
    data = await _ask(server, "sys/inventory/readiness?profile=cnsa-2.0")
    assert data["asymmetric"]["operations"]["total"] == 0


async def test_keys_made_elsewhere_and_by_agreement_are_told(new_server: NewServer) -> None:
    server = await server_with_key(new_server)
    await _ask(server, "transit/keys/mine", {"type": "ecdsa-p256"})
    peer = (await _ask(server, "transit/keys/theirs", {"type": "ecdsa-p256"}))["keys"]["1"]["public_key"]
    await _ask(server, "transit/keys/public/import", {"type": "ecdsa-p256", "public_key": peer})
    body = {"base_key_name": "mine", "peer_public_key": peer}
    await _ask(server, "transit/derive-key/shared", body)
    origins = {row["name"]: row["origin"] for row in await _rows(server)}
    assert (origins["mine"], origins["public"], origins["shared"]) == ("generated", "imported-public", "derived")


@pytest.mark.parametrize(
    "path",
    ["", "/keys", "/cbom", "/readiness?profile=cnsa-2.0", "/report?for=eo-14412", "/diff?from={}", "/snapshots/{}"],
)
async def test_few_read_all_rows_at_once(new_server: NewServer, path: str) -> None:
    server = await server_with_key(new_server)
    snapshot = (await _ask(server, "sys/inventory/snapshots", {}))["id"]
    asked = f"sys/inventory{path.format(snapshot)}"
    with ExitStack() as held:
        for _ in range(4):
            held.enter_context(READERS.taken(ROOT_ID))
        status, answer = await server.ask("GET", asked)
        assert (status, answer["errors"]) == (429, ["too many readers of the inventory at once; try again later"])
    assert (await server.send("GET", asked)).status == 200
