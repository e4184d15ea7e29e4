"""Certificates and protocols of the server as components of CycloneDX, and what they depend on."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

from engines.algorithms.cyclonedx import ref_named, ref_of_signature
from server.inventory.own import Certified, Own, Spoken


def ref(name: str) -> str:
    """The ``bom-ref`` of an algorithm."""
    return f"algorithm:{name}"


def refs(names: Iterable[str]) -> list[str]:
    """Those of several, in order."""
    return [ref(name) for name in sorted(names)]


def listed(properties: Mapping[str, str]) -> list[dict[str, str]]:
    """Properties as a component has them."""
    return [{"name": name, "value": value} for name, value in properties.items()]


class OwnComponents:
    """The components of ``own`` in a document of CycloneDX ``version``."""

    def __init__(self, version: str, own: Own) -> None:
        self._version = version
        self._own = own

    @property
    def refs(self) -> list[str]:
        """Their ``bom-ref``."""
        return [_certificate_ref(each.fingerprint) for each in self._own.certificates] + [
            _protocol_ref(each) for each in self._own.protocols
        ]

    def components(self) -> Iterator[dict[str, Any]]:
        """Each of them."""
        for certificate in self._own.certificates:
            told = {"cryptoserve:kind": certificate.kind, "cryptoserve:algorithm": certificate.key_algorithm}
            yield self._component(
                _certificate_ref(certificate.fingerprint),
                certificate.subject or certificate.serial_number,
                {"assetType": "certificate", "certificateProperties": self._certificate_properties(certificate)},
                {**told, "cryptoserve:signature_algorithm": certificate.signature_algorithm},
            )
        for protocol in self._own.protocols:
            yield self._component(
                _protocol_ref(protocol),
                f"TLS {protocol.version}",
                {"assetType": "protocol", "protocolProperties": self._protocol_properties(protocol)},
                {"cryptoserve:kind": "tls", "cryptoserve:listener": protocol.listener},
            )

    def dependencies(self) -> Iterator[dict[str, Any]]:
        """What each depends on."""
        for certificate in self._own.certificates:
            yield {"ref": _certificate_ref(certificate.fingerprint), "dependsOn": refs(certificate.refs)}
        for protocol in self._own.protocols:
            presented = [_certificate_ref(each) for each in protocol.presented]
            yield {"ref": _protocol_ref(protocol), "dependsOn": refs(protocol.refs) + presented}

    def _component(self, name: str, shown: str, properties: dict[str, Any], told: Mapping[str, str]) -> dict[str, Any]:
        component: dict[str, Any] = {"type": "data", "bom-ref": name, "name": shown}
        if self._version != "1.5":
            component |= {"type": "cryptographic-asset", "cryptoProperties": properties}
        return component | {"properties": listed(told)}

    def _certificate_properties(self, certificate: Certified) -> dict[str, Any]:
        found: dict[str, Any] = {
            "subjectName": certificate.subject,
            "issuerName": certificate.issuer,
            "notValidBefore": _time(certificate.not_before),
            "notValidAfter": _time(certificate.not_after),
            "certificateFormat": "X.509",
        }
        if self._version == "1.7":
            key, signature = ref_named(certificate.key_algorithm), ref_of_signature(certificate.signature_algorithm)
            found |= {
                "serialNumber": certificate.serial_number,
                "fingerprint": {"alg": "SHA-256", "content": certificate.fingerprint},
                "relatedCryptographicAssets": [
                    {"type": "algorithm", "ref": ref(each)} for each in (key, signature) if each
                ],
            }
        elif signature := ref_of_signature(certificate.signature_algorithm):
            found["signatureAlgorithmRef"] = ref(signature)
        return found

    def _protocol_properties(self, protocol: Spoken) -> dict[str, Any]:
        suites = []
        for name, algorithms, (first, second) in protocol.suites:
            suite: dict[str, Any] = {
                "name": name,
                "algorithms": refs(algorithms),
                "identifiers": [f"0x{first:02X}", f"0x{second:02X}"],
            }
            if self._version == "1.7":
                suite["tlsGroups"] = list(protocol.groups)
                suite["tlsSignatureSchemes"] = list(protocol.offer.signature_schemes)
            suites.append(suite)
        found: dict[str, Any] = {"type": "tls", "version": protocol.version, "cipherSuites": suites}
        presented = [_certificate_ref(each) for each in protocol.presented]
        if self._version == "1.7":
            found["relatedCryptographicAssets"] = [{"type": "certificate", "ref": each} for each in presented]
        else:
            found["cryptoRefArray"] = presented
        return found


def _certificate_ref(fingerprint: str) -> str:
    return f"certificate:{fingerprint[:32]}"


def _protocol_ref(protocol: Spoken) -> str:
    return f"protocol:{protocol.id}"


def _time(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
