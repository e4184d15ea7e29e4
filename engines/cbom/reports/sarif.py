"""SARIF 2.1.0 (OASIS, 2020): one run, a rule for each class of findings, uses as notes."""

from __future__ import annotations

import os
from typing import Any
from urllib.parse import quote

import msgspec

from engines.cbom.reports.report import Entry, Report, path_text, properties_of
from engines.cbom.source.judging.results import Kind, kinds
from engines.cbom.source.words import USE

_SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
FINGERPRINT = "cryptoserve/v1"
"""The name of our fingerprint among those of other tools."""

_ROOT = "SRCROOT"


def to_sarif(report: Report, version: str) -> bytes:
    """The report as SARIF of the program's ``version``. Paths that aren't absolute are of the working folder."""
    names = sorted({*kinds(), *(entry.result.finding for entry in report.entries)})
    index = {name: position for position, name in enumerate(names)}
    notifications = [_notification(each) for each in report.problems]
    run = {
        "tool": {
            "driver": {
                "name": "cryptoserve scan",
                "version": version,
                "rules": [_rule(kinds()[name]) for name in names],
            }
        },
        "columnKind": "unicodeCodePoints",
        "invocations": [{"executionSuccessful": True, "toolExecutionNotifications": notifications}],
        "results": [_result(entry, index) for entry in report.entries],
        **({"properties": {"advisories": report.advisories}} if report.advisories else {}),
    }
    log = {"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}
    return msgspec.json.format(msgspec.json.encode(log), indent=2) + b"\n"


def _rule(kind: Kind) -> dict[str, Any]:
    lines = [kind.why_in_general, *([f"Instead: {kind.instead}"] if kind.instead else [])]
    lines += [f"With CryptoServe: {kind.cryptoserve}"] if kind.cryptoserve else []
    return {
        "id": kind.name,
        "name": "".join(word.capitalize() for word in kind.name.split("-")),
        "shortDescription": {"text": kind.title},
        "fullDescription": {"text": kind.why_in_general},
        "help": {"text": "\n\n".join(lines), "markdown": "\n\n".join(lines)},
        "defaultConfiguration": {"level": kind.level},
        "properties": {"tags": ["cryptography", *(["security"] if kind.name != USE else [])]},
    }


def _result(entry: Entry, index: dict[str, int]) -> dict[str, Any]:
    result = entry.result
    found: dict[str, Any] = {
        "ruleId": result.finding,
        "ruleIndex": index[result.finding],
        "level": result.level,
        "message": {"text": message_of(entry)},
        "locations": [_location(result.place.path, _region(entry))],
        "partialFingerprints": {FINGERPRINT: entry.fingerprint},
        "properties": properties_of(result),
    }
    if entry.known:
        found["baselineState"] = "unchanged"
    if result.suppressed:
        found["suppressions"] = [{"kind": "inSource", "justification": result.suppressed}]
    return found


def message_of(entry: Entry) -> str:
    """Why, what to write instead, and when this service could do it."""
    result = entry.result
    parts = [result.reason]
    parts += [f"Instead: {result.instead}"] if result.instead else []
    parts += [f"With CryptoServe: {result.kind.cryptoserve}"] if result.kind.cryptoserve else []
    return " ".join(part if part.endswith(".") else f"{part}." for part in parts)


def _region(entry: Entry) -> dict[str, Any]:
    place = entry.result.place
    return {
        "startLine": place.line,
        "startColumn": place.column,
        "endLine": place.end_line,
        "endColumn": place.end_column,
        "snippet": {"text": entry.result.text},
    }


def _location(path: str, region: dict[str, Any] | None = None) -> dict[str, Any]:
    place: dict[str, Any] = {"artifactLocation": _artifact(path)}
    if region is not None:
        place["region"] = region
    return {"physicalLocation": place}


def _artifact(path: str) -> dict[str, str]:
    uri = quote(os.fsencode(path.removeprefix("./")))
    return {"uri": f"file://{uri}"} if uri.startswith("/") else {"uri": uri, "uriBaseId": _ROOT}


def _notification(problem: Any) -> dict[str, Any]:
    return {
        "level": "warning",
        "message": {"text": f"{path_text(problem.path)}: {problem.text}"},
        "locations": [_location(problem.path)],
    }


def fingerprints_in(content: bytes) -> frozenset[str]:
    """The fingerprints of a SARIF file that ``to_sarif`` wrote. Raises ``ValueError``."""
    try:
        log = msgspec.json.decode(content)
        runs = [run["results"] for run in log["runs"]]
        prints = [result.get("partialFingerprints", {}).get(FINGERPRINT) for results in runs for result in results]
    except (msgspec.DecodeError, KeyError, TypeError, AttributeError):
        raise ValueError("not a SARIF log") from None
    return frozenset(each for each in prints if isinstance(each, str))
