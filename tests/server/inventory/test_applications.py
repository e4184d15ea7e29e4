"""Applications of the engine cbom: versions of documents, differences, readiness with live keys, and rights."""

from __future__ import annotations

import asyncio
import base64
import json
from typing import Any

import pytest

from server.inventory.applications import store
from tests.server.tenants.namespaced import ask_in, make, mighty, with_key
from tests.support.systems import Server

TEXT = base64.b64encode(b"text").decode()
SERIAL = "urn:uuid:3e671687-395b-41f5-a30f-a58921a69b79"


def algorithm(name: str, primitive: str = "", places: int = 1, **members: Any) -> dict[str, Any]:
    """A component for an algorithm that is used at ``places`` places."""
    properties = {"primitive": primitive} if primitive else {}
    return {
        "type": "cryptographic-asset",
        "bom-ref": f"algorithm:{name}",
        "name": name,
        "cryptoProperties": {"assetType": "algorithm", "algorithmProperties": properties},
        "evidence": {"occurrences": [{"location": "a.py", "line": line} for line in range(places)]},
        **members,
    }


def document(*components: dict[str, Any], **members: Any) -> str:
    """A document of CycloneDX 1.6."""
    return json.dumps({"bomFormat": "CycloneDX", "specVersion": "1.6", "components": components, **members})


LIBRARY = {"type": "library", "bom-ref": "rsa", "name": "rsa", "version": "4.0", "purl": "pkg:pypi/rsa@4.0"}
OTHER = {"type": "library", "bom-ref": "other", "name": "other", "version": "1"}
VULNERABILITY = {
    "id": "PYSEC-2020-100",
    "ratings": [{"severity": "low"}, {"severity": "high"}],
    "affects": [{"ref": "rsa"}, {"ref": "other"}],
}
SHOP = document(
    algorithm("RSA-2048", places=3),
    algorithm("AES-256-GCM", "ae", places=2),
    algorithm("MD5", "hash"),
    algorithm("Whirl-9000"),
    LIBRARY,
    OTHER,
    vulnerabilities=[VULNERABILITY],
    serialNumber=SERIAL,
)


async def submitted(server: Server, text: str = SHOP, name: str = "shop", **fields: Any) -> dict[str, Any]:
    """The answer to a submission that is kept."""
    status, answer = await server.ask("POST", f"ours/applications/{name}", {"document": text, **fields})
    assert status == 200, answer
    data: dict[str, Any] = answer["data"]
    return data


async def read(server: Server, path: str) -> Any:
    """The data of what is read."""
    status, answer = await server.ask("GET", f"ours/{path}")
    assert status == 200, answer
    return answer["data"]


async def test_a_document_becomes_a_version(server: Server) -> None:
    made = await submitted(server, version="1.4.2", owner="payments", labels={"tier": "1"})
    assert made == {
        "name": "shop",
        "owner": "payments",
        "number": 1,
        "version": "1.4.2",
        "submitted": made["submitted"],
        "sha256": made["sha256"],
        "spec_version": "1.6",
        "serial_number": SERIAL,
        "algorithms": 4,
        "key_versions": 0,
        "libraries": 2,
        "vulnerabilities": 2,
    }
    assert (await submitted(server, document(algorithm("Ed25519"))))["number"] == 2
    application = await read(server, "applications/shop")
    assert (application["owner"], application["labels"], application["entities"]) == ("payments", {"tier": "1"}, [])
    assert application["latest"]["number"] == 2
    for path, keys in (("applications?list=true", ["shop"]), ("applications/shop/versions?list=true", ["1", "2"])):
        listed = await read(server, path)
        assert listed["keys"] == keys == list(listed["key_info"])
    assert listed["key_info"]["1"]["version"] == "1.4.2"


async def test_a_version_tells_what_it_uses_and_gives_its_document_back(server: Server) -> None:
    await submitted(server)
    found = await read(server, "applications/shop/versions/1")
    assert found["algorithms"] == [
        {"name": "RSA-2048", "algorithm": "rsa-2048", "primitive": "", "occurrences": 3},
        {"name": "AES-256-GCM", "algorithm": "aes256-gcm96", "primitive": "ae", "occurrences": 2},
        {"name": "MD5", "algorithm": None, "primitive": "hash", "occurrences": 1},
        {"name": "Whirl-9000", "algorithm": None, "primitive": "", "occurrences": 1},
    ]
    assert found["libraries"] == ["pkg:pypi/rsa@4.0", "other 1"]
    assert found["vulnerabilities"] == [
        {"id": "PYSEC-2020-100", "severity": "high", "library": "pkg:pypi/rsa@4.0"},
        {"id": "PYSEC-2020-100", "severity": "high", "library": "other 1"},
    ]
    answer = await server.send("GET", "ours/applications/shop/versions/1/document")
    assert (answer.status, answer.body) == (200, SHOP.encode())
    assert dict(answer.headers)[b"content-type"] == b"application/vnd.cyclonedx+json"
    assert (await server.ask("GET", "ours/applications/shop/versions/001"))[0] == 200


async def test_the_same_document_again_is_the_same_version(server: Server) -> None:
    await submitted(server, version="1")
    again = await submitted(server, owner="others")
    assert (again["number"], again["version"], again["owner"]) == (1, "1", "others")
    assert (await submitted(server, version="2"))["number"] == 2


async def test_our_own_document_is_taken_with_its_key_versions(server: Server) -> None:
    await with_key(server, "")
    text = (await server.send("GET", "sys/inventory/cbom")).body.decode()
    assert (await submitted(server, text))["key_versions"] == 1
    (key,) = (await read(server, "applications/shop/versions/1"))["key_versions"]
    assert (key["name"], key["algorithm"], key["state"]) == ("transit/k", "aes256-gcm96", "active")
    found = await read(server, "applications/shop/readiness?profile=cnsa-2.0")
    assert found["code"]["key_versions"] == {"ready": 1, "total": 1, "unknown": 0, "share": 1.0}
    assert found["score"] == 100


@pytest.mark.parametrize("version", ["1.4", "1.5", "1.6", "1.7"])
async def test_versions_of_the_standard(server: Server, version: str) -> None:
    text = json.dumps({"bomFormat": "CycloneDX", "specVersion": version, "components": [LIBRARY]})
    assert (await submitted(server, text))["libraries"] == 1


async def test_differences(server: Server) -> None:
    await submitted(server)
    await submitted(server, document(algorithm("RSA-2048", places=1), algorithm("ML-DSA-65"), LIBRARY))
    found = await read(server, "applications/shop/diff")
    assert found == {
        "from": 1,
        "to": 2,
        "algorithms": {
            "added": ["ML-DSA-65"],
            "removed": ["AES-256-GCM", "MD5", "Whirl-9000"],
            "changed": [{"name": "RSA-2048", "occurrences": {"from": 3, "to": 1}}],
        },
        "key_versions": {"added": [], "removed": []},
        "libraries": {"added": [], "removed": ["other 1"]},
        "vulnerabilities": {
            "added": [],
            "removed": ["PYSEC-2020-100 pkg:pypi/rsa@4.0", "PYSEC-2020-100 other 1"],
        },
    }
    backwards = await read(server, "applications/shop/diff?from=2&to=1")
    assert backwards["algorithms"]["removed"] == ["ML-DSA-65"]
    assert (await read(server, "applications/shop/diff?from=1&to=1"))["libraries"] == {"added": [], "removed": []}
    for query in ("from=3", "to=0", "from=x", "to=-1"):
        assert (await server.ask("GET", f"ours/applications/shop/diff?{query}"))[0] == 404, query


async def test_readiness_of_code_and_dependencies(server: Server) -> None:
    await submitted(server, owner="payments")
    found = await read(server, "applications/shop/readiness?profile=cnsa-2.0&at=2034-01-01")
    assert (found["name"], found["version"], found["owner"], found["at"]) == ("shop", 1, "payments", "2034-01-01")
    assert found["code"] == {
        "asymmetric": {"ready": 0, "total": 2, "unknown": 1, "share": 0.0},
        "symmetric": {"ready": 1, "total": 2, "unknown": 1, "share": 0.5},
        "key_versions": {"ready": 0, "total": 0, "unknown": 0, "share": None},
        "worst": [
            {"algorithm": "RSA-2048", "verdict": "refuse", "occurrences": 3},
            {"algorithm": "MD5", "verdict": "unknown", "occurrences": 1},
            {"algorithm": "Whirl-9000", "verdict": "unknown", "occurrences": 1},
        ],
    }
    assert found["dependencies"] == {
        "libraries": 2,
        "vulnerable": 2,
        "worst": [
            {"library": "other 1", "vulnerabilities": {"high": 1}},
            {"library": "pkg:pypi/rsa@4.0", "vulnerabilities": {"high": 1}},
        ],
    }
    assert found["score"] == 0
    await submitted(server, document(algorithm("ML-DSA-87")))
    assert (await read(server, "applications/shop/readiness?profile=cnsa-2.0"))["score"] == 100
    assert (await read(server, "applications/shop/readiness?profile=cnsa-2.0&version=1&at=2034-01-01"))["score"] == 0


async def test_hash_functions_are_judged_by_themselves(server: Server) -> None:
    names = ("SHA-384", "sha2-512", "SHA3-384", "SHA-256", "SHA1")
    await submitted(server, document(*map(algorithm, names)))
    code = (await read(server, "applications/shop/readiness?profile=cnsa-2.0"))["code"]
    assert (code["asymmetric"]["total"], code["symmetric"]["total"]) == (0, 5)
    assert code["symmetric"]["ready"] == 2
    assert [(each["algorithm"], each["verdict"]) for each in code["worst"]] == [
        ("SHA-256", "refuse"),
        ("SHA1", "refuse"),
        ("SHA3-384", "refuse"),
    ]


async def test_what_is_not_exploitable_does_not_count(server: Server) -> None:
    analysed = {**VULNERABILITY, "analysis": {"state": "not_affected"}}
    assert (await submitted(server, document(LIBRARY, OTHER, vulnerabilities=[analysed])))["vulnerabilities"] == 0


async def _as_entity(server: Server, name: str) -> tuple[str, str]:
    """A token of an entity that may encrypt, and the entity's id."""
    await server.ask("PUT", "sys/policies/acl/p", {"policy": 'path "transit/*" { capabilities = ["update"] }'})
    await server.ask("POST", "auth/token/roles/r", {"allowed_entity_aliases": ["*"], "allowed_policies": ["p"]})
    status, made = await server.ask("POST", "auth/token/create/r", {"entity_alias": name, "policies": ["p"]})
    assert status == 200, made
    return made["auth"]["client_token"], made["auth"]["entity_id"]


async def test_live_keys_of_its_entities_are_merged_in(server: Server) -> None:
    await with_key(server, "")
    await server.ask("POST", "transit/keys/old", {"type": "rsa-2048"})
    await server.ask("POST", "transit/keys/unused", {"type": "rsa-2048"})
    token, entity = await _as_entity(server, "shop")
    for key in ("k", "old"):
        assert (await server.ask("POST", f"transit/encrypt/{key}", {"plaintext": TEXT}, token))[0] == 200
    assert (await server.ask("POST", "transit/encrypt/unused", {"plaintext": TEXT}))[0] == 200
    await submitted(server, document(algorithm("ML-KEM-1024")), owner="payments")
    path = "applications/shop/readiness?profile=cnsa-2.0&at=2034-01-01"
    assert (await read(server, path))["keys"]["asymmetric"]["total"] == 0
    assert (await server.ask("POST", "ours/applications/shop/config", {"entities": [entity]}))[0] == 204
    found = await read(server, path)
    assert found["keys"]["asymmetric"] == {"ready": 0, "total": 1, "unknown": 0, "share": 0.0}
    assert found["keys"]["symmetric"] == {"ready": 1, "total": 1, "unknown": 0, "share": 1.0}
    assert [each["name"] for each in found["keys"]["worst"]] == ["old"]
    assert found["score"] == 0
    assert (await read(server, "applications/shop"))["entities"] == [entity]


async def test_teams(server: Server) -> None:
    await with_key(server, "")
    token, entity = await _as_entity(server, "shop")
    await server.ask("POST", "transit/encrypt/k", {"plaintext": TEXT}, token)
    await submitted(server, document(algorithm("RSA-2048"), LIBRARY), "shop", owner="payments")
    await submitted(server, document(algorithm("ML-DSA-87"), LIBRARY), "till", owner="payments")
    await submitted(server, document(algorithm("ML-DSA-87")), "wiki")
    for name in ("shop", "till"):
        await server.ask("POST", f"ours/applications/{name}/config", {"entities": entity})
    found = await read(server, "teams?profile=cnsa-2.0&at=2034-01-01")
    assert [(each["owner"], each["applications"], each["score"]) for each in found["teams"]] == [
        ("", ["wiki"], 100),
        ("payments", ["shop", "till"], 50),
    ]
    payments = found["teams"][1]
    assert payments["dependencies"]["libraries"] == 1
    assert payments["keys"]["symmetric"]["total"] == 1
    assert (await server.ask("GET", "ours/teams"))[0] == 400


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({}, "document: required"),
        ({"document": "{"}, "document: the document is not JSON"),
        ({"document": "[" * 100_000}, "document: the document is not JSON"),
        ({"document": "[]"}, "document: the document is not an object"),
        ({"document": "{}"}, "document: no CycloneDX document"),
        ({"document": document(specVersion="1.3")}, "version other than 1.4, 1.5, 1.6, 1.7"),
        ({"document": document(specVersion=["1.6"])}, "version other than 1.4, 1.5, 1.6, 1.7"),
        ({"document": document(components={})}, "document: components is not a list"),
        ({"document": document("x")}, "document: a member of components is not an object"),  # type: ignore[arg-type]
        ({"document": document({"type": "library", "name": 3})}, "document: name is not a text"),
        ({"document": document({**LIBRARY, "bom-ref": ["a"]})}, "document: bom-ref is not a text"),
        ({"document": document(dependencies=[{"ref": "a", "dependsOn": ["b"]}])}, "document: a reference dangles: 'a'"),
        ({"document": document(dependencies=[{"ref": ["a"]}])}, "document: a reference is not a text"),
        ({"document": document(vulnerabilities=[VULNERABILITY])}, "document: a reference dangles: 'rsa'"),
        ({"document": document(LIBRARY, {**OTHER, "bom-ref": "rsa"})}, "document: a bom-ref stands twice: 'rsa'"),
        ({"document": document({**LIBRARY, "type": "books"})}, "a component has no name, or a type that"),
        ({"document": document({**LIBRARY, "name": ""})}, "a component has no name, or a type that"),
        ({"document": document(algorithm("RSA", ["pke"]))}, "primitive is not a text"),  # type: ignore[arg-type]
        ({"document": document({**LIBRARY, "properties": [{"name": "a", "value": 1}]})}, "value is not a text"),
        ({"document": document(serialNumber="urn:uuid:1")}, "document: serialNumber is no UUID as a URN"),
        ({"document": document({**LIBRARY, "purl": "p" * 1_000_000})}, "a name of more than 512 characters"),
        ({"document": document(vulnerabilities=[{"ratings": [{"severity": 7}]}])}, "severity is not a text"),
        ({"document": SHOP, "version": "v" * 513}, "version has more than 512 characters"),
        ({"document": SHOP, "owner": "o" * 257}, "owner has more than 256 bytes"),
        ({"document": SHOP, "labels": {f"{n}": "" for n in range(65)}}, "labels has more than 64 entries"),
    ],
)  # fmt: skip
async def test_what_is_wrong_is_told_and_nothing_is_kept(server: Server, fields: dict[str, Any], message: str) -> None:
    status, answer = await server.ask("POST", "ours/applications/shop", fields)
    assert (status, message in answer["errors"][0]) == (400, True), answer
    assert (await server.ask("GET", "ours/applications/shop"))[0] == 404
    assert (await server.ask("LIST", "ours/applications"))[0] == 404


async def test_cycles_nesting_and_references_to_other_documents_are_no_problem(server: Server) -> None:
    nested: dict[str, Any] = LIBRARY
    for depth in range(200):
        nested = {"type": "library", "bom-ref": f"n{depth}", "name": f"n{depth}", "components": [nested]}
    cycle = [{"ref": "rsa", "dependsOn": ["n0", "urn:cdx:a/1#b"]}, {"ref": "n0", "dependsOn": ["rsa", "n0"]}]
    assert (await submitted(server, document(nested, dependencies=cycle)))["libraries"] == 201


async def test_references_to_parts_of_services_and_of_the_program(server: Server) -> None:
    part = {"type": "library", "bom-ref": "part", "name": "part"}
    program = {"type": "application", "bom-ref": "program", "name": "shop", "components": [part]}
    services = [{"bom-ref": "outer", "name": "outer", "services": [{"bom-ref": "inner", "name": "inner"}]}]
    references = [{"ref": "program", "dependsOn": ["part", "inner"]}]
    text = document(metadata={"component": program}, services=services, dependencies=references)
    assert (await submitted(server, text))["number"] == 1


async def test_what_is_only_provided_is_not_used(server: Server) -> None:
    provided = [{"ref": "rsa", "provides": ["algorithm:Ed25519"]}]
    made = await submitted(server, document(LIBRARY, algorithm("Ed25519"), dependencies=provided))
    assert made["algorithms"] == 0


async def test_a_serial_number_identifies_nothing(server: Server) -> None:
    await submitted(server)
    await submitted(
        server, document(algorithm("Ed25519"), serialNumber=SERIAL.upper().replace("URN:UUID", "urn:uuid")), "till"
    )
    assert (await read(server, "applications/till/versions/1"))["serial_number"] == SERIAL
    assert (await read(server, "applications/shop/versions/1"))["algorithms"][0]["name"] == "RSA-2048"


async def test_many_at_once_make_a_version_each(server: Server) -> None:
    texts = [document(algorithm("Ed25519", places=number + 1)) for number in range(12)]
    made = await asyncio.gather(*(submitted(server, text) for text in texts))
    assert sorted(each["number"] for each in made) == list(range(1, 13))
    for number in range(1, 13):
        (found,) = (await read(server, f"applications/shop/versions/{number}"))["algorithms"]
        digest = next(each["sha256"] for each in made if each["number"] == number)
        assert (await read(server, f"applications/shop/versions/{number}"))["sha256"] == digest
        assert document(algorithm("Ed25519", places=found["occurrences"])) in texts


async def test_old_versions_go_with_all_that_belongs_to_them(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "MAX_VERSIONS", 2)
    for places in (1, 2, 3):
        await submitted(server, document(algorithm("Ed25519", places=places)))
    assert (await read(server, "applications/shop/versions?list=true"))["keys"] == ["2", "3"]
    assert (await server.ask("GET", "ours/applications/shop/versions/1"))[0] == 404
    view = await server.storage_of("ours/")
    for kind in ("contents", "documents"):
        assert await view.list(f"{kind}/shop/") == ["00000002", "00000003"]
    assert (await server.ask("DELETE", "ours/applications/shop"))[0] == 204
    assert [await view.list(f"{kind}/") for kind in ("applications", "contents", "documents")] == [[], [], []]
    assert (await submitted(server))["number"] == 1


async def test_applications_have_a_limit(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "MAX_APPLICATIONS", 2)
    results = await asyncio.gather(
        *(server.ask("POST", f"ours/applications/a{number}", {"document": SHOP}) for number in range(4))
    )
    assert sorted(status for status, _ in results) == [200, 200, 400, 400]
    assert len((await read(server, "applications?list=true"))["keys"]) == 2


@pytest.mark.parametrize("name", ["a b", "-x", "a%2fb", "x" * 129, "ä"])
async def test_odd_names_are_refused(server: Server, name: str) -> None:
    assert (await server.ask("POST", f"ours/applications/{name}", {"document": SHOP}))[0] in (400, 404, 405)
    assert (await server.ask("LIST", "ours/applications"))[0] == 404


async def test_config_wants_an_application_and_ids(server: Server) -> None:
    path = "ours/applications/shop/config"
    assert (await server.ask("POST", path, {"owner": "a"}))[0] == 404
    await submitted(server)
    assert (await server.ask("POST", path, {"owner": "a", "labels": {"b": "c"}}))[0] == 204
    for entities in (["a/b"], [""] * 2, [f"e{number}" for number in range(101)], ["x" * 65]):
        assert (await server.ask("POST", path, {"entities": entities}))[0] == 400
    found = await read(server, "applications/shop")
    assert (found["owner"], found["labels"], found["entities"]) == ("a", {"b": "c"}, [])


async def test_a_policy_grants_an_application_alone(server: Server) -> None:
    await submitted(server, SHOP, "till")
    rules = 'path "ours/applications/shop" { capabilities = ["create", "update"] }'
    token, _ = await server.token_for(rules)
    assert (await server.ask("POST", "ours/applications/shop", {"document": SHOP}, token))[0] == 200
    assert (await server.ask("POST", "ours/applications/till", {"document": SHOP}, token))[0] == 403
    for path in ("applications/shop", "applications/till/readiness?profile=cnsa-2.0", "teams?profile=cnsa-2.0"):
        assert (await server.ask("GET", f"ours/{path}", token=token))[0] == 403
    assert (await server.ask("POST", "ours/applications/shop/config", {"entities": ["e"]}, token))[0] == 403
    assert (await server.ask("DELETE", "ours/applications/till", token=token))[0] == 403


async def test_making_one_is_a_creation_for_policies(server: Server) -> None:
    token, _ = await server.token_for('path "ours/applications/*" { capabilities = ["update"] }')
    assert (await server.ask("POST", "ours/applications/shop", {"document": SHOP}, token))[0] == 403
    await submitted(server)
    assert (await server.ask("POST", "ours/applications/shop", {"document": SHOP}, token))[0] == 200


async def test_each_mount_and_namespace_has_its_own(server: Server) -> None:
    await submitted(server)
    assert (await server.ask("POST", "sys/mounts/theirs", {"type": "cbom"}))[0] == 204
    assert (await server.ask("GET", "theirs/applications/shop"))[0] == 404
    await make(server, "t1")
    token, _ = await mighty(server, "t1")
    await ask_in(server, "t1", "POST", "sys/mounts/ours", {"type": "cbom"}, token)
    assert (await ask_in(server, "t1", "GET", "ours/applications/shop", token=token))[0] == 404
    assert (await ask_in(server, "t1", "POST", "ours/applications/shop", {"document": SHOP}, token))[0] == 200
    assert (await server.ask("DELETE", "sys/mounts/ours"))[0] == 204
    assert (await server.ask("POST", "sys/mounts/ours", {"type": "cbom"}))[0] == 204
    assert (await server.ask("GET", "ours/applications/shop"))[0] == 404
    assert (await ask_in(server, "t1", "GET", "ours/applications/shop", token=token))[0] == 200


async def test_what_does_not_exist(server: Server) -> None:
    for path in ("", "/versions/1", "/versions/1/document", "/diff", "/readiness?profile=cnsa-2.0"):
        assert (await server.ask("GET", f"ours/applications/none{path}"))[0] == 404
    assert (await server.ask("LIST", "ours/applications/none/versions"))[0] == 404
    assert (await server.ask("DELETE", "ours/applications/none"))[0] == 204
    await submitted(server)
    for query in ("profile=none", "profile=cnsa-2.0&at=x", ""):
        assert (await server.ask("GET", f"ours/applications/shop/readiness?{query}"))[0] == 400
