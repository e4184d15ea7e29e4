"""Documents of CycloneDX (ECMA-424) 1.7, 1.6 and 1.5."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Collection, Iterator, Mapping
from functools import cache
from typing import Any

import msgspec

from engines.algorithms.cyclonedx import BARRIER, Asset, assets, refs_of
from engines.algorithms.registry import ALGORITHMS
from engines.algorithms.row import Primitive
from engines.durations import format_time
from server.inventory.documents.own_components import OwnComponents, listed, ref, refs
from server.inventory.documents.used import LISTENERS_ONLY, PRODUCT, Used
from server.inventory.own import Own
from server.inventory.rows import Row, time_or_none
from server.runtime.version import VERSION

_SYMMETRIC = frozenset({Primitive.AEAD, Primitive.BLOCK_CIPHER, Primitive.MAC})
_encode = msgspec.json.Encoder().encode


class CycloneDx:
    """A document of CycloneDX ``version``: 1.7, 1.6 or 1.5."""

    def __init__(self, version: str, own: Own) -> None:
        self.content_type = f"application/vnd.cyclonedx+json; version={version}"
        self._version = version
        self._assets = version != "1.5"
        self._used = Used(own)
        self._own = OwnComponents(version, own)

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
        first = not self._used.any_keys
        self._used.add(row)
        component: dict[str, Any] = {
            "type": "cryptographic-asset" if self._assets else "data",
            "bom-ref": f"key:{row.id}",
            "name": properties["cryptoserve:key"],
            "version": str(row.facts.version),
        }
        if self._assets:
            component["cryptoProperties"] = self._key_properties(row)
        component["properties"] = listed(properties)
        return (b"" if first else b",") + _encode(component)

    def end(self) -> Iterator[bytes]:
        """As ``Writer.end``."""
        used = self._used
        needed, offered, of_listeners = used.needed(), used.offered(), used.of_listeners_alone()
        separator = b"," if used.any_keys else b""
        for asset in assets().values():
            yield separator + _encode(self._component(asset, offered, of_listeners))
            separator = b","
        for component in self._own.components():
            yield b"," + _encode(component)
        server: dict[str, Any] = {"ref": PRODUCT, "dependsOn": refs(needed) + self._own.refs}
        if self._assets:
            server["provides"] = refs(offered)
        yield b'],"dependencies":[' + _encode(server)
        for dependency in self._own.dependencies():
            yield b"," + _encode(dependency)
        for key_id, algorithm in used.keys():
            yield b',{"ref":"key:%b","dependsOn":%b}' % (key_id.encode(), _encoded_refs(algorithm))
        for asset in assets().values():
            if asset.depends_on:
                yield b"," + _encode({"ref": ref(asset.ref), "dependsOn": refs(asset.depends_on)})
        yield b"]}"

    def _component(self, asset: Asset, offered: Collection[str], of_listeners: Collection[str]) -> dict[str, Any]:
        component: dict[str, Any] = {
            "type": "cryptographic-asset" if self._assets else "data",
            "bom-ref": ref(asset.ref),
            "name": asset.name,
        }
        told = {LISTENERS_ONLY: "true"} if asset.ref in of_listeners else {}
        if self._assets:
            properties: dict[str, Any] = {
                "assetType": "algorithm",
                "algorithmProperties": self._algorithm_properties(asset),
            }
            if asset.object_identifier:
                properties["oid"] = asset.object_identifier
            component["cryptoProperties"] = properties
        else:
            told["cryptoserve:primitive"] = asset.primitive
            told["cryptoserve:provided_only"] = str(asset.ref in offered).lower()
        if told:
            component["properties"] = listed(told)
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
        algorithms = refs(refs_of(row.facts.algorithm))
        material: dict[str, Any] = {
            "type": _material_type(row),
            "id": row.id,
            "state": row.state.value,
            "creationDate": time_or_none(row.created),
            "securedBy": {"mechanism": "Software", "algorithmRef": ref(BARRIER)},
        }
        if row.not_before:
            material["activationDate"] = time_or_none(row.not_before)
        if row.not_after:
            material["expirationDate"] = time_or_none(row.not_after)
        if row.facts.bits:
            material["size"] = row.facts.bits
        if self._version == "1.7":
            material["relatedCryptographicAssets"] = [{"type": "algorithm", "ref": each} for each in algorithms]
            if row.public:
                digest = hashlib.sha256(row.public).hexdigest()
                material["fingerprint"] = {"alg": "SHA-256", "content": digest}
        else:
            material["algorithmRef"] = algorithms[0]
        return {"assetType": "related-crypto-material", "relatedCryptoMaterialProperties": material}


@cache
def _encoded_refs(algorithm: str) -> bytes:
    return _encode(refs(refs_of(algorithm)))


def _material_type(row: Row) -> str:
    if ALGORITHMS[row.facts.algorithm].primitive in _SYMMETRIC:
        return "secret-key"
    return "public-key" if row.origin == "imported-public" else "private-key"
