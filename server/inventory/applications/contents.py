"""Contents of a CycloneDX document: the algorithms, key versions, libraries and vulnerabilities that it names.

Documents come from any tool, and aren't trusted: everything has a bound, and only these contents are stored beside the
document itself.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from msgspec import Struct

from server.inventory.documents.reading import (
    Item,
    NotReadable,
    components_of,
    items_in,
    list_of,
    object_of,
    text_of,
)

VERSIONS = ("1.4", "1.5", "1.6", "1.7")
MAX_BYTES = 16 * 1024 * 1024
MAX_COMPONENTS = 50_000
MAX_ALGORITHMS = 2000
MAX_KEYS = 10_000
MAX_VULNERABILITIES = 10_000
MAX_REFERENCES = 500_000
MAX_TEXT = 512
"""Characters of a name and the like."""

_SERIAL = re.compile(r"urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", re.ASCII)
_TYPES = frozenset(
    {
        *("application", "framework", "library", "container", "platform", "operating-system", "device", "file"),
        *("device-driver", "firmware", "machine-learning-model", "data", "cryptographic-asset"),
    }
)
_LIBRARIES = frozenset({"library", "framework"})
_SEVERITIES = ("critical", "high", "medium", "low", "info", "none", "unknown")
"""Of CycloneDX, the worst first."""


class Algorithm(Struct, frozen=True, array_like=True):
    """An algorithm that the program uses."""

    name: str
    row: str | None
    """As ``Item.algorithm``."""

    primitive: str
    occurrences: int
    """Places in the code."""


class KeyVersion(Struct, frozen=True, array_like=True):
    """A key version that the document names."""

    ref: str
    name: str
    row: str | None
    state: str


class Vulnerability(Struct, frozen=True, array_like=True):
    """A vulnerability of a library."""

    id: str
    severity: str
    library: str
    """The package URL, or the name."""


class Contents(Struct, frozen=True):
    """All that is taken from a document, in its order."""

    spec_version: str
    serial_number: str
    """As the document says, "" without one. It identifies nothing here: a document may claim that of another."""

    algorithms: tuple[Algorithm, ...]
    keys: tuple[KeyVersion, ...]
    libraries: tuple[str, ...]
    """Package URLs, or names with versions."""

    vulnerabilities: tuple[Vulnerability, ...]


def read_contents(document: bytes) -> Contents:
    """The contents of a document of CycloneDX 1.4 to 1.7 in JSON. Raises ``NotReadable``."""
    if len(document) > MAX_BYTES:
        raise NotReadable(f"the document has more than {MAX_BYTES} bytes")
    try:
        found = object_of(msgspec.json.decode(document), "the document")
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        raise NotReadable("the document is not JSON") from None
    components = []
    for component in components_of(found):
        if text_of(component, "type") not in _TYPES or not text_of(component, "name"):
            raise NotReadable("a component has no name, or a type that CycloneDX has not")
        components.append(component)
        if len(components) > MAX_COMPONENTS:
            raise NotReadable(f"the document has more than {MAX_COMPONENTS} components")
    _check_number_of_references(found)
    items = items_in(found, components, VERSIONS)
    algorithms, keys = _algorithms(items), [item for item in items if item.is_key]
    if len(algorithms) > MAX_ALGORITHMS:
        raise NotReadable(f"the document has more than {MAX_ALGORITHMS} algorithms")
    if len(keys) > MAX_KEYS:
        raise NotReadable(f"the document has more than {MAX_KEYS} key versions")
    return Contents(
        spec_version=text_of(found, "specVersion"),
        serial_number=_serial_number(found),
        algorithms=algorithms,
        keys=tuple(
            KeyVersion(_short(each.ref), _short(each.name), each.algorithm, _short(each.fields.get("state", "")))
            for each in keys
        ),
        libraries=tuple(dict.fromkeys(_named(each) for each in components if text_of(each, "type") in _LIBRARIES)),
        vulnerabilities=_vulnerabilities(found, components),
    )


def _check_number_of_references(document: Mapping[str, Any]) -> None:
    number = 0
    for each in list_of(document.get("dependencies", []), "dependencies"):
        dependency = object_of(each, "a dependency")
        number += sum(1 + len(list_of(dependency.get(kind, []), kind)) for kind in ("dependsOn", "provides"))
    if number > MAX_REFERENCES:
        raise NotReadable(f"the document has more than {MAX_REFERENCES} references")


def _serial_number(document: Mapping[str, Any]) -> str:
    serial = text_of(document, "serialNumber")
    if serial and _SERIAL.fullmatch(serial.lower()) is None:
        raise NotReadable("serialNumber is no UUID as a URN")
    return serial.lower()


def _algorithms(items: Sequence[Item]) -> tuple[Algorithm, ...]:
    """Algorithms by name, with the places of all components of that name."""
    found: dict[tuple[str, str | None, str], int] = {}
    for item in items:
        if not item.is_key:
            key = _short(item.name), item.algorithm, _short(item.primitive)
            found[key] = found.get(key, 0) + item.occurrences
    return tuple(Algorithm(*key, occurrences) for key, occurrences in found.items())


def _vulnerabilities(document: Mapping[str, Any], components: Sequence[Mapping[str, Any]]) -> tuple[Vulnerability, ...]:
    """Each vulnerability with each library that it affects; those that are said not to be exploitable are left out."""
    names = {ref: _named(each) for each in components if (ref := text_of(each, "bom-ref"))}
    found: dict[Vulnerability, None] = {}
    for each in list_of(document.get("vulnerabilities", []), "vulnerabilities"):
        given = object_of(each, "a vulnerability")
        analysis = object_of(given.get("analysis", {}), "analysis")
        if text_of(analysis, "state") in ("not_affected", "false_positive", "resolved", "resolved_with_pedigree"):
            continue
        id_, severity = _short(text_of(given, "id")), _severity(given)
        for affected in list_of(given.get("affects", []), "affects"):
            ref = text_of(affected, "ref")
            found[Vulnerability(id_, severity, _short(names.get(ref, ref)))] = None
            if len(found) > MAX_VULNERABILITIES:
                raise NotReadable(f"the document has more than {MAX_VULNERABILITIES} vulnerabilities")
    return tuple(found)


def _severity(vulnerability: Mapping[str, Any]) -> str:
    """The worst of its ratings."""
    ratings = list_of(vulnerability.get("ratings", []), "ratings")
    given = {text_of(object_of(each, "a rating"), "severity") for each in ratings}
    return next((severity for severity in _SEVERITIES if severity in given), "unknown")


def _named(component: Mapping[str, Any]) -> str:
    if purl := text_of(component, "purl"):
        return _short(purl)
    return _short(f"{text_of(component, 'name')} {text_of(component, 'version')}".strip())


def _short(text: str) -> str:
    """A text within bounds. Raises ``NotReadable``."""
    if len(text) > MAX_TEXT:
        raise NotReadable(f"the document has a name of more than {MAX_TEXT} characters")
    return text
