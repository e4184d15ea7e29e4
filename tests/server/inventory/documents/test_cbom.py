"""Documents of the inventory: valid by their schemas, without dangling references or secrets, and deterministic."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from typing import Any

import pytest

from engines.algorithms.cyclonedx import assets, refs_of
from engines.algorithms.registry import ALGORITHMS, TRANSIT_ALGORITHMS
from server.inventory.documents.writers import FORMATS
from tests.server.inventory.documents.checks import VERSIONS, check, strings
from tests.server.inventory.keyed import server_with_key
from tests.server.tenants.namespaced import ask_in, make, mighty, with_key
from tests.support.systems import NewServer, Server

TEXT = base64.b64encode(b"text").decode()
DEPRECATED = {"curve", "algorithmRef", "certificateExtension", "signatureAlgorithmRef", "subjectPublicKeyRef"}
"""Members that 1.7 deprecates; ``securedBy`` has an ``algorithmRef`` of its own, which it doesn't."""


async def _document(server: Server, format: str, query: str = "") -> dict[str, Any]:
    answer = await server.send("GET", f"sys/inventory/cbom?format={format}{query}")
    assert answer.status == 200, answer.body
    kind = dict(answer.headers)[b"content-type"].decode()
    name, _, version = format.partition("-")
    expected = f"application/vnd.cyclonedx+json; version={version}" if name == "cyclonedx" else "application/spdx+json"
    assert kind == expected
    document: dict[str, Any] = json.loads(answer.body)
    return document


async def _with_every_algorithm(new_server: NewServer) -> Server:
    server = await server_with_key(new_server)
    for row in TRANSIT_ALGORITHMS.values():
        if row.family == "RSA" and row.size_bits > 2048:
            continue  # Making them takes seconds.
        size = {"key_size": 32} if row.sizes.key_bytes_chosen is not None else {}
        status, _ = await server.ask(
            "POST", f"transit/keys/{row.name}", {"type": row.key_type, **row.type_parameters, **size}
        )
        assert status == 200
    await server.ask("POST", "transit/encrypt/k", {"plaintext": TEXT})
    await server.ask("POST", "transit/keys/k/rotate")
    await server.ask("POST", "transit/keys/ed25519/config", {"deletion_allowed": True})
    assert (await server.ask("DELETE", "transit/keys/ed25519"))[0] == 204
    return server


@pytest.mark.parametrize("version", VERSIONS)
async def test_documents_of_cyclonedx_are_valid_and_refer_to_what_is_there(new_server: NewServer, version: str) -> None:
    server = await _with_every_algorithm(new_server)
    document = await _document(server, f"cyclonedx-{version}", "&use=true")
    check(document, version)
    algorithms = {
        each["value"]
        for component in document["components"]
        for each in component.get("properties", [])
        if each["name"] == "cryptoserve:algorithm"
    }
    expected = {row.name for row in TRANSIT_ALGORITHMS.values() if row.family != "RSA" or row.size_bits == 2048}
    assert algorithms == expected


async def test_nothing_deprecated_is_in_1_7(new_server: NewServer) -> None:
    document = await _document(await _with_every_algorithm(new_server), "cyclonedx-1.7")

    def members(value: object, within: str = "") -> Iterator[str]:
        if isinstance(value, dict):
            for name, each in value.items():
                if within != "securedBy":
                    yield name
                yield from members(each, name)
        elif isinstance(value, list):
            for each in value:
                yield from members(each, within)

    assert not DEPRECATED & set(members(document))


@pytest.mark.parametrize("format", FORMATS)
async def test_two_documents_of_a_state_are_the_same(new_server: NewServer, format: str) -> None:
    server = await _with_every_algorithm(new_server)
    first = await _document(server, format)
    server.clock.advance(1)
    second = await _document(server, format)
    assert first != second
    for document in (first, second):
        document.pop("serialNumber", None)
        document.pop("documentNamespace", None)
        document.get("metadata", {}).pop("timestamp", None)
        document.pop("creationInfo", None)
        for package in document.get("packages", []):
            for annotation in package.get("annotations", []):
                annotation.pop("annotationDate")
    assert first == second


async def test_what_is_offered_and_what_is_used_are_apart(new_server: NewServer) -> None:
    server = await server_with_key(new_server)
    await server.ask("POST", "transit/keys/e", {"type": "ed25519"})
    document = await _document(server, "cyclonedx-1.7")
    (of_server,) = [each for each in document["dependencies"] if each["ref"] == "cryptoserve"]
    used, offered = set(of_server["dependsOn"]), set(of_server["provides"])
    assert {"algorithm:ed25519", "algorithm:aes256-gcm96"} <= used
    assert "algorithm:ml-kem-768" in offered
    assert not used & offered
    assert used | offered == {f"algorithm:{ref}" for ref in assets()}
    await server.ask("POST", "transit/keys/e/config", {"deletion_allowed": True})
    await server.ask("DELETE", "transit/keys/e")
    document = await _document(server, "cyclonedx-1.7")
    (of_server,) = [each for each in document["dependencies"] if each["ref"] == "cryptoserve"]
    assert "algorithm:ed25519" in of_server["provides"]


async def test_a_hybrid_depends_on_both_halves(new_server: NewServer) -> None:
    document = await _document(await server_with_key(new_server), "cyclonedx-1.7")
    depends = {each["ref"]: each["dependsOn"] for each in document["dependencies"]}
    for row in ALGORITHMS.values():
        if row.hybrid:
            (ref,) = refs_of(row.name)
            assert len(depends[f"algorithm:{ref}"]) == 2


async def test_the_properties_of_a_key_are_its_own(new_server: NewServer) -> None:
    server = await server_with_key(new_server)
    await server.ask("POST", "transit/keys/k/classification", {"data_class": "phi", "owner": "ward 7"})
    document = await _document(server, "cyclonedx-1.7", "&at=2027-02-01")
    (component,) = [each for each in document["components"] if each["bom-ref"].startswith("key:")]
    properties = {each["name"]: each["value"] for each in component["properties"]}
    assert properties["cryptoserve:key"] == "transit/k"
    assert properties["cryptoserve:data_class"] == "phi"
    assert properties["cryptoserve:verdict.cnsa-2.0@2025-05"] == "allow"
    assert not any("operations" in name for name in properties)
    material = component["cryptoProperties"]["relatedCryptoMaterialProperties"]
    assert (material["type"], material["state"], material["size"]) == ("secret-key", "active", 256)
    assert material["creationDate"] == "2027-01-15T08:00:00Z"


async def test_packages_of_spdx_refer_to_what_is_there(new_server: NewServer) -> None:
    server = await _with_every_algorithm(new_server)
    document = await _document(server, "spdx-2.3")
    defined = [document["SPDXID"], *(each["SPDXID"] for each in document["packages"])]
    assert len(defined) == len(set(defined))
    for relation in document["relationships"]:
        assert {relation["spdxElementId"], relation["relatedSpdxElement"]} <= set(defined)
    annotated = [
        json.loads(each["annotations"][0]["comment"]) for each in document["packages"] if "annotations" in each
    ]
    assert {each["cryptoserve:key"] for each in annotated if "cryptoserve:key" in each} >= {"transit/k"}


@pytest.mark.parametrize("format", FORMATS)
async def test_no_document_holds_a_private_key_or_a_token(new_server: NewServer, format: str) -> None:
    server = await server_with_key(new_server)
    body = {"type": "ed25519", "exportable": True}
    await server.ask("POST", "transit/keys/e", body)
    _, answer = await server.ask("GET", "transit/export/signing-key/e")
    secret = answer["data"]["keys"]["1"]
    texts = "\n".join(strings(await _document(server, format, "&use=true")))
    assert "transit/e" in texts
    assert secret not in texts
    assert server.root_token not in texts
    raw = base64.b64decode(secret) if not secret.startswith("-") else secret.encode()
    assert raw[:32].hex() not in texts


async def test_a_tenants_document_has_nothing_of_others(new_server: NewServer) -> None:
    server = await server_with_key(new_server)
    await make(server, "t1", "t2")
    for path in ("t1", "t2"):
        await with_key(server, path)
    token, _ = await mighty(server, "t1")
    headers = {"X-Vault-Namespace": "t1"}
    answer = await server.send("GET", "sys/inventory/cbom", token=token, headers=headers)
    keys = [each["name"] for each in json.loads(answer.body)["components"] if each["bom-ref"].startswith("key:")]
    assert keys == ["t1/transit/k"]
    assert (await ask_in(server, "t2", "GET", "sys/inventory/cbom", token=token))[0] == 403


async def test_other_formats_are_refused(new_server: NewServer) -> None:
    server = await server_with_key(new_server)
    assert (await server.ask("GET", "sys/inventory/cbom?format=cyclonedx-1.4"))[0] == 400


@pytest.mark.parametrize("path", ["keys?names=hmac", *(f"cbom?format={each}&names=hmac&use=true" for each in FORMATS)])
async def test_names_can_be_hidden(new_server: NewServer, path: str) -> None:
    server = await server_with_key(new_server)
    await make(server, "hush-tenant")
    await ask_in(server, "hush-tenant", "POST", "sys/mounts/hush-mount", {"type": "transit"})
    await ask_in(server, "hush-tenant", "POST", "hush-mount/keys/hush-key", {"owner": "hush-owner"})
    await ask_in(server, "hush-tenant", "POST", "hush-mount/keys/hush-key/classification", {"labels": {"hush": "hush"}})
    await ask_in(server, "hush-tenant", "POST", "hush-mount/encrypt/hush-key", {"plaintext": TEXT})
    first = (await server.send("GET", f"sys/inventory/{path}")).body.decode()
    second = (await server.send("GET", f"sys/inventory/{path}")).body.decode()
    for word in ("hush", "transit/", "display_name"):
        assert word not in first
    names = {text for text in strings(json.loads(first)) if text.startswith("hmac-sha256:")}
    assert names == {text for text in strings(json.loads(second)) if text.startswith("hmac-sha256:")}
    if "spdx" not in path:
        assert len(names) == 2


async def test_other_ways_to_hide_names_are_refused(new_server: NewServer) -> None:
    server = await server_with_key(new_server)
    assert (await server.ask("GET", "sys/inventory/cbom?names=rot13"))[0] == 400
    assert (await server.ask("GET", "sys/inventory/keys?names=rot13"))[0] == 400
