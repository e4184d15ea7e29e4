"""CycloneDX (ECMA-424) 1.7 and 1.6: algorithms and libraries in use, with their places, and vulnerable libraries.

The same report makes the same bytes: there is no time in a document, and its serial number is made from the rest.
"""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Iterable
from typing import Any

import msgspec

from engines.cbom.reports.report import Report, path_text
from engines.cbom.source.judging.results import Result
from engines.cbom.source.words import USE

NEWEST = "1.7"
_APPLICATION = "application"
_PRIMITIVES = {
    "hash": "hash",
    "cipher": "block-cipher",
    "mac": "mac",
    "signature": "signature",
    "kem": "kem",
    "kdf": "kdf",
    "key-agreement": "key-agree",
    "random": "drbg",
}
_PUBLIC_KEY_CIPHERS = frozenset({"RSA", "ElGamal"})
_STREAM_CIPHERS = frozenset({"RC4", "ChaCha20", "Salsa20"})
_MODES = frozenset({"cbc", "ecb", "ccm", "gcm", "cfb", "ofb", "ctr"})
_AUTHENTICATED = frozenset({"gcm", "ccm"})
_PADDINGS = {"PKCS5": "pkcs5", "PKCS7": "pkcs7", "PKCS1": "pkcs1v15", "PKCS1V15": "pkcs1v15", "OAEP": "oaep"}


def to_cyclonedx(report: Report, name: str, program_version: str, version: str = NEWEST) -> bytes:
    """The report on the program called ``name``, as CycloneDX ``version``, by this program's ``program_version``."""
    uses = [entry.result for entry in report.entries if entry.result.finding == USE]
    components = [*_assets(uses), *_libraries(entry.result for entry in report.entries)]
    document: dict[str, Any] = {
        "$schema": f"http://cyclonedx.org/schema/bom-{version}.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": version,
        "version": 1,
        "metadata": {
            "tools": {"components": [{"type": "application", "name": "cryptoserve scan", "version": program_version}]},
            "component": {"type": "application", "bom-ref": _APPLICATION, "name": name},
        },
        "components": components,
        "dependencies": [{"ref": _APPLICATION, "dependsOn": [each["bom-ref"] for each in components]}],
    }
    vulnerabilities = _vulnerabilities(entry.result for entry in report.entries)
    if vulnerabilities:
        document["vulnerabilities"] = vulnerabilities
    digest = hashlib.sha256(msgspec.json.encode(document)).digest()
    document["serialNumber"] = f"urn:uuid:{uuid.UUID(bytes=digest[:16], version=4)}"
    return msgspec.json.format(msgspec.json.encode(document), indent=2) + b"\n"


def _assets(uses: Iterable[Result]) -> list[dict[str, Any]]:
    """A cryptographic asset for each algorithm, with its size and mode, and the places where code uses it."""
    found: dict[str, dict[str, Any]] = {}
    for use in uses:
        name = _name(use)
        if not name or use.dependency is not None:
            continue
        ref = f"{use.primitive}:{name}"
        asset = found.setdefault(
            ref,
            {
                "type": "cryptographic-asset",
                "bom-ref": ref,
                "name": name,
                "cryptoProperties": _crypto_properties(use),
                "evidence": {"occurrences": []},
            },
        )
        asset["evidence"]["occurrences"].append(_occurrence(use))
    return [found[ref] for ref in sorted(found)]


def _name(use: Result) -> str:
    """As in ``AES-256-GCM``, ``RSA-2048`` and ``ECDSA-P-256``."""
    size = "" if not use.key_bits or use.curve else str(use.key_bits)
    parts = (use.algorithm, size, use.curve, use.mode)
    return "-".join(part for place, part in enumerate(parts) if part and part not in parts[:place])


def _crypto_properties(use: Result) -> dict[str, Any]:
    if use.primitive == "protocol":
        kind = use.algorithm.lower().partition(" ")[0].rstrip(".0123456789v")
        return {"assetType": "protocol", "protocolProperties": {"type": kind if kind in ("tls", "ssh") else "other"}}
    if use.primitive == "certificate":
        return {"assetType": "certificate"}
    mode = use.mode.lower()
    properties = {
        "primitive": _primitive(use, mode),
        "parameterSetIdentifier": str(use.key_bits or ""),
        "mode": mode if mode in _MODES else "other" if mode else "",
        "padding": (_PADDINGS.get(use.padding.upper(), "other") if use.padding else ""),
    }
    given = {name: value for name, value in properties.items() if value}
    return {"assetType": "algorithm", "algorithmProperties": given}


def _primitive(use: Result, mode: str) -> str:
    if use.primitive == "cipher":
        if mode in _AUTHENTICATED or use.algorithm.endswith("Poly1305"):
            return "ae"
        if use.algorithm in _PUBLIC_KEY_CIPHERS:
            return "pke"
        if use.algorithm in _STREAM_CIPHERS:
            return "stream-cipher"
    return _PRIMITIVES.get(use.primitive, "other")


def _libraries(results: Iterable[Result]) -> list[dict[str, Any]]:
    """A library for each package, with the places where lock files name it."""
    found: dict[str, dict[str, Any]] = {}
    for result in results:
        if result.dependency is None:
            continue
        purl = result.dependency.purl
        name, _, version = result.text.partition(" ")
        library: dict[str, Any] = {"type": "library", "bom-ref": purl, "name": name, "purl": purl}
        library |= {"version": version} if version else {}
        library = found.setdefault(purl, {**library, "evidence": {"occurrences": []}})
        if (place := _occurrence(result)) not in library["evidence"]["occurrences"]:
            library["evidence"]["occurrences"].append(place)
    return [found[purl] for purl in sorted(found)]


def _occurrence(result: Result) -> dict[str, Any]:
    return {"location": path_text(result.place.path), "line": result.place.line}


def _vulnerabilities(results: Iterable[Result]) -> list[dict[str, Any]]:
    """A vulnerability for each advisory, with the libraries that it affects."""
    found: dict[str, tuple[str, dict[str, None]]] = {}
    for result in results:
        if result.dependency is not None:
            dependency = result.dependency
            for id_, severity in zip(dependency.advisories, dependency.severities, strict=True):
                found.setdefault(id_, (severity, {}))[1][dependency.purl] = None
    return [
        {
            "bom-ref": f"advisory:{id_}",
            "id": id_,
            "ratings": [{"severity": severity}],
            "affects": [{"ref": purl} for purl in sorted(purls)],
        }
        for id_, (severity, purls) in sorted(found.items())
    ]
