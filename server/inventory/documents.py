"""Inventories as documents: CycloneDX 1.7, 1.6 and 1.5, and SPDX 2.3, written piece by piece.

A writer gets the rows one by one, and then knows which algorithms are used. So keys come first in its lists, algorithms
behind them, and references at the end. Two documents of the same state differ in serial number and time alone.

CycloneDX 1.5 and SPDX 2.3 have no cryptographic assets: there, keys and algorithms are components of type ``data``, or
packages, with the same properties.
"""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Protocol

import msgspec

from engines.algorithms.cyclonedx import BARRIER, SERVER, Asset, assets, refs_of, with_dependencies
from engines.algorithms.registry import ALGORITHMS
from engines.algorithms.row import Primitive
from engines.crypto_policy.profiles.judging import utc_day
from engines.durations import format_time
from engines.keys.counting.use_records import Tally
from engines.keys.states import State
from server.inventory.rows import Row, time_or_none
from server.inventory.verdicts import Judging, properties_of, verdicts_of, worst_of
from server.runtime.version import VERSION

PRODUCT = "cryptoserve"
_SYMMETRIC = frozenset({Primitive.AEAD, Primitive.BLOCK_CIPHER, Primitive.MAC})
_encode = msgspec.json.Encoder().encode


class Writer(Protocol):
    """One document. ``key`` is called for each row, in their order, then ``end`` once."""

    content_type: str

    def begin(self, now: float) -> bytes:
        """The document's beginning, made at ``now`` in seconds since the epoch."""

    def key(self, row: Row, properties: Mapping[str, str]) -> bytes:
        """The piece for a row."""

    def end(self) -> Iterator[bytes]:
        """The rest of the document."""


def key_properties(row: Row, at: float, profiles: Iterable[Judging], *, use: bool) -> dict[str, str]:
    """The properties of a key version, by name; verdicts are the strictest on any operation."""
    facts, key, day = row.facts, properties_of(row.facts), utc_day(at)
    found = {
        "cryptoserve:key": f"{facts.namespace}{facts.mount}{facts.name}",
        "cryptoserve:version": str(facts.version),
        "cryptoserve:algorithm": facts.algorithm,
        "cryptoserve:id": row.id,
        "cryptoserve:state": row.state.value,
        "cryptoserve:owner": facts.owner,
        "cryptoserve:data_class": facts.data_class,
        "cryptoserve:origin": row.origin,
    }
    for judging in profiles:
        verdict = worst_of(verdicts_of(judging, key, day))
        found[f"cryptoserve:verdict.{judging.profile.id}"] = verdict.value
    if use and row.use is not None:
        found |= _use_properties("protect", row.use.protect) | _use_properties("process", row.use.process)
    return found


def _use_properties(kind: str, tally: Tally) -> dict[str, str]:
    return {
        f"cryptoserve:{kind}.operations": str(tally.operations),
        f"cryptoserve:{kind}.bytes": str(tally.bytes),
        f"cryptoserve:{kind}.failures": str(tally.failures),
        f"cryptoserve:{kind}.first_used": format_time(tally.first_used) if tally.first_used else "",
        f"cryptoserve:{kind}.last_used": format_time(tally.last_used) if tally.last_used else "",
    }


class _Used:
    """The algorithms of key versions that aren't destroyed, and all that any version refers to."""

    def __init__(self) -> None:
        self.in_use: set[str] = set()
        self.mentioned: set[str] = set()
        self.keys: list[tuple[str, str]] = []
        """The id and the algorithm of each version."""

    def add(self, row: Row) -> None:
        refs = refs_of(row.facts.algorithm)
        self.mentioned.update(refs)
        if row.state is not State.DESTROYED:
            self.in_use.update(refs)
        self.keys.append((row.id, row.facts.algorithm))

    def needed(self) -> set[str]:
        """What the server and the keys that aren't destroyed depend on."""
        return with_dependencies({*SERVER, *self.in_use})

    def offered(self) -> set[str]:
        """What the server can do and nothing uses."""
        return set(assets()) - self.needed()


class CycloneDx:
    """A document of CycloneDX ``version``: 1.7, 1.6 or 1.5."""

    def __init__(self, version: str) -> None:
        self.content_type = f"application/vnd.cyclonedx+json; version={version}"
        self._version = version
        self._assets = version != "1.5"
        self._used = _Used()

    def begin(self, now: float) -> bytes:
        """As ``Writer.begin``."""
        head = {
            "$schema": f"http://cyclonedx.org/schema/bom-{self._version}.schema.json",
            "bomFormat": "CycloneDX",
            "specVersion": self._version,
            "serialNumber": f"urn:uuid:{uuid.uuid4()}",
            "version": 1,
            "metadata": {
                "timestamp": format_time(now),
                "component": {"type": "application", "bom-ref": PRODUCT, "name": PRODUCT, "version": VERSION},
            },
        }
        return _encode(head)[:-1] + b',"components":['

    def key(self, row: Row, properties: Mapping[str, str]) -> bytes:
        """As ``Writer.key``."""
        first = not self._used.keys
        self._used.add(row)
        component: dict[str, Any] = {
            "type": "cryptographic-asset" if self._assets else "data",
            "bom-ref": f"key:{row.id}",
            "name": properties["cryptoserve:key"],
            "version": str(row.facts.version),
        }
        if self._assets:
            component["cryptoProperties"] = self._key_properties(row)
        component["properties"] = _listed(properties)
        return (b"" if first else b",") + _encode(component)

    def end(self) -> Iterator[bytes]:
        """As ``Writer.end``."""
        used = self._used
        separator = b"," if used.keys else b""
        for asset in assets().values():
            yield separator + _encode(self._component(asset))
            separator = b","
        needed, offered = used.needed(), used.offered()
        server: dict[str, Any] = {"ref": PRODUCT, "dependsOn": _refs(needed)}
        if self._assets:
            server["provides"] = _refs(offered)
        yield b'],"dependencies":[' + _encode(server)
        for key_id, algorithm in used.keys:
            yield b"," + _encode({"ref": f"key:{key_id}", "dependsOn": _refs(refs_of(algorithm))})
        for asset in assets().values():
            if asset.depends_on:
                yield b"," + _encode({"ref": _ref(asset.ref), "dependsOn": _refs(asset.depends_on)})
        yield b"]}"

    def _component(self, asset: Asset) -> dict[str, Any]:
        component: dict[str, Any] = {
            "type": "cryptographic-asset" if self._assets else "data",
            "bom-ref": _ref(asset.ref),
            "name": asset.name,
        }
        if self._assets:
            properties: dict[str, Any] = {
                "assetType": "algorithm",
                "algorithmProperties": self._algorithm_properties(asset),
            }
            if asset.object_identifier:
                properties["oid"] = asset.object_identifier
            component["cryptoProperties"] = properties
        else:
            offered = asset.ref in self._used.offered()
            component["properties"] = _listed(
                {"cryptoserve:primitive": asset.primitive, "cryptoserve:provided_only": str(offered).lower()}
            )
        return component

    def _algorithm_properties(self, asset: Asset) -> dict[str, Any]:
        newest = self._version == "1.7"
        given = {
            "primitive": asset.primitive,
            "algorithmFamily": asset.family if newest else "",
            "parameterSetIdentifier": asset.parameter_set,
            "ellipticCurve" if newest else "curve": asset.curve if newest else asset.curve.rpartition("/")[2],
            "executionEnvironment": "software-plain-ram",
            "certificationLevel": ["none"],
            "mode": asset.mode,
            "padding": asset.padding,
            "cryptoFunctions": list(asset.functions),
        }
        found: dict[str, Any] = {name: value for name, value in given.items() if value}
        if asset.classical_bits is not None:
            found["classicalSecurityLevel"] = asset.classical_bits
        if asset.quantum_category is not None:
            found["nistQuantumSecurityLevel"] = asset.quantum_category
        return found

    def _key_properties(self, row: Row) -> dict[str, Any]:
        refs = _refs(refs_of(row.facts.algorithm))
        material: dict[str, Any] = {
            "type": _material_type(row),
            "id": row.id,
            "state": row.state.value,
            "creationDate": time_or_none(row.created),
            "securedBy": {"mechanism": "Software", "algorithmRef": _ref(BARRIER)},
        }
        if row.not_before:
            material["activationDate"] = time_or_none(row.not_before)
        if row.not_after:
            material["expirationDate"] = time_or_none(row.not_after)
        if row.facts.bits:
            material["size"] = row.facts.bits
        if self._version == "1.7":
            material["relatedCryptographicAssets"] = [{"type": "algorithm", "ref": ref} for ref in refs]
            if row.public:
                digest = hashlib.sha256(row.public).hexdigest()
                material["fingerprint"] = {"alg": "SHA-256", "content": digest}
        else:
            material["algorithmRef"] = refs[0]
        return {"assetType": "related-crypto-material", "relatedCryptoMaterialProperties": material}


class Spdx:
    """A document of SPDX 2.3: a package for each key version and algorithm, with an annotation."""

    content_type = "application/spdx+json"

    def __init__(self) -> None:
        self._used = _Used()
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
        yield b'],"relationships":[' + _encode(_relation("DOCUMENT", "DESCRIBES", PRODUCT))
        for ref in sorted(self._used.needed()):
            yield b"," + _encode(_relation(PRODUCT, "DEPENDS_ON", _spdx_ref(ref)))
        for key_id, algorithm in self._used.keys:
            yield b"," + _encode(_relation(PRODUCT, "CONTAINS", f"key-{key_id}"))
            for ref in refs_of(algorithm):
                yield b"," + _encode(_relation(f"key-{key_id}", "DEPENDS_ON", _spdx_ref(ref)))
        for asset in assets().values():
            for ref in asset.depends_on:
                yield b"," + _encode(_relation(_spdx_ref(asset.ref), "DEPENDS_ON", _spdx_ref(ref)))
        yield b"]}"

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


FORMATS = ("cyclonedx-1.7", "cyclonedx-1.6", "cyclonedx-1.5", "spdx-2.3")


def writer_of(format: str) -> Writer:
    """The writer of a document of one of ``FORMATS``."""
    assert format in FORMATS, "the caller checks it"
    name, _, version = format.partition("-")
    return Spdx() if name == "spdx" else CycloneDx(version)


def _material_type(row: Row) -> str:
    if ALGORITHMS[row.facts.algorithm].primitive in _SYMMETRIC:
        return "secret-key"
    return "public-key" if row.origin == "imported-public" else "private-key"


def _ref(ref: str) -> str:
    return f"algorithm:{ref}"


def _refs(refs: Iterable[str]) -> list[str]:
    return [_ref(ref) for ref in sorted(refs)]


def _listed(properties: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"name": name, "value": value} for name, value in properties.items()]


def _spdx_ref(ref: str) -> str:
    return f"algorithm-{ref.replace('/', '.')}"


def _relation(of: str, kind: str, to: str) -> dict[str, str]:
    return {"spdxElementId": f"SPDXRef-{of}", "relationshipType": kind, "relatedSpdxElement": f"SPDXRef-{to}"}
