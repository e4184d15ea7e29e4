"""Items of batches, and a parser for malformed ones that reports errors in OpenBao's words.

OpenBao has two parsers. Encryption and decryption accept strings alone; the other operations convert numbers to strings
and ignore case in names.
"""

from __future__ import annotations

import re
from typing import Annotated, Any, TypeAlias, TypeVar

from msgspec import UNSET, Meta, Struct, UnsetType

from engines.faults import Failed

_INTEGER = re.compile(r"[+-]?[0-9]+", re.ASCII)
_INT64 = range(-(2**63), 2**63)
_LENIENT_HEADER = "decoding failed due to the following error(s):\n\n"

Int64: TypeAlias = Annotated[int, Meta(ge=_INT64.start, le=_INT64.stop - 1)]


class EncryptItem(Struct, kw_only=True, gc=False):
    """A message to encrypt."""

    plaintext: str
    context: str = ""
    key_version: Int64 = 0
    associated_data: str = ""
    reference: str = ""
    ciphertext: str = ""
    """Without effect, but must be a string if present."""

    tells = {
        "plaintext": "Base64 of the data.",
        "context": "As outside of a batch; in all items or in none.",
        "key_version": "As outside of a batch.",
        "associated_data": "As outside of a batch.",
        "reference": "Given back with the item's result.",
        "ciphertext": "Without a meaning here.",
    }


class DecryptItem(Struct, kw_only=True, gc=False):
    """A message to decrypt."""

    ciphertext: str
    context: str = ""
    associated_data: str = ""
    reference: str = ""
    plaintext: str = ""
    """Without effect, but must be a string if present."""

    key_version: Int64 = 0
    """As ``plaintext``, but a number."""

    tells = {
        "ciphertext": "The `ciphertext` of an encryption: `vault:v1:` and base64.",
        "context": "As outside of a batch; in all items or in none.",
        "associated_data": "As outside of a batch.",
        "reference": "Given back with the item's result.",
        "plaintext": "Without a meaning here.",
        "key_version": "Without a meaning here.",
    }


class RewrapItem(Struct, kw_only=True, gc=False):
    """A ciphertext to encrypt anew."""

    ciphertext: str = ""
    context: str = ""
    key_version: Int64 = 0
    reference: str = ""
    plaintext: str = ""
    associated_data: str = ""

    tells = {
        "ciphertext": "The `ciphertext` of an encryption: `vault:v1:` and base64.",
        "context": "As outside of a batch; in all items or in none.",
        "key_version": "As outside of a batch.",
        "reference": "Given back with the item's result.",
        "plaintext": "Without a meaning here.",
        "associated_data": "As outside of a batch.",
    }


class InputItem(Struct, kw_only=True, gc=False):
    """A message to authenticate, sign or verify."""

    input: str | UnsetType = UNSET
    context: str = ""
    reference: str = ""
    signature: str | UnsetType = UNSET
    hmac: str | UnsetType = UNSET
    cmac: str | UnsetType = UNSET
    mac_length: str = ""

    tells = {
        "input": "Base64 of the data.",
        "context": "As outside of a batch.",
        "reference": "Given back with the item's result.",
        "signature": "For verify: what to check.",
        "hmac": "For verify: what to check.",
        "cmac": "For verify: what to check.",
        "mac_length": "For CMACs: the length in bytes, as outside of a batch.",
    }


Item = TypeVar("Item", EncryptItem, DecryptItem)


def _go_type(value: Any) -> str:
    """Go's name of the type of a JSON value."""
    match value:
        case None:
            return "<nil>"
        case bool():
            return "bool"
        case str():
            return "string"
        case int() | float():
            return "json.Number"
        case list():
            return "[]interface {}"
        case _:
            return "map[string]interface {}"


def _malformed(detail: str) -> Failed:
    return Failed(f"failed to parse batch input: {detail}")


_STRICT_FIELDS = ("context", "ciphertext", "plaintext", "key_version", "associated_data", "reference")


def reread_strictly(batch: Any, kind: type[Item], required: str) -> list[Item]:
    if not isinstance(batch, list):
        raise _malformed(f"source data must be an array or slice, got {_go_type(batch)}")
    items: list[Item] = []
    mistakes: list[str] = []
    for index, given in enumerate(batch):
        if not isinstance(given, dict):
            raise _malformed(f"[{index}] expected a map, got '{_go_type(given)}'")
        fields: dict[str, Any] = {}
        for name in _STRICT_FIELDS:
            mistake = _read_strict_field(index, given, name, fields, kind, required)
            if mistake:
                mistakes.append(mistake)
        if not mistakes:
            items.append(kind(**fields))
    if mistakes:
        raise _malformed("\n".join(mistakes))
    return items


def _read_strict_field(
    index: int, given: dict[str, Any], name: str, fields: dict[str, Any], kind: type[Item], required: str
) -> str | None:
    """Put the field ``name`` of ``given`` into ``fields``, or raise its error."""
    where = f"'[{index}].{name}'"
    if name not in given:
        if name != required:
            return None
        return f"{where} missing {name} to {'encrypt' if kind is EncryptItem else 'decrypt'}"
    value = given[name]
    if name == "key_version":
        if isinstance(value, int | float) and not isinstance(value, bool):
            if isinstance(value, float) or value not in _INT64:
                parsing = f'strconv.ParseInt: parsing "{value}": invalid syntax'
                return f"error decoding json.Number into [{index}].{name}: {parsing}"
        elif value is not None:
            return f"{where} expected type 'int', got unconvertible type '{_go_type(value)}'"
        fields[name] = value or 0
    elif value is None and name != "plaintext":
        fields[name] = ""
    elif not isinstance(value, str):
        return f"{where} expected type 'string', got unconvertible type '{_go_type(value)}'"
    else:
        fields[name] = value
    return None


def _lenient_list(batch: Any) -> list[Any]:
    if isinstance(batch, list):
        return batch
    kind = "map" if isinstance(batch, dict) else "bool" if isinstance(batch, bool) else "string"
    raise _malformed(f"'' source data must be an array or slice, got {kind}")


_LENIENT_FIELDS = ("context", "plaintext", "ciphertext", "key_version", "associated_data", "reference")


def reread_leniently(batch: Any) -> list[RewrapItem]:
    items: list[RewrapItem] = []
    mistakes: list[str] = []
    for index, given in enumerate(_lenient_list(batch)):
        if given is None:
            items.append(RewrapItem())
            continue
        if not isinstance(given, dict):
            kind = "bool" if isinstance(given, bool) else "slice" if isinstance(given, list) else "string"
            mistakes.append(f"'[{index}]' expected a map or struct, got \"{kind}\"")
            continue
        folded: dict[str, Any] = {}
        for name, value in given.items():
            folded.setdefault(name.lower(), value)
        fields: dict[str, Any] = {}
        for name in _LENIENT_FIELDS:
            value = given.get(name, folded.get(name))
            if value is None:
                continue
            where = f"[{index}].{name}"
            mistake = (
                _read_int(where, value, fields, name)
                if name == "key_version"
                else _read_text(where, value, fields, name)
            )
            if mistake:
                mistakes.append(mistake)
        if not mistakes:
            items.append(RewrapItem(**fields))
    if mistakes:
        raise _malformed(_LENIENT_HEADER + "\n".join(mistakes))
    return items


def _read_text(where: str, value: Any, fields: dict[str, Any], name: str) -> str | None:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return f"'{where}' expected type 'string', got unconvertible type '{_go_type(value)}'"
    fields[name] = str(value)
    return None


def _read_int(where: str, value: Any, fields: dict[str, Any], name: str) -> str | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return f"'{where}' expected type 'int', got unconvertible type '{_go_type(value)}'"
    if isinstance(value, float) or value not in _INT64:
        reason = "value out of range" if _INTEGER.fullmatch(str(value)) else "invalid syntax"
        return f"'{where}' cannot parse value as 'int': strconv.ParseInt: parsing \"{value}\": {reason}"
    fields[name] = value
    return None


def reread_strings(batch: Any, type_name: str) -> list[dict[str, str]]:
    maps: list[dict[str, str]] = []
    mistakes: list[str] = []
    for index, given in enumerate(_lenient_list(batch)):
        if given is None:
            maps.append({})
            continue
        if not isinstance(given, dict):
            mistakes.append(f"'[{index}]' expected type '{type_name}', got unconvertible type '{_go_type(given)}'")
            continue
        fields: dict[str, Any] = {}
        for name, value in given.items():
            if value is None:
                fields[name] = ""
                continue
            mistake = _read_text(f"[{index}][{name}]", value, fields, name)
            if mistake:
                mistakes.append(mistake)
        maps.append(fields)
    if mistakes:
        raise _malformed(_LENIENT_HEADER + "\n".join(mistakes))
    return maps
