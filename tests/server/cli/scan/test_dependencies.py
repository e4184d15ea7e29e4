"""Lock files in ``cryptoserve scan``: results, gate, formats, other advisories, and the submission to a server."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

from cryptoserve_cli.dispatch import run_command
from engines.cbom.reports.cyclonedx import to_cyclonedx
from engines.cbom.reports.report import Report, entries_of
from engines.cbom.source.evaluation.sightings import Place
from engines.cbom.source.judging.results import Result
from server.cli.scan import submitting
from server.inventory.applications.contents import read_contents

YARN = '# yarn lockfile v1\n\nelliptic@^6.5.3:\n  version "6.5.4"\n\nleft-pad@1:\n  version "1.3.0"\n'
"""Advisories on this ``elliptic`` are of low severity."""

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Run:
    """Scans a folder with lock files and code, which is the working folder: the status, the output and the errors."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "yarn.lock").write_text(YARN)
    (tmp_path / "requirements").mkdir()
    (tmp_path / "requirements/base.txt").write_text("pyjwt==99.0\n# A comment.\ncryptography==41.0.0\n")
    (tmp_path / "notes.txt").write_text("rsa==4.0\n")
    (tmp_path / "Cargo.lock").write_text("package = 3\n")
    (tmp_path / "a.py").write_text("import hashlib\n\nhashlib.sha256(b'')\nhashlib.sha256(b'')\n")

    def scan(*arguments: str) -> tuple[int, str, str]:
        status = run_command(["scan", "-jobs=1", *arguments, "."], {})
        output, errors = capfd.readouterr()
        return status, output, errors

    return scan


def test_text_and_gate(run: Run) -> None:
    status, output, _ = run()
    first, *_, used, advisories, summary = output.splitlines()
    assert status == 1
    assert first.startswith(
        "requirements/base.txt:3:1: error [vulnerable-dependency] cryptography 41.0.0 is affected by "
    )
    assert "Cargo.lock: not scanned: package is not a list" in output
    assert used == "Used: SHA-256 2, cryptography 1, elliptic 1, pyjwt 1"
    assert advisories.startswith("Advisories: RustSec of ") and advisories.endswith(" days old")
    assert summary == "4 files, 1 errors, 0 warnings, 1 notes"
    assert run("-fail-on=vulnerable-dependency", "-exclude=requirements")[0] == 1
    assert run("-fail-on=warning", "-exclude=requirements")[0] == 0
    assert "Advisories" not in run("-exclude=*.lock", "-exclude=requirements")[1]


def test_sarif_and_its_baseline(run: Run, tmp_path: Path) -> None:
    _, output, _ = run("-format=sarif")
    (log,) = json.loads(output)["runs"]
    assert log["properties"]["advisories"].startswith("RustSec of ")
    found = [each for each in log["results"] if each["ruleId"] == "vulnerable-dependency"]
    assert [each["level"] for each in found] == ["error", "note"]
    properties = found[1]["properties"]
    assert properties["purl"] == "pkg:npm/elliptic@6.5.4"
    assert (properties["finding"], properties["primitive"]) == ("vulnerable-dependency", "signature")
    assert "GHSA-434g-2637-qmqr" in properties["advisories"]
    assert properties["fixed"][:2] == ["6.5.6", "6.5.7"]
    assert found[1]["locations"][0]["physicalLocation"]["region"]["startLine"] == 3
    (tmp_path / "old.sarif").write_text(output)
    (tmp_path / "requirements/base.txt").write_text("\n\nnew-line==1\ncryptography==41.0.0\n")
    assert run("-baseline=old.sarif")[0] == 0
    (tmp_path / "requirements/base.txt").write_text("cryptography==41.0.1\n")
    assert run("-baseline=old.sarif")[0] == 1


def test_suppressions_in_lock_files_with_comments(run: Run, tmp_path: Path) -> None:
    requirements = tmp_path / "requirements/base.txt"
    requirements.write_text("# cryptoserve: ignore[vulnerable-dependency] isn't reached\ncryptography==41.0.0\n")
    status, output, _ = run()
    assert (status, "1 suppressed" in output) == (0, True)
    requirements.write_text("cryptography==41.0.0  # cryptoserve: ignore[vulnerable-dependency]\n")
    status, output, _ = run()
    assert (status, "1 suppressions without a reason" in output) == (1, True)


def test_json(run: Run) -> None:
    document = json.loads(run("-format=json")[1])
    (row,) = [each for each in document["results"] if each["path"] == "yarn.lock" and each["finding"] == "use"]
    assert (row["purl"], row["level"], row["line"]) == ("pkg:npm/elliptic@6.5.4", "note", 3)
    assert document["problems"] == [{"path": "Cargo.lock", "text": "package is not a list"}]
    assert document["advisories"].endswith("days old")


@pytest.mark.parametrize(
    ("form", "version"), [("cyclonedx", SchemaVersion.V1_7), ("cyclonedx-1.6", SchemaVersion.V1_6)]
)
def test_cyclonedx_is_valid_and_an_application_takes_it(run: Run, form: str, version: SchemaVersion) -> None:
    _, output, _ = run(f"-format={form}")
    assert JsonStrictValidator(version).validate_str(output) is None
    assert run(f"-format={form}")[1] == output
    contents = read_contents(output.encode())
    assert [(each.name, each.occurrences) for each in contents.algorithms] == [("SHA-256", 2)]
    assert contents.libraries == (
        "pkg:npm/elliptic@6.5.4",
        "pkg:pypi/cryptography@41.0.0",
        "pkg:pypi/pyjwt@99.0",
    )
    assert {(each.severity, each.library) for each in contents.vulnerabilities} >= {("high", contents.libraries[1])}


def use(primitive: str, algorithm: str, **facts: Any) -> Result:
    """A use of an algorithm."""
    return Result(Place("a.py", 1, 1, 1, 2), "use", primitive, algorithm, "x", **facts)


@pytest.mark.parametrize(
    ("result", "name", "row", "primitive"),
    [
        (use("cipher", "AES", key_bits=256, mode="GCM"), "AES-256-GCM", "aes256-gcm96", "ae"),
        (use("cipher", "AES", key_bits=128, mode="CBC", padding="PKCS7"), "AES-128-CBC", "aes128-cbc", "block-cipher"),
        (use("cipher", "RSA", key_bits=2048, padding="OAEP"), "RSA-2048", "rsa-2048", "pke"),
        (use("signature", "ECDSA", curve="P-256", key_bits=256), "ECDSA-P-256", "ecdsa-p256", "signature"),
        (use("signature", "Ed25519"), "Ed25519", "ed25519", "signature"),
        (use("kem", "ML-KEM-768"), "ML-KEM-768", "ml-kem-768", "kem"),
        (use("cipher", "RC4"), "RC4", None, "stream-cipher"),
        (use("random", "HMAC_DRBG"), "HMAC_DRBG", None, "drbg"),
    ],
)
def test_names_of_algorithms_are_recognised(result: Result, name: str, row: str | None, primitive: str) -> None:
    document = to_cyclonedx(Report(entries_of([result], ())), "shop", "1")
    assert JsonStrictValidator(SchemaVersion.V1_7).validate_str(document.decode()) is None
    (found,) = read_contents(document).algorithms
    assert (found.name, found.row, found.primitive) == (name, row, primitive)


@pytest.mark.parametrize("result", [use("protocol", "TLS 1.2"), use("certificate", "X.509"), use("protocol", "QUIC")])
def test_protocols_and_certificates(result: Result) -> None:
    for version, schema in (("1.7", SchemaVersion.V1_7), ("1.6", SchemaVersion.V1_6)):
        document = to_cyclonedx(Report(entries_of([result], ())), "shop", "1", version)
        assert JsonStrictValidator(schema).validate_str(document.decode()) is None


def test_other_advisories(run: Run, tmp_path: Path) -> None:
    affected = {"package": {"ecosystem": "npm", "name": "elliptic"}, "versions": ["6.5.4"]}
    record = {"id": "A-1", "modified": "2026-01-01T00:00:00Z", "affected": [affected]}
    (tmp_path / "osv").mkdir()
    (tmp_path / "osv/a.json").write_text(json.dumps(record))
    status, output, _ = run("-advisories=osv")
    assert status == 1
    assert "elliptic 6.5.4 is affected by A-1:" in output and "cryptography 41.0.0 is affected" not in output
    assert run("-advisories=requirements")[0] == 2


def test_without_the_extra_the_command_says_what_to_install(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "engines.cbom.reports.lock_files", None)
    status, _, errors = run()
    assert (status, "cryptoserve-server[scan]" in errors) == (2, True)


def test_submission(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[tuple[str, dict[str, str]]] = []

    def send(invocation: object, path: str, body: dict[str, str]) -> bytes:
        sent.append((path, body))
        return b'{"data": {"number": 3}}'

    monkeypatch.setattr(submitting, "send", send)
    status, _, errors = run("-submit=team/apps/shop", "-submit-version=1.4.2")
    assert (status, errors) == (1, "submitted to team/apps as version 3 of shop\n")
    ((path, body),) = sent
    assert (path, body["version"]) == ("team/apps/applications/shop", "1.4.2")
    assert read_contents(body["document"].encode()).libraries
    for wrong in (["-submit=shop"], ["-submit=/shop"], ["-submit=apps/"], ["-submit=apps/shop", "-diff=HEAD"]):
        assert run(*wrong)[0] == 2
    monkeypatch.setattr(submitting, "send", lambda *_: b'{"data": {}}')
    assert run("-submit=apps/shop")[0] == 2
