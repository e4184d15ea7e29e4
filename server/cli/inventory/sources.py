"""Sources of the commands: a file, standard input, a snapshot of a server, or its present inventory.

A source is read into items, the key versions and algorithms that are in use according to it. A document is checked
first: everything that is read from it has the expected type, and no reference dangles.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import httpx2
import msgspec

from cryptoserve_cli.command import CommandFailed, Invocation
from cryptoserve_cli.flags import Flag
from engines.algorithms.cyclonedx import assets
from engines.algorithms.registry import ALGORITHMS
from engines.algorithms.symmetric.mac import HMAC_KEY
from server.cli.status import CONNECTION_FLAGS, address_in, transport_to
from server.inventory.documents.used import LISTENERS_ONLY
from server.processes.development import token_file

SNAPSHOT = "snapshot:"
MAX_BYTES = 256 * 1024 * 1024
_SECONDS = 120.0
_VERSIONS = ("1.5", "1.6", "1.7")
_ADDRESS = ("CRYPTOSERVE_ADDR", "BAO_ADDR", "VAULT_ADDR")
_FIELDS = ("key", "version", "algorithm", "state", "owner", "data_class", "origin")

SOURCE_FLAGS = (
    *(
        flag if flag.name != "address" else Flag("address", flag.help, environment=_ADDRESS)
        for flag in CONNECTION_FLAGS
    ),
    Flag("namespace", "The namespace to ask, below the root.", environment=("BAO_NAMESPACE", "VAULT_NAMESPACE")),
)


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


def read_source(invocation: Invocation, source: str) -> list[Item]:
    """The items of ``source``; "" is the server's present inventory. Raises ``CommandFailed``."""
    if source.startswith(SNAPSHOT):
        data = ask(invocation, f"sys/inventory/snapshots/{quote(source.removeprefix(SNAPSHOT), safe='')}")
        return [_item_of_row(row) for row in data["data"]["versions"]]
    if source:
        return items_of(_read(source))
    return items_of(ask(invocation, "sys/inventory/cbom"))


def ask(invocation: Invocation, path: str, **query: str) -> Mapping[str, Any]:
    """The server's answer to reading ``path``. Raises ``CommandFailed``."""
    return decoded(ask_bytes(invocation, path, **query))


def ask_bytes(invocation: Invocation, path: str, **query: str) -> bytes:
    """As ``ask``, the answer as it is."""
    flags = invocation.flags
    address = address_in(flags)
    headers = {"x-vault-token": _token(invocation.environment)}
    if namespace := flags.last("namespace"):
        headers["x-vault-namespace"] = namespace
    try:
        transport, base = transport_to(flags, address)
        with httpx2.Client(transport=transport, timeout=_SECONDS, trust_env=False) as client:
            given = f"?{urlencode(query)}" if query else ""
            answer = client.get(f"{base}/v1/{path}{given}", headers=headers)
    except (httpx2.HTTPError, OSError, ValueError) as error:
        raise CommandFailed(f"{address} doesn't answer: {str(error) or type(error).__name__}") from error
    if answer.status_code != httpx2.codes.OK:
        reason = answer.text[:500].strip() or "no reason given"
        raise CommandFailed(f"{address} answers {answer.status_code} to {path}: {reason}")
    return answer.content


def _token(environment: Mapping[str, str]) -> str:
    for variable in ("BAO_TOKEN", "VAULT_TOKEN"):
        if token := environment.get(variable, "").strip():
            return token
    try:
        return token_file(environment).read_text().strip()
    except OSError:
        raise CommandFailed("no token: set BAO_TOKEN") from None


def _read(source: str) -> Mapping[str, Any]:
    try:
        stream = sys.stdin.buffer if source == "-" else Path(source).open("rb")
        with stream:
            text = stream.read(MAX_BYTES + 1)
    except OSError as error:
        raise CommandFailed(f"{source}: {error.strerror or type(error).__name__}") from None
    if len(text) > MAX_BYTES:
        raise CommandFailed(f"{source} has more than {MAX_BYTES} bytes")
    return decoded(text)


def decoded(text: bytes) -> Mapping[str, Any]:
    """The JSON object in ``text``. Raises ``CommandFailed``."""
    try:
        found = msgspec.json.decode(text)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        raise CommandFailed("not JSON") from None
    return _object(found, "the document")


def items_of(document: Mapping[str, Any]) -> list[Item]:
    """The items of a CycloneDX document. Raises ``CommandFailed``."""
    if document.get("bomFormat") != "CycloneDX":
        raise CommandFailed("no CycloneDX document")
    if document.get("specVersion") not in _VERSIONS:
        raise CommandFailed(f"CycloneDX of a version other than {', '.join(_VERSIONS)}")
    components = list(_components(document))
    _check_references(document, components)
    unused = _only_provided(document)
    algorithms = {_text(each, "bom-ref"): algorithm_of(each) for each in components if _asset_type(each) == "algorithm"}
    items = []
    for each in components:
        ref, properties = _text(each, "bom-ref"), _properties(each)
        if _asset_type(each) == "related-crypto-material" or "cryptoserve:id" in properties:
            item = _item_of_key(each, ref, properties, algorithms)
            if item is not None:
                items.append(item)
        elif ref in algorithms and ref not in unused and LISTENERS_ONLY not in properties:
            items.append(Item(ref, _text(each, "name"), algorithms[ref], is_key=False))
    if not items:
        raise CommandFailed("there is no cryptography in the document")
    return items


def algorithm_of(component: Mapping[str, Any]) -> str | None:
    """The registry's row that an algorithm's component names; as ``Item.algorithm``."""
    by_name = {_plain(asset.name): asset.ref for asset in assets().values()}
    ref = by_name.get(_plain(_text(component, "name")))
    if ref is None:
        properties = _object(component.get("cryptoProperties", {}), "cryptoProperties")
        identifier = properties.get("oid", "")
        details = _object(properties.get("algorithmProperties", {}), "algorithmProperties")
        for asset in assets().values():
            family = details.get("algorithmFamily") == asset.family and bool(asset.family)
            same = family and details.get("parameterSetIdentifier") == asset.parameter_set
            if (identifier and identifier == asset.object_identifier) or (same and asset.parameter_set):
                ref = asset.ref
                break
    if ref is None:
        return None
    name = ref.partition("/")[0]
    if assets()[ref].family == HMAC_KEY.family:
        return HMAC_KEY.name
    return name if name in ALGORITHMS else ""


def _item_of_key(
    component: Mapping[str, Any], ref: str, properties: Mapping[str, str], algorithms: Mapping[str, str | None]
) -> Item | None:
    """A key version; None if it is destroyed, or no key of an algorithm."""
    details = _object(component.get("cryptoProperties", {}), "cryptoProperties")
    material = _object(details.get("relatedCryptoMaterialProperties", {}), "relatedCryptoMaterialProperties")
    state = properties.get("cryptoserve:state") or material.get("state", "")
    own = properties.get("cryptoserve:algorithm")
    referred = [material["algorithmRef"]] if "algorithmRef" in material else []
    referred += [_text(each, "ref") for each in _list(material.get("relatedCryptographicAssets", []), "assets")]
    if own is None and not referred:
        return None
    algorithm = (own if own in ALGORITHMS else None) if own is not None else algorithms.get(referred[0])
    fields = {name: properties.get(f"cryptoserve:{name}", "") for name in _FIELDS}
    id_ = properties.get("cryptoserve:id", ref)
    return Item(id_, _text(component, "name"), algorithm, is_key=True, fields={**fields, "state": str(state)})


def _item_of_row(row: Mapping[str, Any]) -> Item:
    name = f"{row['namespace']}{row['mount']}{row['name']}"
    fields = {each: str(row.get(each, "")) for each in _FIELDS}
    return Item(row["id"], name, row["algorithm"], is_key=True, fields={**fields, "key": name})


def _components(value: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """All components, with those inside of others."""
    for each in _list(value.get("components", []), "components"):
        component = _object(each, "a component")
        yield component
        yield from _components(component)


def _check_references(document: Mapping[str, Any], components: list[Mapping[str, Any]]) -> None:
    metadata = _object(document.get("metadata", {}), "metadata")
    own = _object(metadata.get("component", {}), "metadata.component")
    services = _list(document.get("services", []), "services")
    defined = {each.get("bom-ref") for each in [own, *components, *(_object(one, "a service") for one in services)]}
    used: list[Any] = []
    for each in _list(document.get("dependencies", []), "dependencies"):
        dependency = _object(each, "a dependency")
        used += [dependency.get("ref"), *_list(dependency.get("dependsOn", []), "dependsOn")]
        used += _list(dependency.get("provides", []), "provides")
    for component in components:
        details = _object(component.get("cryptoProperties", {}), "cryptoProperties")
        material = _object(details.get("relatedCryptoMaterialProperties", {}), "relatedCryptoMaterialProperties")
        used += [material["algorithmRef"]] if "algorithmRef" in material else []
        used += [_text(each, "ref") for each in _list(material.get("relatedCryptographicAssets", []), "related assets")]
    for ref in used:
        if not isinstance(ref, str) or ref not in defined:
            raise CommandFailed(f"a reference dangles: {str(ref)[:200]!r}")


def _only_provided(document: Mapping[str, Any]) -> set[str]:
    """The refs of what is offered and not used."""
    provided: set[str] = set()
    needed: set[str] = set()
    for dependency in _list(document.get("dependencies", []), "dependencies"):
        provided.update(dependency.get("provides", []))
        needed.update(dependency.get("dependsOn", []))
    root = _object(document.get("metadata", {}), "metadata").get("component", {}).get("bom-ref")
    of_root = [each for each in document.get("dependencies", []) if each.get("ref") == root]
    return provided - set(of_root[0].get("dependsOn", [])) if of_root else provided - needed


def _asset_type(component: Mapping[str, Any]) -> str:
    if component.get("type") != "cryptographic-asset":
        return ""
    return str(_object(component.get("cryptoProperties", {}), "cryptoProperties").get("assetType", ""))


def _properties(component: Mapping[str, Any]) -> dict[str, str]:
    found = {}
    for each in _list(component.get("properties", []), "properties"):
        item = _object(each, "a property")
        found[str(item.get("name", ""))] = str(item.get("value", ""))
    return found


def _plain(name: str) -> str:
    return name.lower().replace("_", "-").replace(" ", "-")


def _text(value: Any, name: str) -> str:
    found = _object(value, "a member").get(name, "")
    if not isinstance(found, str):
        raise CommandFailed(f"{name} is not a text")
    return found


def _object(value: Any, what: str) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise CommandFailed(f"{what} is not an object")
    return value


def _list(value: Any, what: str) -> list[Any]:
    if not isinstance(value, list):
        raise CommandFailed(f"{what} is not a list")
    return value
