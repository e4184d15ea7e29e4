"""Checks of documents: their schema by a library, and by ourselves what schemas don't see."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

VERSIONS = {"1.7": SchemaVersion.V1_7, "1.6": SchemaVersion.V1_6, "1.5": SchemaVersion.V1_5}
_SINGLE = frozenset({"ref", "algorithmRef", "signatureAlgorithmRef", "subjectPublicKeyRef"})
_SEVERAL = frozenset({"dependsOn", "provides", "cryptoRefArray", "algorithms"})


def check(document: Mapping[str, Any], version: str) -> None:
    """Fails unless a document of CycloneDX is valid, its references lead somewhere, and nothing is defined twice."""
    problem = JsonStrictValidator(VERSIONS[version]).validate_str(json.dumps(document))
    assert problem is None, problem
    defined = defined_in(document)
    assert len(defined) == len(set(defined))
    assert set(references(document)) <= set(defined)
    refs = [each["ref"] for each in document["dependencies"]]
    assert len(refs) == len(set(refs))
    of_server = next(each for each in document["dependencies"] if each["ref"] == "cryptoserve")
    assert not set(of_server["dependsOn"]) & set(of_server.get("provides", []))


def strings(value: object) -> Iterator[str]:
    """Every text in a document but the names of members."""
    if isinstance(value, dict):
        for each in value.values():
            yield from strings(each)
    elif isinstance(value, list):
        for each in value:
            yield from strings(each)
    elif isinstance(value, str):
        yield value


def references(value: object) -> Iterator[str]:
    """Every reference in a document of CycloneDX, whatever the member that has it."""
    if isinstance(value, dict):
        for name, each in value.items():
            if name in _SINGLE:
                yield each
            elif name in _SEVERAL:
                yield from each
            else:
                yield from references(each)
    elif isinstance(value, list):
        for each in value:
            yield from references(each)


def defined_in(document: Mapping[str, Any]) -> list[str]:
    """What can be referred to."""
    return [document["metadata"]["component"]["bom-ref"], *(each["bom-ref"] for each in document["components"])]
