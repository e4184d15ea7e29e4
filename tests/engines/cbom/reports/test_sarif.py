"""SARIF against OASIS's schema (docs.oasis-open.org/sarif/sarif/v2.1.0/errata01, without its descriptions)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from engines.cbom.reports.report import Report, entries_of
from engines.cbom.reports.sarif import FINGERPRINT, fingerprints_in, to_sarif
from engines.cbom.source.files.discovery import Problem
from engines.cbom.source.words import FINDINGS
from tests.engines.cbom.source.examples import results_of

SCHEMA = json.loads((Path(__file__).parent / "sarif-schema-2.1.0.json").read_text())
SOURCE = b"""import hashlib
from Crypto.Cipher import AES
hashlib.md5(b"")
AES.new(b"0123456789abcdef", AES.MODE_ECB)
"""


def log_of(source: bytes, baseline: frozenset[str] = frozenset()) -> dict[str, Any]:
    entries = entries_of(results_of({"a folder/\u00fc.py": source}), baseline)
    report = Report(entries, [Problem("b.py", "binary")], files=1)
    found: dict[str, Any] = json.loads(to_sarif(report, "1.0"))
    return found


def test_the_log_is_valid() -> None:
    log = log_of(SOURCE)
    jsonschema.Draft4Validator(SCHEMA).validate(log)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.Draft4Validator(SCHEMA).validate({**log, "runs": [{}]})


def test_every_class_has_a_rule_with_its_help() -> None:
    rules = log_of(b"")["runs"][0]["tool"]["driver"]["rules"]
    assert {rule["id"] for rule in rules} >= FINDINGS | {"use"}
    assert all(rule["help"]["text"] and rule["shortDescription"]["text"] for rule in rules)


def test_results_tell_place_properties_and_what_to_write() -> None:
    results = log_of(SOURCE)["runs"][0]["results"]
    weak = next(result for result in results if result["ruleId"] == "ecb-mode")
    place = weak["locations"][0]["physicalLocation"]
    assert place["artifactLocation"] == {"uri": "a%20folder/%C3%BC.py", "uriBaseId": "SRCROOT"}
    assert (place["region"]["startLine"], place["region"]["startColumn"], place["region"]["endLine"]) == (4, 5, 4)
    assert weak["properties"] == {
        "finding": "ecb-mode",
        "algorithm": "AES",
        "primitive": "cipher",
        "mode": "ECB",
        "key_bits": 128,
        "library": "PyCryptodome",
    }
    assert weak["level"] == "error"
    assert "AES.MODE_GCM" in weak["message"]["text"]
    assert "transit/encrypt" in weak["message"]["text"]
    used = {result["properties"]["finding"] for result in results if result["properties"]["algorithm"] == "MD5"}
    assert used == {"use", "weak-hash"}


def test_fingerprints_survive_moved_lines_and_tell_equal_lines_apart() -> None:
    moved = b"# A comment.\n\n" + SOURCE.replace(b'hashlib.md5(b"")', b'if True:\n    hashlib.md5(b"")')
    assert prints(log_of(moved)) == prints(log_of(SOURCE))
    twice = prints(log_of(SOURCE + b'hashlib.md5(b"")\n'))
    assert len(set(twice)) == len(twice) == len(prints(log_of(SOURCE))) + 2


def prints(log: dict[str, Any]) -> list[str]:
    return sorted(result["partialFingerprints"][FINGERPRINT] for result in log["runs"][0]["results"])


def test_what_a_baseline_has_is_unchanged() -> None:
    known = fingerprints_in(json.dumps(log_of(SOURCE)).encode())
    results = log_of(SOURCE + b"hashlib.sha1()\n", known)["runs"][0]["results"]
    assert {result["properties"]["algorithm"] for result in results if "baselineState" not in result} == {"SHA-1"}


@pytest.mark.parametrize("content", [b"", b"[]", b"{}", b'{"runs": [1]}', b'{"runs": [{"results": [1]}]}'])
def test_what_is_no_log_is_refused(content: bytes) -> None:
    with pytest.raises(ValueError, match="not a SARIF log"):
        fingerprints_in(content)
