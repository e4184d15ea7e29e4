"""Documents of SPDX 2.3."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from engines.algorithms.cyclonedx import assets, refs_of
from engines.durations import format_time
from server.inventory.documents.used import PRODUCT, Used
from server.inventory.own import Certified, Own
from server.inventory.rows import Row
from server.runtime.version import VERSION

_encode = msgspec.json.Encoder().encode


class Spdx:
    """A document of SPDX 2.3: a package for each key version and algorithm, with an annotation."""

    content_type = "application/spdx+json"

    def __init__(self, own: Own) -> None:
        self._own = own
        self._used = Used(own)
        self._now = ""

    def begin(self, now: float) -> bytes:
        """As ``Writer.begin``."""
        self._now = format_time(int(now))
        head = {
            "spdxVersion": "SPDX-2.3",
            "dataLicense": "CC0-1.0",
            "SPDXID": "SPDXRef-DOCUMENT",
            "name": f"{PRODUCT}-inventory",
            "documentNamespace": f"urn:uuid:{uuid.uuid4()}",
            "creationInfo": {"created": self._now, "creators": [f"Tool: {PRODUCT}-{VERSION}"]},
        }
        return _encode(head)[:-1] + b',"packages":[' + _encode(self._package(PRODUCT, PRODUCT, VERSION, {}))

    def key(self, row: Row, properties: Mapping[str, str]) -> bytes:
        """As ``Writer.key``."""
        self._used.add(row)
        package = self._package(f"key-{row.id}", properties["cryptoserve:key"], str(row.facts.version), properties)
        return b"," + _encode(package)

    def end(self) -> Iterator[bytes]:
        """As ``Writer.end``."""
        offered = self._used.offered()
        for asset in assets().values():
            properties = {
                "cryptoserve:primitive": asset.primitive,
                "cryptoserve:provided_only": str(asset.ref in offered).lower(),
            }
            yield b"," + _encode(self._package(_spdx_ref(asset.ref), asset.name, "", properties))
        for certificate in self._own.certificates:
            yield b"," + _encode(self._package(_certificate(certificate.fingerprint), *_told_of(certificate)))
        for protocol in self._own.protocols:
            told = {"cryptoserve:kind": "tls", "cryptoserve:listener": protocol.listener}
            suites = {"cryptoserve:suites": " ".join(name for name, _, _ in protocol.suites)}
            told |= {**suites, "cryptoserve:groups": " ".join(protocol.groups)}
            yield b"," + _encode(self._package(f"protocol-{protocol.id}", "TLS", protocol.version, told))
        yield b'],"relationships":[' + _encode(_relation("DOCUMENT", "DESCRIBES", PRODUCT))
        for ref in sorted(self._used.needed()):
            yield b"," + _encode(_relation(PRODUCT, "DEPENDS_ON", _spdx_ref(ref)))
        yield from (b"," + _encode(relation) for relation in self._own_relations())
        for key_id, algorithm in self._used.keys():
            yield b"," + _encode(_relation(PRODUCT, "CONTAINS", f"key-{key_id}"))
            for ref in refs_of(algorithm):
                yield b"," + _encode(_relation(f"key-{key_id}", "DEPENDS_ON", _spdx_ref(ref)))
        for asset in assets().values():
            for ref in asset.depends_on:
                yield b"," + _encode(_relation(_spdx_ref(asset.ref), "DEPENDS_ON", _spdx_ref(ref)))
        yield b"]}"

    def _own_relations(self) -> Iterator[dict[str, str]]:
        for certificate in self._own.certificates:
            name = _certificate(certificate.fingerprint)
            yield _relation(PRODUCT, "DEPENDS_ON", name)
            for ref in certificate.refs:
                yield _relation(name, "DEPENDS_ON", _spdx_ref(ref))
        for protocol in self._own.protocols:
            name = f"protocol-{protocol.id}"
            yield _relation(PRODUCT, "DEPENDS_ON", name)
            for other in (*map(_spdx_ref, protocol.refs), *map(_certificate, protocol.presented)):
                yield _relation(name, "DEPENDS_ON", other)

    def _package(self, ref: str, name: str, version: str, properties: Mapping[str, str]) -> dict[str, Any]:
        package: dict[str, Any] = {
            "SPDXID": f"SPDXRef-{ref}",
            "name": name,
            "downloadLocation": "NONE",
            "filesAnalyzed": False,
            "primaryPackagePurpose": "APPLICATION" if ref == PRODUCT else "OTHER",
        }
        if version:
            package["versionInfo"] = version
        if properties:
            package["annotations"] = [
                {
                    "annotationDate": self._now,
                    "annotationType": "OTHER",
                    "annotator": f"Tool: {PRODUCT}-{VERSION}",
                    "comment": _encode(dict(properties)).decode(),
                }
            ]
        return package


def _told_of(certificate: Certified) -> tuple[str, str, dict[str, str]]:
    """The name of a certificate, its serial number, and its properties."""
    told = {
        "cryptoserve:kind": certificate.kind,
        "cryptoserve:algorithm": certificate.key_algorithm,
        "cryptoserve:signature_algorithm": certificate.signature_algorithm,
        "cryptoserve:fingerprint": certificate.fingerprint,
        "cryptoserve:not_after": certificate.not_after.strftime("%Y-%m-%dT%H:%M:%SZ"),
    }
    return certificate.subject or certificate.serial_number, certificate.serial_number, told


def _certificate(fingerprint: str) -> str:
    return f"certificate-{fingerprint[:32]}"


def _spdx_ref(ref: str) -> str:
    return f"algorithm-{ref.replace('/', '.')}"


def _relation(of: str, kind: str, to: str) -> dict[str, str]:
    return {"spdxElementId": f"SPDXRef-{of}", "relationshipType": kind, "relatedSpdxElement": f"SPDXRef-{to}"}
