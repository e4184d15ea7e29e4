"""Reader of CycloneDX documents of any origin: the key versions and algorithms that are in use according to one.

A document is checked first: everything that is read from it has the expected type, and no reference dangles. Nothing is
followed from component to component, so cycles don't matter. Callers bound the size.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from engines.algorithms.cyclonedx import assets, refs_of
from engines.algorithms.registry import ALGORITHMS
from engines.algorithms.symmetric.mac import HMAC_KEY
from server.inventory.documents.used import LISTENERS_ONLY

_VERSIONS = ("1.5", "1.6", "1.7")
_OTHER_DOCUMENT = "urn:cdx:"
"""The beginning of a reference to a component of another document (BOM-Link)."""

_COUNT = re.compile(r"[0-9]{1,18}", re.ASCII)

FIELDS = ("key", "version", "algorithm", "state", "owner", "data_class", "origin")


class NotReadable(Exception):
    """A document that isn't CycloneDX, or doesn't hold together; the text says why."""


@dataclass(frozen=True, slots=True)
class Item:
    """A key version or an algorithm in use."""

    ref: str
    """Its ``bom-ref``, or the id of a key version."""

    name: str
    algorithm: str | None
    """The registry's row; "" for an algorithm that this server has beside the registry, None for an unknown one."""

    is_key: bool
    fields: Mapping[str, str] = field(default_factory=dict)
    primitive: str = ""
    """CycloneDX's word for the primitive of an algorithm, where the document says it."""

    occurrences: int = 1
    """The number of places in code that the document names."""

    operations: int = 0
    """The protecting operations of a key version, where the document tells them."""


def items_of(document: Mapping[str, Any]) -> list[Item]:
    """The items of a CycloneDX document that has some. Raises ``NotReadable``."""
    items = items_in(document, list(components_of(document)), _VERSIONS)
    if not items:
        raise NotReadable("there is no cryptography in the document")
    return items


def items_in(
    document: Mapping[str, Any], components: Sequence[Mapping[str, Any]], versions: Sequence[str]
) -> list[Item]:
    """The items of a CycloneDX document of one of ``versions``, which has ``components``. Raises ``NotReadable``."""
    if document.get("bomFormat") != "CycloneDX":
        raise NotReadable("no CycloneDX document")
    if document.get("specVersion") not in versions:
        raise NotReadable(f"CycloneDX of a version other than {', '.join(versions)}")
    _check_references(document, components)
    unused = _only_provided(document)
    algorithms = {
        text_of(each, "bom-ref"): algorithm_of(each) for each in components if asset_type(each) == "algorithm"
    }
    items = []
    for each in components:
        ref, properties = text_of(each, "bom-ref"), properties_of(each)
        if asset_type(each) == "related-crypto-material" or "cryptoserve:id" in properties:
            item = _item_of_key(each, ref, properties, algorithms)
            if item is not None:
                items.append(item)
        elif asset_type(each) == "algorithm" and ref not in unused and LISTENERS_ONLY not in properties:
            primitive = text_of(_algorithm_properties(each), "primitive")
            name, row = text_of(each, "name"), algorithms[ref]
            items.append(Item(ref, name, row, is_key=False, primitive=primitive, occurrences=_occurrences(each)))
    return items


def algorithm_of(component: Mapping[str, Any]) -> str | None:
    """The registry's row that an algorithm's component names; as ``Item.algorithm``."""
    names, identifiers, parameter_sets = _known_algorithms()
    ref = names.get(_plain(text_of(component, "name")))
    if ref is None:
        properties = object_of(component.get("cryptoProperties", {}), "cryptoProperties")
        details = _algorithm_properties(component)
        same = text_of(details, "algorithmFamily"), text_of(details, "parameterSetIdentifier")
        ref = identifiers.get(text_of(properties, "oid")) or parameter_sets.get(same)
    if ref is None:
        return None
    name = ref.partition("/")[0]
    if assets()[ref].family == HMAC_KEY.family:
        return HMAC_KEY.name
    return name if name in ALGORITHMS else ""


@cache
def _known_algorithms() -> tuple[dict[str, str], dict[str, str], dict[tuple[str, str], str]]:
    """Refs of assets by the names of assets and rows, by object identifier, and by family and parameter set.

    Of several, the first counts.
    """
    identifiers: dict[str, str] = {}
    parameter_sets: dict[tuple[str, str], str] = {}
    for asset in assets().values():
        if asset.object_identifier:
            identifiers.setdefault(asset.object_identifier, asset.ref)
        if asset.family and asset.parameter_set:
            parameter_sets.setdefault((asset.family, asset.parameter_set), asset.ref)
    rows = {name: refs_of(name)[0] for name in ALGORITHMS}
    names = rows | {_plain(asset.name): asset.ref for asset in assets().values()}
    return names, identifiers, parameter_sets


def _item_of_key(
    component: Mapping[str, Any], ref: str, properties: Mapping[str, str], algorithms: Mapping[str, str | None]
) -> Item | None:
    """A key version; None if it is destroyed, or no key of an algorithm."""
    details = object_of(component.get("cryptoProperties", {}), "cryptoProperties")
    material = object_of(details.get("relatedCryptoMaterialProperties", {}), "relatedCryptoMaterialProperties")
    state = properties.get("cryptoserve:state") or text_of(material, "state")
    own = properties.get("cryptoserve:algorithm")
    referred = [material["algorithmRef"]] if "algorithmRef" in material else []
    referred += [text_of(each, "ref") for each in list_of(material.get("relatedCryptographicAssets", []), "assets")]
    if own is None and not referred:
        return None
    algorithm = (own if own in ALGORITHMS else None) if own is not None else algorithms.get(referred[0])
    fields = {name: properties.get(f"cryptoserve:{name}", "") for name in FIELDS}
    id_ = properties.get("cryptoserve:id", ref)
    told = properties.get("cryptoserve:protect.operations", "")
    return Item(
        id_,
        text_of(component, "name"),
        algorithm,
        is_key=True,
        fields={**fields, "state": state},
        operations=int(told) if _COUNT.fullmatch(told) else 0,
    )


def components_of(document: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """All components in their order, with those inside of others. Raises ``NotReadable``."""
    return _nested(document, "components")


def _nested(holder: Mapping[str, Any], name: str) -> Iterator[Mapping[str, Any]]:
    """The members of a list in their order, with those of the same list inside of each."""
    waiting = [iter(list_of(holder.get(name, []), name))]
    while waiting:
        for each in waiting[-1]:
            member = object_of(each, f"a member of {name}")
            yield member
            waiting.append(iter(list_of(member.get(name, []), name)))
            break
        else:
            waiting.pop()


def _check_references(document: Mapping[str, Any], components: Sequence[Mapping[str, Any]]) -> None:
    metadata = object_of(document.get("metadata", {}), "metadata")
    own = object_of(metadata.get("component", {}), "metadata.component")
    others = (own, *_nested(own, "components"), *_nested(document, "services"))
    defined = Counter(text_of(each, "bom-ref") for each in (*components, *others))
    for ref, number in defined.most_common(2):
        if ref and number > 1:
            raise NotReadable(f"a bom-ref stands twice: {ref[:200]!r}")
    for ref in _references(document, components):
        if not isinstance(ref, str):
            raise NotReadable("a reference is not a text")
        if not (ref in defined or ref.startswith(_OTHER_DOCUMENT)):
            raise NotReadable(f"a reference dangles: {ref[:200]!r}")


def _references(document: Mapping[str, Any], components: Sequence[Mapping[str, Any]]) -> Iterator[Any]:
    """What dependencies, keys and vulnerabilities refer to."""
    for each in list_of(document.get("dependencies", []), "dependencies"):
        dependency = object_of(each, "a dependency")
        yield dependency.get("ref")
        yield from list_of(dependency.get("dependsOn", []), "dependsOn")
        yield from list_of(dependency.get("provides", []), "provides")
    for each in list_of(document.get("vulnerabilities", []), "vulnerabilities"):
        affects = object_of(each, "a vulnerability").get("affects", [])
        yield from (text_of(affected, "ref") for affected in list_of(affects, "affects"))
    for component in components:
        details = object_of(component.get("cryptoProperties", {}), "cryptoProperties")
        material = object_of(details.get("relatedCryptoMaterialProperties", {}), "relatedCryptoMaterialProperties")
        if "algorithmRef" in material:
            yield material["algorithmRef"]
        for related in list_of(material.get("relatedCryptographicAssets", []), "related assets"):
            yield text_of(related, "ref")


def _only_provided(document: Mapping[str, Any]) -> set[str]:
    """The refs of what is offered and not used."""
    provided: set[str] = set()
    needed: set[str] = set()
    for dependency in list_of(document.get("dependencies", []), "dependencies"):
        provided.update(dependency.get("provides", []))
        needed.update(dependency.get("dependsOn", []))
    root = object_of(document.get("metadata", {}), "metadata").get("component", {}).get("bom-ref")
    of_root = [each for each in document.get("dependencies", []) if each.get("ref") == root]
    return provided - set(of_root[0].get("dependsOn", [])) if of_root else provided - needed


def _algorithm_properties(component: Mapping[str, Any]) -> Mapping[str, Any]:
    properties = object_of(component.get("cryptoProperties", {}), "cryptoProperties")
    return object_of(properties.get("algorithmProperties", {}), "algorithmProperties")


def _occurrences(component: Mapping[str, Any]) -> int:
    evidence = object_of(component.get("evidence", {}), "evidence")
    return max(1, len(list_of(evidence.get("occurrences", []), "occurrences")))


def asset_type(component: Mapping[str, Any]) -> str:
    if component.get("type") != "cryptographic-asset":
        return ""
    return text_of(component.get("cryptoProperties", {}), "assetType")


def properties_of(component: Mapping[str, Any]) -> dict[str, str]:
    found = {}
    for each in list_of(component.get("properties", []), "properties"):
        item = object_of(each, "a property")
        found[text_of(item, "name")] = text_of(item, "value")
    return found


def _plain(name: str) -> str:
    return name.lower().replace("_", "-").replace(" ", "-")


def text_of(value: Any, name: str) -> str:
    found = object_of(value, "a member").get(name, "")
    if not isinstance(found, str):
        raise NotReadable(f"{name} is not a text")
    return found


def object_of(value: Any, what: str) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise NotReadable(f"{what} is not an object")
    return value


def list_of(value: Any, what: str) -> list[Any]:
    if not isinstance(value, list):
        raise NotReadable(f"{what} is not a list")
    return value
