"""``cryptoserve cbom`` and ``cryptoserve inventory`` on a server, on snapshots and on documents of others."""

from __future__ import annotations

import base64
import contextlib
import io
import json
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cryptoserve_cli.dispatch import run_command
from tests.support.products import Product
from tests.support.servers import Server
from tests.wire.operations.test_commands import run

PROFILE = "-profile=cnsa-2.0"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A development server with a key that CNSA 2.0 recommends and one that it refuses."""
    with Server(Product.CRYPTOSERVE, tmp_path_factory.mktemp("server"), development=True) as started:
        started.request("POST", "transit/keys/good", {}).data()
        started.request("POST", "transit/keys/bad", {"type": "ed25519"}).data()
        yield started


def _run(server: Server | None, directory: Path, *arguments: str) -> tuple[int, str, str]:
    """As ``run``, in the process of the tests."""
    environment = {} if server is None else {"CRYPTOSERVE_ADDR": server.address, "BAO_TOKEN": "root"}
    out, complaints = io.TextIOWrapper(io.BytesIO(), encoding="utf-8"), io.StringIO()
    with contextlib.chdir(directory), contextlib.redirect_stdout(out), contextlib.redirect_stderr(complaints):
        status = run_command(arguments, environment)
    out.seek(0)
    return status, out.read(), complaints.getvalue()


def _document(*components: dict[str, Any], **members: Any) -> dict[str, Any]:
    return {"bomFormat": "CycloneDX", "specVersion": "1.6", "version": 1, "components": list(components), **members}


def _algorithm(name: str, **properties: Any) -> dict[str, Any]:
    details = {"assetType": "algorithm", "algorithmProperties": {"primitive": "signature"}, **properties}
    return {"type": "cryptographic-asset", "bom-ref": name, "name": name, "cryptoProperties": details}


def _check(directory: Path, document: object, *arguments: str) -> tuple[int, str, str]:
    file = directory / "bom.json"
    file.write_text(document if isinstance(document, str) else json.dumps(document))
    return _run(None, directory, "inventory", "check", PROFILE, *arguments, str(file))


def test_a_server_is_checked(server: Server, tmp_path: Path) -> None:
    batch = {"batch_input": [{"plaintext": "aGVsbG8="}] * 3}
    server.request("POST", "transit/encrypt/good", batch).data()
    status, out, _ = _run(server, tmp_path, "inventory", "check", PROFILE, "-format=json")
    answer = json.loads(out)
    assert status == 1
    assert [each["name"] for each in answer["violations"]] == ["transit/bad", "Ed25519"]
    none = {"ready": 0, "total": 0, "unknown": 0, "share": None}
    one = {"ready": 1, "total": 1, "unknown": 0, "share": 1.0}
    assert answer["readiness"] == {
        "of": "key_versions",
        "asymmetric": {"operations": none, "key_versions": {**one, "ready": 0, "share": 0.0}},
        "symmetric": {"operations": {**one, "ready": 3, "total": 3}, "key_versions": one},
        "score": 0,
    }
    assert answer["profile"] == "cnsa-2.0@2025-05"
    status, out, _ = _run(server, tmp_path, "inventory", "check", "--profile", "fips-140-3", "--at", "2027-01-01")
    assert (status, out.splitlines()[-1].endswith("0 violations")) == (0, True)


def test_a_document_of_a_server_is_checked_as_the_server(server: Server, tmp_path: Path) -> None:
    for version in ("1.7", "1.6"):
        file = tmp_path / f"{version}.json"
        assert _run(server, tmp_path, "cbom", f"--format=cyclonedx-{version}", "-o", str(file))[0] == 0
        status, out, _ = _run(None, tmp_path, "inventory", "check", PROFILE, "-format=json", str(file))
        assert status == 1
        assert [each["name"] for each in json.loads(out)["violations"]] == ["transit/bad", "Ed25519"]
    status, out, _ = _run(server, tmp_path, "cbom", "-format=spdx-2.3")
    assert (status, json.loads(out)["spdxVersion"]) == (0, "SPDX-2.3")


def test_a_signature_is_written_beside_the_document(server: Server, tmp_path: Path) -> None:
    server.request("POST", "sys/mounts/signing", {"type": "signing"})
    server.request("POST", "signing/keys/s", {"type": "ed25519"}).data()
    server.request("POST", "signing/roles/r", {"key": "s", "formats": ["jws"]})
    file = tmp_path / "signed.json"
    assert _run(server, tmp_path, "cbom", "-sign=signing/r", "-o", str(file))[0] == 0
    given = {
        "jws": (tmp_path / "signed.json.jws").read_text(),
        "payload": base64.b64encode(file.read_bytes()).decode(),
    }
    assert server.request("POST", "signing/jws/verify/r", given).data()["valid"]
    server.request("DELETE", "sys/mounts/signing")
    assert _run(server, tmp_path, "cbom", "-sign=signing/r")[0] == 2
    assert _run(server, tmp_path, "cbom", "-sign=signing/r", "-o", str(file))[0] == 2


def test_differences_have_their_own_status(server: Server, tmp_path: Path) -> None:
    first = server.request("POST", "sys/inventory/snapshots").data()["id"]
    assert _run(server, tmp_path, "inventory", "diff", f"snapshot:{first}")[:2] == (0, "")
    server.request("POST", "transit/keys/good/classification", {"data_class": "phi"}).data()
    status, out, _ = _run(server, tmp_path, "inventory", "diff", f"snapshot:{first}")
    assert (status, out) == (1, "~ transit/good version 1: data_class: '' -> 'phi'\n")
    assert _run(server, tmp_path, "inventory", "diff", "snapshot:none")[0] == 2


@pytest.mark.parametrize(
    "name, fail_on, status",
    [
        ("ML-DSA-87", "warn", 0),
        ("ML-DSA-44", "refuse", 1),
        ("ECDSA-P-384", "refuse", 0),
        ("ECDSA-P-384", "warn", 1),
        ("Argon2id", "refuse", 0),
        ("Argon2id", "warn", 1),
        ("Kuznyechik", "refuse", 1),
        ("Kuznyechik", "warn", 1),
    ],
)
def test_documents_of_others_are_checked(tmp_path: Path, name: str, fail_on: str, status: int) -> None:
    document = _document(_algorithm(name))
    assert _check(tmp_path, document, f"-fail-on={fail_on}", "-at=2027-01-01")[0] == status


def test_an_algorithm_is_known_by_its_object_identifier(tmp_path: Path) -> None:
    document = _document(_algorithm("lattice signature", oid="2.16.840.1.101.3.4.3.19"))
    assert _check(tmp_path, document)[0] == 0


@pytest.mark.parametrize(
    "document",
    [
        "{",
        "[]",
        {"bomFormat": "SPDX"},
        _document() | {"specVersion": "1.3"},
        _document(),
        _document({"type": "library", "name": "x"}),
        _document(_algorithm("Ed25519"), dependencies=[{"ref": "elsewhere"}]),
        _document(_algorithm("Ed25519"), dependencies="none"),
        _document() | {"components": {}},
    ],
)
def test_what_cannot_be_checked_has_status_2(tmp_path: Path, document: object) -> None:
    status, out, complaint = _check(tmp_path, document)
    assert (status, out) == (2, "")
    assert len(complaint.splitlines()) == 1


def test_wrong_arguments_have_status_2(server: Server, tmp_path: Path) -> None:
    for arguments in (
        ("check",),
        ("check", "-profile=none"),
        ("check", PROFILE, "-at=soon"),
        ("check", PROFILE, "-format=xml"),
        ("check", PROFILE, "-fail-on=all"),
        ("check", PROFILE, "missing.json"),
        ("lost",),
        (),
    ):
        assert _run(server, tmp_path, "inventory", *arguments)[0] == 2, arguments
    refused = run("inventory", "check", PROFILE, directory=tmp_path, CRYPTOSERVE_ADDR=server.address, BAO_TOKEN="wrong")
    assert refused[0] == 2
    nothing = run("inventory", "check", PROFILE, directory=tmp_path, BAO_ADDR="http://127.0.0.1:9", BAO_TOKEN="x")
    assert nothing[0] == 2


def test_reports_for_pipelines_have_an_entry_for_each_violation(tmp_path: Path) -> None:
    document = _document(_algorithm("Ed25519"), _algorithm("ML-DSA-87"), _algorithm("<Kuznyechik>"))
    status, out, _ = _check(tmp_path, document, "-format=junit")
    suite = ElementTree.fromstring(out)  # noqa: S314 - ours
    assert (status, suite.attrib["tests"], suite.attrib["failures"]) == (1, "3", "2")
    assert len(suite.findall("testcase/failure")) == 2
    status, out, _ = _check(tmp_path, document, "-format=sarif")
    results = json.loads(out)["runs"][0]["results"]
    assert [each["level"] for each in results] == ["error", "error"]
