"""``cryptoserve inventory`` and ``cryptoserve cbom``."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from cryptoserve_cli.command import Command, CommandFailed, Invocation, group
from cryptoserve_cli.flags import Flag, UsageError
from server.cli.connection_flags import SOURCE_FLAGS
from server.cli.inventory.check import CHECK
from server.cli.inventory.sources import ask_bytes, decoded, read_source
from server.inventory.documents.reading import Item
from server.inventory.documents.writers import FORMATS

_FAILED = 2


def _write_cbom(invocation: Invocation) -> int:
    flags = invocation.flags
    form = flags.last("format", FORMATS[0])
    if form not in FORMATS:
        raise UsageError(f"-format: expected {', '.join(FORMATS)}, got {form!r}")
    query = {"format": form} | ({"at": flags.last("at")} if flags.last("at") else {})
    query |= {"names": flags.last("names")} if flags.last("names") else {}
    query |= {"sign": flags.last("sign")} if flags.last("sign") else {}
    target = flags.last("o", "-")
    if "sign" in query and target == "-":
        raise UsageError("-sign: -o is missing, the file beside which the signature is written")
    document = ask_bytes(invocation, "sys/inventory/cbom", **query, use=str(flags.has("use")).lower())
    if "sign" in query:
        signed = decoded(document)["data"]
        _write(target, signed["document"].encode())
        _write(f"{target}.jws", signed["jws"].encode())
    else:
        _write(target, document)
    return 0


def _write(target: str, content: bytes) -> None:
    """Write a file, or standard output for ``-``. Raises ``CommandFailed``."""
    try:
        if target == "-":
            sys.stdout.buffer.write(content)
        else:
            Path(target).write_bytes(content)
    except OSError as error:
        raise CommandFailed(f"{target}: {error.strerror or type(error).__name__}") from None


def _compare(invocation: Invocation) -> int:
    form = invocation.flags.last("format", "text")
    if form not in ("text", "json"):
        raise UsageError(f"-format: expected text or json, got {form!r}")
    first, second, *rest = [*invocation.flags.operands, ""]
    del rest
    before, after = _keys(read_source(invocation, first)), _keys(read_source(invocation, second))
    found: dict[str, list[dict[str, Any]]] = {
        "added": [dict(after[id_].fields) for id_ in after if id_ not in before],
        "removed": [dict(before[id_].fields) for id_ in before if id_ not in after],
        "changed": [
            {"id": id_, "key": item.name, "version": item.fields.get("version", ""), "fields": changes}
            for id_, item in after.items()
            if id_ in before and (changes := _changes(before[id_], item))
        ],
    }
    if form == "json":
        sys.stdout.write(json.dumps(found, indent=2) + "\n")
    else:
        sys.stdout.write("".join(f"{line}\n" for line in _lines(found)))
    return 1 if any(found.values()) else 0


def _keys(items: list[Item]) -> dict[str, Item]:
    return {item.ref: item for item in items if item.is_key}


def _changes(old: Item, new: Item) -> dict[str, dict[str, str]]:
    return {
        name: {"from": value, "to": new.fields.get(name, "")}
        for name, value in old.fields.items()
        if value != new.fields.get(name, "")
    }


def _lines(found: dict[str, list[dict[str, Any]]]) -> list[str]:
    lines = [f"+ {each['key']} version {each['version']}" for each in found["added"]]
    lines += [f"- {each['key']} version {each['version']}" for each in found["removed"]]
    for each in found["changed"]:
        changes = ", ".join(f"{name}: {one['from']!r} -> {one['to']!r}" for name, one in each["fields"].items())
        lines.append(f"~ {each['key']} version {each['version']}: {changes}")
    return ["".join(character if character.isprintable() else "?" for character in line) for line in lines]


CBOM = Command(
    "Write a server's inventory as CycloneDX or SPDX",
    _write_cbom,
    (
        Flag("format", f"{', '.join(FORMATS)}."),
        Flag("o", "The file to write; standard output without it."),
        Flag("at", "The time of states and verdicts, as a date or in RFC 3339; now without it."),
        Flag("names", "hmac hides the names of keys, and all that tells where and whose they are."),
        Flag("sign", "The path of a signing mount and a role there, as signing/releases; writes FILE.jws beside FILE."),
        Flag("use", "Tell counts and dates of use too.", takes_value=False),
        *SOURCE_FLAGS,
    ),
    failed_status=_FAILED,
)

_DIFF = Command(
    "Compare two inventories",
    _compare,
    (Flag("format", "text or json."), *SOURCE_FLAGS),
    operands=("SOURCE", "[SOURCE]"),
    more=(
        "A SOURCE is a file, - for standard input, or snapshot:ID; without the second, it is the server's present "
        "inventory. The exit status is 0 if they are equal, 1 if not, and 2 if they could not be compared."
    ),
    failed_status=_FAILED,
)

INVENTORY = group("Check and compare inventories of keys", {"check": CHECK, "diff": _DIFF}, _FAILED)
